"""What becomes of the mouth when something is held before it: a table in Markdown.

    python -m benchmarks.occlusion [--video FILE…]

Hands and things are painted over the mouths of a clip, coming up from below in a fifth of a second
and staying for two. Compared with the same pictures uncovered: jawOpen at the most, once covered
all the way; the channel of jaw and mouth that rises most above what it was; the least presence
that the landmark network tells.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face_model import face_model_path
from app.folders import data_folder
from app.sources import SourceSettings, open_source
from app.sources.demo import demo_path
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import Frame
from engine.geometry import Array
from engine.landmarker.session import SessionLandmarker
from engine.regressors.mediapipe import observation_from_detection
from engine.runtime import RuntimeSettings

Image = NDArray[np.uint8]

FIRST, LENGTH = 20, 60  # frames
COMING = 6  # frames
LIPS = [13, 14]  # landmarks
CHEEK = 50
MOUTH = [i for i, name in enumerate(BLENDSHAPES) if name.startswith(("jaw", "mouth"))]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One picture. landmarks (478, 3), weights (52,)."""

    landmarks: Array
    weights: Array
    presence: float


def hand(image: Image, x: float, y: float, width: float, skin: Array) -> None:
    """Four fingers across the mouth, with shaded edges. width: of the face."""
    for finger in range(4):
        start = (
            round(x - (0.3 - 0.04 * abs(finger - 1)) * width),
            round(y + 0.14 * width * (finger - 1.5)),
        )
        end = (round(x + 0.9 * width), round(start[1] + 0.08 * width))
        cv2.line(image, start, end, (0.6 * skin).tolist(), round(0.14 * width))
        cv2.line(image, start, end, ((0.92 + 0.05 * finger) * skin).tolist(), round(0.125 * width))


def palm(image: Image, x: float, y: float, width: float, skin: Array) -> None:
    """Skin with soft blotches."""
    cover = np.zeros(image.shape[:2], np.uint8)
    axes = (round(0.38 * width), round(0.3 * width))
    cv2.ellipse(cover, (round(x), round(y + 0.08 * width)), axes, 0, 0, 360, 1, -1)
    noise = np.random.default_rng(0).normal(0.0, 60.0, image.shape).astype(np.float32)
    blotched = np.clip(skin + cv2.GaussianBlur(noise, (0, 0), 6.0), 0, 255).astype(np.uint8)
    image[cover > 0] = blotched[cover > 0]


def cup(image: Image, x: float, y: float, width: float, skin: Array) -> None:
    """White china."""
    low, high = (x - 0.25 * width, y - 0.06 * width), (x + 0.25 * width, y + 0.55 * width)
    corners = [tuple(round(value) for value in corner) for corner in (low, high)]
    cv2.rectangle(image, *corners, (235, 235, 240), -1)


def microphone(image: Image, x: float, y: float, width: float, skin: Array) -> None:
    """A black ball on a stick."""
    centre = (round(x), round(y + 0.05 * width))
    foot = (round(x + 0.1 * width), round(y + 1.2 * width))
    cv2.line(image, centre, foot, (45, 40, 40), round(0.12 * width))
    cv2.circle(image, centre, round(0.2 * width), (28, 25, 25), -1)


THINGS: dict[str, Callable[[Image, float, float, float, Array], None]] = {
    "hand": hand,
    "palm": palm,
    "cup": cup,
    "microphone": microphone,
}


def watched(frames: Sequence[Frame], landmarker: SessionLandmarker) -> list[Seen | None]:
    """What the networks see, picture after picture."""
    result: list[Seen | None] = []
    for frame in frames:
        detection = landmarker.detect(frame.image, frame.timestamp)
        if detection is None or detection.presence is None:
            result.append(None)
            continue
        height, width = frame.image.shape[:2]
        seen = observation_from_detection(detection, frame.timestamp, (width, height))
        result.append(Seen(seen.landmarks, seen.weights, detection.presence))
    return result


def covered(frames: Sequence[Frame], uncovered: Sequence[Seen | None], thing: str) -> list[Frame]:
    """The same with that before the mouth, from FIRST to the end."""
    result = list(frames[:FIRST])
    for index, (frame, seen) in enumerate(zip(frames[FIRST:], uncovered[FIRST:], strict=True)):
        image = frame.image.copy()
        if seen is not None:
            width = float(np.ptp(seen.landmarks[:468, 0]))
            x, y = seen.landmarks[LIPS, :2].mean(axis=0).tolist()
            column, row = np.clip(
                seen.landmarks[CHEEK, :2], 0, (image.shape[1] - 1, image.shape[0] - 1)
            ).astype(int)
            skin = frame.image[row, column].astype(np.float64)
            THINGS[thing](image, x, y + width * max(1.0 - index / COMING, 0.0), width, skin)
        result.append(replace(frame, image=image))
    return result


def mouths(seen: Sequence[Seen | None]) -> Array:
    """(F, 52) of the pictures in which the mouth is covered all the way."""
    return np.array([one.weights for one in seen[FIRST + COMING :] if one is not None])


def clip_frames(path: Path, count: int) -> list[Frame]:
    """The first ones."""
    frames: list[Frame] = []
    with open_source(SourceSettings(spec=str(path), pace="fast")) as source:
        while len(frames) < count and (frame := source.read()) is not None:
            frames.append(frame)
    return frames


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--video", nargs="*", type=Path, default=[])
    arguments = parser.parse_args()
    model, folder = face_model_path(None), data_folder() / "models"
    print("| clip | before the mouth | face seen | jawOpen, uncovered | rises most | presence |")
    print("|---|---|---|---|---|---|")
    for path in (demo_path(), *arguments.video):
        frames = clip_frames(path, FIRST + LENGTH)
        with SessionLandmarker.open(model, folder, RuntimeSettings()) as landmarker:
            uncovered = watched(frames, landmarker)
        for thing in THINGS:
            with SessionLandmarker.open(model, folder, RuntimeSettings()) as landmarker:
                seen = watched(covered(frames, uncovered, thing), landmarker)
            print(row(path.name, thing, seen, uncovered))
    return 0


def row(clip: str, thing: str, seen: Sequence[Seen | None], before: Sequence[Seen | None]) -> str:
    """Markdown."""
    now, then = mouths(seen).max(axis=0), mouths(before).max(axis=0)
    most = max(MOUTH, key=lambda channel: float(now[channel] - then[channel]))
    jaw = INDEX["jawOpen"]
    presence = min(one.presence for one in seen if one is not None)
    return (
        f"| {clip} | {thing} | {len(mouths(seen))} of {len(seen) - FIRST - COMING} "
        f"| {now[jaw]:.2f}, {then[jaw]:.2f} "
        f"| {BLENDSHAPES[most]} {then[most]:.2f} → {now[most]:.2f} | {presence:.2f} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())
