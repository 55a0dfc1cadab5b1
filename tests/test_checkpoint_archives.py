"""What a user hands over: files, folders, archives; none of it is unpacked to the disk."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import ModelError
from models.checkpoints import archive
from models.checkpoints.archive import members_of
from models.checkpoints.recognition import Kind, recognise


def contents(*paths: Path) -> dict[str, bytes]:
    found = {}
    for member in members_of(paths):
        with member.open() as file:
            found[member.label] = file.read()
        assert member.size == len(found[member.label])
    return found


def test_a_folder_a_zip_and_a_tar_of_it_hold_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "EMOCA"
    (folder / "detail" / "a=b").mkdir(parents=True)
    (folder / "cfg.yaml").write_bytes(b"x: 1")
    (folder / "detail" / "a=b" / "c=1.ckpt").write_bytes(b"numbers")
    expected = {"EMOCA/cfg.yaml": b"x: 1", "EMOCA/detail/a=b/c=1.ckpt": b"numbers"}
    assert contents(folder) == expected
    with zipfile.ZipFile(tmp_path / "download.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in expected.items():
            packed.writestr(name, content)
    assert contents(tmp_path / "download.zip") == {
        f"download/{name}": content for name, content in expected.items()
    }
    for suffix in ("", ":gz", ":bz2", ":xz"):
        path = tmp_path / "download.tar"
        with tarfile.open(path, f"w{suffix}") as tar:  # type: ignore[call-overload]
            tar.add(folder, "EMOCA")
        assert contents(path) == {f"download/{name}": text for name, text in expected.items()}


def test_files_of_torch_and_numpy_are_zips_but_no_archives(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1)}, tmp_path / "model.tar")
    np.savez(tmp_path / "arrays.npz", a=np.ones(1))
    assert [member.label for member in members_of([tmp_path / "model.tar"])] == ["model.tar"]
    assert [member.label for member in members_of([tmp_path / "arrays.npz"])] == ["arrays.npz"]


def test_paths_in_archives_lead_nowhere(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    home.mkdir(parents=True)
    with zipfile.ZipFile(home / "a.zip", "w") as packed:
        packed.writestr("../../outside.pt", b"x")
        packed.writestr(str(tmp_path / "absolute.pt"), b"x")
    with tarfile.open(home / "a.tar", "w") as tar:
        link = tarfile.TarInfo("link.pt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        hard = tarfile.TarInfo("hard.pt")
        hard.type, hard.linkname = tarfile.LNKTYPE, "../../a"
        tar.addfile(hard)
    assert len(members_of([home / "a.zip"])) == 2
    assert members_of([home / "a.tar"]) == ()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.tar", "a.zip", "deep", "home"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_bomb_is_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "SMALL", 1000)
    path = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("model.pt", bytes(1_000_000))
    else:
        with tarfile.open(path, "w:gz") as tar:
            info = tarfile.TarInfo("model.pt")
            info.size = 1_000_000
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    with pytest.raises(ModelError, match=r"bomb\..*too much comes out of it"):
        members_of([path])


def test_a_damaged_or_locked_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("cfg.yaml", b"text" * 50)
    data = path.read_bytes()
    for damaged in (
        data[:-30],
        data.replace(b"texttext", b"texttexx", 1),  # its checksum does not fit
        data[:6] + b"\x01" + data[7:].replace(b"\x14\x00\x00\x00", b"\x14\x00\x01\x00"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match="cannot unpack"):
            members_of([path])
    path.write_bytes(b"\x1f\x8b" + bytes(600))
    with pytest.raises(ModelError, match="cannot unpack"):
        members_of([path])


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes and links for everybody there")
def test_pipes_devices_and_links_in_circles_are_passed_over_or_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(folder / "pipe.pt")
    (folder / "zero.pt").symlink_to("/dev/zero")
    (folder / "circle").symlink_to(".")
    (folder / "nowhere.pt").symlink_to("gone")
    (tmp_path / "model.pt").write_bytes(b"x")
    (folder / "link.pt").symlink_to("../model.pt")
    assert contents(folder) == {"folder/link.pt": b"x"}
    with pytest.raises(ModelError, match="it is no file"):
        members_of([folder / "pipe.pt"])
    with pytest.raises(ModelError, match="no such file"):
        members_of([folder / "nowhere.pt"])


def test_a_folder_with_too_much_in_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_FILES", 3)
    for number in range(4):
        (tmp_path / f"{number}.pt").write_bytes(b"x")
    with pytest.raises(ModelError, match="too many files"):
        members_of([tmp_path])


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pt", b"", Kind.EMPTY),
        ("a.pt", b"\n<!DOCTYPE html><html>Virus scan warning", Kind.WEB_PAGE),
        ("a.pt", b"words", Kind.OTHER),
        ("a.pt", b"\x80\x02.", Kind.DAMAGED),
        ("a.pkl", b"cos\nsystem\n(S'true'\ntR.", Kind.DAMAGED),
        ("cfg.yaml", b"model:", Kind.CONFIGURATION),
        ("a.ckpt.data-00000-of-00001", b"numbers", Kind.DATA),
        ("a.npy", b"\x93NUMPY", Kind.DAMAGED),
        ("a.zip", b"PK\x03\x04", Kind.DAMAGED),
    ],
)
def test_a_file_is_recognised_by_what_is_in_it(name: str, content: bytes, kind: Kind) -> None:
    member = archive.Member(name, len(content), lambda: io.BytesIO(content))
    (found,) = recognise([member])
    assert found.kind is kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"smirk_encoder.a": torch.ones(1)}, Kind.SMIRK),
        ({"E_flame": {"a": torch.ones(1)}, "opt": {}}, Kind.DECA),
        ({"state_dict": {"deca.E_flame.a": torch.ones(1)}}, Kind.EMOCA),
        (
            {"state_dict": {"deca.E_flame.a": torch.ones(1), "mlp.model.0.weight": torch.ones(1)}},
            Kind.EMOREC,
        ),
        ({"state_dict": {"something": torch.ones(1)}}, Kind.OTHER),
    ],
)
def test_checkpoints_are_told_apart_whatever_their_name(content: object, kind: Kind) -> None:
    file = io.BytesIO()
    torch.save(content, file)
    data = file.getvalue()
    (found,) = recognise([archive.Member("model.bin", len(data), lambda: io.BytesIO(data))])
    assert found.kind is kind


def test_a_checkpoint_of_tensorflow_may_be_named_as_tensorflow_does(tmp_path: Path) -> None:
    for name in ("a.ckpt.index", "a.ckpt.data-00000-of-00001", "b.ckpt.index"):
        (tmp_path / name).write_bytes(b"x")
    found = [member.label for member in members_of([tmp_path / "a.ckpt"])]
    assert found == ["a.ckpt.data-00000-of-00001", "a.ckpt.index"]
