"""Face states for the tests of outputs and recordings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import LANDMARK_COUNT, Emotion, FaceState, FlameCoefficients
from engine.geometry import IDENTITY_ROTATION, quaternion_from_euler

T0 = quaternion_from_euler(np.radians(10.0), np.radians(20.0), np.radians(5.0))
"""Pitch 10°, yaw 20°, roll 5°: down, to the person's left, to their right shoulder."""

HAPPY = Emotion(("neutral", "happy", "sad"), np.array([0.25, 0.625, 0.125]), 0.5, -0.25)


def face(
    *,
    timestamp: float = 0.0,
    tracked: bool = True,
    weights: ArrayLike | None = None,
    rotation: ArrayLike = IDENTITY_ROTATION,
    position: ArrayLike = (0.0, 0.0, -0.5),
    gaze: ArrayLike = ((0.0, 0.0), (0.0, 0.0)),
    landmarks: ArrayLike | None = None,
    **shapes: float,
) -> FaceState:
    """A neutral face with some values given; blendshapes by name: `face(jawOpen=0.5)`."""
    values = np.zeros(len(BLENDSHAPES)) if weights is None else np.array(weights, float)
    for name, weight in shapes.items():
        values[INDEX[name]] = weight
    return FaceState(
        timestamp=timestamp,
        tracked=tracked,
        confidence=float(tracked),
        weights=values,
        head_rotation=np.array(rotation, float),
        head_position=np.array(position, float),
        gaze=np.array(gaze, float),
        landmarks=None if landmarks is None else np.array(landmarks, float),
        image_size=(1280, 720),
    )


def random_face(rng: np.random.Generator, *, timestamp: float = 0.0) -> FaceState:
    """Every number different, so that no exchange of two can pass unseen."""
    rotation = rng.normal(size=4)
    return face(
        timestamp=timestamp,
        weights=rng.random(len(BLENDSHAPES)),
        rotation=rotation / np.linalg.norm(rotation),
        position=rng.normal(size=3),
        gaze=rng.uniform(-0.5, 0.5, (2, 2)),
        landmarks=rng.uniform((0.0, 0.0, -200.0), (1280.0, 720.0, 200.0), (LANDMARK_COUNT, 3)),
    )


def random_flame(rng: np.random.Generator) -> FlameCoefficients:
    """Every number different."""
    sizes = (300, 100, 3, 3, 3, 2, 3)
    return FlameCoefficients(*(rng.normal(size=size) for size in sizes))
