"""The head renderer. READ FIRST of the drawing: the passes of a frame in their order.

pose → normals → shadow of mesh and hair → hair → skin, mouth, eyes, shirt → brows and lashes →
tone mapping over the background. Everything is allocated and compiled before the first frame;
buffers are made anew only when the picture's size changes.
"""

from __future__ import annotations

from contextlib import ExitStack, closing

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.background import Background
from app.viewer.camera import Camera
from app.viewer.canvas import WHOLE_VIEW, Canvas, drawn_size
from app.viewer.frame import FrameBlock, LookBlock
from app.viewer.lifetime import owned
from app.viewer.lights import portrait_lights
from app.viewer.look import Look
from app.viewer.posing import PosedMesh
from app.viewer.shadow_map import ShadowMap
from app.viewer.strands import Strands
from app.viewer.surfaces import SHADOW_UNIT, Surfaces
from app.viewer.timing import GpuTimer
from engine.errors import ViewerError
from models.heads.free import FreeHead, limited_weights

SHADOW_HAIR_SHARE = 0.35  # of the strands; enough for a soft shadow
FINE_PIXEL = 0.0006  # metres at the head


class HeadRenderer:
    """Draws the free head in any pose and look into any framebuffer of one GL context.

    context: OpenGL 3.3 core or newer.
    head:    as load_free_head() gives it (the cage).
    supersampling: drawn pixels per shown pixel and side, 0.25..2. 2 looks best and costs four
        times 1; up to 1 edges are smoothed by a filter instead.
    """

    def __init__(
        self,
        context: moderngl.Context,
        head: FreeHead,
        look: Look,
        *,
        supersampling: float = 1.0,
    ) -> None:
        self._context = context
        self._owned = ExitStack()
        self._average = head.subdivided()
        self._draw_calls = 0
        self._supersampling = 1.0
        self.supersampling = supersampling
        self._look: Look | None = None
        with ExitStack() as opening:
            opening.push(self._owned)
            corners = owned(self._owned, context.buffer(WHOLE_VIEW))
            self._frame = self._owned.enter_context(closing(FrameBlock(context, portrait_lights())))
            self._colors = self._owned.enter_context(closing(LookBlock(context)))
            self._mesh = self._owned.enter_context(
                closing(PosedMesh(context, self._average, corners))
            )
            self._surfaces = self._owned.enter_context(
                closing(Surfaces(context, head, self._average))
            )
            self._strands = self._owned.enter_context(closing(Strands(context)))
            self._canvas = self._owned.enter_context(closing(Canvas(context, corners)))
            self._shadow = ShadowMap(self._owned, context)
            self._timer = GpuTimer(context)
            self.set_look(look)
            opening.pop_all()

    def set_look(self, look: Look) -> None:
        """Takes a while (tenths of a second) when the identity or the hair changes."""
        before = self._look
        if before is None or look.identity != before.identity:
            person = _with_identity(self._average, look.identity)
            self._frame.set_head(person)
            self._mesh.set_head(person)
            self._surfaces.set_head(person)
            self._person = person
            before = None
        if before is None or (look.hair, look.brows) != (before.hair, before.brows):
            self._strands.grow(self._person, look)
        self._colors.set_look(look)
        self._look = look

    @property
    def supersampling(self) -> float:
        return self._supersampling

    @supersampling.setter
    def supersampling(self, scale: float) -> None:
        """Takes effect with the next draw."""
        if not 0.25 <= scale <= 2.0:
            raise ValueError(f"supersampling must be within 0.25 and 2, got {scale}")
        self._supersampling = scale

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
        *,
        weights: NDArray[np.floating],
        head_rotation: NDArray[np.float64],
        gaze: NDArray[np.float64],
        camera: Camera,
        background: Background,
        head_position: NDArray[np.float64] | None = None,
    ) -> None:
        """Fills the target's viewport.

        weights:       (52,) 0..1 in BLENDSHAPES order.
        head_rotation: (4,) quaternion xyzw; the identity looks along +Z. The neck takes its share.
        gaze:          (2, 2) radians; rows left, right eye; columns yaw (+ the person's left),
                       pitch (+ down).
        head_position: (3,) metres by which the whole figure is moved; None leaves it in place.
        Leaves depth test, culling and blending switched off.
        """
        context = self._context
        size = drawn_size(target, self._supersampling)
        self._frame.pose(
            weights=limited_weights(weights),
            head_rotation=head_rotation,
            head_position=head_position,
            gaze=gaze,
        )
        self._frame.use(camera, size[1])
        self._colors.bind()
        hair_share = _hair_share(camera, size[1])
        with self._timer.next_frame():
            context.disable(moderngl.DEPTH_TEST | moderngl.BLEND | moderngl.CULL_FACE)
            calls = self._mesh.draw()
            context.enable(moderngl.DEPTH_TEST)
            self._shadow.begin()
            calls += self._surfaces.draw_shadow()
            calls += self._strands.draw_shadow(SHADOW_HAIR_SHARE)
            self._canvas.begin(size)
            self._shadow.use(SHADOW_UNIT)
            calls += self._strands.draw_hair(hair_share)  # first: it hides much of the skin
            calls += self._surfaces.draw()
            context.enable(moderngl.BLEND)
            context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
            self._canvas.target.depth_mask = False
            calls += self._strands.draw_fringe()
            self._canvas.target.depth_mask = True
            context.disable(moderngl.DEPTH_TEST | moderngl.BLEND)
            calls += self._canvas.show(target, background)
        self._draw_calls = calls

    def read_positions(self) -> NDArray[np.float32]:
        """(V, 3) world metres of the subdivided head as last drawn. Waits for the GPU."""
        return self._mesh.read_positions()[: len(self._average.positions)]

    def close(self) -> None:
        self._owned.close()

    def __enter__(self) -> HeadRenderer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _hair_share(camera: Camera, height: int) -> float:
    """All hairs where a pixel is finer than half a millimetre, fewer where it is coarser."""
    pixel = camera.pixel_angle(height) * float(np.linalg.norm(camera.position))
    return min(1.0, max(0.5, FINE_PIXEL / pixel))


def _with_identity(head: FreeHead, identity: str | tuple[float, ...]) -> FreeHead:
    if isinstance(identity, str):
        return head.with_identity(head.identity(identity).weights)
    if len(identity) != len(head.sliders.names):
        raise ViewerError(
            f"An identity of {len(identity)} numbers; expected {len(head.sliders.names)}."
        )
    return head.with_identity(np.array(identity, np.float32))
