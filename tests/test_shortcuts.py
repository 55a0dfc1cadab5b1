"""Starters: what is written on Linux, and the files that Windows and macOS would get."""

from __future__ import annotations

import argparse
import io
import plistlib
import shlex
import shutil
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path, PureWindowsPath

import cv2
import LnkParse3
import numpy as np
import pytest

from app.commands import install_shortcut
from app.shortcuts import freedesktop, icon, macos, windows
from app.shortcuts.starter import Starter, mien_starter, program
from engine.errors import SettingsError
from tests.desktop_entry import arguments_of

ODD = Starter("mien", "mien", ('/opt/my "own" 100 %/mi$en`\\', "run", "it's --ümläut"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if sys.platform != "linux":
        pytest.skip("writes what Linux desktops read")
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "mien"))
    return tmp_path


def entry(path: Path) -> dict[str, str]:
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "[Desktop Entry]"
    return dict(line.split("=", 1) for line in lines[1:])


def install_shortcut_command(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    install_shortcut.add_parser(parser.add_subparsers())
    return install_shortcut.run(parser.parse_args(["install-shortcut", *arguments]))


def test_a_starter_lies_in_the_menu_with_its_icon_and_starts_mien(home: Path) -> None:
    assert install_shortcut_command() == 0
    found = entry(home / ".local/share/applications/mien.desktop")
    assert found["Type"] == "Application" and found["Terminal"] == "false"
    image = cv2.imread(found["Icon"], cv2.IMREAD_UNCHANGED)
    assert image is not None and image.shape == (256, 256, 4)
    assert image[0, 0, 3] == 0 and image[128, 128, 3] == 255  # its corners are round
    command = arguments_of(found["Exec"])
    assert command == (*program(), "run", "--panel")
    result = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and "--kiosk" in result.stdout
    assert not (home / ".config/autostart").exists()


def test_a_booth_starts_at_login_and_can_be_removed(home: Path) -> None:
    assert install_shortcut_command("--kiosk", "--autostart") == 0
    written = [
        home / ".config/autostart/mien-booth.desktop",
        home / ".local/share/applications/mien-booth.desktop",
    ]
    for path in written:
        assert arguments_of(entry(path)["Exec"])[-2:] == ("run", "--kiosk")
    assert install_shortcut_command("--kiosk", "--remove") == 0
    assert not any(path.exists() for path in written)


def test_a_folder_that_cannot_be_written_is_one_line(home: Path) -> None:
    (home / ".local").write_text("a file")
    with pytest.raises(SettingsError, match=r"^cannot write the shortcut: .*: Not a directory\. "):
        install_shortcut_command()


def test_a_full_disk_is_one_line_that_names_the_file_and_leaves_no_part_of_it(home: Path) -> None:
    import resource  # not on Windows

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # less than the icon's size
    try:
        with pytest.raises(SettingsError) as caught:
            install_shortcut_command()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    path = home / ".local/share/icons/hicolor/256x256/apps/mien.png"
    assert str(caught.value).startswith(f"cannot write the shortcut: {path}: File too large. ")
    assert [found for found in home.rglob("*") if found.is_file()] == []


def test_removing_takes_the_login_along_and_says_if_there_was_none(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install_shortcut_command("--autostart")
    capsys.readouterr()
    assert install_shortcut_command("--remove") == 0
    assert capsys.readouterr().out == "removed: mien\n"
    assert list(home.rglob("*.desktop")) == []
    assert install_shortcut_command("--remove") == 0
    assert capsys.readouterr().out == "there was none: mien\n"


def test_every_character_reaches_the_program_on_linux() -> None:
    text = freedesktop.desktop_entry(ODD, Path("/x/mien.png"))
    line = next(line for line in text.splitlines() if line.startswith("Exec="))
    assert arguments_of(line.removeprefix("Exec=")) == ODD.command


@pytest.mark.peer
def test_desktops_own_validator_accepts_every_starter(home: Path) -> None:
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("needs desktop-file-utils")
    install_shortcut_command("--kiosk", "--autostart")
    install_shortcut_command()
    written = [*home.rglob("*.desktop")]
    assert len(written) == 3
    odd = home / "odd.desktop"
    odd.write_text(freedesktop.desktop_entry(ODD, home / "an icon.png"), "utf-8")
    for path in (*written, odd):
        found = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True)
        assert (found.returncode, found.stdout) == (0, "")


def test_the_starter_is_the_program_that_shows_its_errors(home: Path) -> None:
    assert program() == (str(Path(sysconfig.get_path("scripts")) / "mienw"),)


def test_installing_again_changes_nothing_and_the_last_starter_takes_the_icon_along(
    home: Path,
) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    install_shortcut_command()
    first = files()
    install_shortcut_command()
    assert files() == first and len(first) == 2
    install_shortcut_command("--kiosk")
    install_shortcut_command("--remove")
    assert {path.suffix for path in files()} == {".desktop", ".png"}
    install_shortcut_command("--kiosk", "--remove")
    assert files() == {}


def test_a_starter_whose_profile_is_gone_can_be_removed(home: Path) -> None:
    config = home / "mien" / "config"
    config.mkdir(parents=True)
    (config / "booth.toml").write_text("mirror = true\n")
    install_shortcut_command("--profile", "booth")
    (config / "booth.toml").unlink()
    with pytest.raises(SettingsError, match="booth"):
        install_shortcut_command("--profile", "booth")
    assert install_shortcut_command("--profile", "booth", "--remove") == 0
    assert list(home.rglob("*.desktop")) == []


PROGRAMS = (
    "C:\\Program Files\\mien\\mienw.exe",
    "D:\\Zoë 小野\\my 'own' 100 %\\mienw.exe",
    "\\\\server\\share\\mien\\mienw.exe",
)


@pytest.mark.peer
@pytest.mark.parametrize("target", PROGRAMS)
def test_windows_shortcuts_are_read_whole_by_somebody_elses_reader(target: str) -> None:
    starter = Starter("mien", "mien", (target, "run", "--profile", 'it\'s "ß"'))
    data = windows.link(starter, Path("C:/Üser/mien.ico"))
    read = LnkParse3.lnk_file(io.BytesIO(data)).get_json()
    assert read["data"] == {
        "description": "mien",
        "working_directory": str(PureWindowsPath(target).parent),
        "command_line_arguments": 'run --profile "it\'s \\"ß\\""',
        "icon_location": str(Path("C:/Üser/mien.ico")),
    }
    assert read["header"]["windowstyle"] == "SW_SHOWNORMAL"
    (block,) = read["extra"].values()
    assert block["target_unicode"] == target
    assert read["link_info"].get("local_base_path_unicode", target) == target
    assert bool(read["link_info"]) == (target[1] == ":")


def test_a_path_that_windows_shortcuts_cannot_hold_is_one_line() -> None:
    starter = Starter("mien", "mien", (f"C:\\{'far ' * 70}\\mienw.exe",))
    with pytest.raises(SettingsError, match="has 293 letters; expected at most 259"):
        windows.link(starter, Path("C:/mien.ico"))


def test_the_mac_application_says_what_it_wants_the_camera_for() -> None:
    files = {name: (data, runs) for name, data, runs in macos.application_files(ODD, b"icns")}
    information = plistlib.loads(files["Contents/Info.plist"][0])
    assert information["CFBundleExecutable"] == "mien"
    assert information["NSCameraUsageDescription"]
    script, is_program = files["Contents/MacOS/mien"]
    assert is_program and tuple(shlex.split(script.decode().splitlines()[-1])[1:]) == ODD.command
    assert plistlib.loads(macos.agent(ODD))["RunAtLoad"] is True


@pytest.mark.skipif(sys.platform == "win32", reason="needs sh")
def test_the_mac_application_starts_mien_or_says_that_it_has_moved(tmp_path: Path) -> None:
    program = tmp_path / "it's my mien"
    starter = Starter("mien", "mien", (str(program), "run", "two words"))
    (_, (_, script, _), _) = macos.application_files(starter, b"icns")
    (tmp_path / "osascript").write_text('#!/bin/sh\necho "$2"\n')
    (tmp_path / "osascript").chmod(0o755)

    def said() -> str:
        command = ["/bin/sh", "-c", script.decode()]
        return subprocess.run(
            command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True
        ).stdout

    assert said().startswith('display alert "mien is no longer where it was"')
    program.write_text('#!/bin/sh\necho "$#" "$2"\n')
    program.chmod(0o755)
    assert said() == "2 two words\n"


def test_icons_of_windows_and_macos_hold_pictures_of_the_sizes_they_state() -> None:
    data = icon.ico(icon.icon_png())
    reserved, kind, count = struct.unpack_from("<HHH", data)
    assert (reserved, kind, count) == (0, 1, len(icon.ICO_SIZES))
    for number, size in enumerate(icon.ICO_SIZES):
        width, _, _, _, _, bits, length, place = struct.unpack_from(
            "<BBBBHHII", data, 6 + 16 * number
        )
        assert (width or 256, bits) == (size, 32)
        assert _side(data[place : place + length]) == size
    data = icon.icns(icon.icon_png())
    assert data[:4] == b"icns" and struct.unpack_from(">I", data, 4) == (len(data),)
    place, sizes = 8, []
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place + 4)
        sizes.append(_side(data[place + 8 : place + length]))
        place += length
    assert sizes == [size for _, size in icon.ICNS_KINDS] and place == len(data)


def _side(png: bytes) -> int:
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None and image.shape[0] == image.shape[1]
    return int(image.shape[0])


def test_a_profile_is_named_to_the_starter() -> None:
    starter = mien_starter(("run", "--profile", "Anna"))
    assert starter.command[len(program()) :] == ("run", "--profile", "Anna")


def test_a_starter_that_cannot_be_removed_is_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_shortcut_command()

    def denied(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", denied)  # the superuser is denied nothing
    with pytest.raises(SettingsError, match=r"^cannot remove the shortcut: .*mien\.desktop: Perm"):
        install_shortcut_command("--remove")
