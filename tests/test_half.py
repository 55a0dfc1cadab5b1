"""Networks in float16: what is converted, what must not be, and how far the results move."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from engine.errors import ModelError
from engine.runtime.cropping import CropRule
from engine.runtime.fused import fused, with_batch_of_one
from engine.runtime.half import half_precision
from tests.faces import photograph
from tests.small_networks import computed, network, small_face_network


def types_of(model: onnx.ModelProto) -> dict[str, int]:
    typed = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    return {
        value.name: value.type.tensor_type.elem_type
        for value in (*typed.graph.value_info, *typed.graph.input, *typed.graph.output)
    }


def one_node(node: onnx.NodeProto, shape: list[int], **weights: object) -> onnx.ModelProto:
    """x -> the node -> y, with a ReLU on either side."""
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="first"),
        node,
        helper.make_node("Relu", ["b"], ["y"], name="last"),
    ]
    return network(nodes, {"x": shape}, {"y": shape}, weights)


def test_inside_is_float16_and_outside_float32() -> None:
    half = half_precision(with_batch_of_one(small_face_network()))
    onnx.checker.check_model(half, full_check=True)
    types = types_of(half)
    assert {types[name] for name in ("image", "pose", "jaw")} == {TensorProto.FLOAT}
    assert types["c/half"] == types["m/half"] == TensorProto.FLOAT16
    weights = {weight.name: weight.data_type for weight in half.graph.initializer}
    assert weights["kernel/half"] == TensorProto.FLOAT16
    assert "kernel" not in weights
    assert weights["sizes"] == TensorProto.INT64


def test_results_move_by_float16s_rounding_only(random: np.random.Generator) -> None:
    image = random.random((1, 3, 32, 32), dtype=np.float32)
    expected = computed(small_face_network(), image)
    found = computed(half_precision(with_batch_of_one(small_face_network())), image)
    for ours, full in zip(found, expected, strict=True):
        assert ours.dtype == np.float32
        assert np.abs(ours - full).max() < 2e-3
        assert not np.array_equal(ours, full)  # it was computed in another type


def test_the_crop_stays_in_float32() -> None:
    rule = CropRule("image", 32, "rgb", 1 / 255)
    half = half_precision(fused(small_face_network(), rule))
    types = types_of(half)
    assert all(types[name] != TensorProto.FLOAT16 for name in types if name.startswith("crop/g"))
    far = np.array([[0.5, 0.01, 650.0], [0.01, 0.5, 650.0]], np.float32)
    image = photograph()
    expected = computed(fused(small_face_network(), rule), image, far)
    for ours, full in zip(computed(half, image, far), expected, strict=True):
        assert np.abs(ours - full).max() < 2e-3


def test_squares_that_float16_cannot_hold_are_not_made() -> None:
    node = helper.make_node("LRN", ["a"], ["b"], size=5, alpha=1e-4, beta=0.75, name="norm")
    model = one_node(node, [1, 8, 4, 4])
    loud = np.full((1, 8, 4, 4), 522, np.float32)  # ExpNet's largest activation
    (found,) = computed(half_precision(one_node(node, [1, 8, 4, 4])), loud)
    (expected,) = computed(model, loud)
    assert found == pytest.approx(expected, rel=2e-3)


def test_weights_beyond_float16_keep_their_node_in_float32() -> None:
    node = helper.make_node("Mul", ["a", "huge"], ["b"], name="scale")
    model = half_precision(one_node(node, [1, 4], huge=np.float32([1e6, 1, 1, 1])))
    (found,) = computed(model, np.float32([[0.01, 1, 2, 3]]))
    assert found == pytest.approx(np.array([[1e4, 1, 2, 3]]), rel=1e-3)


def test_sizes_of_a_resize_keep_their_type() -> None:
    node = helper.make_node("Resize", ["a", "", "scales"], ["b"], mode="linear", name="resize")
    model = half_precision(one_node(node, [1, 1, 4, 4], scales=np.ones(4, np.float32)))
    onnx.checker.check_model(model, full_check=True)
    image = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    assert np.array_equal(computed(model, image)[0], image)


def test_constants_and_casts_follow() -> None:
    three = helper.make_tensor("three", TensorProto.FLOAT, [1], [3.0])
    nodes = [
        helper.make_node("Constant", [], ["c"], value=three, name="constant"),
        helper.make_node("Mul", ["x", "c"], ["p"], name="mul"),
        helper.make_node("Cast", ["p"], ["i"], to=TensorProto.INT64, name="whole"),
        helper.make_node("Cast", ["i"], ["y"], to=TensorProto.FLOAT, name="back"),
    ]
    model = half_precision(network(nodes, {"x": [2]}, {"y": [2]}))
    onnx.checker.check_model(model, full_check=True)
    assert computed(model, np.float32([1.5, 2.5]))[0].tolist() == [4.0, 7.0]


def test_an_output_may_be_used_inside_too() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["y"], name="relu"),
        helper.make_node("Neg", ["y"], ["z"], name="neg"),
    ]
    model = half_precision(network(nodes, {"x": [2]}, {"y": [2], "z": [2]}))
    onnx.checker.check_model(model, full_check=True)
    assert [list(a) for a in computed(model, np.float32([1, -1]))] == [[1, 0], [-1, 0]]


def test_branches_are_refused() -> None:
    body = helper.make_graph([], "body", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body)
    model = helper.make_model(
        helper.make_graph(
            [node],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.BOOL, [])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
        )
    )
    with pytest.raises(ModelError, match=r"branch or loop \(If\).*Use --precision fp32"):
        half_precision(model)
