"""What VRM 0.x and 1.0 say of a file: bones, expressions, how the eyes look.

Left and right are the avatar's own in both. 0.x faces -Z, 1.0 +Z (framing.py turns it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from models.avatars.names import BONES, arkit_name, preset_name

GROUPS = ("Blink", "LookAt", "Mouth")  # what an expression of VRM 1.0 may override


@dataclass(frozen=True, slots=True)
class Bind:
    """A morph target of a mesh, and its weight where the expression's is 1."""

    mesh: int
    target: int
    weight: float


@dataclass(frozen=True, slots=True)
class Expression:
    """arkit, preset: what it is by name, None: neither; such an expression is not driven.

    overrides: of GROUPS, by how much they fade where it is 1.
    """

    arkit: str | None
    preset: str | None
    binary: bool
    overrides: tuple[float, float, float]
    binds: tuple[Bind, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """most: radians of gaze, what is beyond counts as that. reached: radians or weight there."""

    most: float
    reached: float

    def of(self, angle: float) -> float:
        """angle: radians, 0 or more."""
        return min(angle, self.most) / self.most * self.reached


@dataclass(frozen=True, slots=True)
class LookAt:
    by: Literal["bone", "expression"]
    inner: Range
    outer: Range
    down: Range
    up: Range


@dataclass(frozen=True, slots=True)
class Vrm:
    """bones: node of each of BONES that is there."""

    version: Literal["0.x", "1.0"]
    name: str
    bones: tuple[tuple[str, int], ...]
    expressions: tuple[Expression, ...]
    look_at: LookAt | None


def read_vrm(document: Any) -> Vrm | None:
    """document: pygltflib's. None: the file is no VRM."""
    extensions = document.extensions or {}
    if "VRMC_vrm" in extensions:
        return _version_1(extensions["VRMC_vrm"], document.nodes)
    if "VRM" in extensions:
        return _version_0(extensions["VRM"])
    return None


def _version_1(vrm: dict[str, Any], nodes: list[Any]) -> Vrm:
    bones = vrm["humanoid"]["humanBones"]
    expressions = vrm.get("expressions") or {}
    named = {**(expressions.get("custom") or {}), **(expressions.get("preset") or {})}
    look = vrm.get("lookAt")
    return Vrm(
        version="1.0",
        name=str((vrm.get("meta") or {}).get("name") or ""),
        bones=tuple((name, int(bones[name]["node"])) for name in BONES if name in bones),
        expressions=tuple(_expression_1(name, said, nodes) for name, said in named.items()),
        look_at=None
        if not look
        else LookAt(
            "expression" if look.get("type") == "expression" else "bone",
            *(
                _range(
                    (look.get(f"rangeMap{way}") or {}).get("inputMaxValue", 90.0),
                    (look.get(f"rangeMap{way}") or {}).get("outputScale", 10.0),
                    look.get("type") == "expression",
                )
                for way in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
            ),
        ),
    )


def _expression_1(name: str, said: dict[str, Any], nodes: list[Any]) -> Expression:
    fading = {"block": 1.0, "blend": 1.0}
    blink, look, mouth = (fading.get(said.get(f"override{group}", ""), 0.0) for group in GROUPS)
    return Expression(
        arkit=arkit_name(name),
        preset=preset_name(name),
        binary=bool(said.get("isBinary")),
        overrides=(blink, look, mouth),
        binds=tuple(
            Bind(nodes[bind["node"]].mesh, int(bind["index"]), float(bind.get("weight", 1.0)))
            for bind in said.get("morphTargetBinds") or ()
        ),
    )


def _version_0(vrm: dict[str, Any]) -> Vrm:
    found = {bone["bone"]: int(bone["node"]) for bone in vrm["humanoid"]["humanBones"]}
    groups = (vrm.get("blendShapeMaster") or {}).get("blendShapeGroups") or []
    first = vrm.get("firstPerson") or {}
    by_shape = first.get("lookAtTypeName") == "BlendShape"
    return Vrm(
        version="0.x",
        name=str((vrm.get("meta") or {}).get("title") or ""),
        bones=tuple((name, found[name]) for name in BONES if found.get(name, -1) >= 0),
        expressions=tuple(_expression_0(group) for group in groups),
        look_at=None
        if "lookAtTypeName" not in first
        else LookAt(
            "expression" if by_shape else "bone",
            *(
                _range(
                    (first.get(f"lookAt{way}") or {}).get("xRange", 90.0),
                    (first.get(f"lookAt{way}") or {}).get("yRange", 1.0 if by_shape else 10.0),
                    by_shape,
                )
                for way in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
            ),
        ),
    )


def _expression_0(group: dict[str, Any]) -> Expression:
    preset, name = str(group.get("presetName") or ""), str(group.get("name") or "")
    return Expression(
        arkit=arkit_name(name),
        preset=preset_name(preset) or preset_name(name),
        binary=bool(group.get("isBinary")),
        overrides=(0.0, 0.0, 0.0),
        binds=tuple(
            Bind(int(bind["mesh"]), int(bind["index"]), float(bind["weight"]) / 100.0)
            for bind in group.get("binds") or ()
        ),
    )


def _range(most: float, reached: float, by_weight: bool) -> Range:
    """As the files say it: degrees, and degrees or a weight."""
    limit = max(math.radians(float(most)), 1e-3)
    return Range(limit, float(reached) if by_weight else math.radians(float(reached)))
