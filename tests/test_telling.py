"""Errors of a mien that was started without a terminal: what the desktop is asked to show."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from app.telling import outside_environment, show_error

if sys.platform != "linux":
    pytest.skip("stands in for programs of Linux desktops", allow_module_level=True)

START = "import sys; from app.__main__ import main_without_terminal as main; sys.exit(main())"


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    return tmp_path / "shown"


def stand_in(folder: Path, name: str, shown: Path) -> None:
    """A program of that name that writes down what it was told."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" {name} "$@" >> {shlex.quote(str(shown))}\nexit 1\n'
    )
    program.chmod(0o755)


def started(
    *arguments: str, programs: Path, home: Path, display: str | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"PATH": str(programs), "MIEN_HOME": str(home)}
    command = [sys.executable, "-c", START, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_the_first_dialog_that_the_desktop_has_is_asked_once(
    tmp_path: Path, shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    monkeypatch.setenv("PATH", str(programs))
    show_error("no dialog is there")
    for name in ("notify-send", "xmessage", "kdialog", "zenity"):
        stand_in(programs, name, shown)
        show_error("no camera: 0; expected one.")
        lines = shown.read_text().splitlines()
        assert lines[0] == name and lines.count(name) == 1
        assert any("no camera: 0; expected one." in line for line in lines)
        assert str(tmp_path / "home" / "log" / "mien.log") in lines[-1]
        shown.unlink()


def test_the_dialogs_words_are_no_markup_and_no_escapes(
    tmp_path: Path, shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    stand_in(tmp_path / "bin", "zenity", shown)
    show_error("cannot read <b>C:\\new</b>")
    told = shown.read_text()
    assert "--no-markup" in told and "--text=cannot read <b>C:\\\\new</b>" in told


def test_a_damaged_profile_is_shown_printed_and_logged(tmp_path: Path, shown: Path) -> None:
    stand_in(tmp_path / "bin", "zenity", shown)
    profile = tmp_path / "home" / "config" / "default.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text("mirorr = true\n")
    done = started("run", "--no-window", programs=tmp_path / "bin", home=tmp_path / "home")
    assert done.returncode == 1
    log = (tmp_path / "home" / "log" / "mien.log").read_text()
    for told in (shown.read_text(), done.stderr, log):
        assert "default.toml" in told and "`mirorr` is not a setting" in told


def test_bare_mien_without_a_display_ends_with_the_reason(tmp_path: Path, shown: Path) -> None:
    stand_in(tmp_path / "bin", "zenity", shown)
    done = started(programs=tmp_path / "bin", home=tmp_path / "home")
    assert done.returncode == 1
    assert "no window" in shown.read_text() and "no window" in done.stderr


def test_a_fault_of_our_own_is_shown_and_its_traceback_logged(tmp_path: Path, shown: Path) -> None:
    stand_in(tmp_path / "bin", "zenity", shown)
    program = (
        "import sys\n"
        "from app import cli\n"
        "cli.COMMANDS['doctor'].run = lambda arguments: 1 / 0\n" + START
    )
    environment = {**os.environ, "PATH": str(tmp_path / "bin"), "MIEN_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program, "doctor"], env=environment, capture_output=True, timeout=60
    )
    assert done.returncode == 1
    assert "a fault of its own: ZeroDivisionError: division by zero" in shown.read_text()
    assert "Traceback" in (tmp_path / "log" / "mien.log").read_text()


def test_a_watched_booth_waits_for_nobody(tmp_path: Path, shown: Path) -> None:
    stand_in(tmp_path / "bin", "zenity", shown)
    arguments = ("run", "--kiosk", "--watched", "--source", "demo")
    done = started(*arguments, programs=tmp_path / "bin", home=tmp_path / "home")
    assert done.returncode == 1 and "no window" in done.stderr
    assert not shown.exists()


def test_programs_of_the_system_load_no_library_of_the_one_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = {"HOME": "/h", "LD_LIBRARY_PATH": "/folder", "LD_LIBRARY_PATH_ORIG": "/theirs"}
    assert outside_environment(ours) == ours
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert outside_environment(ours) == {"HOME": "/h", "LD_LIBRARY_PATH": "/theirs"}
    del ours["LD_LIBRARY_PATH_ORIG"]
    assert outside_environment(ours) == {"HOME": "/h"}
