"""A session of some of a network's outputs."""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from engine.runtime import RuntimeSettings, open_session
from tests.small_networks import network


def test_a_part_with_large_weights_computes_what_the_whole_does(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    weights = {name: random.normal(size=(60, 60)).astype(np.float32) for name in ("a", "b")}
    nodes = [
        helper.make_node("MatMul", ["image", "a"], ["first"]),
        helper.make_node("MatMul", ["first", "b"], ["second"]),
    ]
    shape: list[int | str] = ["N", 60]
    graph = network(nodes, {"image": shape}, {"first": shape, "second": shape}, weights)
    onnx.save(graph, tmp_path / "x.onnx")
    image = random.normal(size=(2, 60)).astype(np.float32)
    settings = RuntimeSettings(threads=1)
    with (
        open_session(tmp_path / "x.onnx", settings) as whole,
        open_session(tmp_path / "x.onnx", settings, ("second",)) as last,
        open_session(tmp_path / "x.onnx", settings, ("first",)) as first,
    ):
        expected = whole.run(image)
        np.testing.assert_array_equal(first.run(image)[0], expected[0])
        np.testing.assert_array_equal(last.run(image)[0], expected[1])
