"""Draws a performer's own avatar: pose → shadow → solid surfaces → outlines → blended surfaces.

All else is as in head.py.
"""

from __future__ import annotations

from contextlib import ExitStack, closing

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.avatar_posing import PosedAvatar
from app.viewer.avatar_surfaces import AvatarSurfaces
from app.viewer.background import Background
from app.viewer.camera import Camera
from app.viewer.canvas import WHOLE_VIEW, Canvas, drawn_size
from app.viewer.frame import FrameBlock
from app.viewer.lifetime import owned
from app.viewer.lights import portrait_lights
from app.viewer.shadow_map import ShadowMap
from app.viewer.surfaces import SHADOW_UNIT
from app.viewer.timing import GpuTimer
from engine.closing import Closing
from models.avatars.avatar import Avatar, Pose


class AvatarRenderer(Closing):
    """One avatar in one context: OpenGL 3.3 core or newer."""

    def __init__(self, context: moderngl.Context, avatar: Avatar) -> None:
        self._context = context
        self._owned = ExitStack()
        self._draw_calls = 0
        with ExitStack() as opening:
            opening.push(self._owned)
            corners = owned(self._owned, context.buffer(WHOLE_VIEW))
            self._frame = self._owned.enter_context(closing(FrameBlock(context, portrait_lights())))
            self._canvas = self._owned.enter_context(closing(Canvas(context, corners)))
            self._mesh = self._owned.enter_context(closing(PosedAvatar(context, avatar, corners)))
            self._surfaces = self._owned.enter_context(closing(AvatarSurfaces(context, avatar)))
            self._shadow = ShadowMap(self._owned, context)
            self._timer = GpuTimer(context)
            opening.pop_all()

    @property
    def draw_calls(self) -> int:
        """Of the last frame."""
        return self._draw_calls

    @property
    def gpu_seconds(self) -> float | None:
        """GPU time of a frame some frames ago; None until one is known."""
        return self._timer.seconds

    def draw(
        self,
        target: moderngl.Framebuffer,
        pose: Pose,
        *,
        camera: Camera,
        background: Background,
        supersampling: float,
    ) -> None:
        """Fills the target's viewport. Leaves depth test, culling and blending switched off."""
        context = self._context
        size = drawn_size(target, supersampling)
        self._frame.use(camera, size[1])
        with self._timer.next_frame():
            context.disable(moderngl.DEPTH_TEST | moderngl.BLEND | moderngl.CULL_FACE)
            calls = self._mesh.draw(pose)
            context.enable(moderngl.DEPTH_TEST)
            self._shadow.begin()
            calls += self._surfaces.draw_shadow()
            self._canvas.begin(size)
            self._shadow.use(SHADOW_UNIT)
            calls += self._surfaces.draw(camera.position)
            context.disable(moderngl.DEPTH_TEST)
            calls += self._canvas.show(target, background, toned=False)
        self._draw_calls = calls

    def read_positions(self) -> NDArray[np.float32]:
        """(V, 3) world metres as last drawn. Waits for the GPU."""
        return self._mesh.read_positions()

    def close(self) -> None:
        self._owned.close()
