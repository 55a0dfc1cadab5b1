"""What each stage of mien costs a picture, and all of them beside other trackers.

Others look at every picture, too, in turn with mien: the ratios are of one run.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from contextlib import ExitStack, closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.results import BenchResult, StageCost, TrackerCost, tracker_cost
from app.bench.rivals import Rivals
from app.bench.stopwatch import Stopwatch, TimedFinder, TimedRegressor
from app.network.address import resolve
from app.network.datagrams import DatagramListener
from app.outputs import open_output, parse_output
from app.sources import SourceSettings, open_source
from app.tracking import TrackingSettings, open_finder, open_stages, use_tensorrt
from engine.emotion import EmotionHead
from engine.errors import SourceError
from engine.geometry import Array
from engine.regressors import RegressorName, open_regressor
from engine.runtime.device import find_gpu
from engine.runtime.trt import PlanSession
from engine.smoother import Smoother
from engine.tracker import Tracker

WARM_UP = 10  # pictures that are not counted: caches fill, the face is found
TORCH_RUNS = 24  # the first quarter warms up
NOTHING = 0.005  # ms: what taking the time itself may cost
VERSIONS = (
    *("mien", "mediapipe", "opencv-python", "onnxruntime", "onnxruntime-gpu"),
    *("onnxruntime-directml", "tensorrt-rtx", "tensorrt", "cuda-bindings", "pycuda", "torch"),
)
ENGINE = "engine "  # begins the rows of what TensorRT computes, which other rows contain


def measure(
    spec: str, count: int, tracking: TrackingSettings, openseeface: Path | None = None
) -> BenchResult:
    """Track `count` pictures, one stage after the other in one thread, and time each stage.

    openseeface: the folder of OpenSeeFace, which then looks at them, too. Raises SettingsError.
    """
    watch = Stopwatch(
        *("decode", "find", "regress", "follow", "smooth", "retarget", "emotion", "send")
    )
    processor, found = [], []
    with ExitStack() as stack:
        source = stack.enter_context(open_source(SourceSettings(spec=spec, pace="fast", loop=True)))
        rivals = Rivals(tracking.face_model, openseeface, stack)
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
            watch.add("decode", now)
            rivals.look(frame)
            began = time.process_time()
            now = time.perf_counter()
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
            processor.append(time.process_time() - began)
            found.append(seen is not None)
            watch.next_picture()
    costs = watch.milliseconds()[WARM_UP:]
    ours = tracker_cost(
        "mien, all stages",
        _sum_of_ours(watch.stages, costs),
        float(np.mean(processor[WARM_UP:])),
        float(np.mean(found[WARM_UP:])),
    )
    trackers = (ours, *rivals.costs(WARM_UP))
    result = _result(source.name, devices, watch.stages, costs, trackers, rivals.absent)
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
    p50, p99 = np.percentile(costs[TORCH_RUNS // 4 :], (50, 99)).tolist()
    return StageCost("torch eager", p50, p99, 1.0)


def _sum_of_ours(names: tuple[str, ...], costs: Array) -> Array:
    """(pictures,) milliseconds of mien's stages; "follow" contains finding and regressing."""
    contained = ("decode", "find", "regress")
    rows = [i for i, name in enumerate(names) if name not in contained and not is_engine(name)]
    return np.asarray(costs[:, rows].sum(axis=1))


def _result(
    source: str,
    devices: tuple[str, ...],
    names: tuple[str, ...],
    costs: Array,
    trackers: tuple[TrackerCost, ...],
    absent: tuple[str, ...],
) -> BenchResult:
    ours, mediapipe = trackers[:2]
    column = {name: costs[:, index] for index, name in enumerate(names)}
    column["follow"] = column["follow"] - column["find"] - column["regress"]
    stages: list[StageCost] = []
    for name, milliseconds in column.items():
        used = milliseconds[milliseconds > NOTHING]
        if used.size:
            p50, p99 = np.percentile(used, (50, 99)).tolist()
            stages.append(StageCost(name, p50, p99, used.size / len(costs)))
    return BenchResult(
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        versions=_versions(),
        devices=devices,
        source=source,
        frames=len(costs),
        stages=(*stages, StageCost("all of it", ours.p50, ours.p99, 1.0)),
        trackers=trackers,
        absent=absent,
        mediapipe_p50=mediapipe.p50,
        ratio_to_mediapipe=ours.p50 / mediapipe.p50,
    )


def is_engine(stage: str) -> bool:
    """Whether its time is in another row, too."""
    return stage.startswith(ENGINE)


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
