"""A models folder of any content: used, made anew, or refused in one line that helps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from app.folders import data_folder
from app.tracking import TrackingSettings, open_finder
from engine.errors import MienError, ModelError
from engine.regressors import open_regressor
from engine.runtime import RuntimeSettings
from models.heads.bfm import BfmHead
from models.heads.flame import FlameHead
from models.installation import FACE_PARTS, NETWORKS, file_name
from tests.faces import face_model, photograph
from tests.test_models_command import mien_models

CARD = {
    "format": 1,
    "name": "smirk",
    "variant": "x",
    "sources": [{"file": "a.pt", "bytes": 1, "sha256": "0" * 64}],
    "file": {"file": "smirk.onnx", "bytes": 1, "sha256": "0" * 64},
    "parts": [],
    "self_test": {"seed": 1, "shape": [1, 3, 8, 8], "scale": 1.0, "outputs": [["pose", [[0.0]]]]},
}
JSON_VALUES = (
    None,
    True,
    -1,
    10**400,
    1e308,
    "",
    "x" * 999,
    "../../x",
    [],
    {},
    [[]],
    [1, "x", None],
)


@pytest.fixture
def folder() -> Path:
    path = data_folder() / "models"
    path.mkdir(parents=True)
    return path


def spoil(path: Path, random: np.random.Generator, kinds: int) -> None:
    """Something else in its place: a folder, a link to itself, nothing, half of it, noise, other
    bytes here and there."""
    whole = path.read_bytes() if path.is_file() else random.bytes(500)
    path.unlink(missing_ok=True)
    kind = int(random.integers(kinds))
    if kind == 0:
        path.mkdir()
    elif kind == 1:
        path.symlink_to(path)
    elif kind == 2:
        path.write_bytes(b"")
    elif kind == 3:
        path.write_bytes(whole[: int(random.integers(len(whole)))])
    elif kind == 4:
        path.write_bytes(random.bytes(int(random.integers(1, 2000))))
    else:
        data = bytearray(whole)
        for _ in range(20):
            data[int(random.integers(len(data)))] = int(random.integers(256))
        path.write_bytes(data)


def refused_in_one_line(error: MienError) -> bool:
    return "\n" not in str(error) and len(str(error)) < 2000


@pytest.mark.parametrize("seed", range(12))
def test_a_spoilt_network_of_the_face_is_made_anew_or_named(
    seed: int, face_networks: Path, tmp_path: Path
) -> None:
    random = np.random.default_rng(seed)
    folder = tmp_path / "models"
    shutil.copytree(face_networks, folder)
    for path in sorted(folder.iterdir()):
        if random.random() < 0.7:
            spoil(path, random, 5)
    settings = TrackingSettings(
        face_model(), folder, runtime=RuntimeSettings(runtime="onnx", threads=1)
    )
    try:
        landmarker = open_finder(settings)
    except ModelError as error:
        assert refused_in_one_line(error)
        return
    found = landmarker.detect(photograph(), 0.0)
    landmarker.close()
    assert found is not None


@pytest.mark.parametrize("seed", range(20))
def test_a_folder_of_rubbish_is_listed_checked_and_refused(
    seed: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(seed)
    for part in (*NETWORKS, *FACE_PARTS):
        card = dict(CARD) | {"name": part}
        card["file"] = {"file": file_name(part), "bytes": 1, "sha256": "0" * 64}
        key = list(card)[int(random.integers(len(card)))]
        card[key] = JSON_VALUES[int(random.integers(len(JSON_VALUES)))]
        (folder / f"{part}.json").write_text(json.dumps(card))
        for path in (folder / f"{part}.json", folder / file_name(part)):
            if random.random() < 0.6:
                spoil(path, random, 6)
    mien_models("list")
    for name in ("check", *NETWORKS):
        try:
            mien_models("check", *(() if name == "check" else (name,)))
        except MienError as error:
            assert refused_in_one_line(error)
    for open_part in (
        *(lambda name=name: open_regressor(name, folder, RuntimeSettings()) for name in NETWORKS),
        lambda: FlameHead.load(folder),
        lambda: BfmHead.load(folder),
    ):
        try:  # noise may be read by luck: a head's file has no card of its own
            open_part()
        except MienError as error:
            assert refused_in_one_line(error)
    capsys.readouterr()
