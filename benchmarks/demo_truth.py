"""What is tracked in the built-in clip against what was rendered: a table in Markdown.

    python -m benchmarks.demo_truth

r: Pearson correlation. slope: tracked per rendered, least squares. lag: how late the tracked curve
comes, where the correlation of the two curves, shifted by parts of a frame, is largest; left out
where r is below .5. MediaPipe: the landmarker's own scores and matrix, its eyeLook scores taken as
angles; mien: the FaceState that is sent. What the landmarker cannot see is listed as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.face_model import face_model_path
from app.sources import SourceSettings, open_source
from app.sources.demo import demo_path
from benchmarks.demo.curves import CURVES, RATE, Curves, read_curves
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FaceState
from engine.gaze import RADIANS_PER_UNIT
from engine.geometry import Array, euler_from_quaternion, quaternion_from_matrix
from engine.landmarker import Detection
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.regressors.mediapipe import observation_from_detection, weights_from_scores
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings

LONGEST_LAG = 5.0  # frames that are searched, early and late
LAG_STEP = 0.125
CLEAR = 0.5  # r above which a lag means something
SMALLEST_RANGE = 0.02  # of a channel that is worth a row


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """What is known of the clip's frames in which a face was found: F rows each.

    frames: (F,) their numbers. raw: what MediaPipe says. sent: what mien says. Curves without lean.
    """

    frames: Array
    raw: Curves
    sent: Curves


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One signal as rendered, as MediaPipe and as mien give it: (F,) each."""

    name: str
    truth: Array
    raw: Array
    sent: Array


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, default=demo_path())
    parser.add_argument("--curves", type=Path, default=CURVES)
    arguments = parser.parse_args()
    curves = read_curves(arguments.curves)
    tracked = track(arguments.clip, face_model_path(None))
    print(f"{len(tracked.frames)} of {curves.frame_count} frames with a face\n")
    print("| channel | rendered | r MediaPipe | r mien | slope MediaPipe | slope mien | lag, ms |")
    print("|---|---|---|---|---|---|---|")
    for channel in channels(curves, tracked):
        print(row(channel))


def track(clip: Path, model: Path) -> Tracked:
    """Every frame through the stages of `mien track`."""
    frames: list[int] = []
    raw: list[tuple[Array, Array, Array]] = []
    sent: list[tuple[Array, Array, Array]] = []
    smoother = Smoother(SmootherSettings())
    with (
        open_source(SourceSettings(spec=str(clip), pace="fast")) as source,
        MediaPipeLandmarker(model) as landmarker,
    ):
        while (frame := source.read()) is not None:
            height, width = frame.image.shape[:2]
            detection = landmarker.detect(frame.image, frame.timestamp)
            seen = (
                None
                if detection is None
                else observation_from_detection(detection, frame.timestamp, (width, height))
            )
            state = smoother.update(seen, timestamp=frame.timestamp, image_size=(width, height))
            if detection is not None:
                frames.append(frame.index)
                raw.append(_of_detection(detection))
                sent.append(_of_state(state))
    return Tracked(np.array(frames), _curves(raw), _curves(sent))


def channels(curves: Curves, tracked: Tracked) -> Iterator[Channel]:
    """Every weight and angle (degrees) that changes in the clip; eyeLook as angles."""
    rows = tracked.frames
    for index, name in enumerate(BLENDSHAPES):
        truth = curves.weights[rows, index]
        if np.ptp(truth) > SMALLEST_RANGE and not name.startswith("eyeLook"):
            yield Channel(
                name, truth, tracked.raw.weights[:, index], tracked.sent.weights[:, index]
            )
    degrees = np.degrees
    for eye, side in enumerate(("Left", "Right")):
        for axis, turn in enumerate(("yaw", "pitch")):
            yield Channel(
                f"gaze{side} {turn}",
                degrees(curves.gaze[rows, eye, axis]),
                degrees(tracked.raw.gaze[:, eye, axis]),
                degrees(tracked.sent.gaze[:, eye, axis]),
            )
    for axis, turn in enumerate(("pitch", "yaw", "roll")):
        yield Channel(
            f"head {turn}",
            degrees(curves.head[rows, axis]),
            degrees(tracked.raw.head[:, axis]),
            degrees(tracked.sent.head[:, axis]),
        )


def correlation(a: Array, b: Array) -> float:
    """Pearson's r; 0 where one of them does not change."""
    if np.ptp(a) < 1e-9 or np.ptp(b) < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def slope(truth: Array, tracked: Array) -> float:
    return float(np.polyfit(truth, tracked, 1)[0])


def lag(truth: Array, tracked: Array) -> float:
    """Seconds by which `tracked` comes late."""
    place = np.arange(len(truth), dtype=np.float64)
    inside = slice(int(LONGEST_LAG), -int(LONGEST_LAG))
    shifts = np.arange(-LONGEST_LAG, LONGEST_LAG + LAG_STEP, LAG_STEP)
    likeness = [
        correlation(np.interp(place - shift, place, truth)[inside], tracked[inside])
        for shift in shifts
    ]
    return float(shifts[int(np.argmax(likeness))]) / RATE


def row(channel: Channel) -> str:
    unit = "°" if " " in channel.name else ""
    digits = 0 if unit else 2
    low, high = channel.truth.min(), channel.truth.max()
    r = [correlation(channel.truth, curve) for curve in (channel.raw, channel.sent)]
    slopes = [slope(channel.truth, curve) for curve in (channel.raw, channel.sent)]
    late = f"{1000 * lag(channel.truth, channel.sent):.0f}" if r[1] > CLEAR else "–"
    return (
        f"| {channel.name} | {low:.{digits}f}…{high:.{digits}f}{unit} "
        f"| {r[0]:.2f} | {r[1]:.2f} | {slopes[0]:.2f} | {slopes[1]:.2f} | {late} |"
    )


def _of_detection(detection: Detection) -> tuple[Array, Array, Array]:
    weights = weights_from_scores(detection)
    gaze = np.empty((2, 2))
    for eye, (side, sign) in enumerate((("Left", 1.0), ("Right", -1.0))):
        out, into, down, up = (
            weights[INDEX[f"eyeLook{way}{side}"]] for way in ("Out", "In", "Down", "Up")
        )
        gaze[eye] = RADIANS_PER_UNIT * np.array([sign * (out - into), down - up])
    rotation = quaternion_from_matrix(detection.camera_from_head[:3, :3])
    return weights, gaze, np.array(euler_from_quaternion(rotation))


def _of_state(state: FaceState) -> tuple[Array, Array, Array]:
    return state.weights, state.gaze, np.array(euler_from_quaternion(state.head_rotation))


def _curves(rows: list[tuple[Array, Array, Array]]) -> Curves:
    weights, gaze, head = (np.array(column) for column in zip(*rows, strict=True))
    return Curves(weights, gaze, head, np.zeros((len(rows), 3)))


if __name__ == "__main__":
    main()
