"""Materials: glTF's core, unlit, and what MToon of both VRM versions has in common.

Colours are linear (Rec. 709 primaries).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from models.avatars.gltf import GltfError

Rgb = tuple[float, float, float]
Rows = tuple[tuple[float, float, float], tuple[float, float, float]]

PLACED = "KHR_texture_transform"
UNMOVED: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
BLACK, WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
FURTHEST_QUEUE = 100


@dataclass(frozen=True, slots=True)
class TextureUse:
    """image: which of the avatar's. coordinates: 0 or 1. placed: rows that move them.

    wraps: glTF's numbers, along s and t. nearest: texels as blocks.
    """

    image: int
    coordinates: int = 0
    placed: Rows = UNMOVED
    wraps: tuple[int, int] = (10497, 10497)
    nearest: bool = False


@dataclass(frozen=True, slots=True)
class Toon:
    """What MToon has beyond the core, in the units of VRM 1.0.

    outline: its width as a share (screen) or in metres (world), "none" without.
    """

    shade_color: Rgb = BLACK
    shade_texture: TextureUse | None = None
    shift: float = 0.0
    toony: float = 0.9
    rim_color: Rgb = BLACK
    rim_texture: TextureUse | None = None
    rim_power: float = 5.0
    rim_lift: float = 0.0
    rim_lit: float = 1.0
    matcap_color: Rgb = WHITE
    matcap: TextureUse | None = None
    outline: Literal["none", "world", "screen"] = "none"
    outline_width: float = 0.0
    outline_texture: TextureUse | None = None
    outline_color: Rgb = BLACK
    outline_lit: float = 1.0


@dataclass(frozen=True, slots=True)
class Material:
    """kind: "core" is physically based, "toon" has `toon`. culled: the faces that are not drawn.

    queue: order among what is blended. covers: a blended material that hides what is behind it.
    """

    kind: Literal["core", "unlit", "toon"] = "core"
    color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    color_texture: TextureUse | None = None
    metallic: float = 1.0
    roughness: float = 1.0
    rough_texture: TextureUse | None = None
    normal_texture: TextureUse | None = None
    normal_scale: float = 1.0
    occlusion_texture: TextureUse | None = None
    occlusion: float = 1.0
    emissive: Rgb = BLACK
    emissive_texture: TextureUse | None = None
    alpha: Literal["OPAQUE", "MASK", "BLEND"] = "OPAQUE"
    cutoff: float = 0.5
    culled: Literal["none", "front", "back"] = "back"
    queue: int = 0
    covers: bool = False
    toon: Toon | None = None


class MaterialReader:
    """document: pygltflib's."""

    def __init__(self, document: Any) -> None:
        self._document = document
        vrm = (document.extensions or {}).get("VRM") or {}
        self._toons: list[dict[str, Any]] = vrm.get("materialProperties") or []

    def read(self, number: int) -> Material:
        source = self._document.materials[number]
        material = self._core(source)
        extensions = source.extensions or {}
        if number < len(self._toons) and "shader" in self._toons[number]:
            return self._version_0(material, self._toons[number])
        if "VRMC_materials_mtoon" in extensions:
            return self._version_1(material, extensions["VRMC_materials_mtoon"])
        return material

    def _core(self, source: Any) -> Material:
        base, extensions = source.pbrMetallicRoughness, source.extensions or {}
        strong = extensions.get("KHR_materials_emissive_strength") or {}
        strength = float(strong.get("emissiveStrength", 1.0))
        material = Material(
            kind="unlit" if "KHR_materials_unlit" in extensions else "core",
            normal_texture=self._use(source.normalTexture),
            normal_scale=_number(getattr(source.normalTexture, "scale", None), 1.0),
            occlusion_texture=self._use(source.occlusionTexture),
            occlusion=_number(getattr(source.occlusionTexture, "strength", None), 1.0),
            emissive=_rgb([strength * float(c) for c in source.emissiveFactor or BLACK]),
            emissive_texture=self._use(source.emissiveTexture),
            alpha=_alpha(source.alphaMode),
            cutoff=_number(source.alphaCutoff, 0.5),
            culled="none" if source.doubleSided else "back",
        )
        if base is None:
            return material
        factor = base.baseColorFactor or (1.0, 1.0, 1.0, 1.0)
        return replace(
            material,
            color=(*_rgb(factor), float(factor[3])),
            color_texture=self._use(base.baseColorTexture),
            metallic=_number(base.metallicFactor, 1.0),
            roughness=_number(base.roughnessFactor, 1.0),
            rough_texture=self._use(base.metallicRoughnessTexture),
        )

    def _version_1(self, material: Material, said: dict[str, Any]) -> Material:
        outline = {"worldCoordinates": "world", "screenCoordinates": "screen"}
        toon = Toon(
            shade_color=_rgb(said.get("shadeColorFactor", BLACK)),
            shade_texture=self._use(said.get("shadeMultiplyTexture")),
            shift=float(said.get("shadingShiftFactor", 0.0)),
            toony=float(said.get("shadingToonyFactor", 0.9)),
            rim_color=_rgb(said.get("parametricRimColorFactor", BLACK)),
            rim_texture=self._use(said.get("rimMultiplyTexture")),
            rim_power=float(said.get("parametricRimFresnelPowerFactor", 5.0)),
            rim_lift=float(said.get("parametricRimLiftFactor", 0.0)),
            rim_lit=float(said.get("rimLightingMixFactor", 1.0)),
            matcap_color=_rgb(said.get("matcapFactor", WHITE)),
            matcap=self._use(said.get("matcapTexture")),
            outline=_outline(outline.get(said.get("outlineWidthMode", "none"), "none")),
            outline_width=float(said.get("outlineWidthFactor", 0.0)),
            outline_texture=self._use(said.get("outlineWidthMultiplyTexture")),
            outline_color=_rgb(said.get("outlineColorFactor", BLACK)),
            outline_lit=float(said.get("outlineLightingMixFactor", 1.0)),
        )
        return replace(
            material,
            kind="toon",
            queue=_queue(int(said.get("renderQueueOffsetNumber", 0))),
            covers=bool(said.get("transparentWithZWrite")),
            toon=toon,
        )

    def _version_0(self, material: Material, said: dict[str, Any]) -> Material:
        """MToon of VRM 0.x, whose colours are sRGB, and its unlit materials."""
        shader = str(said["shader"])
        asked = int(said.get("renderQueue", -1))
        queue = 0 if asked < 0 else _queue(asked - 3000)  # Unity's number of what is transparent
        textures = said.get("textureProperties") or {}
        colors, numbers = said.get("vectorProperties") or {}, said.get("floatProperties") or {}
        placed = _placed_by_unity(colors.get("_MainTex"))

        def color(name: str, default: tuple[float, ...]) -> Rgb:
            return _rgb([_linear(float(c)) for c in list(colors.get(name, default))[:3]])

        def number(name: str, default: float) -> float:
            return float(numbers.get(name, default))

        def use(name: str) -> TextureUse | None:
            found = textures.get(name)
            return None if found is None else self._of_texture(int(found), 0, placed)

        main = colors.get("_Color", (1.0, 1.0, 1.0, 1.0))
        if shader.startswith("VRM/Unlit"):
            return replace(
                material,
                kind="unlit",
                color=(*color("_Color", WHITE), float(main[3])),
                color_texture=use("_MainTex") or material.color_texture,
                alpha="MASK"
                if "Cutout" in shader
                else "BLEND"
                if "Transparent" in shader
                else "OPAQUE",
                cutoff=number("_Cutoff", 0.5),
                queue=queue,
                covers="ZWrite" in shader,
            )
        if shader != "VRM/MToon":
            return replace(material, queue=queue)
        shift, toony = number("_ShadeShift", 0.0), number("_ShadeToony", 0.9)
        lit_from = shift + (1.0 - shift) * (1.0 - toony)  # UniVRM's range: shade below, lit above
        mode = int(number("_BlendMode", 0.0))
        outlines = ("none", "world", "screen")
        return replace(
            material,
            kind="toon",
            color=(*color("_Color", WHITE), float(main[3])),
            color_texture=use("_MainTex"),
            normal_texture=use("_BumpMap"),
            normal_scale=number("_BumpScale", 1.0),
            emissive=color("_EmissionColor", BLACK),
            emissive_texture=use("_EmissionMap"),
            alpha=("OPAQUE", "MASK", "BLEND", "BLEND")[mode if 0 <= mode <= 3 else 0],
            cutoff=number("_Cutoff", 0.5),
            culled=("none", "front", "back")[int(number("_CullMode", 2.0)) % 3],
            queue=queue,
            covers=mode == 3,
            toon=Toon(
                shade_color=color("_ShadeColor", (0.97, 0.81, 0.86)),
                shade_texture=use("_ShadeTexture"),
                shift=-(lit_from + shift) / 2.0,
                toony=min(max((2.0 - (lit_from - shift)) / 2.0, 0.0), 1.0),
                rim_color=color("_RimColor", BLACK),
                rim_texture=use("_RimTexture"),
                rim_power=number("_RimFresnelPower", 1.0),
                rim_lift=number("_RimLift", 0.0),
                rim_lit=number("_RimLightingMix", 0.0),
                matcap=use("_SphereAdd"),
                outline=_outline(outlines[int(number("_OutlineWidthMode", 0.0)) % 3]),
                outline_width=0.01 * number("_OutlineWidth", 0.5),
                outline_texture=use("_OutlineWidthTexture"),
                outline_color=color("_OutlineColor", BLACK),
                outline_lit=number("_OutlineLightingMix", 1.0)
                if number("_OutlineColorMode", 0.0) >= 1.0
                else 0.0,
            ),
        )

    def _use(self, info: Any) -> TextureUse | None:
        """info: pygltflib's, or a table of an extension."""
        if info is None:
            return None
        said = info if isinstance(info, dict) else vars(info)
        placed, coordinates = UNMOVED, int(said.get("texCoord") or 0)
        if transform := (said.get("extensions") or {}).get(PLACED):
            placed = _placed(transform)
            coordinates = int(transform.get("texCoord", coordinates))
        return self._of_texture(said["index"], coordinates, placed)

    def _of_texture(self, number: int, coordinates: int, placed: Rows) -> TextureUse | None:
        if number < 0:
            raise GltfError(f"texture {number}")
        texture = self._document.textures[number]
        webp = ((texture.extensions or {}).get("EXT_texture_webp") or {}).get("source")
        image = texture.source if webp is None else webp
        if image is None:
            return None
        wraps, nearest = (10497, 10497), False
        if texture.sampler is not None:
            sampler = self._document.samplers[texture.sampler]
            wraps = (sampler.wrapS or 10497, sampler.wrapT or 10497)
            nearest = sampler.magFilter == 9728
        return TextureUse(int(image), min(max(coordinates, 0), 1), placed, wraps, nearest)


def _placed(transform: dict[str, Any]) -> Rows:
    turn = float(transform.get("rotation", 0.0))
    sx, sy = (float(c) for c in transform.get("scale", (1.0, 1.0)))
    ox, oy = (float(c) for c in transform.get("offset", (0.0, 0.0)))
    c, s = math.cos(turn), math.sin(turn)
    return (c * sx, s * sy, ox), (-s * sx, c * sy, oy)


def _placed_by_unity(said: list[float] | None) -> Rows:
    """Offset and scale where t points up."""
    if not said:
        return UNMOVED
    ox, oy, sx, sy = (float(c) for c in said)
    return (sx, 0.0, ox), (0.0, sy, 1.0 - sy - oy)


def _number(said: Any, default: float) -> float:
    return default if said is None else float(said)


def _rgb(said: Any) -> Rgb:
    red, green, blue = (float(c) for c in list(said)[:3])
    return red, green, blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _queue(offset: int) -> int:
    return max(-FURTHEST_QUEUE, min(FURTHEST_QUEUE, offset))


def _alpha(mode: Any) -> Literal["OPAQUE", "MASK", "BLEND"]:
    return "MASK" if mode == "MASK" else "BLEND" if mode == "BLEND" else "OPAQUE"


def _outline(mode: str) -> Literal["none", "world", "screen"]:
    return "world" if mode == "world" else "screen" if mode == "screen" else "none"
