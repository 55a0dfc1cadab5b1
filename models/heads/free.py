"""The free head: a CC0 face mesh with the 52 ARKit actions, read from one bundled file.

Head space (engine/geometry.py): metres, origin midway between the eyeballs' centres, +X to the
person's left, +Y up, +Z out of the face. An average adult, lips closed, eyes straight ahead.

The file holds a coarse cage. `subdivided()` gives the smooth head and `with_identity()` another
person, both of the same kind, so whoever draws needs to know only `FreeHead`. How a state becomes
vertices is told by `posed()`; a renderer does the same on the GPU. Where the data come from:
models/assets/LICENSE-head.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.geometry import matrix_from_quaternion, quaternion_from_euler
from models.heads.eyes import pushed_off_eyes, sphere_through
from models.heads.subdivision import Floats, Integers, catmull_clark
from models.heads.targets import Targets

POSITION_STEP = 2e-5  # metres of one unit of the file's positions
DELTA_STEP = 2e-5  # metres of one unit of the file's offsets
CLEARANCE_STEP = 1e-6  # metres of one unit of the file's lid clearances
EYES = ("eye_left", "eye_right")
HUMAN_EYE_RADIUS = 0.012  # metres


@dataclass(frozen=True, slots=True)
class Part:
    """A named run of quads.

    skin, eye_left, eye_right, teeth_upper, teeth_lower (gums included), tongue, lash_upper_left,
    lash_lower_left, lash_upper_right, lash_lower_right, shirt.
    """

    name: str
    first_quad: int
    quad_count: int


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """What is painted where: (V,) each, 0..1."""

    lips: Floats
    inner_mouth: Floats
    lids: Floats
    ears: Floats
    redness: Floats
    stubble: Floats
    scalp: Floats  # 0.5 on the hairline, 0..1 over about 25 mm
    gums: Floats  # on the teeth: 1 gum, 0 tooth
    collar: Floats  # on the shirt: the ribbed band
    occlusion: Floats  # share of the sky that is seen: 1 open, 0 hidden


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """A named person: weights (S,) of the identity sliders."""

    name: str
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FreeHead:
    """V vertices, Q quads. Every array is float32 or int32."""

    positions: Floats  # (V, 3) neutral
    quads: Integers  # (Q, 4), counter-clockwise seen from outside
    parts: tuple[Part, ...]
    actions: Targets  # the 52 of BLENDSHAPES, in that order
    sliders: Targets  # of identity, -1..1 each
    identities: tuple[Identity, ...]
    masks: Masks
    texture_coordinates: Floats  # (V, 2): lashes: inner to outer corner, root to tip, 0..1;
    # everywhere else x, y of the average person, whoever this head is
    head_share: Floats  # (V,) how far a vertex follows the head's rotation: 1 head, 0 bust
    lid_clearance: Floats  # (V,) metres that a lid keeps from its eye's centre; 0: no lid
    neck_pivot: Floats  # (3,) the head turns about this point
    eye_centers: Floats  # (2, 3) left, right
    eye_radius: float
    eye_limits: Floats  # (4,) radians of gaze at weight 1 of eyeLook: in, out, up, down

    @property
    def eye_turn(self) -> float:
        """How far an eyeball turns for a radian of gaze.

        The head's balls are larger than a person's; turned by less, the iris travels as far.
        """
        return HUMAN_EYE_RADIUS / self.eye_radius

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    def part_vertices(self, name: str) -> Integers:
        """Sorted indices of the vertices that the part's quads use."""
        part = self.part(name)
        used = self.quads[part.first_quad : part.first_quad + part.quad_count]
        return np.unique(used).astype(np.int32)

    def identity(self, name: str) -> Identity:
        return next(identity for identity in self.identities if identity.name == name)

    def with_identity(self, weights: NDArray[np.floating]) -> FreeHead:
        """This average head made another person by slider weights (S,).

        The origin stays midway between the eyes. The actions grow with the eyes' distance, and
        the blinks with the height of the eyes' opening, so that they still close.
        """
        positions = self.positions + self.sliders.blend(weights, len(self.positions))
        balls = [sphere_through(positions[self.part_vertices(name)]) for name in EYES]
        radius = sum(ball_radius for _, ball_radius in balls) / 2
        centers = np.array([center for center, _ in balls], np.float32)
        origin = centers.mean(axis=0)
        positions -= origin
        centers -= origin
        reach = np.linalg.norm(centers[0] - centers[1])
        usual = np.linalg.norm(self.eye_centers[0] - self.eye_centers[1])
        action_growth = np.full(len(BLENDSHAPES), reach / usual)
        for side in ("left", "right"):
            wider = self._lid_opening(positions, side) / self._lid_opening(self.positions, side)
            action_growth[INDEX["eyeBlink" + side.title()]] = max(wider, reach / usual)
        growth = np.repeat(action_growth, np.diff(self.actions.starts)).astype(np.float32)
        clearance = np.where(
            self.lid_clearance > 0, self.lid_clearance + (radius - self.eye_radius), 0
        ).astype(np.float32)
        person = replace(
            self,
            positions=pushed_off_eyes(positions, centers, clearance),
            actions=replace(self.actions, deltas=self.actions.deltas * growth[:, None]),
            lid_clearance=clearance,
            neck_pivot=self.neck_pivot - origin,
            eye_centers=centers,
            eye_radius=radius,
        )
        person._round_eyes()
        return person

    def subdivided(self) -> FreeHead:
        """The same head after one Catmull–Clark step; eyeballs stay perfect spheres."""
        count = len(self.positions)
        stencil, quads = catmull_clark(self.quads, count)
        by_cage_vertex = stencil.transposed(count)
        smooth = replace(
            self,
            positions=stencil.apply(self.positions),
            quads=quads,
            parts=tuple(
                Part(part.name, 4 * part.first_quad, 4 * part.quad_count) for part in self.parts
            ),
            actions=self.actions.subdivided(by_cage_vertex, stencil.row_count),
            sliders=self.sliders.subdivided(by_cage_vertex, stencil.row_count),
            masks=Masks(
                *(stencil.apply(getattr(self.masks, field.name)) for field in fields(Masks))
            ),
            texture_coordinates=stencil.apply(self.texture_coordinates),
            head_share=stencil.apply(self.head_share),
            lid_clearance=stencil.apply(self.lid_clearance),
        )
        smooth._round_eyes()
        return smooth

    def posed(
        self,
        weights: NDArray[np.floating],
        gaze: NDArray[np.floating] | None = None,
        head_rotation: NDArray[np.floating] | None = None,
    ) -> Floats:
        """(V, 3) metres: the head at weights (52,), gaze (2, 2) rad and head rotation xyzw.

        Gaze rows are left, right; columns yaw (+ the person's left), pitch (+ down). None: what
        the eyeLook weights say. The bust stays, the neck bends between it and the head.
        """
        limited = limited_weights(weights)
        vertices = self.positions + self.actions.blend(limited, len(self.positions))
        vertices = pushed_off_eyes(vertices, self.eye_centers, self.lid_clearance)
        angles = self.gaze_from_weights(limited) if gaze is None else gaze
        turns = self.eye_turn * angles
        for name, center, (yaw, pitch) in zip(EYES, self.eye_centers, turns, strict=True):
            ball = self.part_vertices(name)
            turn = matrix_from_quaternion(quaternion_from_euler(pitch, yaw, 0.0))
            vertices[ball] = (self.positions[ball] - center) @ turn.T + center
        if head_rotation is not None:
            vertices = self._head_turned(vertices, np.asarray(head_rotation, np.float64))
        return vertices

    def gaze_from_weights(self, weights: NDArray[np.floating]) -> Floats:
        """(2, 2) radians, rows left, right, columns yaw, pitch: what the eyeLook weights mean."""
        inward, outward, up, down = self.eye_limits
        angles = np.zeros((2, 2), np.float32)
        for row, side, outward_sign in ((0, "Left", 1), (1, "Right", -1)):
            out = weights[INDEX["eyeLookOut" + side]] * outward
            into = weights[INDEX["eyeLookIn" + side]] * inward
            angles[row, 0] = outward_sign * (out - into)
            angles[row, 1] = (
                weights[INDEX["eyeLookDown" + side]] * down
                - weights[INDEX["eyeLookUp" + side]] * up
            )
        return angles

    def _lid_opening(self, positions: Floats, side: str) -> float:
        """Metres between the roots of the upper and the lower lashes in the middle of the lids."""
        middles = []
        for lid in ("upper", "lower"):
            strip = self.part_vertices(f"lash_{lid}_{side}")
            off_middle = np.abs(self.texture_coordinates[strip] - (0.5, 0.0)).sum(axis=1)
            middles.append(positions[strip[off_middle.argmin()]])
        return float(np.linalg.norm(middles[0] - middles[1]))

    def _head_turned(self, vertices: Floats, rotation: NDArray[np.float64]) -> Floats:
        """Each vertex turned about the neck pivot, round one axis, by its share of the angle."""
        x, y, z, w = rotation if rotation[3] >= 0 else -rotation
        sine = float(np.sqrt(x * x + y * y + z * z))
        if sine < 1e-9:
            return vertices
        axis = np.array([x, y, z]) / sine
        angle = (2 * np.arctan2(sine, w) * self.head_share)[:, None]
        ray = vertices - self.neck_pivot
        along = (ray @ axis)[:, None] * axis
        turned = along + (ray - along) * np.cos(angle) + np.cross(axis, ray) * np.sin(angle)
        return np.asarray(turned + self.neck_pivot, np.float32)

    def _round_eyes(self) -> None:
        """Puts the eyeballs' vertices exactly on their spheres; only on arrays made here."""
        for name, center in zip(EYES, self.eye_centers, strict=True):
            ball = self.part_vertices(name)
            ray = self.positions[ball] - center
            ray *= self.eye_radius / np.linalg.norm(ray, axis=1, keepdims=True)
            self.positions[ball] = center + ray


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
    """The bundled average head as stored: the cage, not yet subdivided."""
    with resources.files("models").joinpath("assets/head.npz").open("rb") as file:
        with np.load(file) as data:
            arrays = {name: data[name] for name in data.files}
    quad_counts = arrays["part_quads"]
    first_quads = np.cumsum(quad_counts) - quad_counts
    return FreeHead(
        positions=_metres(arrays["positions"], POSITION_STEP),
        quads=arrays["quads"].astype(np.int32),
        parts=tuple(
            Part(str(name), int(first), int(count))
            for name, first, count in zip(
                arrays["part_names"], first_quads, quad_counts, strict=True
            )
        ),
        actions=_unpacked_targets(BLENDSHAPES, arrays, "action"),
        sliders=_unpacked_targets(
            tuple(str(name) for name in arrays["slider_names"]), arrays, "slider"
        ),
        identities=tuple(
            Identity(str(name), weights)
            for name, weights in zip(
                arrays["identity_names"], arrays["identity_weights"], strict=True
            )
        ),
        masks=Masks(*(_share(arrays["mask_" + field.name]) for field in fields(Masks))),
        texture_coordinates=arrays["texture_coordinates"].astype(np.float32),
        head_share=_share(arrays["head_share"]),
        lid_clearance=arrays["lid_clearance"].astype(np.float32) * np.float32(CLEARANCE_STEP),
        neck_pivot=arrays["neck_pivot"],
        eye_centers=arrays["eye_centers"],
        eye_radius=float(arrays["eye_radius"]),
        eye_limits=arrays["eye_limits"],
    )


def _metres(steps: NDArray[np.int16], size: float) -> Floats:
    """(N, 3) from the file's (3, N)."""
    return np.ascontiguousarray(steps.T).astype(np.float32) * np.float32(size)


def _share(steps: NDArray[np.uint8]) -> Floats:
    return steps.astype(np.float32) / np.float32(255)


def _unpacked_targets(
    names: tuple[str, ...], arrays: dict[str, NDArray[Any]], prefix: str
) -> Targets:
    """The file keeps vertex numbers as steps within each target: small numbers pack better."""
    starts = arrays[prefix + "_starts"].astype(np.int64)
    summed = np.cumsum(arrays[prefix + "_vertex_steps"].astype(np.int64))
    before = np.concatenate([[0], summed])[starts[:-1]]
    vertices = summed - np.repeat(before, np.diff(starts))
    return Targets(
        names,
        starts.astype(np.int32),
        vertices.astype(np.int32),
        _metres(arrays[prefix + "_deltas"], DELTA_STEP),
    )
