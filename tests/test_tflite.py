"""MediaPipe's networks from TensorFlow Lite to ONNX; end to end: test_session_landmarker.py."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.errors import ModelError
from engine.runtime import RuntimeSettings, Session, open_session
from models.checkpoints.face_geometry import read_face_geometry
from models.checkpoints.onnx_from_tflite import onnx_from_tflite
from models.checkpoints.rewriting import LANES, LAYER_NORMALISATION, rewritten
from models.checkpoints.tflite import Network, read_tflite
from models.face_landmarker import GEOMETRY
from tests.faces import face_model

NAMES = {
    "face_detector": (["image"], ["boxes", "scores"]),
    "face_landmarks_detector": (["image"], ["landmarks", "presence", "tongue_out"]),
    "face_blendshapes": (["points"], ["scores"]),
}


def network(name: str) -> Network:
    with zipfile.ZipFile(face_model()) as bundle:
        return read_tflite(bundle.read(f"{name}.tflite"))


def opened(content: bytes, path: Path) -> Session:
    path.write_bytes(content)
    return open_session(path, RuntimeSettings(threads=1))


@pytest.mark.parametrize("name", NAMES)
def test_a_rewritten_network_gives_the_same_numbers(
    name: str, tmp_path: Path, random: np.random.Generator
) -> None:
    original = network(name)
    results = []
    (size,) = (original.tensors[tensor].shape for tensor in original.inputs)
    shape = size if len(size) == 3 else (1, 3, *size[1:3])
    image = (random.random(shape) * (200 if len(size) == 3 else 1)).astype(np.float32)
    for index, one in enumerate((original, rewritten(original))):
        content = onnx_from_tflite(one, *NAMES[name])
        with opened(content, tmp_path / f"{index}.onnx") as session:
            assert [tensor.name for tensor in session.inputs] == NAMES[name][0]
            assert [tensor.name for tensor in session.outputs] == NAMES[name][1]
            results.append(session.run(image))
    for before, after in zip(*results, strict=True):
        np.testing.assert_allclose(after, before, atol=2e-5 * max(1.0, float(np.abs(before).max())))


def test_rewriting_leaves_no_narrow_prelu_and_no_normalisation_in_ten_steps() -> None:
    landmarks = network("face_landmarks_detector")
    narrow = [len(narrow_prelus(one)) for one in (landmarks, rewritten(landmarks))]
    assert narrow == [4, 0]
    blendshapes = rewritten(network("face_blendshapes"))
    kinds = [operator.kind for operator in blendshapes.operators]
    assert kinds.count(LAYER_NORMALISATION) == 8 and "RSQRT" not in kinds


def narrow_prelus(one: Network) -> list[int]:
    widths = [one.tensors[step.output].shape[3] for step in one.operators if step.kind == "PRELU"]
    return [width for width in widths if width < LANES]


def test_prelu_and_channel_padding_are_convolutions_so_that_the_layout_stays() -> None:
    content = onnx_from_tflite(
        rewritten(network("face_landmarks_detector")), *NAMES["face_landmarks_detector"]
    )
    kinds = {node.op_type for node in onnx.load_from_string(content).graph.node}
    assert kinds == {"Conv", "Relu", "Add", "MaxPool", "Sigmoid", "Reshape", "Transpose"}


def test_outputs_that_are_not_named_are_left_out() -> None:
    content = onnx_from_tflite(network("face_landmarks_detector"), ["image"], ["landmarks"])
    outputs = onnx.load_from_string(content).graph.output
    assert [output.name for output in outputs] == ["landmarks"]


@pytest.mark.parametrize("content", [b"", b"\x00\x00\x00\x00ONNX", b"PK\x03\x04 a zip file"])
def test_other_bytes_are_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"cannot read a network: .*TFL3") as caught:
        read_tflite(content)
    assert "\n" not in str(caught.value)


def test_an_operator_that_these_networks_do_not_have_is_named() -> None:
    original = network("face_detector")
    strange = replace(original.operators[3], kind="LSTM")
    operators = (*original.operators[:3], strange)
    with pytest.raises(ModelError, match="operator LSTM"):
        onnx_from_tflite(replace(original, operators=operators), *NAMES["face_detector"])


def test_the_canonical_face_is_mediapipes() -> None:
    """As in its canonical_face_model.obj: the nose's tip, the corners of the eyes, the chin."""
    with zipfile.ZipFile(face_model()) as bundle:
        face = read_face_geometry(bundle.read(GEOMETRY))
    assert face.points.shape == (468, 3) and face.weights.shape == (468,)
    np.testing.assert_allclose(face.points[1], [0.0, -1.126865, 7.475604], atol=1e-5)
    np.testing.assert_allclose(face.points[33] * (-1, 1, 1), face.points[263], atol=1e-5)
    assert face.points[152, 1] < face.points[1, 1] < face.points[33, 1]
    assert np.count_nonzero(face.weights) == 33


@pytest.mark.parametrize("keep", [0, 5, 1000, 19000])
def test_a_damaged_canonical_face_is_refused_in_one_line(keep: int) -> None:
    with zipfile.ZipFile(face_model()) as bundle:
        content = bundle.read(GEOMETRY)[:keep]
    with pytest.raises(ModelError, match="cannot read the canonical face") as caught:
        read_face_geometry(content)
    assert "\n" not in str(caught.value)
