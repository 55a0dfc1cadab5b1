"""The picture while it is drawn (linear, HDR, premultiplied) and its way to the screen."""

from __future__ import annotations

from contextlib import ExitStack

import moderngl
import numpy as np

from app.viewer.background import Background, Gradient, Picture, Plain, Transparent
from app.viewer.lifetime import owned
from app.viewer.programs import compile_program

DRAWN_UNIT, PICTURE_UNIT = 0, 1
WHOLE_VIEW = np.array([-1, -1, 3, -1, -1, 3], np.float32)  # one triangle that covers it
TRANSPARENT, PLAIN, PICTURE, GRADIENT, STRAIGHT = range(5)  # shaders/resolve.glsl
KEPT = 2


def drawn_size(target: moderngl.Framebuffer, supersampling: float) -> tuple[int, int]:
    """Width and height of what is drawn for the target's viewport."""
    width, height = target.viewport[2:]
    return max(1, round(width * supersampling)), max(1, round(height * supersampling))


class Buffers:
    """Colour and depth of this size (width, height)."""

    def __init__(self, context: moderngl.Context, size: tuple[int, int]) -> None:
        self.size = size
        self._owned = ExitStack()
        self.color = owned(self._owned, context.texture(size, 4, dtype="f2"))
        self.color.repeat_x = self.color.repeat_y = False
        depth = owned(self._owned, context.depth_renderbuffer(size))
        self.target = owned(self._owned, context.framebuffer([self.color], depth))

    def close(self) -> None:
        self._owned.close()


class Canvas:
    """Buffers of `supersampling` times the target's size, kept for two sizes: the window's and the
    virtual camera's take turns.
    """

    def __init__(self, context: moderngl.Context, corners: moderngl.Buffer) -> None:
        self._context = context
        self._owned = ExitStack()
        self._kept: list[Buffers] = []  # the one in use comes last
        program = owned(self._owned, compile_program(context, "resolve"))
        program["u_drawn"] = DRAWN_UNIT
        program["u_picture"] = PICTURE_UNIT
        self._uniforms = program
        self._pass = owned(
            self._owned, context.vertex_array(program, [(corners, "2f", "in_corner")])
        )

    def begin(self, size: tuple[int, int]) -> None:
        """Clears buffers of this size, as `drawn_size` tells, and draws into them from now on."""
        buffers = next((kept for kept in self._kept if kept.size == size), None)
        if buffers is None:
            buffers = Buffers(self._context, size)
        else:
            self._kept.remove(buffers)
        self._kept.append(buffers)
        if len(self._kept) > KEPT:
            self._kept.pop(0).close()
        buffers.target.use()
        buffers.target.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)

    @property
    def target(self) -> moderngl.Framebuffer:
        return self._kept[-1].target

    def show(
        self, target: moderngl.Framebuffer, background: Background, *, toned: bool = True
    ) -> int:
        """Fills the target's viewport; the number of draw calls.

        toned: what was drawn is as bright as the scene; False: it is what shall be seen.
        """
        width, height = target.viewport[2:]
        uniforms = self._uniforms
        drawn = self._kept[-1]
        uniforms["u_scale"] = (drawn.size[0] > width) - (drawn.size[0] < width)
        uniforms["u_aspect"] = width / height
        uniforms["u_toned"] = toned
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
            case Transparent():
                uniforms["u_background"] = STRAIGHT if background.straight else TRANSPARENT
        target.use()
        drawn.color.use(DRAWN_UNIT)
        self._pass.render(moderngl.TRIANGLES, vertices=3)
        return 1

    def close(self) -> None:
        for kept in self._kept:
            kept.close()
        self._owned.close()
