"""`mien bench`: what each stage costs a picture, and all of them beside MediaPipe alone.

MediaPipe's own package looks at every picture, too, in turn with mien: the ratio is of one run.
Then a run as by `mien run`, for as many pictures: how long they take to the receiver and screen.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.commands.bench_live import run_live
from app.commands.run import add_regressor_arguments, positive_int
from app.face_model import face_model_path
from app.network.address import resolve
from app.network.datagrams import DatagramListener
from app.outputs import open_output, parse_output
from app.settings import DEFAULT_PROFILE, load_profile, tracking_settings
from app.sources import SourceSettings, open_source
from app.statistics import LatencyStatistics
from app.tracking import TrackingSettings, open_finder, open_stages, use_tensorrt
from engine.data import Frame, Observation
from engine.emotion import EmotionHead
from engine.errors import SourceError
from engine.geometry import Array
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.regressors import Regression, Regressor, RegressorName, open_regressor
from engine.regressors.crops import CropBox
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import Session
from engine.runtime.device import find_gpu
from engine.runtime.trt import PlanSession
from engine.smoother import Smoother
from engine.tracker import Tracker

WARM_UP = 10  # pictures that are not counted: caches fill, the face is found
TORCH_RUNS = 24  # the first quarter warms up
SHARES = (50, 95, 99)
NOTHING = 0.005  # ms: what taking the time itself may cost
VERSIONS = (
    *("mien", "mediapipe", "opencv-python", "onnxruntime", "onnxruntime-gpu"),
    *("onnxruntime-directml", "tensorrt-rtx", "tensorrt", "cuda-bindings", "pycuda", "torch"),
)
ENGINE = "engine "  # begins the rows of what TensorRT computes, which other rows contain


@dataclass(frozen=True, slots=True)
class StageCost:
    """Milliseconds a picture; of those in which the stage did something."""

    stage: str
    p50: float
    p95: float
    p99: float
    share: float  # of the pictures


@dataclass(frozen=True, slots=True)
class BenchResult:
    """One measurement.

    devices:            where the face is found, and where the regressor is computed.
    mediapipe_p50:      milliseconds of MediaPipe's own package for the same pictures.
    ratio_to_mediapipe: all stages but decoding over that.
    to_send, to_screen: of a whole run at the pictures' own pace; None: nothing was sent, shown.
    """

    machine: str
    versions: tuple[str, ...]
    devices: tuple[str, ...]
    source: str
    frames: int
    stages: tuple[StageCost, ...]
    mediapipe_p50: float
    ratio_to_mediapipe: float
    to_send: LatencyStatistics | None = None
    to_screen: LatencyStatistics | None = None


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "bench", help="measure what each stage costs", description=__doc__
    )
    parser.add_argument(
        "--source", metavar="FILE|FOLDER|demo", default="demo", help="what to track"
    )
    parser.add_argument("--frames", metavar="N", type=positive_int, default=300, help="pictures")
    add_regressor_arguments(parser)
    parser.add_argument("--profile", metavar="NAME", default=DEFAULT_PROFILE, help="your settings")
    parser.add_argument("--no-window", action="store_true", help="the run opens no window")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; gives the exit code."""
    profile = load_profile(arguments.profile)
    tracking = tracking_settings(
        profile,
        face_model_path(profile.face_model),
        regressor=arguments.regressor,
        runtime=arguments.runtime,
    )
    result = measure(arguments.source, arguments.frames, tracking)
    live = run_live(
        arguments.source, arguments.frames, tracking, profile, window=not arguments.no_window
    )
    result = replace(result, to_send=live.latency, to_screen=live.latency_to_screen)
    print(json.dumps(asdict(result), indent=2) if arguments.json else table(result))
    return 0


class Stopwatch:
    """Seconds of each stage in the present picture, and milliseconds in all of them."""

    def __init__(self, *stages: str) -> None:
        self.stages = stages
        self._seconds: dict[str, float] = defaultdict(float)
        self._rows: list[list[float]] = []

    def add(self, stage: str, started: float) -> float:
        """A stage ends that began at `started`; gives the time."""
        now = time.perf_counter()
        self._seconds[stage] += now - started
        return now

    def note(self, stage: str, seconds: float) -> None:
        """A stage took so long, by another clock."""
        self._seconds[stage] += seconds

    def next_picture(self) -> None:
        self._rows.append([self._seconds[stage] * 1000.0 for stage in self.stages])
        self._seconds.clear()

    def milliseconds(self) -> Array:
        """(pictures, stages)."""
        return np.array(self._rows)


class TimedFinder(MediaPipeRegressor):
    """Finds the face, with its eye on the clock."""

    watch: Stopwatch

    def observe(self, frame: Frame) -> Observation | None:
        started = time.perf_counter()
        seen = super().observe(frame)
        self.watch.add("find", started)
        return seen


class TimedRegressor:
    """A regressor with its eye on the clock."""

    def __init__(self, regressor: Regressor, watch: Stopwatch) -> None:
        self._regressor, self._watch = regressor, watch

    @property
    def name(self) -> RegressorName:
        return self._regressor.name

    @property
    def device(self) -> str:
        return self._regressor.device

    def box(self, landmarks: Array) -> CropBox:
        return self._regressor.box(landmarks)

    def unrounded_box(self, landmarks: Array) -> CropBox:
        return self._regressor.unrounded_box(landmarks)

    def expect(self, image: NDArray[np.uint8]) -> None:
        self._regressor.expect(image)

    def regress(
        self, image: NDArray[np.uint8], box: CropBox, shape: Array | None = None
    ) -> Regression:
        started = time.perf_counter()
        regression = self._regressor.regress(image, box, shape)
        self._watch.add("regress", started)
        return regression

    def use(self, session: Session) -> None:
        self._regressor.use(session)

    def close(self) -> None:
        self._regressor.close()


def measure(spec: str, count: int, tracking: TrackingSettings) -> BenchResult:
    """Track `count` pictures, one stage after the other in one thread, and time each stage."""
    names = (
        *("decode", "mediapipe", "find", "regress", "follow"),
        *("smooth", "retarget", "emotion", "send"),
    )
    watch = Stopwatch(*names)
    with ExitStack() as stack:
        source = stack.enter_context(open_source(SourceSettings(spec=spec, pace="fast", loop=True)))
        reference = stack.enter_context(MediaPipeLandmarker(tracking.face_model))
        landmarker = open_finder(tracking)
        finder = TimedFinder(landmarker)
        finder.watch = watch
        regressor = None
        if tracking.regressor != "mediapipe":
            opened = open_regressor(tracking.regressor, tracking.models, tracking.runtime)
            regressor = TimedRegressor(opened, watch)
        plans = {
            f"{ENGINE}{name}": session
            for name, session in use_tensorrt(tracking, landmarker, regressor)
            if isinstance(session, PlanSession)
        }
        watch.stages = (*watch.stages, *plans)
        tracker = stack.enter_context(Tracker(finder, regressor, tracking.tracker))
        stages = open_stages(tracking, stack)
        smoother = Smoother(tracking.smoother)
        receiver = stack.enter_context(closing(DatagramListener(resolve("127.0.0.1", 0))))
        outputs = [
            stack.enter_context(open_output(parse_output(f"{protocol}::{receiver.port}")))
            for protocol in ("vmc", "osc")
        ]
        devices = (finder.device, *([] if regressor is None else [regressor.device]))
        for _ in range(WARM_UP + count):
            now = time.perf_counter()
            frame = source.read()
            if frame is None:
                raise SourceError(
                    f"{source.name} gave no picture. Choose a file, a folder or demo."
                )
            now = watch.add("decode", now)
            reference.detect(frame.image, frame.timestamp)
            now = watch.add("mediapipe", now)
            seen = tracker.observe(frame)
            now = watch.add("follow", now)
            if seen is not None:
                for row, session in plans.items():
                    watch.note(row, session.engine_ms / 1000.0)
                now = time.perf_counter()
            state = smoother.update(
                seen,
                timestamp=frame.timestamp,
                image_size=(frame.image.shape[1], frame.image.shape[0]),
            )
            now = watch.add("smooth", now)
            for stage in stages:
                state = stage.update(state)
                is_emotion = isinstance(stage, EmotionHead)
                now = watch.add("emotion" if is_emotion else "retarget", now)
            for output in outputs:
                output.send(state)
            watch.add("send", now)
            watch.next_picture()
    result = _result(source.name, devices, watch.stages, watch.milliseconds()[WARM_UP:])
    if tracking.regressor == "mediapipe" or find_spec("torch") is None:
        return result
    return replace(result, stages=(*result.stages, torch_cost(tracking.regressor)))


def torch_cost(name: RegressorName) -> StageCost:
    """What torch takes for the same network on this processor; no part of mien's own time."""
    from models.networks.untrained import untrained  # torch takes seconds to load

    network = untrained(name)
    picture = np.zeros((1, *network.spec.input.shape), np.float32)
    costs = []
    for _ in range(TORCH_RUNS):
        started = time.perf_counter()
        network.run(picture)
        costs.append((time.perf_counter() - started) * 1000.0)
    p50, p95, p99 = np.percentile(costs[TORCH_RUNS // 4 :], SHARES).tolist()
    return StageCost("torch eager", p50, p95, p99, 1.0)


def _result(
    source: str, devices: tuple[str, ...], names: tuple[str, ...], costs: Array
) -> BenchResult:
    column = {name: costs[:, index] for index, name in enumerate(names)}
    column["follow"] = column["follow"] - column["find"] - column["regress"]
    mine = sum(column[name] for name in names if is_ours(name))
    stages: list[StageCost] = []
    for name, milliseconds in column.items():
        used = milliseconds[milliseconds > NOTHING]
        if name != "mediapipe" and used.size:
            p50, p95, p99 = np.percentile(used, SHARES).tolist()
            stages.append(StageCost(name, p50, p95, p99, used.size / len(costs)))
    p50, p95, p99 = np.percentile(mine, SHARES).tolist()
    reference = float(np.median(column["mediapipe"]))
    return BenchResult(
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        versions=_versions(),
        devices=devices,
        source=source,
        frames=len(costs),
        stages=(*stages, StageCost("all of it", p50, p95, p99, 1.0)),
        mediapipe_p50=reference,
        ratio_to_mediapipe=p50 / reference,
    )


def is_ours(stage: str) -> bool:
    """Whether its time is mien's, and in no other row."""
    return stage not in ("decode", "mediapipe") and not stage.startswith(ENGINE)


def _versions() -> tuple[str, ...]:
    found: dict[str, Any] = {}
    for name in VERSIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    gpu = find_gpu()
    driver = () if gpu is None else (f"driver for CUDA {gpu.driver}",)
    return (*(f"{name} {version}" for name, version in found.items()), *driver)


def table(result: BenchResult) -> str:
    """For people."""
    rows = [
        f"{result.source}, {result.frames} frames, {result.machine}",
        ", ".join(result.versions),
        "on " + "; ".join(result.devices),
        f"{'stage':<18}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}   of the pictures",
    ]
    rows += [
        f"{cost.stage:<18}{cost.p50:8.2f}{cost.p95:8.2f}{cost.p99:8.2f}{cost.share:10.0%}"
        for cost in result.stages
    ]
    rows.append(
        f"MediaPipe alone: {result.mediapipe_p50:.2f} ms; everything but decoding costs "
        f"{result.ratio_to_mediapipe:.2f} × that"
    )
    for name, latency in (("send", result.to_send), ("screen", result.to_screen)):
        if latency is not None:
            rows.append(f"in a whole run, picture to {name}: {latency}")
    return "\n".join(rows)
