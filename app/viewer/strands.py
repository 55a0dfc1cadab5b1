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

    def draw_shadow(self) -> int:
        """Every third strand, drawn wider: enough for a soft shadow. Strands lie in no order."""
        if self._hair_shadow is None:
            return 0
        strands = self._hair_shadow.vertices // self._indices_per_strand
        self._hair_shadow.render(vertices=strands // 3 * self._indices_per_strand)
        return 1

    def draw_hair(self) -> int:
        return _draw(self._hair)

    def draw_fringe(self) -> int:
        return _draw(self._fringe)

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


def _draw(array: moderngl.VertexArray | None) -> int:
    """The number of draw calls."""
    if array is None:
        return 0
    array.render()
    return 1
