"""Draws a face model's own mesh in clay: normals → shadow → surface → tone mapping.

Vertices come from the processor with every draw, for they depend on hundreds of coefficients; all
else is as in head.py.
"""

from __future__ import annotations

from contextlib import ExitStack, closing

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.background import Background
from app.viewer.camera import Camera
from app.viewer.canvas import WHOLE_VIEW, Canvas, drawn_size
from app.viewer.face_figures import FaceFigure
from app.viewer.frame import FrameBlock
from app.viewer.lifetime import owned
from app.viewer.lights import portrait_lights
from app.viewer.normals import MESH_WIDTH, SmoothNormals, mesh_rows, texel_texture
from app.viewer.programs import Attribute, vertex_content
from app.viewer.shadow_map import ShadowMap
from app.viewer.surfaces import SHADOW_UNIT, surface_program
from app.viewer.timing import GpuTimer
from engine.closing import Closing

EYE_FIELDS = (Attribute("in_eye", "4f4", 16),)


class ClayRenderer(Closing):
    """One mesh whose vertices move. context: OpenGL 3.3 core or newer."""

    def __init__(self, context: moderngl.Context, figure: FaceFigure) -> None:
        self._context = context
        self._owned = ExitStack()
        self._draw_calls = 0
        count = len(figure.eyes)
        with ExitStack() as opening:
            opening.push(self._owned)
            corners = owned(self._owned, context.buffer(WHOLE_VIEW))
            self._frame = self._owned.enter_context(closing(FrameBlock(context, portrait_lights())))
            self._canvas = self._owned.enter_context(closing(Canvas(context, corners)))
            self._texels = np.zeros((mesh_rows(count) * MESH_WIDTH, 4), np.float32)
            self._vertices = self._texels[:count, :3]
            size = (MESH_WIDTH, mesh_rows(count))
            self._positions = owned(self._owned, texel_texture(context, size, 4, "f4"))
            self._normals = self._owned.enter_context(
                closing(SmoothNormals(context, figure.faces, count, corners))
            )
            indices = owned(self._owned, context.buffer(figure.faces))
            eyes = owned(self._owned, context.buffer(figure.eyes))
            self._clay = surface_program(self._owned, context, "clay")
            content = vertex_content(self._clay, eyes, EYE_FIELDS)
            self._surface = owned(self._owned, context.vertex_array(self._clay, [content], indices))
            shadow = surface_program(self._owned, context, "shadow")
            self._caster = owned(self._owned, context.vertex_array(shadow, [], indices))
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
        vertices: NDArray[np.floating] | None,
        *,
        camera: Camera,
        background: Background,
        supersampling: float,
        mirrored: bool = False,
        cover: float = 1.0,
    ) -> None:
        """Fills the target's viewport.

        vertices: (V, 3) metres, world; None draws the background alone. mirrored: they are a
        mirror image, so that triangles run the other way round. cover: 1 is opaque.
        Leaves depth test, culling and blending switched off.
        """
        context = self._context
        size = drawn_size(target, supersampling)
        self._frame.use(camera, size[1])
        calls = 0
        with self._timer.next_frame():
            context.disable(moderngl.DEPTH_TEST | moderngl.BLEND | moderngl.CULL_FACE)
            if vertices is not None:
                self._vertices[:] = vertices
                self._positions.write(self._texels)
                calls += self._normals.draw(self._positions)
                context.enable(moderngl.DEPTH_TEST)
                self._shadow.begin()
                self._caster.render()
                calls += 1
            self._canvas.begin(size)
            if vertices is not None:
                self._shadow.use(SHADOW_UNIT)
                self._clay["u_outside"] = -1.0 if mirrored else 1.0
                self._clay["u_cover"] = cover
                self._surface.render()
                calls += 1
                context.disable(moderngl.DEPTH_TEST)
            calls += self._canvas.show(target, background)
        self._draw_calls = calls

    def close(self) -> None:
        self._owned.close()
