"""Official checkpoints to networks: the right file of several, and what upstream computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.archive import members_of
from models.checkpoints.networks import Built, build_network
from models.checkpoints.recognition import Kind, recognise
from models.checkpoints.selection import best_member
from models.networks.emorec import EmorecConfig
from tests.official_files import CONFIGURATION, tensors, write_lightning
from tests.synthetic_networks import emoca_state, emorec_state, pictures, smirk_state, upstream

HEAD = EmorecConfig(("shape", "expression", "jaw"), layers=2, width=16)


def built(name: str, *paths: Path) -> Built:
    return build_network(name, recognise(members_of(paths)))


def write_head(folder: Path, config: EmorecConfig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """EMOCA-emorec in its layout, with a worse and a last checkpoint."""
    state = emorec_state(config)
    other = {key: np.zeros_like(value) for key, value in state.items()}
    checkpoints = folder / "checkpoints"
    for name, content in (
        ("deca-epoch=1-val_loss/dataloader_idx_0=1.25.ckpt", state),
        ("deca-epoch=0-val_loss/dataloader_idx_0=10.5.ckpt", other),
        ("deca-epoch=2-val_loss/dataloader_idx_0=3.ckpt", other),
        ("last.ckpt", other),
    ):
        write_lightning(checkpoints / name, content, monkeypatch)
    flags = "".join(
        f"  {key}: {'true' if part in config.parts else 'false'}\n"
        for part, key in (
            *(("shape", "use_identity"), ("expression", "use_expression")),
            *(("rotation", "use_global_pose"), ("jaw", "use_jaw_pose"), ("", "use_detail_code")),
        )
    )
    (folder / "cfg.yaml").write_text(
        f"data:\n  n_expression: {config.classes}\nmodel:\n  num_mlp_layers: {config.layers}\n"
        f"  mlp_dim: {config.width}\n  v_activation: none\n{flags}"
    )
    return folder


def by_hand(config: EmorecConfig, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """The head as issue 3 describes it, in numpy."""
    state = {key.removeprefix("mlp.model."): value for key, value in emorec_state(config).items()}
    x = inputs.astype(np.float64)
    for layer in range(config.layers):
        x = x @ state[f"{3 * layer}.weight"].T + state[f"{3 * layer}.bias"]
        mean, variance, scale, offset = (
            state[f"{3 * layer + 1}.{leaf}"]
            for leaf in ("running_mean", "running_var", "weight", "bias")
        )
        x = (x - mean) / np.sqrt(variance + 1e-5) * scale + offset
        x = np.where(x > 0, x, 0.2 * x)
    return np.asarray(
        x @ state[f"{3 * config.layers}.weight"].T + state[f"{3 * config.layers}.bias"]
    )


def test_smirk_computes_what_upstream_does(tmp_path: Path) -> None:
    torch.save(tensors(smirk_state()), tmp_path / "renamed.bin")
    network = built("smirk", tmp_path / "renamed.bin").network
    expected = upstream("smirk")
    outputs = network.run(pictures("smirk"))
    for spec, output in zip(network.spec.outputs, outputs, strict=True):
        assert np.abs(output - expected[spec.name]).max() < 2e-5, spec.name


def test_emocas_configuration_says_what_its_second_encoder_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "EMOCA_v2_lr_mse_20"
    checkpoint = folder / "detail" / "checkpoints" / "e-val_loss" / "dataloader_idx_0=3.25.ckpt"
    write_lightning(checkpoint, emoca_state(outputs=53), monkeypatch)
    with pytest.raises(ModelError, match=r"cfg\.yaml tells which"):
        built("emoca", checkpoint)
    text = CONFIGURATION.format(section="detail", jaw="true", head="true")
    (folder / "cfg.yaml").write_text(text)
    with pytest.raises(ModelError, match="gives 53 numbers"):
        built("emoca", folder)
    text = CONFIGURATION.format(section="detail", jaw="true", head="false")
    (folder / "cfg.yaml").write_text(text)
    found = built("emoca", folder)
    assert found.variant == "EMOCA v2 (EMOCA_v2_lr_mse_20)"
    assert [member.name for member in found.sources] == [checkpoint.name, "cfg.yaml"]
    outputs = dict(
        zip(
            [output.name for output in found.network.spec.outputs],
            found.network.run(pictures("emoca", 1)),
            strict=True,
        )
    )
    expected = upstream("emoca")
    assert np.abs(outputs["pose"] - expected["jaw_pose"][:1]).max() < 2e-5
    assert np.abs(outputs["expression"] - expected["jaw_expression"][:1]).max() < 2e-5


def test_the_best_checkpoint_of_a_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = built("emorec", write_head(tmp_path / "EMOCA-emorec", HEAD, monkeypatch))
    assert found.sources[0].name == "dataloader_idx_0=1.25.ckpt"
    assert found.parts == HEAD.parts
    inputs = np.linspace(-1, 1, 2 * HEAD.inputs, dtype=np.float32).reshape(2, -1)
    scores, valence, arousal = found.network.run(inputs)
    raw = by_hand(HEAD, inputs)
    logarithms = raw[:, :8] - np.log(np.exp(raw[:, :8]).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(scores, logarithms, atol=1e-5)
    np.testing.assert_allclose(np.hstack([valence, arousal]), raw[:, 8:], atol=1e-5)


def test_of_two_stages_the_detail_stage_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stage, loss in (("coarse", "0.5"), ("detail", "3.5")):
        path = tmp_path / "EMOCA" / stage / "checkpoints" / f"e_idx_0={loss}.ckpt"
        write_lightning(path, {"deca.E_flame.a": np.ones(1)}, monkeypatch)
    member, home = best_member(recognise(members_of([tmp_path / "EMOCA"])), Kind.EMOCA)
    assert member.name == "e_idx_0=3.5.ckpt" and home is None


def test_a_head_without_configuration_is_taken_if_it_can_be_one_thing_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = EmorecConfig(("expression", "jaw"), layers=1, width=4, classes=9)
    path = write_lightning(tmp_path / "a.ckpt", emorec_state(usual), monkeypatch)
    assert built("emorec", path).parts == ("expression", "jaw")
    path = write_lightning(tmp_path / "b.ckpt", emorec_state(HEAD), monkeypatch)
    with pytest.raises(ModelError, match=r"it reads 153 numbers, and its cfg\.yaml tells which"):
        built("emorec", path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("use_jaw_pose: true", "use_jaw_pose: false", r"reads 153 numbers; its cfg\.yaml says 150"),
        ("use_detail_code: false", "use_detail_code: true", "use_detail_code: true, which mien"),
        ("mlp_dim: 16", "mlp_dim: 32", "shape"),
        ("num_mlp_layers: 2", "num_mlp_layers: 3", "missing"),
        ("n_expression: 8", "n_expression: 9", "shape"),
        ("n_expression: 8", "n_expression: 7", "expected 8 or 9"),
        ("v_activation: none", "v_activation: tanh", "v_activation: tanh"),
        ("true", "false", "names no use_identity"),
        ("true", "perhaps", "expected true or false"),
    ],
)
def test_a_configuration_of_another_head_is_refused(
    old: str, new: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_head(tmp_path / "EMOCA-emorec", HEAD, monkeypatch)
    text = (folder / "cfg.yaml").read_text()
    assert old in text
    (folder / "cfg.yaml").write_text(text.replace(old, new))
    with pytest.raises(ModelError, match=complaint):
        built("emorec", folder)


def test_two_models_in_one_folder_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        write_head(tmp_path / name, HEAD, monkeypatch)
    with pytest.raises(ModelError, match=r"several models could be meant: .*one/cfg\.yaml"):
        built("emorec", tmp_path)


def test_parts_of_expnet_that_are_missing_are_named(tmp_path: Path) -> None:
    np.save(tmp_path / "3DMM_shape_mean.npy", np.zeros((3, 224, 224), np.float32))
    with pytest.raises(ModelError) as refusal:
        built("expnet", tmp_path)
    for name in ("ini_exprNet_model", "ini_ShapeTextureNet_model", "model_0_1.0", "labels_mean"):
        assert name in str(refusal.value)
    assert "3DMM_shape_mean" not in str(refusal.value)


def test_two_checkpoints_of_one_kind_are_refused(tmp_path: Path) -> None:
    for name in ("a.pt", "b.pt"):
        torch.save({"smirk_encoder.x": torch.ones(1)}, tmp_path / name)
    with pytest.raises(ModelError, match="2 are SMIRK's checkpoint"):
        built("smirk", tmp_path)
