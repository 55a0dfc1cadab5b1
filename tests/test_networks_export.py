"""Exported networks in ONNX Runtime, against torch and against upstream's own code."""

from __future__ import annotations

import logging
from collections import Counter
from logging.handlers import BufferingHandler
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from engine.runtime import RuntimeSettings, Session, open_session
from models.networks import emoca, expnet, smirk
from models.networks.emorec import EmorecConfig, build_emorec
from models.networks.export import export
from models.networks.network import Float, Network, NetworkSpec
from models.networks.resnet import ResNet
from tests.synthetic_networks import emorec_state, pictures, upstream

TORCH = 1e-4  # how far ONNX Runtime may be from torch


def opened(path: Path) -> Session:
    return open_session(path, RuntimeSettings(threads=1))


def assert_signature(session: Session, spec: NetworkSpec) -> None:
    assert [(t.name, t.shape) for t in session.inputs] == [
        (spec.input.name, (None, *spec.input.shape))
    ]
    assert [(t.name, t.shape) for t in session.outputs] == [
        (output.name, (None, *output.shape)) for output in spec.outputs
    ]
    assert {t.dtype for t in (*session.inputs, *session.outputs)} == {np.dtype(np.float32)}


def largest_difference(outputs: tuple[Float, ...], expected: tuple[Float, ...]) -> float:
    assert [output.shape for output in outputs] == [array.shape for array in expected]
    return max(float(np.abs(a - b).max()) for a, b in zip(outputs, expected, strict=True))


def test_smirk_in_onnx_runtime_gives_what_upstream_gives(smirk_onnx: Path) -> None:
    with opened(smirk_onnx) as session:
        assert_signature(session, smirk.SPEC)
        outputs = session.run(pictures("smirk"))
    expected = upstream("smirk")
    wanted = tuple(expected[output.name] for output in smirk.SPEC.outputs)
    assert largest_difference(outputs, wanted) < 1e-4


def test_emoca_in_onnx_runtime_gives_what_torch_gives(tmp_path: Path) -> None:
    torch.manual_seed(7)
    module = emoca.Emoca(jaw=True, global_pose=False)
    for encoder in (module.E_flame, module.E_expression):
        encoder.encoder = ResNet((1, 1, 1, 1), reading="torch")  # shallow: sooner exported
    assert_same_as_torch(Network(emoca.SPEC, module.eval()), pictures("emoca", 2), tmp_path)


def test_expnet_in_onnx_runtime_gives_what_torch_gives(tmp_path: Path) -> None:
    torch.manual_seed(7)
    module = expnet.ExpNet((1, 1, 1, 1))  # shallow: sooner exported
    module.resize.copy_(torch.tensor(expnet.legacy_resize(expnet.CROP, expnet.SIZE)))
    module.shape_mean.fill_(120.0)
    module.image_mean.fill_(0.5)
    module.label_mean.copy_(torch.arange(6.0))
    module.label_deviation.copy_(torch.arange(1.0, 7.0))
    for encoder in (module.expression.encoder, module.shape.encoder):
        encoder.bn1.running_var.fill_(4096.0)  # grey levels come in
    assert_same_as_torch(Network(expnet.SPEC, module.eval()), pictures("expnet", 2), tmp_path)


def assert_same_as_torch(network: Network, inputs: Float, folder: Path) -> None:
    path = folder / f"{network.spec.name}.onnx"
    for parameter in network.module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter)  # signals stay large, no difference hides
    export(network, path)
    expected = network.run(inputs)
    assert all(np.ptp(array, axis=0).max() > 0.05 for array in expected)  # it sees the pictures
    with opened(path) as session:
        assert_signature(session, network.spec)
        assert largest_difference(session.run(inputs), expected) < TORCH


def test_the_emotion_head_in_onnx_runtime_gives_what_torch_gives(emorec_onnx: Path) -> None:
    config = EmorecConfig(("shape", "expression", "jaw"), width=16)
    network = build_emorec(emorec_state(config), config)
    coefficients = np.random.default_rng(5).standard_normal((3, 153)).astype(np.float32)
    with opened(emorec_onnx) as session:
        assert_signature(session, network.spec)
        assert largest_difference(session.run(coefficients), network.run(coefficients)) < TORCH


@pytest.mark.parametrize("count", [1, 3])
def test_the_batch_is_free(emorec_onnx: Path, count: int) -> None:
    with opened(emorec_onnx) as session:
        scores, valence, _ = session.run(np.zeros((count, 153), np.float32))
    assert scores.shape == (count, 8)
    assert valence.shape == (count, 1)


def test_every_convolution_carries_its_padding_and_normalisation(smirk_onnx: Path) -> None:
    kinds = Counter(node.op_type for node in onnx.load(smirk_onnx).graph.node)
    assert kinds["Conv"] == 126
    assert kinds["BatchNormalization"] == kinds["Pad"] == 0


def test_an_exported_file_is_one_and_names_no_place_of_this_machine(smirk_onnx: Path) -> None:
    assert [path.name for path in smirk_onnx.parent.iterdir()] == ["smirk.onnx"]
    content = smirk_onnx.read_bytes()
    assert str(Path(smirk.__file__).parent).encode() not in content
    assert b".py" not in content


def test_exporting_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = EmorecConfig(("jaw",), layers=1, width=4)
    remarks = BufferingHandler(capacity=100)
    remarks.setLevel(logging.WARNING)
    log = logging.getLogger("torch.onnx")  # a handler of torch writes it to the real stderr
    log.addHandler(remarks)
    try:
        export(build_emorec(emorec_state(config), config), tmp_path / "emorec.onnx")
    finally:
        log.removeHandler(remarks)
    assert [record.getMessage() for record in remarks.buffer] == []
    assert capfd.readouterr() == ("", "")
