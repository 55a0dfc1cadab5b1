"""The camera's picture in a corner, with the landmarks that were found in it."""

from __future__ import annotations

import cv2
import moderngl
import numpy as np
from imgui_bundle import ImVec2, imgui
from numpy.typing import NDArray

from app.viewer import Shown, theme
from app.viewer.layout import Rect
from engine.closing import Closing

DOT = (230, 205, 95)  # BGR: the theme's accent, a little lighter on skin
DOT_RADIUS = 0.0033  # of the picture's width
SPARSE = 110  # pixels of width for each further landmark that can be told apart
SHIFT = 4  # cv2's fixed point: sixteenths of a pixel, so that dots do not jump
ROUNDING = 0.5  # em


class Inset(Closing):
    """Keeps one small texture; it is filled again only when another picture is shown."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._texture: moderngl.Texture | None = None
        self._small: NDArray[np.uint8] = np.zeros((1, 1, 3), np.uint8)
        self._frame_index = -1

    def close(self) -> None:
        if self._texture is not None:
            self._texture.release()
            self._texture = None

    def draw(
        self,
        area: Rect,
        shown: Shown,
        *,
        mirrored: bool,
        pixels_per_point: float,
        draw: imgui.ImDrawList,
    ) -> None:
        """Fill this rectangle of `draw`. mirrored: flip it, as the figure is."""
        texture = self._updated(area, shown, pixels_per_point)
        first, last = (1.0, 0.0) if mirrored else (0.0, 1.0)
        corners = ImVec2(area.x, area.y), ImVec2(area.right, area.bottom)
        rounding = ROUNDING * imgui.get_font_size()
        draw.add_image_rounded(
            imgui.ImTextureRef(texture.glo),
            *corners,
            ImVec2(first, 0.0),
            ImVec2(last, 1.0),
            0xFFFFFFFF,
            rounding,
        )
        draw.add_rect(*corners, theme.packed(theme.EDGE), rounding)

    def _updated(self, area: Rect, shown: Shown, pixels_per_point: float) -> moderngl.Texture:
        size = (
            max(8, round(area.width * pixels_per_point)),
            max(8, round(area.height * pixels_per_point)),
        )
        texture = self._texture
        if texture is None or texture.size != size:
            self.close()
            texture = self._context.texture(size, 3, alignment=1)
            texture.swizzle = "BGR1"
            self._texture, self._small = texture, np.empty((size[1], size[0], 3), np.uint8)
            self._frame_index = -1
        if shown.frame.index != self._frame_index:
            cv2.resize(shown.frame.image, size, dst=self._small, interpolation=cv2.INTER_AREA)
            if shown.state.landmarks is not None:
                _draw_landmarks(self._small, shown.state.landmarks, shown.state.image_size)
            texture.write(self._small)
            self._frame_index = shown.frame.index
        return texture


def _draw_landmarks(
    image: NDArray[np.uint8], landmarks: NDArray[np.float64], image_size: tuple[int, int]
) -> None:
    height, width = image.shape[:2]
    scale = np.array([width / image_size[0], height / image_size[1]])
    # A pixel's centre is at +0.5 in the frame and in the small picture alike.
    points = np.rint(((landmarks[:, :2] + 0.5) * scale - 0.5) * (1 << SHIFT)).astype(int)
    radius = round(max(0.7, DOT_RADIUS * width) * (1 << SHIFT))
    step = max(1, 4 - width // SPARSE)  # all 478 would be one blot on a small picture
    for x, y in points[::step].tolist():
        cv2.circle(image, (x, y), radius, DOT, cv2.FILLED, cv2.LINE_AA, SHIFT)
