"""The camera's picture behind everything, and the camera that lays a mesh over it."""

from __future__ import annotations

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.background import Picture
from app.viewer.camera import Camera
from engine.closing import Closing
from engine.data import Frame

DISTANCE = 10.0  # metres of the camera; what it sees keeps its size at any distance
DEPTH = 1.0  # metres before and behind the mesh's middle that are seen


class CameraPicture(Closing):
    """Keeps one texture; it is filled again only when another picture is shown."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._texture: moderngl.Texture | None = None
        self._frame: Frame | None = None
        self._mirrored = False

    def close(self) -> None:
        if self._texture is not None:
            self._texture.release()
            self._texture = None

    def of(self, frame: Frame, largest: tuple[int, int], *, mirrored: bool) -> Picture:
        """largest: pixels across and down that are shown; a larger picture is made smaller."""
        height, width = frame.image.shape[:2]
        scale = min(1.0, max(largest[0] / width, largest[1] / height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        texture = self._texture
        if texture is None or texture.size != size:
            self.close()
            texture = self._context.texture(size, 3, alignment=1)
            texture.swizzle = "BGR1"
            texture.repeat_x = texture.repeat_y = False
            self._texture, self._frame = texture, None
        if frame is not self._frame or mirrored is not self._mirrored:
            image = frame.image
            if scale < 1.0:
                image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
            texture.write(np.asarray(cv2.flip(image, -1 if mirrored else 0), np.uint8))
            self._frame, self._mirrored = frame, mirrored
        return Picture(texture)


def laid_over(
    pixels: NDArray[np.floating],
    *,
    radius: float,
    image_size: tuple[int, int],
    view_size: tuple[int, int],
) -> tuple[NDArray[np.float32], Camera]:
    """World vertices (V, 3) and the camera that shows them at these pixels of the picture (V, 3).

    The picture fills the view, cut at two sides. radius: metres, root mean square distance of the
    mesh from its middle: it makes metres of pixels, so that light and shadow are those of a head.
    """
    middle = pixels.mean(axis=0)
    offsets = pixels - middle
    metres = radius / max(float(np.sqrt((offsets**2).sum(axis=1).mean())), 1e-9)
    world = offsets * np.array([metres, -metres, -metres])
    width, height = image_size
    across = (view_size[0] / view_size[1]) / (width / height)
    zoom = np.array([1.0 / min(across, 1.0), 1.0 / min(1.0 / across, 1.0)])
    # A pixel's centre has whole numbers in the frame's coordinates.
    place = (middle[:2] + 0.5) / (width, height) * 2.0 - 1.0
    step = 2.0 / (np.array([width, height]) * metres)
    clip_from_view = np.eye(4)
    clip_from_view[0, 0], clip_from_view[1, 1] = zoom * step
    clip_from_view[0, 3], clip_from_view[1, 3] = zoom * place * (1.0, -1.0)
    clip_from_view[2, 2], clip_from_view[2, 3] = -1.0 / DEPTH, -DISTANCE / DEPTH
    view_from_world = np.eye(4)
    view_from_world[2, 3] = -DISTANCE
    return world.astype(np.float32), Camera(view_from_world, clip_from_view)
