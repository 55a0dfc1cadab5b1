"""Numbers that are none: a network's rare NaN or infinity is passed over like a missed picture.

A filter would carry it on for as long as the face is followed.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from engine.data import BfmCoefficients, Coefficients, FlameCoefficients, Observation
from engine.geometry import IDENTITY_ROTATION, Array


def made_finite(seen: Observation, before: Observation | None) -> Observation:
    """`seen`; what is not finite in it is as in `before`, which is finite, or else neutral."""
    parts = [seen.weights, seen.gaze.ravel(), seen.head_position, seen.head_rotation]
    if seen.coefficients is not None:
        parts += [getattr(seen.coefficients, one.name) for one in fields(seen.coefficients)]
    if np.isfinite(np.concatenate(parts)).all():
        return seen
    rotation = seen.head_rotation
    if not np.isfinite(rotation).all():  # no part of a quaternion means anything alone
        rotation = IDENTITY_ROTATION if before is None else before.head_rotation
    return replace(
        seen,
        weights=_finite("weights", seen, before),
        gaze=_finite("gaze", seen, before),
        head_position=_finite("head_position", seen, before),
        head_rotation=rotation,
        coefficients=_finite_coefficients(
            seen.coefficients, None if before is None else before.coefficients
        ),
    )


def _finite_coefficients(
    seen: Coefficients | None, before: Coefficients | None
) -> Coefficients | None:
    known = before if type(before) is type(seen) else None
    match seen:
        case FlameCoefficients():
            return FlameCoefficients(*(_finite(one.name, seen, known) for one in fields(seen)))
        case BfmCoefficients():
            return BfmCoefficients(*(_finite(one.name, seen, known) for one in fields(seen)))
        case None:
            return None


def _finite(name: str, owner: object, before: object | None) -> Array:
    numbers: Array = getattr(owner, name)
    return np.where(np.isfinite(numbers), numbers, getattr(before, name, 0.0))
