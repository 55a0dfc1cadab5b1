"""`mien bench`: what each stage costs a picture, and all of them beside MediaPipe alone."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from app.commands.run import positive_int
from app.face_model import face_model_path
from app.network.address import resolve
from app.network.datagrams import DatagramListener
from app.outputs import open_output, parse_output
from app.settings import DEFAULT_PROFILE, load_profile
from app.sources import SourceSettings, open_source
from engine.errors import SourceError
from engine.landmarker import FaceLandmarker
from engine.regressors.mediapipe import observation_from_detection
from engine.smoother import Smoother, SmootherSettings

WARM_UP = 10  # pictures that are not counted: caches fill, MediaPipe finds the face


@dataclass(frozen=True, slots=True)
class StageCost:
    """Milliseconds a picture."""

    stage: str
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class BenchResult:
    """One measurement; `ratio_to_mediapipe` is all stages but decoding over MediaPipe's."""

    machine: str
    source: str
    frames: int
    stages: tuple[StageCost, ...]
    ratio_to_mediapipe: float


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "bench", help="measure what each stage costs", description=__doc__
    )
    parser.add_argument(
        "--source", metavar="FILE|FOLDER|demo", default="demo", help="what to track"
    )
    parser.add_argument("--frames", metavar="N", type=positive_int, default=300, help="pictures")
    parser.add_argument("--profile", metavar="NAME", default=DEFAULT_PROFILE, help="your settings")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; gives the exit code."""
    profile = load_profile(arguments.profile)
    model = face_model_path(profile.face_model)
    result = measure(arguments.source, arguments.frames, model=model, smoother=profile.smoother)
    print(json.dumps(asdict(result), indent=2) if arguments.json else table(result))
    return 0


def measure(spec: str, count: int, *, model: Path, smoother: SmootherSettings) -> BenchResult:
    """Track `count` pictures, one stage after the other in one thread, and time each stage."""
    names = ("decode", "mediapipe", "observe", "smooth", "send")
    times: list[list[float]] = []
    with (
        open_source(SourceSettings(spec=spec, pace="fast", loop=True)) as source,
        FaceLandmarker(model) as landmarker,
        closing(DatagramListener(resolve("127.0.0.1", 0))) as receiver,
        open_output(parse_output(f"vmc::{receiver.port}")) as vmc,
        open_output(parse_output(f"osc::{receiver.port}")) as osc,
    ):
        filters = Smoother(smoother)
        for _ in range(WARM_UP + count):
            marks = [time.perf_counter()]
            frame = source.read()
            if frame is None:
                raise SourceError(
                    f"{source.name} gave no picture. Choose a file, a folder or demo."
                )
            marks.append(time.perf_counter())
            detection = landmarker.detect(frame.image, frame.timestamp)
            marks.append(time.perf_counter())
            size = (frame.image.shape[1], frame.image.shape[0])
            seen = None
            if detection is not None:
                seen = observation_from_detection(detection, frame.timestamp, size)
            marks.append(time.perf_counter())
            state = filters.update(seen, timestamp=frame.timestamp, image_size=size)
            marks.append(time.perf_counter())
            vmc.send(state)
            osc.send(state)
            marks.append(time.perf_counter())
            times.append(np.diff(marks).tolist())
    costs = np.array(times[WARM_UP:]) * 1000.0
    p50, p99 = np.percentile(costs, (50, 99), axis=0).tolist()
    return BenchResult(
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        source=source.name,
        frames=count,
        stages=tuple(map(StageCost, names, p50, p99)),
        ratio_to_mediapipe=float(np.median(costs[:, 1:].sum(axis=1)) / np.median(costs[:, 1])),
    )


def table(result: BenchResult) -> str:
    """For people."""
    rows = [f"{result.source}, {result.frames} frames, {result.machine}"]
    rows.append(f"{'stage':<12}{'p50 ms':>8}{'p99 ms':>8}")
    rows += [f"{cost.stage:<12}{cost.p50:8.2f}{cost.p99:8.2f}" for cost in result.stages]
    rows.append(f"everything but decoding costs {result.ratio_to_mediapipe:.2f} × MediaPipe alone")
    return "\n".join(rows)
