"""The picture while it is drawn (linear, HDR, premultiplied) and its way to the screen."""

from __future__ import annotations

from contextlib import ExitStack

import moderngl
import numpy as np

from app.viewer.background import Background, Gradient, Picture, Plain
from app.viewer.lifetime import owned
from app.viewer.programs import compile_program

DRAWN_UNIT, PICTURE_UNIT = 0, 1
WHOLE_VIEW = np.array([-1, -1, 3, -1, -1, 3], np.float32)  # one triangle that covers it
TRANSPARENT, PLAIN, PICTURE, GRADIENT = range(4)  # shaders/resolve.glsl


class Canvas:
    """Buffers of `supersampling` times the target's size, made anew when that changes."""

    def __init__(self, context: moderngl.Context, corners: moderngl.Buffer) -> None:
        self._context = context
        self._owned = ExitStack()
        self._buffers = ExitStack()
        self._size = (0, 0)
        program = owned(self._owned, compile_program(context, "resolve"))
        program["u_drawn"] = DRAWN_UNIT
        program["u_picture"] = PICTURE_UNIT
        self._uniforms = program
        self._pass = owned(
            self._owned, context.vertex_array(program, [(corners, "2f", "in_corner")])
        )

    def begin(self, size: tuple[int, int]) -> None:
        """Clears buffers of this size (width, height) and draws into them from now on."""
        if size != self._size:
            self._buffers.close()
            self._drawn = owned(self._buffers, self._context.texture(size, 4, dtype="f2"))
            self._drawn.repeat_x = self._drawn.repeat_y = False
            depth = owned(self._buffers, self._context.depth_renderbuffer(size))
            self._target = owned(self._buffers, self._context.framebuffer([self._drawn], depth))
            self._size = size
        self._target.use()
        self._target.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)

    @property
    def target(self) -> moderngl.Framebuffer:
        return self._target

    def show(self, target: moderngl.Framebuffer, background: Background) -> int:
        """Fills the target's viewport; the number of draw calls."""
        width, height = target.viewport[2:]
        uniforms = self._uniforms
        uniforms["u_scale"] = (self._size[0] > width) - (self._size[0] < width)
        uniforms["u_aspect"] = width / height
        match background:
            case Gradient():
                uniforms["u_background"] = GRADIENT
                uniforms["u_inner"] = background.inner
                uniforms["u_outer"] = background.outer
            case Plain():
                uniforms["u_background"] = PLAIN
                uniforms["u_inner"] = background.color
            case Picture():
                uniforms["u_background"] = PICTURE
                across = (width / height) / (background.texture.width / background.texture.height)
                uniforms["u_picture_scale"] = (min(across, 1.0), min(1.0 / across, 1.0))
                background.texture.use(PICTURE_UNIT)
            case _:
                uniforms["u_background"] = TRANSPARENT
        target.use()
        self._drawn.use(DRAWN_UNIT)
        self._pass.render(moderngl.TRIANGLES, vertices=3)
        return 1

    def close(self) -> None:
        self._buffers.close()
        self._owned.close()
