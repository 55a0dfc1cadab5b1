"""JSON lines: every field of a `FaceState`, one object a line, for scripts.

    {"timestamp": 12.345678, "tracked": true, "confidence": 0.9731,
     "weights": {"eyeBlinkLeft": 0.02134, ...}, "head_rotation": [x, y, z, w],
     "head_position": [x, y, z], "gaze": [[yaw, pitch], [yaw, pitch]],
     "landmarks": [[x, y, z], ...] or null, "image_size": [width, height]}

Names, units and spaces are FaceState's: seconds, radians, metres, pixels; gaze left eye first. The
52 weights are in `BLENDSHAPES` order, but read them by name. There is no header: each line is a
state. With landmarks a line has about 15 kB.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.recordings.fixed_point import WIDTH, HundredthsTable
from app.recordings.row_file import RowFile
from engine.blendshapes import BLENDSHAPES
from engine.closing import Closing
from engine.data import Coefficients, Emotion, FaceState

# Finer than any tracker: microseconds, 0.00001 of a weight, micrometres and -radians.
_ROW = (
    '{"timestamp": %.6f, "tracked": %s, "confidence": %.5f, "weights": {'
    + ", ".join(f'"{name}": %.5f' for name in BLENDSHAPES)
    + '}, "head_rotation": [%.7f, %.7f, %.7f, %.7f], "head_position": [%.6f, %.6f, %.6f], '
    '"gaze": [[%.6f, %.6f], [%.6f, %.6f]], "landmarks": %s, "image_size": [%d, %d], '
    '"coefficients": %s, "image_from_crop": %s, "emotion": %s}\n'
)


class JsonLines(Closing):
    """Writes one line per state."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._file = RowFile(path)
        self._hundredths = HundredthsTable()

    def write(self, state: FaceState) -> None:
        """Add a line, also while no face is seen. Raises RecordingError."""
        pose = [
            *state.head_rotation.tolist(),
            *state.head_position.tolist(),
            *state.gaze.ravel().tolist(),
        ]
        row = _ROW % (
            state.timestamp,
            "true" if state.tracked else "false",
            _json_number(state.confidence),
            *map(_json_number, state.weights.clip(0.0, 1.0).tolist()),
            *map(_json_number, pose),
            self._points(state.landmarks),
            *state.image_size,
            _coefficients(state.coefficients),
            _numbers(state.image_from_crop),
            _emotion(state.emotion),
        )
        self._file.write(row.encode("ascii"))
        self.rows += 1

    def _points(self, points: NDArray[np.float64] | None) -> str:
        """[[x, y, z], ...] of (N, 3) with two decimals, or null."""
        if points is None or not np.isfinite(points).all():
            return "null"
        numbers = self._hundredths.text(points.ravel()).reshape(-1, 3, WIDTH)
        text = np.full((len(points), 3 * (1 + WIDTH) + 2), ord(","), np.uint8)  # "[x,y,z]," each
        text[:, 0] = ord("[")
        for axis in range(3):
            start = 1 + axis * (1 + WIDTH)
            text[:, start : start + WIDTH] = numbers[:, axis]
        text[:, -2] = ord("]")
        return "[" + text.tobytes()[:-1].decode("ascii") + "]"

    def close(self) -> None:
        """May be called twice."""
        self._file.close()


def _numbers(values: NDArray[np.float64] | None) -> str:
    """A list, of lists for a matrix, or null."""
    if values is None or not np.isfinite(values).all():
        return "null"
    return json.dumps(np.round(values, 6).tolist())


def _coefficients(coefficients: Coefficients | None) -> str:
    """{"shape": [...], ...} with the fields of its class, or null."""
    if coefficients is None:
        return "null"
    texts = (
        f'"{field.name}": {_numbers(getattr(coefficients, field.name))}'
        for field in fields(coefficients)
    )
    return "{" + ", ".join(texts) + "}"


def _emotion(emotion: Emotion | None) -> str:
    """{"scores": {"happy": ...}, "valence": ..., "arousal": ...}, or null."""
    if emotion is None:
        return "null"
    scores = zip(emotion.names, map(_json_number, emotion.scores.tolist()), strict=True)
    return json.dumps(
        {
            "scores": {name: round(score, 5) for name, score in scores},
            "valence": round(_json_number(emotion.valence), 5),
            "arousal": round(_json_number(emotion.arousal), 5),
        }
    )


def _json_number(value: float) -> float:
    """JSON has no word for a number that is not finite; readers would refuse the whole line."""
    return value + 0.0 if math.isfinite(value) else 0.0
