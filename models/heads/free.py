"""The free head: a CC0 face mesh with the 52 ARKit actions, read from one bundled file.

Head space (engine/geometry.py): metres, origin midway between the eyeballs' centres, +X to the
person's left, +Y up, +Z out of the face. An average adult, lips closed, eyes straight ahead.

The file holds a coarse cage. `subdivided()` gives the smooth head of the same kind, so whoever
draws it needs to know only `FreeHead`. Where the data come from: models/assets/LICENSE-head.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX
from models.heads.subdivision import Stencil, catmull_clark

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

POSITION_STEP = 2e-5  # metres of one unit of the file's integer positions
DELTA_STEP = 1e-5  # metres of one unit of the file's integer offsets


@dataclass(frozen=True, slots=True)
class Part:
    """A named run of quads: skin, eye_left, teeth_upper, …"""

    name: str
    first_quad: int
    quad_count: int


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Sparse morph targets, one after another.

    Target t moves vertex `vertices[k]` by weight * `deltas[k]` (3,) metres for k in
    starts[t]..starts[t + 1].
    """

    names: tuple[str, ...]
    starts: Integers
    vertices: Integers
    deltas: Floats

    def blend(self, weights: Floats, vertex_count: int) -> Floats:
        """(vertex_count, 3) metres: the sum of all targets at these weights (T,)."""
        counts = np.diff(self.starts)
        scaled = self.deltas * np.repeat(weights, counts).astype(np.float32)[:, None]
        return np.stack(
            [np.bincount(self.vertices, scaled[:, axis], vertex_count) for axis in range(3)],
            axis=1,
        ).astype(np.float32)

    def scaled(self, factor: float) -> Targets:
        return replace(self, deltas=(self.deltas * np.float32(factor)).astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """What is painted where: (V,) each, 0..1."""

    lips: Floats
    inner_mouth: Floats
    lids: Floats
    ears: Floats
    redness: Floats
    stubble: Floats
    scalp: Floats
    gums: Floats
    occlusion: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """A named person: weights (S,) of the identity sliders."""

    name: str
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FreeHead:
    """V vertices, Q quads. Every array is float32 or int32."""

    positions: Floats  # (V, 3) neutral
    quads: Integers  # (Q, 4), seen from outside counter-clockwise
    parts: tuple[Part, ...]
    actions: Targets  # the 52 of BLENDSHAPES, in that order
    sliders: Targets  # identity: -1..1 each
    identities: tuple[Identity, ...]
    masks: Masks
    texture_coordinates: Floats  # (V, 2): lashes: along the lid, root to tip; else x, y of rest
    head_share: Floats  # (V,) how far a vertex follows the head's rotation: 1 head, 0 bust
    neck_pivot: Floats  # (3,) the head turns about this point
    eye_centers: Floats  # (2, 3) left, right
    eye_radius: float
    eye_limits: Floats  # (4,) radians at weight 1 of eyeLook: in, out, up, down

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    def part_vertices(self, name: str) -> Integers:
        """Sorted indices of the vertices that the part's quads use."""
        part = self.part(name)
        used = self.quads[part.first_quad : part.first_quad + part.quad_count]
        return np.unique(used).astype(np.int32)

    def subdivided(self) -> FreeHead:
        """The same head after one Catmull–Clark step; eyeballs stay perfect spheres."""
        count = len(self.positions)
        stencil, quads = catmull_clark(self.quads, count)
        smooth = replace(
            self,
            positions=stencil.apply(self.positions),
            quads=quads,
            parts=tuple(
                Part(part.name, 4 * part.first_quad, 4 * part.quad_count) for part in self.parts
            ),
            actions=_subdivided_targets(self.actions, stencil, count),
            sliders=_subdivided_targets(self.sliders, stencil, count),
            masks=Masks(
                *(stencil.apply(getattr(self.masks, field.name)) for field in fields(Masks))
            ),
            texture_coordinates=stencil.apply(self.texture_coordinates),
            head_share=stencil.apply(self.head_share),
        )
        for name, center in zip(("eye_left", "eye_right"), self.eye_centers, strict=True):
            ball = smooth.part_vertices(name)
            ray = smooth.positions[ball] - center
            ray *= self.eye_radius / np.linalg.norm(ray, axis=1, keepdims=True)
            smooth.positions[ball] = center + ray
        return smooth


def _subdivided_targets(targets: Targets, stencil: Stencil, vertex_count: int) -> Targets:
    starts = [0]
    vertices, deltas = [], []
    for first, last in zip(targets.starts[:-1], targets.starts[1:], strict=True):
        dense = np.zeros((vertex_count, 3), np.float32)
        dense[targets.vertices[first:last]] = targets.deltas[first:last]
        smooth = stencil.apply(dense)
        moved = np.flatnonzero(np.abs(smooth).max(axis=1) > DELTA_STEP / 2)
        vertices.append(moved)
        deltas.append(smooth[moved])
        starts.append(starts[-1] + len(moved))
    if not vertices:
        return targets
    return Targets(
        targets.names,
        np.array(starts, np.int32),
        np.concatenate(vertices).astype(np.int32),
        np.concatenate(deltas),
    )


def limited_weights(weights: NDArray[np.floating]) -> Floats:
    """(52,) within 0..1, mouthClose at most jawOpen.

    mouthClose is the counter-shape of jawOpen: it closes the lips of an opened jaw, and alone it
    would push them through each other.
    """
    limited: Floats = np.clip(weights, 0.0, 1.0).astype(np.float32)
    close, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
    limited[close] = min(limited[close], limited[jaw])
    return limited


def load_free_head() -> FreeHead:
    """The bundled head as stored: the cage, not yet subdivided."""
    with resources.files("models").joinpath("assets/head.npz").open("rb") as file:
        data = np.load(file)
        arrays = {name: data[name] for name in data.files}
    parts = []
    first = 0
    for name, quad_count in zip(arrays["part_names"], arrays["part_quads"], strict=True):
        parts.append(Part(str(name), first, int(quad_count)))
        first += int(quad_count)
    names = tuple(str(name) for name in arrays["slider_names"])
    return FreeHead(
        positions=arrays["positions"].astype(np.float32) * np.float32(POSITION_STEP),
        quads=arrays["quads"].astype(np.int32),
        parts=tuple(parts),
        actions=_targets(
            BLENDSHAPES, arrays["action_starts"], arrays["action_vertices"], arrays["action_deltas"]
        ),
        sliders=_targets(
            names, arrays["slider_starts"], arrays["slider_vertices"], arrays["slider_deltas"]
        ),
        identities=tuple(
            Identity(str(name), weights.astype(np.float32))
            for name, weights in zip(
                arrays["identity_names"], arrays["identity_weights"], strict=True
            )
        ),
        masks=Masks(*(_share(arrays["mask_" + field.name]) for field in fields(Masks))),
        texture_coordinates=arrays["texture_coordinates"].astype(np.float32),
        head_share=_share(arrays["head_share"]),
        neck_pivot=arrays["neck_pivot"],
        eye_centers=arrays["eye_centers"],
        eye_radius=float(arrays["eye_radius"]),
        eye_limits=arrays["eye_limits"],
    )


def _share(bytes_: NDArray[np.uint8]) -> Floats:
    return bytes_.astype(np.float32) / np.float32(255)


def _targets(
    names: tuple[str, ...],
    starts: NDArray[np.integer],
    vertices: NDArray[np.integer],
    deltas: NDArray[np.integer],
) -> Targets:
    return Targets(
        names,
        starts.astype(np.int32),
        vertices.astype(np.int32),
        deltas.astype(np.float32) * np.float32(DELTA_STEP),
    )
