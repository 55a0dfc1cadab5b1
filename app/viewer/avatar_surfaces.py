"""An avatar's surfaces: which triangles are drawn with which material, in which order."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.frame import FRAME_BINDING
from app.viewer.lifetime import owned
from app.viewer.normals import NORMALS_UNIT, POSITIONS_UNIT
from app.viewer.programs import Attribute, compile_program, vertex_content
from app.viewer.surfaces import SHADOW_UNIT, surface_program
from engine.geometry import Array
from models.avatars.avatar import Avatar
from models.avatars.materials import Material, TextureUse, Toon

MATERIAL_BINDING = 2
SRGB_ALPHA = 0x8C43  # GL_SRGB8_ALPHA8
CLAMP, MIRRORED = 33071, 33648
USES: tuple[str, ...] = (  # in the order of shaders/avatar.glsl
    *("u_color", "u_shade", "u_relief", "u_rough", "u_occlusion", "u_glow"),
    *("u_rim", "u_matcap", "u_width"),
)
UNITS = (0, 1, 2, 3, 4, 8, 9, 10, 11)
COLORED = frozenset({"u_color", "u_shade", "u_glow", "u_rim", "u_matcap"})  # sRGB
LAYOUT = np.dtype(
    [
        *((name, "f4", 4) for name in ("base_color", "shade_color", "emissive", "rim", "matcap")),
        *((name, "f4", 4) for name in ("outline", "core", "drawn", "width")),
        ("place_s", "f4", (len(USES), 4)),
        ("place_t", "f4", (len(USES), 4)),
    ]
)
KINDS = {"core": 0, "unlit": 1, "toon": 2}
ALPHAS = {"OPAQUE": 0, "MASK": 1, "BLEND": 2}
FIELDS = (Attribute("in_coordinates", "4f4", 16), Attribute("in_color", "4f4", 16))


class Surface:
    """One part: its triangles, its material's numbers and textures."""

    def __init__(
        self,
        material: Material,
        array: moderngl.VertexArray,
        numbers: moderngl.Buffer,
        textures: list[moderngl.Texture],
        middle: Array,
    ) -> None:
        self.material = material
        self.middle = middle
        self._array = array
        self._numbers = numbers
        self._textures = textures

    @property
    def outlined(self) -> bool:
        toon = self.material.toon
        return toon is not None and toon.outline != "none" and toon.outline_width > 0.0

    def render(self) -> None:
        self._numbers.bind_to_uniform_block(MATERIAL_BINDING)
        for texture, unit in zip(self._textures, UNITS, strict=True):
            texture.use(unit)
        self._array.render()


class AvatarSurfaces:
    """All parts of one avatar."""

    def __init__(self, context: moderngl.Context, avatar: Avatar) -> None:
        self._context = context
        self._owned = ExitStack()
        self._avatar = avatar
        self._made: dict[tuple[object, ...], moderngl.Texture] = {}
        self._white = self._owned_texture(np.full((1, 1, 4), 255, np.uint8), srgb=False)
        program = owned(self._owned, compile_program(context, "avatar"))
        samplers = dict(zip(USES, UNITS, strict=True))
        for name, unit in {
            **samplers,
            "u_positions": POSITIONS_UNIT,
            "u_normals": NORMALS_UNIT,
            "u_shadow": SHADOW_UNIT,
        }.items():
            program[name] = unit
        for name, binding in {"Frame": FRAME_BINDING, "Material": MATERIAL_BINDING}.items():
            block = program[name]
            assert isinstance(block, moderngl.UniformBlock)
            block.binding = binding
        self._program = program
        meshes = avatar.meshes
        vertices = owned(
            self._owned,
            context.buffer(
                np.concatenate([meshes.vertices.coordinates, meshes.vertices.colors], axis=1)
            ),
        )
        middles = _middles(avatar)
        self._surfaces = [
            self._surface(number, vertices, middles[number]) for number in range(len(meshes.parts))
        ]
        casting = [
            meshes.indices[part.first : part.first + part.count]
            for part, surface in zip(meshes.parts, self._surfaces, strict=True)
            if surface.material.alpha != "BLEND"
        ]
        lit = any(material.kind == "core" for material in avatar.materials)
        shadow = surface_program(self._owned, context, "shadow")
        self._caster = (
            owned(
                self._owned,
                context.vertex_array(
                    shadow, [], owned(self._owned, context.buffer(np.concatenate(casting)))
                ),
            )
            if casting and lit
            else None
        )

    def draw_shadow(self) -> int:
        """Only where something is lit so that it shows."""
        if self._caster is None:
            return 0
        self._caster.render()
        return 1

    def draw(self, camera_position: Array) -> int:
        """What is solid, its outlines, then what is blended, from far to near; draw calls."""
        solid = [s for s in self._surfaces if s.material.alpha != "BLEND"]
        blended = [s for s in self._surfaces if s.material.alpha == "BLEND"]
        self._program["u_outline"] = False
        calls = sum(self._render(surface) for surface in solid)
        self._program["u_outline"] = True
        self._context.enable(moderngl.CULL_FACE)
        self._context.cull_face = "front"
        for surface in self._surfaces:
            if surface.outlined:
                surface.render()
                calls += 1
        self._program["u_outline"] = False
        self._context.enable(moderngl.BLEND)
        self._context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        order = sorted(
            blended,
            key=lambda s: (s.material.queue, -float(np.linalg.norm(s.middle - camera_position))),
        )
        for surface in order:
            calls += self._render(surface, both_sides=True)
        self._context.cull_face = "back"
        self._context.disable(moderngl.BLEND | moderngl.CULL_FACE)
        return calls

    def close(self) -> None:
        self._owned.close()

    def _render(self, surface: Surface, *, both_sides: bool = False) -> int:
        """both_sides: of what is seen from both, the far side first."""
        culled, context = surface.material.culled, self._context
        context.fbo.depth_mask = surface.material.alpha != "BLEND" or surface.material.covers
        if culled == "none" and not both_sides:
            context.disable(moderngl.CULL_FACE)
            surface.render()
            sides = 1
        else:
            context.enable(moderngl.CULL_FACE)
            hidden = ("front", "back") if culled == "none" else (culled,)
            for side in hidden:
                context.cull_face = side
                surface.render()
            sides = len(hidden)
        context.fbo.depth_mask = True
        return sides

    def _surface(self, number: int, vertices: moderngl.Buffer, middle: Array) -> Surface:
        part, material = self._avatar.meshes.parts[number], self._avatar.materials[number]
        indices = self._avatar.meshes.indices[part.first : part.first + part.count]
        array = self._context.vertex_array(
            self._program,
            [vertex_content(self._program, vertices, FIELDS)],
            owned(self._owned, self._context.buffer(indices)),
        )
        uses = _uses(material)
        textures = [
            self._texture(use, srgb=name in COLORED) for name, use in zip(USES, uses, strict=True)
        ]
        numbers = _numbers(material, uses, self._avatar.scale, [t is self._white for t in textures])
        return Surface(
            material,
            owned(self._owned, array),
            owned(self._owned, self._context.buffer(numbers)),
            textures,
            middle,
        )

    def _texture(self, use: TextureUse | None, *, srgb: bool) -> moderngl.Texture:
        image = None if use is None else self._avatar.images.get(use.image)
        if use is None or image is None:
            return self._white
        key = (use.image, srgb, use.wraps, use.nearest)
        if key not in self._made:
            texture = self._owned_texture(image, srgb=srgb)
            texture.build_mipmaps()
            texture.anisotropy = 4.0
            texture.filter = (
                moderngl.LINEAR_MIPMAP_LINEAR,
                moderngl.NEAREST if use.nearest else moderngl.LINEAR,
            )
            texture.repeat_x, texture.repeat_y = (wrap != CLAMP for wrap in use.wraps)
            self._made[key] = texture
        return self._made[key]

    def _owned_texture(self, image: NDArray[np.uint8], *, srgb: bool) -> moderngl.Texture:
        size = image.shape[1], image.shape[0]
        form: Any = {"internal_format": SRGB_ALPHA} if srgb else {}
        return owned(self._owned, self._context.texture(size, 4, image.tobytes(), **form))


def _uses(material: Material) -> tuple[TextureUse | None, ...]:
    """In the order of USES."""
    toon = material.toon or Toon()
    return (
        material.color_texture,
        toon.shade_texture,
        material.normal_texture,
        material.rough_texture,
        material.occlusion_texture,
        material.emissive_texture,
        toon.rim_texture,
        toon.matcap,
        toon.outline_texture,
    )


def _numbers(
    material: Material, uses: tuple[TextureUse | None, ...], scale: float, absent: list[bool]
) -> NDArray[np.void]:
    """LAYOUT of one material. scale: world metres a metre of the file."""
    toon = material.toon or Toon()
    numbers = np.zeros(1, LAYOUT)
    row: Any = numbers[0]
    row["base_color"] = material.color
    row["shade_color"] = (*toon.shade_color, toon.shift)
    row["emissive"] = (*material.emissive, toon.toony)
    row["rim"] = (*toon.rim_color, toon.rim_power)
    row["matcap"][:3] = 0.0 if absent[USES.index("u_matcap")] else toon.matcap_color
    row["matcap"][3] = toon.rim_lift
    row["outline"] = (*toon.outline_color, toon.outline_lit)
    relief = 0.0 if absent[USES.index("u_relief")] else material.normal_scale
    row["core"] = (material.metallic, material.roughness, relief, material.occlusion)
    row["drawn"] = (
        KINDS[material.kind],
        ALPHAS[material.alpha],
        material.cutoff,
        toon.rim_lit,
    )
    if toon.outline == "world":
        row["width"][0] = scale * toon.outline_width
    elif toon.outline == "screen":
        row["width"][1] = toon.outline_width
    for number, use in enumerate(uses):
        (a, b, c), (d, e, f) = use.placed if use is not None else ((1, 0, 0), (0, 1, 0))
        row["place_s"][number] = (a, b, c, 0.0 if use is None else use.coordinates)
        row["place_t"][number] = (d, e, f, 0.0)
    return numbers


def _middles(avatar: Avatar) -> list[Array]:
    """World places, at rest, of the meshes: what is blended is ordered by them."""
    world = avatar.nodes.world(avatar.bones.rest, avatar.world_from_file)
    vertices = avatar.meshes.vertices
    joints = world[avatar.meshes.joints.nodes] @ avatar.meshes.joints.inverse
    middles: dict[int, Array] = {}
    for part in avatar.meshes.parts:
        if part.node not in middles:
            used = avatar.meshes.indices[part.first]
            own = [p for p in avatar.meshes.parts if p.node == part.node]
            corners = np.concatenate(
                [np.unique(avatar.meshes.indices[p.first : p.first + p.count]) for p in own]
            )
            joint = joints[vertices.joints[used, 0]]
            middle = vertices.positions[corners].mean(axis=0)
            middles[part.node] = joint[:3, :3] @ middle + joint[:3, 3]
    return [middles[part.node] for part in avatar.meshes.parts]
