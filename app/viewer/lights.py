"""Three-point light: warm key with a shadow, cool fill, rim from behind. Fixed in the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.viewer.camera import orthographic, view_from

Array = NDArray[np.float64]

SHADOW_HALF_SIZE = 0.25  # metres: head, hair and collar
SHADOW_CENTER = np.array([0.0, -0.03, -0.05])
SHADOW_DISTANCE = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """direction: (3,) unit, towards the light. color: (3,) linear, strength included."""

    direction: Array
    color: Array


@dataclass(frozen=True, slots=True, eq=False)
class Lights:
    """shadow_from_world: (4, 4) clip space of the key light."""

    key: Light
    fill: Light
    rim: Light
    shadow_from_world: Array


def portrait_lights() -> Lights:
    key = _light((-0.62, 0.62, 0.78), (1.0, 0.90, 0.78), 1.85)
    center = SHADOW_CENTER + SHADOW_DISTANCE * key.direction
    projection = orthographic(SHADOW_HALF_SIZE, 0.1, 2 * SHADOW_DISTANCE)
    return Lights(
        key=key,
        fill=_light((0.85, 0.10, 0.60), (0.60, 0.76, 1.0), 0.42),
        rim=_light((0.62, 0.42, -0.72), (0.86, 0.93, 1.0), 1.7),
        shadow_from_world=projection @ view_from(center, key.direction),
    )


def _light(
    direction: tuple[float, float, float], color: tuple[float, float, float], strength: float
) -> Light:
    towards = np.array(direction)
    return Light(towards / np.linalg.norm(towards), np.array(color) * strength)
