"""mien beside MediaPipe and OpenSeeFace on the built-in clip, whose curves are known: Markdown.

    python -m benchmarks.openseeface FOLDER

FOLDER: OpenSeeFace's repository (app/bench/openseeface.py). All look at every picture, in turns;
then at a face at rest with a camera's noise (benchmarks/landmarker_every.py), twice four seconds.

r, lag:    as in benchmarks/demo_truth.py: correlation with what was rendered, and how late.
jitter:    at rest, from picture to picture over √2, in shares of the full movement (of 1.0 as
           rendered, by each tracker's own slope) or in degrees.
processor: milliseconds of processor time a picture, mean.

OpenSeeFace's lids are 1 − eye_blink, its jaw the feature mouth_open: what its receivers use. Both
are relative to what it has seen of a face, so it meets the rest after the clip.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from app.bench.openseeface import OpenSeeFace, models_in
from app.face_model import face_model_path
from app.folders import data_folder
from app.sources.demo import demo_path
from app.tracking import TrackingSettings, open_chain
from benchmarks.demo.curves import CURVES, RATE, Curves, read_curves
from benchmarks.demo_truth import correlation, lag, slope
from benchmarks.landmarker_every import at_rest, read
from engine.blendshapes import INDEX
from engine.chain import Chain
from engine.data import Frame
from engine.geometry import Array, euler_from_quaternion, quaternion_from_matrix
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.regressors.mediapipe import weights_from_scores

SIGNALS = ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "pitch", "yaw", "roll")
DEGREES = 3  # of them, the last
LEARNING = 120  # of the pictures at rest: the smoother learns the noise
CLIP_FRAMES = 600

Image = NDArray[np.uint8]


class Tracker(Protocol):
    name: str

    def see(self, frame: Frame) -> tuple[Array | None, float]:
        """(6,) SIGNALS, angles in degrees; seconds of processor time."""


@dataclass
class Mien:
    chain: Chain
    name: str = "mien"

    def see(self, frame: Frame) -> tuple[Array | None, float]:
        begun = time.process_time()
        state = self.chain.update(frame)
        seconds = time.process_time() - begun
        angles = np.degrees(euler_from_quaternion(state.head_rotation))
        weights = [state.weights[INDEX[name]] for name in SIGNALS[:-DEGREES]]
        return np.array([*weights, *angles]), seconds


@dataclass
class MediaPipe:
    landmarker: MediaPipeLandmarker
    name: str = "MediaPipe"

    def see(self, frame: Frame) -> tuple[Array | None, float]:
        begun = time.process_time()
        seen = self.landmarker.detect(frame.image, frame.timestamp)
        seconds = time.process_time() - begun
        if seen is None:
            return None, seconds
        scores = weights_from_scores(seen)
        rotation = quaternion_from_matrix(seen.camera_from_head[:3, :3])
        weights = [scores[INDEX[name]] for name in SIGNALS[:-DEGREES]]
        return np.array([*weights, *np.degrees(euler_from_quaternion(rotation))]), seconds


@dataclass
class Other:
    tracker: OpenSeeFace
    name: str

    def see(self, frame: Frame) -> tuple[Array | None, float]:
        answer = self.tracker.detect(frame.image)
        if answer.face is None:
            return None, answer.processor
        left, right = answer.face.eyes_open
        return (
            np.array([1.0 - left, 1.0 - right, answer.face.mouth_open, *answer.face.euler]),
            answer.processor,
        )


@dataclass
class Seen:
    """By one tracker, picture by picture; what was there before stands where no face is found."""

    signals: list[Array] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    missed: int = 0

    def add(self, signals: Array | None, seconds: float) -> None:
        self.missed += signals is None
        before = self.signals[-1] if self.signals else np.zeros(len(SIGNALS))
        self.signals.append(before if signals is None else signals)
        self.seconds.append(seconds)

    def curves(self) -> Array:
        """(F, 6); angles without leaps of 360°."""
        return np.unwrap(np.array(self.signals), period=360.0, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    clip = read(demo_path(), CLIP_FRAMES)
    resting = at_rest(clip[len(clip) // 2])
    truth = signals_of(read_curves(CURVES), len(clip))
    with ExitStack() as stack:
        trackers = open_trackers(arguments.folder, stack)
        seen = {tracker.name: Seen() for tracker in trackers}
        for index, image in enumerate([*clip, *resting, *resting]):
            for tracker in trackers:
                frame = Frame(image, index / RATE, 0.0, index)
                seen[tracker.name].add(*tracker.see(frame))
    print("| | missed | processor ms | " + " | ".join(f"{name} r, lag, jitter" for name in SIGNALS))
    print("|---|---|---|" + "---|" * len(SIGNALS))
    for name, one in seen.items():
        print(row(name, one, truth))


def open_trackers(folder: Path, stack: ExitStack) -> list[Tracker]:
    settings = TrackingSettings(face_model_path(None), data_folder() / "models")
    return [
        Mien(open_chain(settings, stack, live=False)),
        MediaPipe(stack.enter_context(MediaPipeLandmarker(settings.face_model))),
        *(
            Other(stack.enter_context(OpenSeeFace(folder, model)), f"OpenSeeFace, model {model}")
            for model in models_in(folder)
        ),
    ]


def signals_of(curves: Curves, frames: int) -> Array:
    """(F, 6) as rendered."""
    weights = [curves.weights[:frames, INDEX[name]] for name in SIGNALS[:-DEGREES]]
    return np.column_stack([*weights, np.degrees(curves.head[:frames])])


def row(name: str, seen: Seen, truth: Array) -> str:
    curves = seen.curves()
    frames = len(truth)
    cells = [name, str(seen.missed), f"{1000.0 * np.mean(seen.seconds):.1f}"]
    for k in range(len(SIGNALS)):
        tracked, rest = curves[:frames, k], curves[frames + LEARNING :, k]
        r = correlation(truth[:, k], tracked)
        steps = float(np.diff(rest).std() / np.sqrt(2.0))
        if k < len(SIGNALS) - DEGREES:
            jitter = f"{steps / abs(slope(truth[:, k], tracked)):.4f}"
        else:
            jitter = f"{steps:.3f}°"
        late = 1000.0 * lag(truth[:, k], np.sign(r) * tracked)
        cells.append(f"{abs(r):.2f}, {late:.0f} ms, {jitter}")
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
