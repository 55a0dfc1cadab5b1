"""Pictures of the free head, of which the truth is known, for benchmarks and tests."""

from __future__ import annotations

import math

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.background import Gradient
from app.viewer.camera import orbit_camera
from app.viewer.head import HeadRenderer
from app.viewer.look import Look
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.closing import Closing
from engine.geometry import Array, quaternion_from_euler
from models.heads.free import load_free_head

# A webcam's lens at arm's length, as of the built-in clip.
DISTANCE = 0.52  # metres
FIELD_OF_VIEW = math.radians(38.0)  # vertical
MIDDLE = -0.035  # metres: height of the picture's middle
WALL = Gradient((0.3, 0.33, 0.38), (0.08, 0.09, 0.11))


class RenderedFace(Closing):
    """A person before a camera. A picture that was drawn once is kept."""

    def __init__(self, context: moderngl.Context, look: Look, size: tuple[int, int]) -> None:
        """size: (W, H) pixels."""
        self._size = size
        self._target = context.simple_framebuffer(size)
        self._head = HeadRenderer(context, load_free_head(), look)
        self._camera = orbit_camera(
            aspect=size[0] / size[1],
            distance=DISTANCE,
            target=(0.0, MIDDLE, 0.0),
            field_of_view=FIELD_OF_VIEW,
        )
        self._drawn: dict[bytes, NDArray[np.uint8]] = {}

    def picture(self, weights: Array, yaw: float = 0.0, pitch: float = 0.0) -> NDArray[np.uint8]:
        """(H, W, 3) BGR. The head is turned so many radians, the eyes stay on the camera."""
        key = np.append(weights, (yaw, pitch)).round(4).tobytes()
        if key not in self._drawn:
            self._drawn[key] = self._draw(weights, yaw, pitch)
        return self._drawn[key]

    def _draw(self, weights: Array, yaw: float, pitch: float) -> NDArray[np.uint8]:
        self._head.draw(
            self._target,
            weights=weights,
            head_rotation=quaternion_from_euler(pitch, yaw, 0.0),
            gaze=np.array([[-yaw, -pitch], [-yaw, -pitch]]),
            camera=self._camera,
            background=WALL,
        )
        width, height = self._size
        rows = np.frombuffer(self._target.read(components=3, alignment=1), np.uint8)
        return np.ascontiguousarray(rows.reshape(height, width, 3)[::-1, :, ::-1])

    def close(self) -> None:
        self._head.close()
        self._target.release()


def weights_of(**named: float) -> Array:
    """(52,) by name; `eyeBlink=1.0` sets both sides."""
    weights = np.zeros(len(BLENDSHAPES))
    for name, value in named.items():
        places = [INDEX[n] for n in (name, f"{name}Left", f"{name}Right") if n in INDEX]
        weights[places] = value
    return weights
