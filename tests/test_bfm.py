"""The Basel Face Model against upstream's own code (tests/data/face_models/README.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data import BfmCoefficients
from engine.errors import ModelError
from models.heads.bfm import BfmHead
from tests.face_models import bfm_arrays, write_bfm

UPSTREAM = Path(__file__).parent / "data" / "face_models" / "bfm.npz"
ROWS = range(2)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> BfmHead:
    return BfmHead.load(write_bfm(tmp_path_factory.mktemp("bfm")))


@pytest.fixture(scope="module")
def upstream() -> dict[str, NDArray[np.float64]]:
    with np.load(UPSTREAM) as file:
        return {name: file[name] for name in file.files}


def coefficients(upstream: dict[str, NDArray[np.float64]], row: int) -> BfmCoefficients:
    return BfmCoefficients(
        shape=upstream["features"][row][:99],
        expression=upstream["expr"][row],
        rotation=upstream["pose"][row][:3],
        translation=upstream["pose"][row][3:],
    )


@pytest.mark.parametrize("row", ROWS)
def test_vertices_and_the_display_pose_are_upstreams(
    head: BfmHead, upstream: dict[str, NDArray[np.float64]], row: int
) -> None:
    given = coefficients(upstream, row)
    vertices = head.vertices(given)
    np.testing.assert_allclose(vertices[::3], upstream["shape_expr"][row], rtol=1e-9)
    np.testing.assert_allclose(
        head.displayed(vertices, given)[::3], upstream["shape_expr_pose"][row], rtol=1e-9
    )


def test_single_precision_is_near_enough_to_be_looked_at(
    head: BfmHead, upstream: dict[str, NDArray[np.float64]], tmp_path: Path
) -> None:
    given = coefficients(upstream, 0)
    single = BfmHead.load(write_bfm(tmp_path), precision=np.float32).vertices(given)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, head.vertices(given), atol=1.0)  # micrometres


def test_the_camera_sees_the_persons_left_at_the_right_and_up_above(head: BfmHead) -> None:
    """A head 4 m away: one millimetre is 2880 / 4000 pixels of 224."""
    given = BfmCoefficients(
        shape=np.zeros(99),
        expression=np.zeros(29),
        rotation=np.zeros(3),
        translation=np.array([0.0, 0.0, -4000.0]),
    )
    middle, left, above, nearer = head.project(
        np.array([[0.0, 0, 0], [1e4, 0, 0], [0, 1e4, 0], [0, 0, 1e4]]), given
    )
    step = 10.0 * 2880.0 / 4000.0 * 227.0 / 224.0
    np.testing.assert_allclose(middle, [113.5, 113.5, 0.0])
    np.testing.assert_allclose(left - middle, [step, 0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(above - middle, [0.0, -step, 0.0], atol=1e-9)
    np.testing.assert_allclose(nearer - middle, [0.0, 0.0, -step], rtol=1e-6, atol=1e-9)


def test_no_model_and_a_wrong_one_are_one_line_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no face model.*mien models add bfm"):
        BfmHead.load(tmp_path)
    arrays = bfm_arrays() | {"expression_basis": np.zeros((300, 3, 28))}
    np.savez(tmp_path / "bfm.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"expression_basis has shape.*mien models add bfm"):
        BfmHead.load(tmp_path)
