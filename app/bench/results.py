"""What was measured, and how it is told to people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.statistics import LatencyStatistics
from engine.geometry import Array

CAMERA_RATE = 30.0  # pictures a second
SHARES = (50, 95, 99)  # per cent


@dataclass(frozen=True, slots=True)
class StageCost:
    """Milliseconds a picture; of those in which the stage did something."""

    stage: str
    p50: float
    p95: float
    p99: float
    share: float  # of the pictures


@dataclass(frozen=True, slots=True)
class TrackerCost:
    """One tracker on the same pictures as the others, in turn with them.

    p50, p95, p99: milliseconds a picture, without decoding it.
    processor: milliseconds of processor time a picture, of all its threads: the mean.
    core:      share of one core that it takes at CAMERA_RATE pictures a second.
    faces:     share of the pictures in which it found the face.
    """

    tracker: str
    p50: float
    p95: float
    p99: float
    processor: float
    core: float
    faces: float


@dataclass(frozen=True, slots=True)
class LiveCost:
    """A whole run at CAMERA_RATE, no window.

    core:      share of one core, of all threads.
    beyond:    of it, what the regressor alone would not take on all of these pictures.
    looked_at: pictures a second.
    p50, p95, p99: milliseconds from a picture's arrival to the datagrams of its state.
    """

    run: str
    core: float
    beyond: float
    looked_at: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class BenchResult:
    """One measurement.

    devices:            where the face is found, and where the regressor is computed.
    trackers:           mien and others, on the same pictures in one run.
    absent:             a sentence for each other tracker that could not be measured.
    mediapipe_p50:      milliseconds of MediaPipe's own package for the same pictures.
    ratio_to_mediapipe: all stages but decoding over that.
    to_send, to_screen: of a whole run at the pictures' own pace; None: nothing was sent, shown.
    audio:              how that run tells people to delay the voice, in sentences.
    live:               whole runs at a camera's rate, if they were asked for.
    """

    machine: str
    versions: tuple[str, ...]
    devices: tuple[str, ...]
    source: str
    frames: int
    stages: tuple[StageCost, ...]
    trackers: tuple[TrackerCost, ...]
    absent: tuple[str, ...]
    mediapipe_p50: float
    ratio_to_mediapipe: float
    to_send: LatencyStatistics | None = None
    to_screen: LatencyStatistics | None = None
    audio: tuple[str, ...] = ()
    live: tuple[LiveCost, ...] = ()


def tracker_cost(name: str, milliseconds: Array, processor: float, faces: float) -> TrackerCost:
    """milliseconds: of each picture. processor: seconds a picture. faces: 0..1."""
    p50, p95, p99 = np.percentile(milliseconds, SHARES).tolist()
    return TrackerCost(name, p50, p95, p99, processor * 1000.0, processor * CAMERA_RATE, faces)


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
        f"{'in turns':<28}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}{'processor ms':>14}"
        f"{f'of a core at {CAMERA_RATE:.0f}/s':>20}{'faces':>8}"
    )
    rows += [
        f"{cost.tracker:<28}{cost.p50:8.2f}{cost.p95:8.2f}{cost.p99:8.2f}{cost.processor:14.2f}"
        f"{cost.core:20.0%}{cost.faces:8.0%}"
        for cost in result.trackers
    ]
    rows += result.absent
    rows.append(
        f"MediaPipe alone: {result.mediapipe_p50:.2f} ms; everything but decoding costs "
        f"{result.ratio_to_mediapipe:.2f} × that"
    )
    for name, latency in (("send", result.to_send), ("screen", result.to_screen)):
        if latency is not None:
            rows.append(f"in a whole run, picture to {name}: {latency}")
    rows += result.audio
    if result.live:
        rows.append(
            f"{f'at {CAMERA_RATE:.0f} a second, no window':<28}{'of a core':>10}{'beyond':>8}"
            f"{'looked at':>11}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}"
        )
    rows += [
        f"{cost.run:<28}{cost.core:10.0%}{cost.beyond:+8.0%}{cost.looked_at:9.0f}/s"
        f"{cost.p50:8.1f}{cost.p95:8.1f}{cost.p99:8.1f}"
        for cost in result.live
    ]
    return "\n".join(rows)
