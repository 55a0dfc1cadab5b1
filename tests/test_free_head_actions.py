"""The 52 ARKit actions of the bundled head."""

from __future__ import annotations

import numpy as np
import pytest

from engine.blendshapes import BLENDSHAPES, other_side
from models.heads.free import EYES, FreeHead, load_free_head
from models.heads.subdivision import catmull_clark
from tests.heads import front_teeth, hidden, offsets, weights


@pytest.fixture(scope="module")
def cage() -> FreeHead:
    return load_free_head()


@pytest.fixture(scope="module")
def smooth(cage: FreeHead) -> FreeHead:
    return cage.subdivided()


def test_there_are_the_52_actions_in_our_order_and_none_is_empty(cage: FreeHead) -> None:
    assert cage.actions.names == BLENDSHAPES
    for name in BLENDSHAPES:
        assert np.abs(offsets(cage, name)).max() > 0.001, name


@pytest.mark.parametrize("name", [name for name in BLENDSHAPES if name.endswith("Left")])
def test_a_left_action_moves_the_persons_left(cage: FreeHead, name: str) -> None:
    amount = np.linalg.norm(offsets(cage, name), axis=1)
    if name in ("jawLeft", "mouthLeft"):  # these carry the whole mouth to the left
        assert offsets(cage, name)[:, 0].sum() > 0
        return
    left = amount[cage.positions[:, 0] > 0].sum()
    assert left > (0.95 if name.startswith("eye") else 0.6) * amount.sum()


def test_the_other_side_is_the_mirror_image(cage: FreeHead) -> None:
    mirrored = cage.positions * np.float32([-1, 1, 1])
    order, twin_order = (
        np.lexsort(np.round(points / 1e-4).astype(np.int64).T)
        for points in (cage.positions, mirrored)
    )
    twin = np.empty(len(order), np.int64)
    twin[twin_order] = order
    distance = np.linalg.norm(cage.positions[twin] - mirrored, axis=1)
    paired = distance < 1e-4
    assert paired.mean() > 0.8  # the sort finds most twins, equal coordinates hide a few

    for name in BLENDSHAPES:
        here, there = offsets(cage, name), offsets(cage, other_side(name))
        reflected = there[twin] * np.float32([-1, 1, 1])
        assert np.abs(here - reflected)[paired].max() < 1e-4, name


@pytest.mark.parametrize("name", BLENDSHAPES)
def test_nothing_leaves_the_head_and_the_bust_stays(cage: FreeHead, name: str) -> None:
    moved = offsets(cage, name)
    head = cage.positions[cage.part_vertices("skin")]
    posed = cage.positions + moved

    assert (moved[cage.part_vertices("shirt")] == 0).all()
    for eye in EYES:
        assert (moved[cage.part_vertices(eye)] == 0).all()
    assert (
        posed.min(axis=0) > np.minimum(head.min(axis=0), cage.positions.min(axis=0)) - 0.005
    ).all()
    assert (posed[:, 2] < head[:, 2].max() + 0.015).all()


def test_actions_subdivide_as_positions_do(cage: FreeHead, smooth: FreeHead) -> None:
    stencil, _ = catmull_clark(cage.quads, len(cage.positions))
    mixed = weights(jawOpen=0.5, mouthSmile=0.7, eyeBlink=0.3)

    coarse = cage.actions.blend(mixed, len(cage.positions))
    fine = smooth.actions.blend(mixed, len(smooth.positions))

    assert np.abs(stencil.apply(coarse) - fine).max() < 1e-6


def test_jaw_open_turns_the_lower_teeth_as_a_rigid_body(cage: FreeHead) -> None:
    lower = cage.part_vertices("teeth_lower")
    rest = cage.positions[lower]
    turned = rest + offsets(cage, "jawOpen")[lower]

    some = np.arange(0, len(rest), 17)
    before = np.linalg.norm(rest[some, None] - rest[some], axis=-1)
    after = np.linalg.norm(turned[some, None] - turned[some], axis=-1)
    assert np.abs(before - after).max() < 1e-4
    front = rest[:, 2].argmax()
    assert 0.02 < rest[front, 1] - turned[front, 1] < 0.045  # an adult's opening
    assert np.abs(offsets(cage, "jawOpen")[cage.part_vertices("teeth_upper")]).max() < 1e-5


def test_mouth_close_shuts_an_opened_jaw(smooth: FreeHead) -> None:
    teeth = front_teeth(smooth)

    opened = smooth.posed(weights(jawOpen=1.0))
    shut = smooth.posed(weights(jawOpen=1.0, mouthClose=1.0))

    assert not hidden(smooth, opened, opened[teeth]).all()
    assert hidden(smooth, shut, shut[teeth]).all()


def test_the_upper_incisors_show_when_the_jaw_opens(smooth: FreeHead) -> None:
    opened = smooth.posed(weights(jawOpen=0.6))
    upper = opened[smooth.part_vertices("teeth_upper")]
    incisors = upper[np.abs(upper[:, 0]) < 0.009]

    assert 10 < (~hidden(smooth, opened, incisors)).sum()


def test_the_tongue_comes_out_over_the_lip(smooth: FreeHead) -> None:
    lips = smooth.masks.lips > 0.5
    rest, out = smooth.posed(weights()), smooth.posed(weights(jawOpen=0.4, tongueOut=1.0))
    tongue = smooth.part_vertices("tongue")

    assert rest[tongue, 2].max() < rest[lips, 2].max() - 0.010
    assert out[tongue, 2].max() > out[lips, 2].max() + 0.003
