"""`mien models` as a person uses it: list, add, check, export; nothing half-done on the disk."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import torch

from app.commands import models
from app.folders import data_folder
from engine.errors import MienError, ModelError
from models.card import ModelCard, self_test_input
from models.catalogue import catalogue
from models.heads.bfm import BfmHead
from models.heads.flame_files import read_flame
from models.networks.emorec import EmorecConfig
from tests.official_files import write_flame_download, write_lightning
from tests.synthetic_networks import emorec_state
from tests.test_checkpoint_networks import write_head

DATA = Path(__file__).parent / "data" / "checkpoints"
HEAD = EmorecConfig(("expression", "jaw"), layers=1, width=8)


def mien_models(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    models.add_parser(parser.add_subparsers())
    return models.run(parser.parse_args(["models", *map(str, words)]))


@pytest.fixture
def folder() -> Path:
    return data_folder() / "models"


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_every_model_is_listed_with_its_owners_terms(capsys: pytest.CaptureFixture[str]) -> None:
    assert mien_models() == 0
    blocks = {block.split()[0]: block for block in capsys.readouterr().out.split("\n\n")}
    names = ["mediapipe", "smirk", "deca", "emoca", "emorec", "expnet", "flame", "bfm"]
    assert list(blocks) == names
    assert "ready to run" in blocks["mediapipe"]
    for entry in catalogue():
        block = blocks[entry.name]
        assert "not installed" in block and f"mien models add {entry.name} " in block
        assert entry.licence in block and "https://" in block
        assert len(block.splitlines()) == 4


def test_list_is_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    mien_models()
    table = capsys.readouterr().out
    assert mien_models("list") == 0
    assert capsys.readouterr().out == table


def test_flame_is_added_in_parts_and_drives_the_head(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download = write_flame_download(tmp_path / "download")
    assert mien_models("add", "flame", download / "generic_model.pkl") == 0
    printed = capsys.readouterr().out
    assert "a FLAME model" in printed and "399 vertices; every FLAME has 5,023" in printed
    assert "FLAME 2020; no landmark_embedding.npy; no mediapipe_" in printed
    assets = [path for path in download.iterdir() if path.suffix != ".pkl"]
    assert mien_models("add", "flame", *assets) == 0
    model = read_flame(folder)
    assert model.template.shape == (399, 3)
    assert model.eyelids is not None and model.landmarks is not None
    assert model.mediapipe is not None
    capsys.readouterr()
    assert mien_models("check", "flame") == 0
    assert capsys.readouterr().out.count(" ok: ") == 4
    mien_models()
    assert "installed: FLAME 2020\n" in capsys.readouterr().out


def test_only_the_damaged_part_of_flame_fails_its_check(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mien_models("add", "flame", write_flame_download(tmp_path / "download"))
    model = bytearray((folder / "flame.npz").read_bytes())
    model[len(model) // 2] ^= 1
    (folder / "flame.npz").write_bytes(model)
    capsys.readouterr()
    assert mien_models("check", "flame") == 1
    printed = capsys.readouterr().out
    assert printed.count("FAILED") == 1 and printed.startswith("flame            FAILED: ")
    assert printed.count(" ok: ") == 3


def test_another_flame_is_taken_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download = write_flame_download(tmp_path / "download")
    (download / "generic_model.pkl").rename(download / "flame2023_Open.pkl")
    assert mien_models("add", "flame", download / "flame2023_Open.pkl") == 0
    printed = capsys.readouterr().out
    assert "FLAME 2023 Open" in printed and "coefficients of FLAME 2020" in printed


def test_parts_of_different_meshes_are_refused(tmp_path: Path, folder: Path) -> None:
    download = write_flame_download(tmp_path / "download")
    mien_models("add", "flame", download / "generic_model.pkl")
    before = files_in(folder)
    for side in "lr":
        np.save(download / f"{side}_eyelid.npy", np.zeros((5023, 3)))
    with pytest.raises(ModelError, match="do not belong together: left eyelid for 5023 vertices"):
        mien_models("add", "flame", download / "l_eyelid.npy", download / "r_eyelid.npy")
    assert files_in(folder) == before


def test_the_installed_part_that_does_not_fit_is_named(tmp_path: Path, folder: Path) -> None:
    download = write_flame_download(tmp_path / "download")
    lids = [download / f"{side}_eyelid.npy" for side in "lr"]
    for path in lids:
        np.save(path, np.zeros((5023, 3)))
    mien_models("add", "flame", *lids)
    with pytest.raises(ModelError) as refusal:
        mien_models("add", "flame", download / "generic_model.pkl")
    assert "flame_eyelids.npz, installed before, is of another FLAME" in str(refusal.value)
    again = "mien models add flame l_eyelid.npy r_eyelid.npy generic_model.pkl"
    assert str(refusal.value).endswith(again)


@pytest.mark.parametrize(("given", "missing"), ["lr", "rl"])
def test_the_other_eyelid_is_asked_for(tmp_path: Path, given: str, missing: str) -> None:
    download = write_flame_download(tmp_path / "download")
    with pytest.raises(ModelError, match=f"alone: {missing}_eyelid.npy is missing; expected both"):
        mien_models("add", "flame", download / f"{given}_eyelid.npy")


def test_the_basel_model_is_added(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mien_models("add", "bfm", DATA / "bfm_v7.mat") == 0
    assert BfmHead.load(folder).faces.tolist() == [[0, 1, 2], [1, 2, 3]]
    assert mien_models("check", "bfm") == 0


def test_a_network_is_added_checked_and_exported(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    download = write_head(tmp_path / "EMOCA-emorec", HEAD, monkeypatch)
    assert mien_models("add", "emorec", download) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "dataloader_idx_0=1.25.ckpt: the checkpoint of EMOCA's emotion head" in captured.out
    assert "ONNX Runtime and torch differ by" in captured.out
    assert "waits for emoca" in captured.out
    assert sorted(files_in(folder)) == ["emorec.json", "emorec.onnx"]
    assert ModelCard.load(folder / "emorec.json").parts == ("expression", "jaw")

    target = tmp_path / "out.onnx"
    assert mien_models("export", "emorec", "--onnx", target) == 0
    assert target.read_bytes() == (folder / "emorec.onnx").read_bytes()
    with pytest.raises(ModelError, match="cannot write"):
        mien_models("export", "emorec", "--onnx", tmp_path / "none" / "out.onnx")

    assert mien_models("check") == 0
    card = json.loads((folder / "emorec.json").read_text())
    card["self_test"]["outputs"][1][1][0][0] += 0.1
    (folder / "emorec.json").write_text(json.dumps(card))
    capsys.readouterr()
    assert mien_models("check", "emorec") == 1
    assert "FAILED: emorec.onnx fails its self-test: it is 1.0e-01 off" in capsys.readouterr().out

    network = bytearray((folder / "emorec.onnx").read_bytes())
    network[len(network) // 2] ^= 1
    (folder / "emorec.onnx").write_bytes(network)
    assert mien_models("check") == 1
    assert "was changed" in capsys.readouterr().out
    with pytest.raises(ModelError, match="was changed"):
        mien_models("export", "emorec", "--onnx", target)
    (folder / "emorec.onnx").write_bytes(network[:-1])
    mien_models()
    assert "damaged: " in capsys.readouterr().out
    (folder / "emorec.json").unlink()
    mien_models()
    listed = capsys.readouterr().out
    assert "emorec.onnx lies there without its card emorec.json: it is used" in listed
    assert mien_models("check", "emorec") == 1
    checked = capsys.readouterr().out
    assert checked.startswith("emorec           NOT CHECKED: emorec.onnx lies there without its")


def test_what_a_lone_or_halved_checkpoint_leaves_open_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = emorec_state(HEAD)
    first = next(key for key in state if key.endswith("mlp.model.0.weight"))
    state[first] = state[first].astype(np.float16)
    write_lightning(tmp_path / "alone.ckpt", state, monkeypatch)
    assert mien_models("add", "emorec", tmp_path / "alone.ckpt") == 0
    printed = capsys.readouterr().out
    assert "its 53 numbers are assumed to be expression and jaw" in printed
    assert " arrays hold float16 (mlp.model.0.weight)" in printed


@pytest.mark.parametrize(
    "words", [("check",), ("check", "smirk"), ("export", "smirk", "--onnx", "x")]
)
def test_what_is_not_installed_is_said(words: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="installed"):
        mien_models(*words)


def test_a_mixed_up_file_is_sent_to_its_name(tmp_path: Path, folder: Path) -> None:
    download = write_flame_download(tmp_path / "download")
    with pytest.raises(ModelError) as refusal:
        mien_models("add", "smirk", download / "generic_model.pkl")
    assert str(refusal.value) == (
        "wrong file for smirk: generic_model.pkl is a FLAME model; expected SMIRK_em1.pt. "
        "Add it as what it is: mien models add flame …"
    )
    assert files_in(folder) == {}


def test_an_interruption_leaves_what_was_there(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = write_flame_download(tmp_path / "download")
    mien_models("add", "flame", download)
    before = files_in(folder)

    def interrupted(file: BinaryIO, **arrays: object) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mien_models("add", "flame", download)
    assert files_in(folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="the limit is a POSIX one")
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, folder: Path) -> None:
    import resource

    download = write_flame_download(tmp_path / "download")
    mien_models("add", "flame", download / "l_eyelid.npy", download / "r_eyelid.npy")
    before = files_in(folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(ModelError, match=r"cannot make files in .*; expected room"):
            mien_models("add", "flame", download)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files_in(folder) == before


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path, folder: Path) -> None:
    left = folder / ".adding-bfm-abc"
    left.mkdir(parents=True)
    (left / "bfm.npz").write_bytes(b"half")
    mien_models("add", "bfm", DATA / "bfm_v7.mat")
    assert sorted(files_in(folder)) == ["bfm.json", "bfm.npz"]


def test_without_torch_networks_name_the_extra_and_face_models_need_none(tmp_path: Path) -> None:
    """In a process of its own, in which torch cannot be imported."""
    blocked = tmp_path / "blocked" / "torch"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')"
    )
    checkpoint = tmp_path / "a.pt"
    torch.save({"smirk_encoder.a": torch.ones(1)}, checkpoint)
    environment = {**os.environ, "PYTHONPATH": str(blocked.parent), "MIEN_HOME": str(tmp_path)}

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app", "models", *map(str, words)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    refused = run("add", "smirk", checkpoint)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1 and 'pip install ".[flame]"' in refused.stderr
    added = run("add", "bfm", DATA / "bfm_v7.mat")
    assert (added.returncode, added.stderr) == (0, "")
    assert run("check").returncode == 0


def test_the_self_tests_input_is_the_same_everywhere() -> None:
    card = ModelCard.load(DATA / "card.json")
    assert card.self_test is not None
    values = self_test_input(card.self_test)
    assert values.shape == (2, 3, 16, 16) and 0.0 <= values.min() and values.max() < 255.0
    assert [round(float(x), 4) for x in values[1, 2, 3, :3]] == [97.7198, 58.6683, 185.6756]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": 2}', '{"format": 1}', "\0"])
def test_a_damaged_card_is_one_line(text: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "smirk.json").write_text(text)
    with pytest.raises(MienError) as refusal:
        ModelCard.load(folder / "smirk.json")
    assert "\n" not in str(refusal.value)
    assert mien_models("check") == 1
