"""The one place where left and right are exchanged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.blendshapes import MIRRORED
from engine.data import FaceState


def mirrored(state: FaceState) -> FaceState:
    """The face seen in a mirror: the person's left becomes the avatar's right.

    Twice gives the input back. Landmarks and coefficients stay: they belong to the picture, which
    is not mirrored; whoever draws a face model's mesh mirrors the mesh.
    """
    x, y, z, w = state.head_rotation
    return replace(
        state,
        weights=state.weights[list(MIRRORED)],
        head_rotation=np.array([x, -y, -z, w]),
        head_position=state.head_position * np.array([-1.0, 1.0, 1.0]),
        gaze=state.gaze[::-1] * np.array([-1.0, 1.0]),
    )
