"""The mesh's surfaces: skin, mouth, eyes, shirt, and their shadow on each other."""

from __future__ import annotations

from contextlib import ExitStack

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer import tiles
from app.viewer.frame import FRAME_BINDING, LOOK_BINDING
from app.viewer.lifetime import owned
from app.viewer.normals import NORMALS_UNIT, POSITIONS_UNIT
from app.viewer.programs import Attribute, compile_program, vertex_content
from models.heads.free import FreeHead
from models.heads.mesh import triangles_of, vertex_normals

SHADOW_UNIT, PORES_UNIT, SCATTERING_UNIT, EYE_UNIT, KNIT_UNIT = range(7, 12)
SAMPLERS = {
    "u_positions": POSITIONS_UNIT,
    "u_normals": NORMALS_UNIT,
    "u_shadow": SHADOW_UNIT,
    "u_pores": PORES_UNIT,
    "u_scattering": SCATTERING_UNIT,
    "u_eye": EYE_UNIT,
    "u_knit": KNIT_UNIT,
}
BLOCKS = {"Frame": FRAME_BINDING, "Look": LOOK_BINDING}

PAINT_LAYOUT = np.dtype(
    [("rest", "f4", 3), ("paint", "u1", 4), ("cover", "u1", 4), ("mouth", "u1", 4), ("curve", "f4")]
)
PAINT_FIELDS = (
    Attribute("in_rest", "3f4", 12),
    Attribute("in_paint", "4f1", 4),
    Attribute("in_cover", "4f1", 4),
    Attribute("in_mouth", "4f1", 4),
    Attribute("in_curvature", "1f4", 4),
)
EYE_FIELDS = (Attribute("in_direction", "4f4", 16),)
PARTS = {
    "skin": ("skin",),
    "mouth": ("teeth_upper", "teeth_lower", "tongue"),
    "eye": ("eye_left", "eye_right"),
    "shirt": ("shirt",),
}
LID_PLACES = (0.14, 0.5, 0.86)  # along the lid, inner to outer: where the eye's shader samples it


class Surfaces:
    """`head` is the subdivided `cage` of the average person: masks and triangles hold for all."""

    def __init__(self, context: moderngl.Context, cage: FreeHead, head: FreeHead) -> None:
        self._owned = ExitStack()
        self._paint = owned(self._owned, context.buffer(_painted(head)))
        self._eyes = owned(self._owned, context.buffer(reserve=len(head.positions) * 16))
        self._tiles = [
            (_tile(self._owned, context, tiles.pore_tile()), PORES_UNIT),
            (_tile(self._owned, context, tiles.knit_tile()), KNIT_UNIT),
            (_tile(self._owned, context, tiles.eye_tile()), EYE_UNIT),
            (_table(self._owned, context, tiles.scattering_table()), SCATTERING_UNIT),
        ]
        self._context = context
        self._closed: list[moderngl.VertexArray] = []
        self._open: list[moderngl.VertexArray] = []
        for name, parts in PARTS.items():
            program = surface_program(self._owned, context, name)
            if name == "eye":
                program["u_lid_edges"] = _lid_edges(head)
            indices = _indices(self._owned, context, head, parts)
            content = (
                vertex_content(program, self._eyes, EYE_FIELDS)
                if name == "eye"
                else vertex_content(program, self._paint, PAINT_FIELDS)
            )
            array = owned(self._owned, context.vertex_array(program, [content], indices))
            (self._open if name == "shirt" else self._closed).append(array)
        solid = tuple(part for parts in PARTS.values() for part in parts)
        program = surface_program(self._owned, context, "shadow")
        # The smooth head begins with the cage's vertices, moved: a mesh that is fine enough here.
        indices = _indices(self._owned, context, cage, solid)
        self._shadow = owned(self._owned, context.vertex_array(program, [], indices))

    def set_head(self, head: FreeHead) -> None:
        """Another identity: where the eyeballs' centres are."""
        direction = np.zeros((len(head.positions), 4), np.float32)
        for eye, name in enumerate(("eye_left", "eye_right")):
            ball = head.part_vertices(name)
            direction[ball, :3] = (head.positions[ball] - head.eye_centers[eye]) / head.eye_radius
            direction[ball, 3] = eye
        self._eyes.write(direction)

    def draw_shadow(self) -> int:
        self._shadow.render()
        return 1

    def draw(self) -> int:
        """The number of draw calls."""
        for texture, unit in self._tiles:
            texture.use(unit)
        self._context.enable(moderngl.CULL_FACE)
        for surface in self._closed:
            surface.render()
        self._context.disable(moderngl.CULL_FACE)
        for surface in self._open:  # one looks into the collar
            surface.render()
        return len(self._closed) + len(self._open)

    def close(self) -> None:
        self._owned.close()


def surface_program(stack: ExitStack, context: moderngl.Context, name: str) -> moderngl.Program:
    """A program with its textures and uniform blocks tied to their places."""
    program = owned(stack, compile_program(context, name))
    for sampler, unit in SAMPLERS.items():
        if sampler in program:
            program[sampler] = unit
    for block, binding in BLOCKS.items():
        member = program.get(block, None)
        if isinstance(member, moderngl.UniformBlock):
            member.binding = binding
    return program


def _painted(head: FreeHead) -> NDArray[np.void]:
    masks = head.masks
    rows = np.zeros(len(head.positions), PAINT_LAYOUT)
    rows["rest"] = head.positions
    tongue = np.zeros(len(rows), np.float32)
    tongue[head.part_vertices("tongue")] = 1.0
    for name, columns in (
        ("paint", (masks.lips, masks.redness, masks.lids, masks.ears)),
        ("cover", (masks.inner_mouth, masks.scalp, masks.stubble, masks.occlusion)),
        ("mouth", (tongue, masks.gums, masks.occlusion, masks.collar)),
    ):
        rows[name] = np.round(np.clip(np.stack(columns, axis=1), 0.0, 1.0) * 255)
    rows["curve"] = _curvature(head)
    return rows


def _curvature(head: FreeHead) -> NDArray[np.float64]:
    """(V,) how sharply the surface bends, as a share of the scattering table's largest."""
    normals = vertex_normals(head.positions, head.quads)
    total = np.zeros(len(normals))
    count = np.zeros(len(normals))
    for step in (1, 2, 3):
        a, b = head.quads.ravel(), np.roll(head.quads, step, axis=1).ravel()
        apart = np.linalg.norm(head.positions[a] - head.positions[b], axis=1) * 1000.0
        bend = np.linalg.norm(normals[a] - normals[b], axis=1) / np.maximum(apart, 1e-3)
        total += np.bincount(a, bend, len(total))
        count += np.bincount(a, minlength=len(total))
    mean = total / np.maximum(count, 1)
    return np.clip(mean / tiles.LARGEST_CURVATURE, 0.0, 1.0)


def _lid_edges(head: FreeHead) -> list[int]:
    """Vertices of the lids' edges: left eye upper inner, middle, outer, lower; right eye."""
    edges = []
    for side in ("left", "right"):
        for lid in ("upper", "lower"):
            strip = head.part_vertices(f"lash_{lid}_{side}")
            along, outward = head.texture_coordinates[strip].T
            for place in LID_PLACES:
                edges.append(int(strip[(np.abs(along - place) + 4.0 * outward).argmin()]))
    return edges


def _indices(
    stack: ExitStack, context: moderngl.Context, head: FreeHead, names: tuple[str, ...]
) -> moderngl.Buffer:
    parts = [head.part(name) for name in names]
    quads = [head.quads[part.first_quad : part.first_quad + part.quad_count] for part in parts]
    triangles = triangles_of(np.concatenate(quads)).astype(np.int32)
    return owned(stack, context.buffer(triangles))


def _tile(stack: ExitStack, context: moderngl.Context, texels: tiles.Bytes) -> moderngl.Texture:
    """Repeats, blurs with distance."""
    height, width, channels = texels.shape
    texture = owned(stack, context.texture((width, height), channels, texels))
    texture.build_mipmaps()
    texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
    return texture


def _table(stack: ExitStack, context: moderngl.Context, texels: tiles.Bytes) -> moderngl.Texture:
    height, width, channels = texels.shape
    texture = owned(stack, context.texture((width, height), channels, texels))
    texture.repeat_x = texture.repeat_y = False
    return texture
