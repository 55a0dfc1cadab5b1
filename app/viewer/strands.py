"""Hair, brows and lashes on the GPU."""

from __future__ import annotations

from contextlib import ExitStack

import moderngl

from app.viewer import fringe, hair
from app.viewer.lifetime import owned
from app.viewer.look import Look
from app.viewer.programs import Attribute, vertex_content
from app.viewer.surfaces import surface_program
from models.heads.free import FreeHead


class Strands:
    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._owned = ExitStack()
        self._hair_program = surface_program(self._owned, context, "hair")
        self._shadow_program = surface_program(self._owned, context, "hair_shadow")
        self._fringe_program = surface_program(self._owned, context, "fringe")
        self._grown = ExitStack()
        self._indices_per_strand = 1
        self._hair: moderngl.VertexArray | None = None
        self._hair_shadow: moderngl.VertexArray | None = None
        self._fringe: moderngl.VertexArray | None = None

    def grow(self, head: FreeHead, look: Look) -> None:
        """Hair, brows and lashes for an identity (subdivided) and a look."""
        self._grown.close()
        ribbons = hair.grow_hair(head, look.hair)
        self._hair = self._hair_shadow = None
        if ribbons is not None:
            self._indices_per_strand = ribbons.indices.size // ribbons.strand_count
            vertices = owned(self._grown, self._context.buffer(ribbons.vertices))
            indices = owned(self._grown, self._context.buffer(ribbons.indices))
            self._hair = self._array(self._hair_program, vertices, hair.FIELDS, indices)
            self._hair_shadow = self._array(self._shadow_program, vertices, hair.FIELDS, indices)
        bound = fringe.grow_fringe(head, look.brows)
        vertices = owned(self._grown, self._context.buffer(bound.vertices))
        indices = owned(self._grown, self._context.buffer(bound.indices))
        self._fringe = self._array(self._fringe_program, vertices, fringe.FIELDS, indices)

    def draw_shadow(self, share: float) -> int:
        """Draws that share of the strands, wider by as much. Strands lie in no order."""
        return self._draw(self._hair_shadow, self._shadow_program, share)

    def draw_hair(self, share: float) -> int:
        """Draws that share of the strands, wider by as much: enough where pixels are coarse."""
        return self._draw(self._hair, self._hair_program, share)

    def draw_fringe(self) -> int:
        if self._fringe is None:
            return 0
        self._fringe.render()
        return 1

    def _draw(
        self, array: moderngl.VertexArray | None, program: moderngl.Program, share: float
    ) -> int:
        """The number of draw calls."""
        if array is None:
            return 0
        program["u_widening"] = 1.0 / share
        strands = array.vertices // self._indices_per_strand
        array.render(vertices=round(strands * share) * self._indices_per_strand)
        return 1

    def close(self) -> None:
        self._grown.close()
        self._owned.close()

    def _array(
        self,
        program: moderngl.Program,
        vertices: moderngl.Buffer,
        fields: tuple[Attribute, ...],
        indices: moderngl.Buffer,
    ) -> moderngl.VertexArray:
        content = [vertex_content(program, vertices, fields)]
        return owned(self._grown, self._context.vertex_array(program, content, indices))
