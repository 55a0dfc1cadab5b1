"""Hair, brows and lashes on the GPU."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import moderngl

from app.viewer import fringe, hair
from app.viewer.lifetime import owned
from app.viewer.look import Look
from app.viewer.programs import Attribute, vertex_content
from app.viewer.surfaces import surface_program
from models.heads.free import FreeHead


@dataclass(frozen=True, slots=True, eq=False)
class _ScalpHair:
    """The same strands thrice: fine and coarse as seen, coarse for the shadow."""

    fine: moderngl.VertexArray
    coarse: moderngl.VertexArray
    shadow: moderngl.VertexArray
    strand_count: int


class Strands:
    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._owned = ExitStack()
        self._hair_program = surface_program(self._owned, context, "hair")
        self._shadow_program = surface_program(self._owned, context, "hair_shadow")
        self._fringe_program = surface_program(self._owned, context, "fringe")
        self._grown = ExitStack()
        self._hair: _ScalpHair | None = None
        self._fringe: moderngl.VertexArray | None = None

    def grow(self, head: FreeHead, look: Look) -> None:
        """Hair, brows and lashes for an identity (subdivided) and a look."""
        self._grown.close()
        self._hair = self._scalp_hair(hair.grow_hair(head, look.hair))
        bound = fringe.grow_fringe(head, look.brows)
        vertices = owned(self._grown, self._context.buffer(bound.vertices))
        indices = owned(self._grown, self._context.buffer(bound.indices))
        self._fringe = self._array(self._fringe_program, vertices, fringe.FIELDS, indices)

    def draw_shadow(self, share: float) -> int:
        """Draws that share of the strands, the outermost, wider by as much."""
        if self._hair is None:
            return 0
        self._shadow_program["u_widening"] = 1.0 / share
        return _draw_share(self._hair.shadow, self._hair.strand_count, share)

    def draw_hair(self, share: float) -> int:
        """Draws that share of the strands, the outermost, wider by as much.

        Less than all of them are drawn with fewer points, too: for pictures too coarse to show it.
        """
        if self._hair is None:
            return 0
        self._hair_program["u_widening"] = 1.0 / share
        array = self._hair.fine if share == 1.0 else self._hair.coarse
        return _draw_share(array, self._hair.strand_count, share)

    def draw_fringe(self) -> int:
        if self._fringe is None:
            return 0
        self._fringe.render()
        return 1

    def close(self) -> None:
        self._grown.close()
        self._owned.close()

    def _scalp_hair(self, ribbons: hair.Ribbons | None) -> _ScalpHair | None:
        if ribbons is None:
            return None
        vertices = owned(self._grown, self._context.buffer(ribbons.vertices))
        fine = owned(self._grown, self._context.buffer(ribbons.indices))
        coarse = owned(self._grown, self._context.buffer(ribbons.coarse_indices))
        return _ScalpHair(
            fine=self._array(self._hair_program, vertices, hair.FIELDS, fine),
            coarse=self._array(self._hair_program, vertices, hair.FIELDS, coarse),
            shadow=self._array(self._shadow_program, vertices, hair.FIELDS, coarse),
            strand_count=ribbons.strand_count,
        )

    def _array(
        self,
        program: moderngl.Program,
        vertices: moderngl.Buffer,
        fields: tuple[Attribute, ...],
        indices: moderngl.Buffer,
    ) -> moderngl.VertexArray:
        content = [vertex_content(program, vertices, fields)]
        return owned(self._grown, self._context.vertex_array(program, content, indices))


def _draw_share(array: moderngl.VertexArray, strand_count: int, share: float) -> int:
    """The number of draw calls."""
    per_strand = array.vertices // strand_count
    array.render(vertices=round(strand_count * share) * per_strand)
    return 1
