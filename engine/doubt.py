"""Parts of a face that are not to be believed just now are held instead.

A mouth that something is held before: what the networks make of it is a guess, often a scream. It
eases to rest until it is seen again. A face that is partly outside the picture: its expression
stays as it was last seen whole; after a while what is seen of it is better than that.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine.blendshapes import BLENDSHAPES
from engine.data import BfmCoefficients, FlameCoefficients, Observation
from engine.geometry import Array, smoothstep

MOUTH_HOLD, FACE_HOLD = 0.0, 1.0  # s that a mouth, a face stays as it was
REST, EASE = 0.1, 0.15  # s to rest, as fast as a mouth closes; to what is seen
DOUBTFUL, SURE = 0.8, 0.92  # share of a face in the picture: doubted below, believed from there on

MOUTH: Array = np.array(
    [name.startswith(("jaw", "mouth", "cheekPuff", "tongue")) for name in BLENDSHAPES]
)
_WEIGHTS, _GAZE = slice(0, 52), slice(52, 56)


class Doubt:
    """What is believed of one performer's observations. Timestamps must not go back."""

    def __init__(self) -> None:
        self._face = _Held(FACE_HOLD, rests=False)
        self._mouth = _Held(MOUTH_HOLD, rests=True)
        self._doubted = False

    def update(self, seen: Observation, *, is_new: bool) -> Observation:
        """The observation as far as it is believed, the rest as it was.

        is_new: the face has just come: nothing is known of it.
        """
        values, of_mouth = _expression(seen)
        self._doubted = _inside(seen) < (SURE if self._doubted else DOUBTFUL)
        if is_new or self._face.size != len(values):
            self._face.restart(values, doubted=self._doubted)
            self._mouth.restart(values, doubted=seen.mouth_hidden)
        whole = self._face.update(values, seen.timestamp, doubted=self._doubted)
        mouth = self._mouth.update(whole, seen.timestamp, doubted=seen.mouth_hidden)
        believed = np.where(of_mouth, mouth, whole)
        return seen if np.array_equal(believed, values) else _with_expression(seen, believed)


class _Held:
    """Some numbers, seen or doubted."""

    def __init__(self, hold: float, *, rests: bool) -> None:
        """rests: after `hold` seconds of doubt they ease to 0; otherwise to what is seen."""
        self._hold = hold
        self._rests = rests
        self.restart(np.zeros(0), doubted=False)

    @property
    def size(self) -> int:
        return len(self._shown)

    def restart(self, values: Array, *, doubted: bool) -> None:
        self._shown = self._start = values
        self._doubted = doubted
        self._since = -math.inf  # when doubt began or ended; nothing is known to hold
        self._timestamp = math.inf  # of the values before

    def update(self, values: Array, timestamp: float, *, doubted: bool) -> Array:
        if doubted is not self._doubted:
            self._doubted, self._start = doubted, self._shown
            self._since = min(self._timestamp, timestamp)  # it was no longer so after these
        self._timestamp = timestamp
        elapsed = timestamp - self._since
        if doubted:
            goal, ease = (np.zeros_like(values), REST) if self._rests else (values, EASE)
            share = (elapsed - self._hold) / ease
        else:
            goal, share = values, elapsed / EASE
        share = min(max(share, 0.0), 1.0)
        if share < 1.0:
            goal = self._start + smoothstep(share) * (goal - self._start)
        self._shown = goal
        return goal


def _inside(seen: Observation) -> float:
    """The share of the face that lies in the picture."""
    points = seen.landmarks[:, :2]
    return float(((points >= 0.0) & (points < seen.image_size)).all(axis=1).mean())


def _expression(seen: Observation) -> tuple[Array, Array]:
    """The numbers that make the face, and which of them the mouth has a part in."""
    parts, of_mouth = [seen.weights, seen.gaze.ravel()], [MOUTH, np.zeros(4, bool)]
    match seen.coefficients:
        case FlameCoefficients() as flame:
            parts += [flame.expression, flame.jaw, flame.eyelids]
            of_mouth += [np.ones(103, bool), np.zeros(2, bool)]
        case BfmCoefficients() as basel:
            parts.append(basel.expression)
            of_mouth.append(np.ones(29, bool))
    return np.concatenate(parts), np.concatenate(of_mouth)


def _with_expression(seen: Observation, values: Array) -> Observation:
    rest, coefficients = values[_GAZE.stop :], seen.coefficients
    match coefficients:
        case FlameCoefficients():
            coefficients = replace(
                coefficients, expression=rest[:100], jaw=rest[100:103], eyelids=rest[103:]
            )
        case BfmCoefficients():
            coefficients = replace(coefficients, expression=rest)
    return replace(
        seen,
        weights=values[_WEIGHTS],
        gaze=values[_GAZE].reshape(2, 2),
        coefficients=coefficients,
    )
