"""An avatar in the window: dropped onto it, chosen in its panel, and what is said of a bad one."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# isort: off
from imgui_bundle import imgui
import glfw

# isort: on

from app.statistics import Statistics
from app.viewer import ViewerSettings, open_viewer
from app.viewer.probe import probe_display
from app.viewer.viewer import Viewer
from app.viewer.window import Window
from tests.avatars import write_avatar
from tests.test_control_panel import Stage

STATISTICS = Statistics(source="", capture_rate_hz=0.0, state_rate_hz=0.0, latency=None, dropped=0)
LIMIT = 60.0  # s

pytestmark = pytest.mark.window


@pytest.fixture(scope="module")
def display() -> None:
    found = probe_display()
    if found.problem is not None:
        pytest.skip(found.reason)
    if found.platform == "X11":
        ctypes.CDLL("libX11.so.6").XOpenDisplay(None)


@pytest.fixture
def viewer(display: None) -> Iterator[Viewer]:
    with open_viewer(ViewerSettings(size=(320, 240), vsync=False, supersampling=0.25)) as viewer:
        yield viewer


def drop(viewer: Viewer, path: Path) -> None:
    viewer.window.events.on_drop(viewer.window.handle, [str(path)])
    viewer._next_draw = 0.0
    viewer.draw(None, STATISTICS)
    wait(viewer)


def wait(viewer: Viewer) -> None:
    """Until what was chosen is read."""
    end = time.monotonic() + LIMIT
    viewer.draw(None, STATISTICS)
    while viewer._scene.reading:
        assert time.monotonic() < end
        viewer.draw(None, STATISTICS)  # waits by itself


def test_a_file_that_is_dropped_is_read_and_shown(viewer: Viewer, tmp_path: Path) -> None:
    path = write_avatar(tmp_path / "Anna.VRM", "VRM 1.0")
    drop(viewer, path)
    assert viewer.settings.avatar == str(path) and viewer.settings.figure == "head"
    assert viewer._scene.avatar is not None and viewer._scene.avatar.name == "Small"
    assert viewer._scene.missing is None
    drop(viewer, tmp_path / "notes.txt")
    assert viewer.settings.avatar == str(path)


def test_a_bad_file_leaves_the_free_head_and_says_why(viewer: Viewer, tmp_path: Path) -> None:
    bad = tmp_path / "bad.glb"
    bad.write_bytes(b"no avatar")
    drop(viewer, bad)
    told = viewer._scene.missing
    assert viewer._scene.avatar is None
    assert told is not None and "not a glTF file" in told.advice
    drop(viewer, write_avatar(tmp_path / "good.glb"))
    assert viewer._scene.avatar is not None and viewer._scene.missing is None


def test_an_avatar_of_the_profile_that_is_gone_does_not_keep_the_window_shut(
    display: None, tmp_path: Path
) -> None:
    settings = ViewerSettings(
        size=(320, 240), vsync=False, supersampling=0.25, avatar=str(tmp_path / "gone.vrm")
    )
    with open_viewer(settings) as viewer:
        wait(viewer)
        told = viewer._scene.missing
        assert told is not None and "cannot read gone.vrm" in told.advice


def test_the_panel_takes_a_path_and_goes_back_to_our_own_head(
    display: None, tmp_path: Path
) -> None:
    path = tmp_path / "Anna.vrm"
    with Window("test", (640, 720), vsync=False) as window:
        stage = Stage(window)
        stage.draw()
        stage.press(glfw.KEY_3)
        stage.draw(turns=6)
        stage.press(glfw.KEY_TAB)
        imgui.get_io().add_input_characters_utf8(f'"{path}"')  # as Windows copies a path
        stage.press(glfw.KEY_ENTER)
        assert stage.settings.avatar == str(path)
        stage.press(glfw.KEY_ESCAPE, glfw.KEY_UP, glfw.KEY_RIGHT, glfw.KEY_SPACE)
        assert stage.settings.avatar == ""
