from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import ModelError
from engine.runtime import RuntimeSettings, open_session
from tests.small_networks import PROCESSOR, small_face_network

PICTURE = np.full((1, 3, 32, 32), 0.5, np.float32)


def written(path: Path, *nodes: onnx.NodeProto, kind: int = TensorProto.FLOAT) -> Path:
    """An unchecked network from `image` (N, 3) to `seen` (N, 7); it knows the shape (-1, 7)."""
    image, seen = (
        helper.make_tensor_value_info(name, kind, ["N", size])
        for name, size in (("image", 3), ("seen", 7))
    )
    shape = numpy_helper.from_array(np.array([-1, 7]), "shape")
    graph = helper.make_graph(nodes, "odd", [image], [seen], [shape])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path
    )
    return path


def test_a_session_tells_what_goes_in_and_what_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    onnx.save(small_face_network(), path)
    with open_session(path, PROCESSOR) as session:
        (image,) = session.inputs
        assert (image.name, image.shape, image.dtype) == ("image", (None, 3, 32, 32), np.float32)
        assert [(one.name, one.shape) for one in session.outputs] == [
            ("pose", (None, 3)),
            ("jaw", (None, 2)),
        ]
        assert [one.shape for one in session.run(PICTURE)] == [(1, 3), (1, 2)]


@pytest.mark.parametrize("outputs", [("pose",), ("jaw",), ("jaw", "pose")])
def test_fewer_outputs_have_the_same_numbers(tmp_path: Path, outputs: tuple[str, ...]) -> None:
    path = tmp_path / "small.onnx"
    onnx.save(small_face_network(), path)
    with open_session(path, PROCESSOR) as whole, open_session(path, PROCESSOR, outputs) as part:
        both = dict(zip(("pose", "jaw"), whole.run(PICTURE), strict=True))
        for name, found in zip(outputs, part.run(PICTURE), strict=True):
            assert found == pytest.approx(both[name], abs=1e-6)


def test_an_output_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    onnx.save(small_face_network(), path)
    with pytest.raises(ModelError, match="it has no output shape"):
        open_session(path, PROCESSOR, ("shape",))


def test_two_threads_give_the_same_numbers_as_one(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    onnx.save(small_face_network(), path)
    found = []
    for settings in (PROCESSOR, RuntimeSettings(threads=2), RuntimeSettings(spinning=True)):
        with open_session(path, settings) as session:
            found.append(session.run(PICTURE)[0])
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert found[0] == pytest.approx(found[2], abs=1e-6)


def test_a_network_of_text_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Identity", ["image"], ["seen"])
    path = written(tmp_path / "text.onnx", node, kind=TensorProto.STRING)
    with pytest.raises(ModelError, match=r"image is of type tensor\(string\)"):
        open_session(path, PROCESSOR)


@pytest.mark.parametrize("outputs", [None, ("seen",)])
def test_a_network_of_unknown_parts_is_refused_in_one_line(
    tmp_path: Path, outputs: tuple[str, ...] | None
) -> None:
    path = written(tmp_path / "odd.onnx", helper.make_node("Nonsense", ["image"], ["seen"]))
    with pytest.raises(ModelError, match="Nonsense") as caught:
        open_session(path, PROCESSOR, outputs)
    assert "\n" not in str(caught.value)


def test_a_network_that_breaks_when_it_runs_is_told_in_one_line(tmp_path: Path) -> None:
    path = written(tmp_path / "odd.onnx", helper.make_node("Reshape", ["image", "shape"], ["seen"]))
    with (
        open_session(path, PROCESSOR) as session,
        pytest.raises(ModelError, match="cannot be computed") as caught,
    ):
        session.run(np.zeros((1, 3), np.float32))
    assert "\n" not in str(caught.value)


def test_a_folder_and_a_foreign_ending_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder.onnx"
    folder.mkdir()
    with pytest.raises(ModelError, match="there is no such file"):
        open_session(folder, PROCESSOR)
    with pytest.raises(ModelError, match=r"its name ends with '.pt'"):
        open_session(tmp_path / "smirk.pt", PROCESSOR)


def test_settings_of_no_threads_are_refused() -> None:
    with pytest.raises(ValueError, match="threads is 0; expected 1 to 64"):
        RuntimeSettings(threads=0)
