"""What the key light sees: how far it reaches before something stands in its way."""

from __future__ import annotations

from contextlib import ExitStack

import moderngl

from app.viewer.lifetime import owned

SIZE = 1024  # texels a side


class ShadowMap:
    """A depth texture to draw casters into, and then to read. `owner` releases it."""

    def __init__(self, owner: ExitStack, context: moderngl.Context) -> None:
        self._texture = owned(owner, context.depth_texture((SIZE, SIZE)))
        self._texture.repeat_x = self._texture.repeat_y = False
        self._target = owned(owner, context.framebuffer(depth_attachment=self._texture))

    def begin(self) -> None:
        """Casters are drawn into it from now on; it is empty."""
        self._target.use()
        self._target.clear(depth=1.0)

    def use(self, unit: int) -> None:
        """Shaders read it at this texture unit from now on."""
        self._texture.use(unit)
