"""The networks, against what upstream's own code gives for the same weights and pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.errors import ModelError
from models.networks.deca import SIZES, build_deca
from models.networks.emoca import Emoca, build_emoca
from models.networks.emorec import EmorecConfig, build_emorec
from models.networks.expnet import ExpNetArrays, build_expnet, legacy_resize
from models.networks.network import Network
from models.networks.smirk import build_smirk, limited
from models.networks.tensorflow import resnet_state
from tests.synthetic_networks import (
    State,
    deca_state,
    emoca_state,
    emorec_state,
    expnet_arrays,
    keys,
    pictures,
    smirk_state,
    upstream,
)

HEAD = EmorecConfig(("expression", "jaw"), layers=4, width=16, classes=9)


def test_smirk_gives_what_upstream_gives() -> None:
    assert_upstream("smirk", build_smirk(smirk_state()), tolerance=2e-5)


def test_deca_gives_what_upstream_gives() -> None:
    assert_upstream("deca", build_deca(deca_state()), tolerance=2e-5)


def test_emoca_gives_what_upstream_gives() -> None:
    network = build_emoca(emoca_state(), jaw=False, global_pose=False)
    assert_upstream("emoca", network, tolerance=2e-5)


def test_an_emoca_that_gives_the_jaw_gives_what_upstream_gives() -> None:
    network = build_emoca(emoca_state(53), jaw=True, global_pose=False)
    expected = upstream("emoca")
    _, _, expression, pose, _, _ = network.run(pictures("emoca", 2))
    assert expression == pytest.approx(expected["jaw_expression"][:2], abs=2e-5)
    assert pose == pytest.approx(expected["jaw_pose"][:2], abs=2e-5)
    assert np.abs(pose - expected["pose"][:2]).max() > 0.01  # DECA's own jaw is another


def test_expnet_shapenet_and_posenet_give_what_upstream_gives() -> None:
    network = build_expnet(expnet_arrays())
    expected = upstream("expnet")
    outputs = network.run(pictures("expnet", 2))
    for spec, output in zip(network.spec.outputs, outputs, strict=True):
        tolerance = 5e-5 if spec.name == "pose" else 1e-3  # the others reach 81
        assert output == pytest.approx(expected[spec.name][:2], abs=tolerance), spec.name


def assert_upstream(name: str, network: Network, *, tolerance: float) -> None:
    expected = upstream(name)
    outputs = network.run(pictures(name))
    for spec, output in zip(network.spec.outputs, outputs, strict=True):
        assert output.shape == (4, *spec.shape)
        assert output == pytest.approx(expected[spec.name], abs=tolerance), spec.name


def test_smirks_lids_and_jaw_are_limited_as_upstream_limits_them() -> None:
    expected = upstream("smirk")
    expression, eyelids, jaw = limited(torch.tensor(expected["raw"]))
    assert np.array_equal(expression, expected["raw_expression"])
    assert np.array_equal(eyelids, expected["raw_eyelids"])
    assert np.array_equal(jaw, expected["raw_jaw"])


def test_a_picture_is_resized_as_tensorflow_1_does() -> None:
    picture = pictures("expnet", 1)[0]
    matrix = legacy_resize(227, 224)
    resized = (matrix @ picture @ matrix.T).transpose(1, 2, 0)
    assert resized[::16, ::16] == pytest.approx(upstream("expnet")["resized"], abs=5e-5)


class Given(torch.nn.Module):
    """An encoder that gives the same code whatever it sees."""

    def __init__(self, code: torch.Tensor) -> None:
        super().__init__()
        self.code = code

    def forward(self, _: torch.Tensor) -> torch.Tensor:
        return self.code


@pytest.mark.parametrize("jaw", [False, True])
@pytest.mark.parametrize("global_pose", [False, True])
def test_emocas_second_encoder_replaces_what_its_flags_say(jaw: bool, global_pose: bool) -> None:
    first = torch.arange(236.0)[None]
    second = 1000.0 + torch.arange(50.0 + 3 * (jaw + global_pose))[None]
    with torch.device("meta"):
        network = Emoca(jaw=jaw, global_pose=global_pose)
    network.E_flame, network.E_expression = Given(first), Given(second)  # type: ignore[assignment]
    shape, texture, expression, pose, camera, light = network(torch.zeros(1))
    assert torch.equal(torch.cat((shape, texture), 1), first[:, :150])
    assert torch.equal(torch.cat((camera, light), 1), first[:, 206:])
    assert torch.equal(expression, second[:, :50])
    rotation = second[0, 50:53] if global_pose else first[0, 200:203]
    opening = second[0, -3:] if jaw else first[0, 203:206]
    assert torch.equal(pose[0], torch.cat((rotation, opening)))
    assert sum(SIZES) == 236


@pytest.mark.parametrize(
    ("outputs", "jaw", "global_pose", "words"),
    [
        (53, None, None, "gives 53 numbers.*cfg.yaml tells which.*whole folder"),
        (53, False, False, r"gives 53 numbers.*exp_deca_jaw_pose \(false\)"),
        (50, True, None, r"gives 50 numbers.*exp_deca_jaw_pose \(true\).*\(not told\)"),
        (56, True, False, r"gives 56 numbers.*exp_deca_global_pose \(false\)"),
        (51, None, None, "gives 51 numbers; expected 50"),
    ],
)
def test_emoca_and_its_configuration_must_agree(
    outputs: int, jaw: bool | None, global_pose: bool | None, words: str
) -> None:
    state = {"deca.E_expression.layers.2.bias": np.zeros(outputs, np.float32)}
    with pytest.raises(ModelError, match=words):
        build_emoca(state, jaw=jaw, global_pose=global_pose)


def test_an_emoca_of_one_shared_backbone_is_refused() -> None:
    with pytest.raises(ModelError, match=r"deca_parallel.*EMOCA_v2_lr_mse_20"):
        build_emoca({"deca.E_expression.resnet.conv1.weight": np.zeros(1, np.float32)})


def without(state: State, key: str) -> State:
    return {name: array for name, array in state.items() if name != key}


PLACE = "smirk_encoder.pose_encoder.pose_cam_layers.0.bias"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda state: without(state, PLACE), r"pose_cam_layers.0.bias is missing of 636 entries"),
        (lambda state: {}, "and 635 more are missing of 636"),
        (lambda state: {**state, "smirk_encoder.x": np.zeros(1)}, "x is too many; expected 636"),
        (lambda state: {**state, PLACE: np.zeros(7)}, r"has shape \(7,\); expected \(6,\)"),
        (lambda state: {**state, PLACE: np.zeros(6, int)}, "holds int64; expected floating"),
        (lambda state: {**state, PLACE: np.full(6, np.nan)}, "no numbers; expected finite"),
        (lambda state: {**state, PLACE: np.full(6, np.inf)}, "no numbers; expected finite"),
    ],
)
def test_what_is_not_smirks_is_refused_in_one_line(
    spoil: Callable[[State], State], words: str
) -> None:
    with pytest.raises(ModelError, match=f"not the weights of SMIRK: .*{words}") as caught:
        build_smirk(spoil(smirk_state()))
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("Take the official, complete file.")


def test_weights_of_half_or_double_precision_are_taken() -> None:
    state = smirk_state()
    state[PLACE] = np.array([0.5, -0.25, 1.0, 2.0, 0.0, 1.5], np.float16)
    state["smirk_encoder.pose_encoder.pose_cam_layers.0.weight"] = np.zeros((6, 576))
    pose, camera, *_ = build_smirk(state).run(pictures("smirk", 1))
    assert [*pose[0], *camera[0]] == [0.5, -0.25, 1.0, 2.0, 0.0, 1.5]


def test_another_networks_weights_are_refused() -> None:
    with pytest.raises(ModelError, match="not the weights of DECA: E_flame"):
        build_deca(smirk_state())


NO_VARIABLES = ExpNetArrays(
    expression={}, shape={}, pose={}, shape_mean=np.zeros(1), image_mean=np.zeros(1),
    label_mean=np.zeros(1), label_deviation=np.zeros(1),
)  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "exprCNN/conv1/weights is missing"),
        ({"exprCNN/conv1/weights": np.zeros((3, 64))}, r"has shape \(3, 64\); expected 4 axes"),
    ],
)
def test_what_is_not_expnets_is_refused_in_one_line(
    variables: dict[str, NDArray[np.float64]], words: str
) -> None:
    with pytest.raises(ModelError, match=f"not ExpNet's variables exprCNN: .*{words}"):
        build_expnet(replace(NO_VARIABLES, expression=variables))


def test_a_surplus_variable_is_refused_and_foreign_ones_are_ignored() -> None:
    depths = (3, 4, 23, 3)
    arrays = {name: np.broadcast_to(0.0, shape) for name, shape in keys("expnet").items()}
    state = resnet_state({**arrays, "global_step": np.zeros(())}, "exprCNN", depths, into="")
    assert len(state) == len(arrays) == 522
    surplus = {**arrays, "exprCNN/conv1/weights/Momentum": np.zeros(1)}
    with pytest.raises(ModelError, match="exprCNN/conv1/weights/Momentum is one of 1 too many"):
        resnet_state(surplus, "exprCNN", depths, into="")


def test_the_emotion_head_computes_its_formula() -> None:
    state = emorec_state(HEAD)
    coefficients = np.random.default_rng(3).standard_normal((5, 53))
    layers = {key.removeprefix("mlp.model."): array for key, array in state.items()}
    hidden = coefficients
    for index in range(0, 12, 3):
        hidden = hidden @ layers[f"{index}.weight"].T + layers[f"{index}.bias"]
        norm = {leaf: layers[f"{index + 1}.{leaf}"] for leaf in ("running_mean", "running_var")}
        hidden = (hidden - norm["running_mean"]) / np.sqrt(norm["running_var"] + 1e-5)
        hidden = hidden * layers[f"{index + 1}.weight"] + layers[f"{index + 1}.bias"]
        hidden = np.maximum(hidden, 0.2 * hidden)
    raw = hidden @ layers["12.weight"].T + layers["12.bias"]
    scores, valence, arousal = build_emorec(state, HEAD).run(coefficients.astype(np.float32))
    assert np.exp(scores) == pytest.approx(
        np.exp(raw[:, :9]) / np.exp(raw[:, :9]).sum(1, keepdims=True), abs=1e-6
    )
    assert valence == pytest.approx(raw[:, 9:10], abs=1e-5)
    assert arousal == pytest.approx(raw[:, 10:], abs=1e-5)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (replace(HEAD, parts=("shape", "expression", "jaw")), "reads 53 numbers.*says 153"),
        (replace(HEAD, classes=8), r"12.bias has shape \(11,\); expected \(10,\)"),
        (replace(HEAD, classes=7), "tells 7 classes.*expected 8 or 9"),
        (replace(HEAD, layers=3), "not the weights of EMOCA's emotion head"),
    ],
)
def test_the_emotion_head_and_its_configuration_must_agree(
    config: EmorecConfig, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        build_emorec(emorec_state(HEAD), config)


@pytest.mark.parametrize("parts", [(), ("jaw", "expression"), ("jaw", "jaw"), ("hair",)])
def test_parts_of_the_emotion_head_have_one_order(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="parts must be some of"):
        EmorecConfig(parts)  # type: ignore[arg-type]
