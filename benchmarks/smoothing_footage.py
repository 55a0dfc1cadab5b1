"""What mien's smoother does to real footage, beside MediaPipe's own filter and none.

Jitter of the 52 weights in their stillest 30 frames (frame-to-frame differences, s.d. over √2, so
that slow motion does not count), and the lag behind the unfiltered landmarker, which searches each
picture anew: where the correlation of the curves is largest; the median of all channels that move,
and some of them. Milliseconds are the processor's, of all cores.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np

from app.face_model import face_model_path
from app.folders import data_folder
from app.sources import SourceSettings, open_source
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.errors import SourceError
from engine.geometry import Array
from engine.landmarker.session import SessionLandmarker
from engine.regressors.mediapipe import MediaPipeRegressor, observation_from_detection
from engine.runtime import RuntimeSettings
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings

FOLLOWED = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight")
STILL = 30  # frames
MOVES = 0.05  # s.d. of a channel from which on its lag means something
ROWS = ("unfiltered", "MediaPipe's own filter", "mien")
LONGEST_LAG, LAG_STEP = 5.0, 0.05  # frames
EDGE = int(LONGEST_LAG)  # frames at both ends that have nothing to be compared with


def measure_video(path: Path) -> str:
    """The table of a real clip. Raises SourceError, also where there is too little of a face."""
    with open_source(SourceSettings(spec=str(path), pace="fast")) as source:
        frames = list(iter(source.read, None))
    cost = dict.fromkeys(ROWS, 0.0)
    curves: dict[str, list[Array]] = {name: [] for name in ROWS}
    unknown = np.full(len(BLENDSHAPES), math.nan)
    smoother = Smoother(SmootherSettings())
    with (
        _landmarker(follow=False) as single,
        _landmarker() as steadied,
        MediaPipeRegressor(_landmarker(steadied=False)) as regressor,
    ):
        for frame in frames:
            size = (frame.image.shape[1], frame.image.shape[0])
            began = time.process_time()
            raw = single.detect(frame.image, frame.timestamp)
            found = time.process_time()
            calm = steadied.detect(frame.image, frame.timestamp)
            calmed = time.process_time()
            seen = regressor.observe(frame)
            state = smoother.update(seen, timestamp=frame.timestamp, image_size=size)
            spent = np.diff([began, found, calmed, time.process_time()]).tolist()
            weights = [
                unknown
                if detection is None
                else observation_from_detection(detection, frame.timestamp, size).weights
                for detection in (raw, calm)
            ]
            weights.append(unknown if seen is None else state.weights)
            for name, row, seconds in zip(ROWS, weights, spent, strict=True):
                curves[name].append(row)
                cost[name] += 1e3 * seconds / len(frames)
    if len(frames) < STILL:
        raise too_little(path.name, len(frames))
    period = 1e3 * (frames[-1].timestamp - frames[0].timestamp) / (len(frames) - 1)
    return video_table(
        path.name, {name: np.array(rows) for name, rows in curves.items()}, cost, period
    )


def raw_track(path: Path) -> tuple[Array, Array]:
    """(F, 52) weights, unfiltered, and (F,) timestamps of a clip's pictures that show a face."""
    weights, timestamps = [], []
    with (
        open_source(SourceSettings(spec=str(path), pace="fast")) as source,
        _landmarker(follow=False) as single,
    ):
        for frame in iter(source.read, None):
            found = single.detect(frame.image, frame.timestamp)
            if found is not None:
                size = (frame.image.shape[1], frame.image.shape[0])
                seen = observation_from_detection(found, frame.timestamp, size)
                weights.append(seen.weights)
                timestamps.append(frame.timestamp)
    return np.array(weights), np.array(timestamps)


def video_table(clip: str, curves: dict[str, Array], cost: dict[str, float], period: float) -> str:
    """curves: (F, 52) by name, the first one unfiltered, NaN without a face; the rest in ms.

    Raises SourceError.
    """
    together = np.all([np.isfinite(curve).all(axis=1) for curve in curves.values()], axis=0)
    curves = {name: curve[together] for name, curve in curves.items()}
    raw = curves[ROWS[0]]
    if len(raw) < STILL:
        raise too_little(clip, len(raw))
    lines = [
        f"| {clip} | jitter at rest | largest | lag, all | "
        + " | ".join(FOLLOWED)
        + " | ms a picture |",
        "|---|---|---|---|" + "---|" * len(FOLLOWED) + "---|",
    ]
    start = _stillest(raw)
    moving = [i for i in range(len(BLENDSHAPES)) if raw[EDGE:-EDGE, i].std() > MOVES]
    for name, curve in curves.items():
        jitter = np.diff(curve[start : start + STILL], axis=0).std(0) / math.sqrt(2.0)
        lags = {i: _lag(curve[:, i], raw[:, i]) * period for i in moving}
        told = [f"{lags[i]:+.0f} ms" if (i := INDEX[one]) in lags else "–" for one in FOLLOWED]
        lag = f"{float(np.median(list(lags.values()))):+.1f} ms" if lags else "–"
        lines.append(
            f"| {name} | {jitter.mean():.5f} | {jitter.max():.4f} | {lag} | {' | '.join(told)} "
            f"| {cost[name]:.1f} |"
        )
    return "\n".join(lines)


def too_little(clip: str, frames: int) -> SourceError:
    """For whoever called it with this clip."""
    return SourceError(
        f"cannot measure {clip}: {frames} pictures in which all find a face; expected {STILL} at "
        "least. Choose a clip with a face."
    )


def _landmarker(*, follow: bool = True, steadied: bool = True) -> SessionLandmarker:
    task, models = face_model_path(None), data_folder() / "models"
    return SessionLandmarker.open(task, models, RuntimeSettings(), follow=follow, steadied=steadied)


def _stillest(curve: Array) -> int:
    """Where the STILL frames begin that move least."""
    change = np.abs(np.diff(curve, axis=0)).mean(axis=1)
    if len(change) <= STILL:
        return 0
    return int(np.convolve(change, np.ones(STILL - 1), "valid").argmin())


def _lag(curve: Array, reference: Array) -> float:
    """Frames by which `curve` comes later."""
    at = np.arange(len(curve), dtype=np.float64)
    inner = at[EDGE:-EDGE]
    lags = np.arange(-LONGEST_LAG, LONGEST_LAG + LAG_STEP / 2, LAG_STEP)
    match = [
        np.corrcoef(np.interp(inner + lag, at, curve), reference[EDGE:-EDGE])[0, 1] for lag in lags
    ]
    return float(lags[int(np.argmax(match))].round(2)) + 0.0  # no minus before a zero
