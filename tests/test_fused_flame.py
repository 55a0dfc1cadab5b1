"""FLAME's vertices computed inside of a network's graph, against the head model's own."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper

from engine.data import FlameCoefficients
from engine.errors import ModelError
from engine.runtime.fused_flame import with_vertices
from engine.runtime.half import half_precision
from models.heads.flame import FlameHead
from models.heads.flame_files import FlameModel
from tests.small_networks import computed, network

VERTICES = 60
SMIRK = {"pose": 3, "cam": 3, "shape": 300, "expression": 50, "eyelids": 2, "jaw": 3}
DECA = {"shape": 100, "tex": 50, "expression": 50, "pose": 6, "cam": 3, "light": 27}


def made_model(random: np.random.Generator) -> FlameModel:
    """A cloud of the size of a head with FLAME's fields and joints."""
    weights = random.random((VERTICES, 5)) ** 3
    regressor = random.random((5, VERTICES)) ** 8
    return FlameModel(
        template=random.normal(0, 0.08, (VERTICES, 3)),
        faces=random.integers(0, VERTICES, (90, 3)),
        shape_basis=random.normal(0, 1e-3, (VERTICES, 3, 300)),
        expression_basis=random.normal(0, 1e-3, (VERTICES, 3, 100)),
        pose_basis=random.normal(0, 1e-3, (VERTICES, 3, 36)),
        joint_regressor=regressor / regressor.sum(axis=1, keepdims=True),
        parents=(-1, 0, 1, 1, 1),
        skin_weights=weights / weights.sum(axis=1, keepdims=True),
        eyelids=random.normal(0, 1e-3, (2, VERTICES, 3)),
    )


def telling(sizes: dict[str, int]) -> onnx.ModelProto:
    """A network whose outputs are its inputs."""
    nodes = [
        helper.make_node("Identity", [f"given_{name}"], [name], name=f"tell_{name}")
        for name in sizes
    ]
    return network(
        nodes,
        {f"given_{name}": [1, size] for name, size in sizes.items()},
        {name: [1, size] for name, size in sizes.items()},
    )


def numbers(sizes: dict[str, int], random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    found = {name: random.normal(0, 0.5, (1, n)).astype(np.float32) for name, n in sizes.items()}
    if "eyelids" in found:
        found["eyelids"] = np.abs(found["eyelids"])
    return found


def coefficients(given: dict[str, NDArray[np.float32]]) -> FlameCoefficients:
    pose = given["pose"][0].astype(np.float64)
    jaw = given["jaw"][0] if "jaw" in given else pose[3:]
    lids = given["eyelids"][0] if "eyelids" in given else np.zeros(2)
    shape = given["shape"][0].astype(np.float64)
    return FlameCoefficients(
        shape=np.pad(shape, (0, 300 - len(shape))),
        expression=np.pad(given["expression"][0].astype(np.float64), (0, 50)),
        rotation=pose[:3],
        neck=np.zeros(3),
        jaw=np.asarray(jaw, np.float64),
        eyelids=np.asarray(lids, np.float64),
        camera=given["cam"][0].astype(np.float64),
    )


@pytest.mark.parametrize("sizes", [SMIRK, DECA], ids=["smirk", "deca and emoca"])
def test_the_vertices_are_the_head_models(
    sizes: dict[str, int], random: np.random.Generator
) -> None:
    model = made_model(random)
    graph = with_vertices(telling(sizes), model)
    onnx.checker.check_model(graph, full_check=True)
    head = FlameHead(model)
    for _ in range(4):
        given = numbers(sizes, random)
        *told, vertices = computed(graph, *given.values())
        assert vertices.shape == (1, VERTICES, 3)
        assert np.abs(vertices[0] - head.vertices(coefficients(given))).max() < 2e-6  # m
        assert all(np.array_equal(a, b) for a, b in zip(told, given.values(), strict=True))


def test_no_rotation_is_no_division_by_zero(random: np.random.Generator) -> None:
    model = made_model(random)
    given = {name: np.zeros((1, size), np.float32) for name, size in SMIRK.items()}
    *_, vertices = computed(with_vertices(telling(SMIRK), model), *given.values())
    assert np.abs(vertices[0] - model.template).max() < 1e-7


def test_vertices_stay_in_float32_beside_a_half_network(random: np.random.Generator) -> None:
    model = made_model(random)
    given = numbers(SMIRK, random)
    *_, full = computed(with_vertices(telling(SMIRK), model), *given.values())
    *_, half = computed(half_precision(with_vertices(telling(SMIRK), model)), *given.values())
    # What moves them is the rounding of the coefficients alone: a thousandth of their effect.
    assert np.abs(half - full).max() < 1e-4


def test_a_network_of_something_else_is_refused(random: np.random.Generator) -> None:
    with pytest.raises(ModelError, match="the network gives pose, jaw; expected shape"):
        with_vertices(telling({"pose": 3, "jaw": 2}), made_model(random))
