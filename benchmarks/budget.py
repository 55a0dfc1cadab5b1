"""What `--budget` costs and what a performer loses by it: a table in Markdown.

    python -m benchmarks.budget [VIDEO…]

The built-in clip, whose head never rests and whose curves are known, the same with pauses (after
each second two of rest, with a camera's noise), and any others. Each picture goes through the
chain: all of them, every second one, and those that engine/sparing.py chooses. In between, what is
sent is predicted, as app/steady.py does it.

decoded, looks: share of the pictures that were decoded, and looked at.
processor: milliseconds a picture, decoding left out, all in turns in one run.
blinks:    depth of the blinks that every picture gives, kept: mean, least.
jaw, lids: correlation with what was rendered, and how much later than every picture gives it.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face_model import face_model_path
from app.folders import data_folder
from app.sources.demo import demo_path
from app.sources.source import EARLY
from app.tracking import TrackingSettings, open_chain
from benchmarks.demo.curves import CURVES, read_curves
from benchmarks.demo_truth import correlation, lag
from engine.blendshapes import INDEX
from engine.chain import Chain
from engine.data import FaceState, Frame
from engine.geometry import Array
from engine.prediction import Predictor
from engine.runtime import RuntimeSettings
from engine.sparing import Sparing

RATE = 30.0
LIDS = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])
JAW = INDEX["jawOpen"]
CLOSED = 0.4  # of an eyeBlink: a blink
AROUND = 3  # pictures beside a blink that belong to it

MOVING, RESTING = 30, 60  # pictures of a clip with pauses

Image = NDArray[np.uint8]
Choice = Callable[[Frame], bool]


@dataclass
class Way:
    """One way of choosing pictures, and what came of it."""

    name: str
    chain: Chain
    decodes: Choice
    worth: Choice
    seen: Callable[[Frame, FaceState], None]
    predictor: Predictor = field(default_factory=Predictor)
    weights: list[Array] = field(default_factory=list)
    decoded: int = 0
    looks: int = 0
    seconds: float = 0.0

    def take(self, frame: Frame) -> None:
        begun = time.thread_time()
        decoded = self.decodes(frame)
        self.decoded += decoded
        if decoded and self.worth(frame):
            state = self.chain.update(frame)
            self.seen(frame, state)
            self.predictor.observe(state, frame.timestamp)
            self.looks += 1
        else:
            state = self.predictor.at(frame.timestamp)
        self.seconds += time.thread_time() - begun
        self.weights.append(state.weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print(
        "| video | | decoded | looks | processor ms | blinks kept | lids r, later | jaw r, later |"
    )
    print("|---|---|---|---|---|---|---|---|")
    truth = read_curves(CURVES).weights
    clips: list[tuple[str, Iterator[tuple[int, Image]], bool]] = [
        ("demo", pictures(demo_path()), True),
        ("demo with pauses", with_pauses(pictures(demo_path())), True),
        *((video.name, pictures(video), False) for video in arguments.videos),
    ]
    for name, clip, known in clips:
        rendered: list[Array] = []
        with ExitStack() as stack:
            ways = open_ways(stack)
            for index, (place, image) in enumerate(clip):
                for way in ways:
                    way.take(Frame(image, index / RATE, 0.0, index))
                if known:
                    rendered.append(truth[place])
        for way in ways:
            print(row(name, way, np.array(ways[0].weights), np.array(rendered)))


def open_ways(stack: ExitStack) -> list[Way]:
    settings = TrackingSettings(
        face_model_path(None),
        data_folder() / "models",
        runtime=RuntimeSettings(runtime="onnx", threads=1),
    )
    sparing, taken = Sparing(RATE), [-math.inf]

    def decodes(frame: Frame) -> bool:
        """As app/sources/live.py has it."""
        if frame.timestamp < taken[0] + (1.0 - EARLY) / sparing.rate:
            return False
        taken[0] = frame.timestamp
        return True

    def yes(frame: Frame) -> bool:
        return True

    def second(frame: Frame) -> bool:
        return frame.index % 2 == 0

    def nothing(frame: Frame, state: FaceState) -> None: ...

    chains = [open_chain(settings, stack, live=False) for _ in range(3)]
    return [
        Way("every picture", chains[0], yes, yes, nothing),
        Way("every second", chains[1], second, yes, nothing),
        Way("--budget", chains[2], decodes, sparing.worth, sparing.seen),
    ]


def row(video: str, way: Way, every: Array, truth: Array) -> str:
    """truth: (F, 52) as rendered; empty if nobody knows."""
    weights = np.array(way.weights)
    kept = [
        weights[place, lid].max() / every[place, lid].max()
        for lid in LIDS
        for place in blinks(every[:, lid])
    ]
    cells = [
        video,
        way.name,
        f"{way.decoded / len(weights):.2f}",
        f"{way.looks / len(weights):.2f}",
        f"{1000.0 * way.seconds / len(weights):.2f}",
        f"{np.mean(kept):.2f}, {min(kept):.2f}" if kept else "–",
    ]
    for channels in (LIDS, (JAW,)):
        later = [1000.0 * lag(every[:, k], weights[:, k]) for k in channels]
        right = "–"
        if truth.size:
            right = f"{np.mean([correlation(truth[:, k], weights[:, k]) for k in channels]):.2f}"
        cells.append(f"{right}, {np.mean(later):.0f} ms")
    return "| " + " | ".join(cells) + " |"


def blinks(lid: Array) -> list[slice]:
    """Where an eye is closed for a moment."""
    edges = np.flatnonzero(np.diff(np.r_[0, (lid > CLOSED).astype(int), 0]))
    return [
        slice(max(start - AROUND, 0), end + AROUND)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def with_pauses(clip: Iterator[tuple[int, Image]]) -> Iterator[tuple[int, Image]]:
    """A person who looks at a game and now and then says something."""
    random = np.random.default_rng(1)
    for place, image in clip:
        yield place, image
        if place % MOVING == MOVING - 1:
            for _ in range(RESTING):
                coarse = random.normal(0.0, 4.0, (image.shape[0] // 2, image.shape[1] // 2, 3))
                noise = cv2.resize(coarse, image.shape[1::-1])
                yield place, np.clip(image + noise, 0, 255).astype(np.uint8)


def pictures(video: Path) -> Iterator[tuple[int, Image]]:
    """With their places in the clip."""
    capture = cv2.VideoCapture(str(video))
    place = 0
    while True:
        there, image = capture.read()
        if not there:
            break
        yield place, np.asarray(image, np.uint8)
        place += 1
    capture.release()


if __name__ == "__main__":
    main()
