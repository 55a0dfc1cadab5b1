"""FLAME against upstream's own code (tests/data/face_models/README.md), and its files read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data import FlameCoefficients
from engine.errors import ModelError
from models.heads.flame import FlameHead, contour_row
from tests.face_models import flame_arrays, write_flame

UPSTREAM = Path(__file__).parent / "data" / "face_models" / "flame.npz"
ROWS = range(6)
MICROMETRE = 1e-6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_flame(tmp_path_factory.mktemp("flame"))


@pytest.fixture(scope="module")
def head(folder: Path) -> FlameHead:
    return FlameHead.load(folder)


@pytest.fixture(scope="module")
def upstream() -> dict[str, NDArray[np.float64]]:
    with np.load(UPSTREAM) as file:
        return {name: file[name].astype(np.float64) for name in file.files}


def coefficients(upstream: dict[str, NDArray[np.float64]], row: int) -> FlameCoefficients:
    return FlameCoefficients(
        shape=upstream["param_shape"][row],
        expression=np.concatenate([upstream["param_expression"][row], np.zeros(50)]),
        rotation=upstream["param_pose"][row],
        neck=upstream["param_neck"][row],
        jaw=upstream["param_jaw"][row],
        eyelids=upstream["param_eyelid"][row],
        camera=upstream["param_cam"][row],
    )


def eyes_of(upstream: dict[str, NDArray[np.float64]], row: int) -> NDArray[np.float64]:
    return np.reshape(upstream["param_eye_pose"][row], (2, 3))


def neutral() -> FlameCoefficients:
    return FlameCoefficients(
        shape=np.zeros(300),
        expression=np.zeros(100),
        rotation=np.zeros(3),
        neck=np.zeros(3),
        jaw=np.zeros(3),
        eyelids=np.zeros(2),
        camera=np.array([7.0, 0.0, 0.0]),
    )


@pytest.mark.parametrize("row", ROWS)
def test_vertices_with_eyelids_are_smirks(
    head: FlameHead, upstream: dict[str, NDArray[np.float64]], row: int
) -> None:
    vertices = head.vertices(coefficients(upstream, row), eyes=eyes_of(upstream, row))
    np.testing.assert_allclose(vertices[::3], upstream["smirk_vertices"][row], atol=MICROMETRE)


@pytest.mark.parametrize("row", ROWS)
def test_vertices_of_100_shape_coefficients_are_decas(
    head: FlameHead, upstream: dict[str, NDArray[np.float64]], row: int
) -> None:
    given = coefficients(upstream, row)
    given = replace(
        given,
        shape=np.concatenate([given.shape[:100], np.zeros(200)]),
        neck=np.zeros(3),
        eyelids=np.zeros(2),
    )
    vertices = head.vertices(given, eyes=eyes_of(upstream, row))
    np.testing.assert_allclose(vertices[::3], upstream["deca_vertices"][row], atol=MICROMETRE)


@pytest.mark.parametrize("row", ROWS)
def test_joints_and_landmarks_are_upstreams(
    head: FlameHead, upstream: dict[str, NDArray[np.float64]], row: int
) -> None:
    given, eyes = coefficients(upstream, row), eyes_of(upstream, row)
    vertices = head.vertices(given, eyes=eyes)
    for found, name in (
        (head.joints(given, eyes=eyes), "lbs_joints_f64"),
        (head.landmarks(vertices, given), "smirk_landmarks_fan"),
        (head.mediapipe_landmarks(vertices), "smirk_landmarks_mp"),
    ):
        np.testing.assert_allclose(found, upstream[name][row], atol=MICROMETRE)


@pytest.mark.parametrize("row", ROWS)
def test_projections_are_upstreams_in_pixels_of_the_crop(
    head: FlameHead, upstream: dict[str, NDArray[np.float64]], row: int
) -> None:
    given = coefficients(upstream, row)
    vertices = head.vertices(given, eyes=eyes_of(upstream, row))
    landmarks = head.mediapipe_landmarks(vertices)
    for points, name in (
        (vertices[::3], "smirk_proj_vertices"),
        (landmarks, "smirk_proj_landmarks_mp"),
    ):
        pixels = head.project(points, given)
        expected = upstream[name][row] * 112.0 + [112.0, 112.0, 0.0]  # (p / 2 + 1 / 2) * 224
        np.testing.assert_allclose(pixels, expected, atol=1e-5 * 112.0)


def test_a_kept_identity_is_the_one_that_was_asked_for(
    head: FlameHead, upstream: dict[str, NDArray[np.float64]]
) -> None:
    first, second = (replace(coefficients(upstream, row), neck=np.zeros(3)) for row in (1, 2))
    before = head.vertices(first)
    head.vertices(second)
    np.testing.assert_array_equal(head.vertices(first), before)
    np.testing.assert_array_equal(head.joints(second), head.joints(second))


def test_eyelids_before_skinning_turn_with_the_head(head: FlameHead) -> None:
    closed = replace(neutral(), eyelids=np.ones(2))
    assert head.eyelids is not None
    both = head.eyelids.sum(axis=0)
    turned = replace(closed, rotation=np.array([0.0, np.pi / 2, 0.0]))
    open_turned = replace(turned, eyelids=np.zeros(2))
    in_the_world = head.vertices(turned) - head.vertices(open_turned)
    np.testing.assert_allclose(in_the_world, both, atol=MICROMETRE)
    with_the_head = head.vertices(turned, eyelids="before") - head.vertices(open_turned)
    quarter = np.stack([both[:, 2], both[:, 1], -both[:, 0]], axis=1)
    np.testing.assert_allclose(with_the_head, quarter, atol=MICROMETRE)


@pytest.mark.parametrize(
    ("yaw", "row"),
    [(0, 0), (10.4, 10), (-10.4, 49), (38.6, 39), (60, 39), (-38.6, 78), (-60, 78), (-0.3, 0)],
)
def test_the_contours_row_follows_the_yaw_of_head_and_neck(yaw: float, row: int) -> None:
    half = np.array([0.0, np.radians(yaw / 2), 0.0])
    assert contour_row(replace(neutral(), rotation=half, neck=half)) == row


def test_a_model_alone_has_no_eyelids_and_says_which_file_landmarks_want(tmp_path: Path) -> None:
    np.savez(tmp_path / "flame.npz", **flame_arrays())  # type: ignore[arg-type]
    head = FlameHead.load(tmp_path)
    closed = head.vertices(replace(neutral(), eyelids=np.ones(2)))
    np.testing.assert_allclose(closed, head.template, atol=MICROMETRE)
    with pytest.raises(ModelError, match=r"flame_landmarks\.npz.*mien models add flame"):
        head.landmarks(closed, neutral())
    with pytest.raises(ModelError, match=r"flame_mediapipe\.npz.*mien models add flame"):
        head.mediapipe_landmarks(closed)


def test_no_model_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no face model.*mien models add flame") as caught:
        FlameHead.load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("template", np.zeros((399, 2)), r"template has shape \(399, 2\); expected \(399, 3\)"),
        ("shape_basis", np.zeros((399, 3, 100)), r"expected \(399, 3, 300\)"),
        ("faces", np.full((720, 3), 399), "faces reaches from 399 to 399; expected 0 to 398"),
        ("faces", np.zeros((720, 3)), "faces holds float64; expected whole numbers"),
        ("skin_weights", np.full((399, 5), np.nan), "not finite"),
        ("parents", np.array([-1, 0, 3, 1, 1]), "each before its child"),
        ("template", np.zeros((0, 3)), "template is empty"),
        ("joint_regressor", None, "no joint_regressor"),
    ],
)
def test_a_wrong_array_is_named_with_what_was_expected(
    tmp_path: Path, name: str, array: NDArray[np.generic] | None, words: str
) -> None:
    arrays = flame_arrays()
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    np.savez(tmp_path / "flame.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=words) as caught:
        FlameHead.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_landmarks_of_another_mesh_are_refused(tmp_path: Path) -> None:
    write_flame(tmp_path)
    with np.load(tmp_path / "flame_mediapipe.npz") as file:
        arrays = {key: file[key] for key in file.files}
    arrays["faces"][0] = 720
    np.savez(tmp_path / "flame_mediapipe.npz", **arrays)
    with pytest.raises(ModelError, match=r"flame_mediapipe\.npz.*expected 0 to 719"):
        FlameHead.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x80\x02c__builtin__\nprint\n."])
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "flame.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"flame\.npz.*mien models add flame") as caught:
        FlameHead.load(tmp_path)
    assert "\n" not in str(caught.value)
