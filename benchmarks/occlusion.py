"""What becomes of the mouth when something comes before it: a table in Markdown.

    python -m benchmarks.occlusion [--things NAME…] [FILE…]

Things are painted over the mouths of a clip (the built-in one, or the files) from its second on:
they come from below, from a side or aslant, in 0.1 to 0.4 s, and stay, or pass by and are gone. A
scream is jaw or mouth, any channel, more than 0.25 above the same picture uncovered, for more than
0.1 s. Told for what the networks see and for what mien shows: the longest such time, its channel,
and jawOpen at the most, beside jawOpen uncovered. `nothing` tells in how many pictures mien takes a
free mouth for a covered one.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from app.face_model import face_model_path
from app.folders import data_folder
from app.sources import SourceSettings, open_source
from app.sources.demo import demo_path
from benchmarks.occluders import THINGS, place
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import Frame, Observation
from engine.geometry import Array
from engine.landmarker.session import SessionLandmarker
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings

FIRST, LENGTH = 35, 50  # frames: before, and with the thing
HEIGHT = 400  # pixels at the most, so that painting takes no longer than looking
LIPS = [13, 14]  # landmarks
MOUTH = [i for i, name in enumerate(BLENDSHAPES) if name.startswith(("jaw", "mouth"))]
SCREAM, LONG = 0.25, 0.1  # rise of a weight, s


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One picture: the observation, and the weights (52,) that mien shows."""

    observation: Observation | None
    shown: Array


@dataclass(frozen=True, slots=True)
class Way:
    """How a thing comes.

    angle:  from where, radians: 0 the picture's right, a quarter turn below.
    frames: that it takes to the mouth.
    passes: whether it goes on to the other side.
    """

    angle: float
    frames: int
    passes: bool = False


WAYS = {
    "from below": Way(math.pi / 2, 6),
    "slowly from the right": Way(0.0, 12),
    "fast from the left": Way(math.pi, 3),
    "aslant, passing by": Way(math.pi / 4, 5, passes=True),
}


def covered(
    frames: Sequence[Frame], uncovered: Sequence[Seen], thing: str, way: Way
) -> list[Frame]:
    """The pictures with that before the mouth, from FIRST to the end."""
    result = list(frames[:FIRST])
    arm = (math.cos(way.angle), math.sin(way.angle))
    for index, (frame, seen) in enumerate(zip(frames[FIRST:], uncovered[FIRST:], strict=True)):
        image = frame.image.copy()
        away = max(1.0 - index / way.frames, -2.0 if way.passes else 0.0)
        if seen.observation is not None:
            points = seen.observation.landmarks
            width = float(max(np.ptp(points[:468, 0]), 0.75 * np.ptp(points[:468, 1])))
            x, y = points[LIPS, :2].mean(axis=0).tolist()
            at = (x + 1.3 * away * width * arm[0], y + 1.3 * away * width * arm[1])
            THINGS[thing](image, place(frame.image, points, at, arm, width))
        result.append(replace(frame, image=image))
    return result


def watched(frames: Sequence[Frame], landmarker: SessionLandmarker) -> list[Seen]:
    """What the networks see and mien shows, picture after picture."""
    regressor, smoother = MediaPipeRegressor(landmarker), Smoother(SmootherSettings())
    result = []
    for frame in frames:
        observation = regressor.observe(frame)
        size = (frame.image.shape[1], frame.image.shape[0])
        state = smoother.update(observation, timestamp=frame.timestamp, image_size=size)
        result.append(Seen(observation, state.weights))
    return result


def raw(seen: Sequence[Seen]) -> Array:
    """(F, 52) of the networks; where no face is seen 0."""
    none = np.zeros(len(BLENDSHAPES))
    return np.array([none if s.observation is None else s.observation.weights for s in seen])


def shown(seen: Sequence[Seen]) -> Array:
    """(F, 52) of mien."""
    return np.array([s.shown for s in seen])


def scream(weights: Array, truth: Array, rate: float) -> tuple[float, str]:
    """The longest one in (F, 52) weights, in seconds, and its channel."""
    longest, name = 0, "–"
    for channel in MOUTH:
        run = 0
        for above in weights[:, channel] - truth[:, channel] > SCREAM:
            run = run + 1 if above else 0
            if run > longest:
                longest, name = run, BLENDSHAPES[channel]
    return longest / rate, name


def clip_frames(path: Path, count: int) -> list[Frame]:
    """The first ones, made smaller if they are large."""
    frames: list[Frame] = []
    with open_source(SourceSettings(spec=str(path), pace="fast")) as source:
        while len(frames) < count and (frame := source.read()) is not None:
            scale = HEIGHT / frame.image.shape[0]
            if scale < 1.0:
                size = (round(scale * frame.image.shape[1]), HEIGHT)
                smaller = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
                frame = replace(frame, image=np.asarray(smaller, np.uint8))
            frames.append(frame)
    return frames


def open_landmarker() -> SessionLandmarker:
    """A new one, that has seen nobody."""
    models = data_folder() / "models"
    return SessionLandmarker.open(face_model_path(None), models, RuntimeSettings(), steadied=False)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--things", nargs="*", choices=THINGS, default=list(THINGS), metavar="NAME")
    arguments = parser.parse_args()
    print(
        "| clip | before the mouth | jawOpen: uncovered, raw, mien | scream, raw | mien | noticed |"
    )
    print("|---|---|---|---|---|---|")
    for path in arguments.files or [demo_path()]:
        frames = clip_frames(path, FIRST + LENGTH)
        rate = (len(frames) - 1) / (frames[-1].timestamp - frames[0].timestamp)
        with open_landmarker() as landmarker:
            uncovered = watched(frames, landmarker)
        for thing in arguments.things:
            for way_name, way in WAYS.items() if thing != "nothing" else [("", WAYS["from below"])]:
                with open_landmarker() as landmarker:
                    seen = watched(covered(frames, uncovered, thing, way), landmarker)
                print(row(f"{path.stem} | {thing} {way_name}", seen, uncovered, rate), flush=True)
    return 0


def row(name: str, seen: Sequence[Seen], before: Sequence[Seen], rate: float) -> str:
    """Markdown."""
    jaw = INDEX["jawOpen"]
    most = [float(w[FIRST:, jaw].max()) for w in (shown(before), raw(seen), shown(seen))]
    told = []
    for weights, truth in ((raw(seen), raw(before)), (shown(seen), shown(before))):
        seconds, channel = scream(weights[FIRST:], truth[FIRST:], rate)
        told.append(f"{seconds:.2f} s {channel}" if seconds > LONG else "none")
    hidden = sum(s.observation is not None and s.observation.mouth_hidden for s in seen[FIRST:])
    jaws = ", ".join(f"{value:.2f}" for value in most)
    return f"| {name} | {jaws} | {' | '.join(told)} | {hidden} of {len(seen) - FIRST} |"


if __name__ == "__main__":
    raise SystemExit(main())
