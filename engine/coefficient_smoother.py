"""A face model's coefficients, each steadied as its own noise asks for.

The camera is steadied in the picture, not in the crop: the crop itself moves. The identity does not
jitter, as the tracker keeps it, but may change with the person: it is approached slowly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.data import BfmCoefficients, Coefficients, FlameCoefficients
from engine.filters import FilterBank
from engine.geometry import IDENTITY_ROTATION, Array, slerp, turn_between, turned

COEFFICIENT_FLOORS: dict[str, float] = {
    "expression": 0.01,  # deviations of the basis
    "eyelids": 0.002,  # 1
    "jaw": 0.001,  # rad
    "neck": 0.001,  # rad
    "camera": 0.001,  # of the crop's side; of BFM: of the distance
}
"""The least noise that is worth smoothing."""

ROTATION_FLOOR = 0.001  # rad
SHAPE_MEMORY = 0.5  # s
SAME_SHAPE = 0.01  # deviations of the basis: from there on it is the new one
HALF_CROP = 112.0  # pixels from the middle of a crop to its edge, all regressors of FLAME

_FLAME = (("expression", 100), ("eyelids", 2), ("jaw", 3), ("neck", 3), ("camera", 3))
_BFM = (("expression", 29), ("camera", 3))
_CAMERA = slice(-6, -3)  # of the numbers with the rotation's turn behind them
_WHOLE_PICTURE: Array = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Coefficients as they are filtered.

    numbers:  (N,) all but the last three in the order of the kinds; those are the camera.
    rotation: quaternion.
    unit:     in which the camera's noise is measured.
    """

    numbers: Array
    rotation: Array
    unit: float


class CoefficientSmoother:
    """The coefficients of one performer, from picture to picture."""

    def __init__(
        self,
        caution: float,
        cautions: Mapping[str, float],
        floors: Mapping[str, float],
        lid_opening: float,
    ) -> None:
        """cautions, floors: exceptions by kind: "rotation" or of COEFFICIENT_FLOORS.

        lid_opening: eyelids a second.
        """
        self._cautions = {"rotation": caution} | dict.fromkeys(COEFFICIENT_FLOORS, caution)
        self._cautions |= cautions
        self._floors = {"rotation": ROTATION_FLOOR} | COEFFICIENT_FLOORS | dict(floors)
        self._lid_opening = lid_opening
        self._banks: dict[type[Coefficients], FilterBank] = {}  # what they learned is kept
        self._before: Coefficients | None = None
        self._timestamp = 0.0
        self._sample = _Sample(np.zeros(0), IDENTITY_ROTATION, 1.0)

    def update(
        self,
        seen: Coefficients | None,
        image_from_crop: Array | None,
        timestamp: float,
        *,
        is_new: bool,
    ) -> Coefficients | None:
        """The coefficients at `timestamp`; None while none are seen.

        image_from_crop: (2, 3), of the crop they were read from.
        is_new:          the face has just come: its values are taken as they are.
        """
        if seen is None:
            self._before = None
            return None
        matrix = _WHOLE_PICTURE if image_from_crop is None else image_from_crop
        before = self._before if type(self._before) is type(seen) else None
        if type(seen) not in self._banks:
            self._banks[type(seen)] = self._filter_bank(type(seen))
        bank = self._banks[type(seen)]

        sample = _sample(seen, matrix)
        if before is None or is_new:
            bank.restart(timestamp)
            self._sample = sample
        else:
            self._sample = _stepped(self._sample, sample, bank, timestamp)
        shape = seen.shape if before is None else before.shape
        shape = _approached(shape, seen.shape, max(timestamp - self._timestamp, 0.0))
        self._timestamp = timestamp
        self._before = _coefficients(self._sample, matrix, shape, seen)
        return self._before

    @property
    def gain(self) -> Array:
        """(N,) as `FilterBank.gain`, of the newest coefficients, in the order of `blended`."""
        return self._banks[type(self._before)].gain if self._before is not None else np.zeros(0)

    def _filter_bank(self, model: type[Coefficients]) -> FilterBank:
        kinds = (*(_FLAME if model is FlameCoefficients else _BFM), ("rotation", 3))
        floor = np.concatenate([np.full(n, self._floors[kind]) for kind, n in kinds])
        caution = np.concatenate([np.full(n, self._cautions[kind]) for kind, n in kinds])
        falls = [self._lid_opening if kind == "eyelids" else math.inf for kind, _ in kinds]
        sizes = [n for _, n in kinds]
        return FilterBank(floor, caution, np.repeat(falls, sizes))


def eased(
    coefficients: Coefficients, share: float, start: Coefficients | None = None
) -> Coefficients:
    """A share 0 … 1 of the way from `start` to these. Whose face it is and where stays.

    start: neutral if it is None or of another kind.
    """
    if type(start) is not type(coefficients):
        start = None

    def between(name: str) -> Array:
        end: Array = getattr(coefficients, name)
        here: Array | float = 0.0 if start is None else getattr(start, name)
        return np.asarray(here + share * (end - here))

    begun = IDENTITY_ROTATION if start is None else turned(IDENTITY_ROTATION, start.rotation)
    turned_by = slerp(begun, turned(IDENTITY_ROTATION, coefficients.rotation), share)
    rotation = turn_between(IDENTITY_ROTATION, turned_by)
    expression = between("expression")
    match coefficients:
        case FlameCoefficients():
            return replace(
                coefficients,
                expression=expression,
                rotation=rotation,
                neck=between("neck"),
                jaw=between("jaw"),
                eyelids=between("eyelids"),
            )
        case BfmCoefficients():
            return replace(coefficients, expression=expression, rotation=rotation)


def blended(start: Coefficients, end: Coefficients, share: Array) -> Coefficients:
    """A share 0 … 1 (N,) of the way for each number, the last three of the rotation.

    Both of one kind, of one crop, of one person.
    """
    here = turned(IDENTITY_ROTATION, start.rotation)
    turn = turn_between(here, turned(IDENTITY_ROTATION, end.rotation))
    rotation = turn_between(IDENTITY_ROTATION, turned(here, share[-3:] * turn))
    numbers = _numbers(start) + share[:-3] * (_numbers(end) - _numbers(start))
    match start:
        case FlameCoefficients():
            return replace(
                start,
                expression=numbers[:100],
                rotation=rotation,
                neck=numbers[105:108],
                jaw=numbers[102:105],
                eyelids=numbers[100:102],
                camera=numbers[-3:],
            )
        case BfmCoefficients():
            return replace(
                start, expression=numbers[:29], rotation=rotation, translation=numbers[29:]
            )


def _numbers(seen: Coefficients) -> Array:
    """(N - 3,) in the order in which they are filtered."""
    match seen:
        case FlameCoefficients():
            return np.concatenate((seen.expression, seen.eyelids, seen.jaw, seen.neck, seen.camera))
        case BfmCoefficients():
            return np.concatenate((seen.expression, seen.translation))


def _stepped(old: _Sample, new: _Sample, bank: FilterBank, timestamp: float) -> _Sample:
    deviation = np.empty(len(new.numbers) + 3)
    deviation[:-3] = new.numbers - old.numbers
    deviation[_CAMERA] /= new.unit
    deviation[-3:] = turn_between(old.rotation, new.rotation)
    step = bank.update(deviation, timestamp)
    step[_CAMERA] *= new.unit
    return _Sample(old.numbers + step[:-3], turned(old.rotation, step[-3:]), new.unit)


def _approached(shape: Array, goal: Array, elapsed: float) -> Array:
    """One and the same array when it is there, so that a head need not be computed again."""
    if shape is goal or float(np.abs(goal - shape).max()) < SAME_SHAPE:
        return goal
    return shape + (1.0 - math.exp(-elapsed / SHAPE_MEMORY)) * (goal - shape)


def _sample(seen: Coefficients, image_from_crop: Array) -> _Sample:
    rotation = turned(IDENTITY_ROTATION, seen.rotation)
    match seen:
        case FlameCoefficients():
            pixels = HALF_CROP * float(image_from_crop[0, 0])
            scale, x, y = seen.camera.tolist()
            camera = (
                scale * pixels,  # of the picture, for a metre of the head
                float(image_from_crop[0, 2]) + pixels * (1.0 + scale * x),  # where its origin lies
                float(image_from_crop[1, 2]) + pixels * (1.0 - scale * y),
            )
            parts = (seen.expression, seen.eyelids, seen.jaw, seen.neck, camera)
            return _Sample(np.concatenate(parts), rotation, 2.0 * pixels)
        case BfmCoefficients():
            distance = max(math.hypot(*seen.translation.tolist()), 1e-9)
            return _Sample(np.concatenate((seen.expression, seen.translation)), rotation, distance)


def _coefficients(
    sample: _Sample, image_from_crop: Array, shape: Array, seen: Coefficients
) -> Coefficients:
    """`seen`: what the sample is a smoothed version of."""
    numbers, rotation = sample.numbers, turn_between(IDENTITY_ROTATION, sample.rotation)
    match seen:
        case FlameCoefficients():
            pixels = HALF_CROP * float(image_from_crop[0, 0])
            scale, x, y = numbers[-3:].tolist()
            camera = seen.camera
            if scale != 0.0:
                right = x - float(image_from_crop[0, 2]) - pixels
                up = pixels - (y - float(image_from_crop[1, 2]))
                camera = np.array([scale / pixels, right / scale, up / scale])
            return FlameCoefficients(
                shape=shape,
                expression=numbers[:100],
                rotation=rotation,
                neck=numbers[105:108],
                jaw=numbers[102:105],
                eyelids=numbers[100:102],
                camera=camera,
            )
        case BfmCoefficients():
            return BfmCoefficients(shape, numbers[:29], rotation, numbers[29:])
