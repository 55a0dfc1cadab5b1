"""A transparent window as OBS captures it on X11: by its own pixmap, through XComposite.

OBS blends that picture with straight alpha (render of xcomposite_input, libobs' default blending).
A display of its own, with a compositor: without one no window is transparent.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from app.viewer import ViewerSettings
from app.viewer.snapshot import render_snapshot
from tests.states import face

T = TypeVar("T")

ROOT = Path(__file__).parent.parent
SIZE = (480, 360)
SETTINGS = ViewerSettings(size=SIZE, inset=False, supersampling=1.0)
SHOWN = face(jawOpen=0.4)
Z_PIXMAP, VIEWABLE = 2, 2  # of X11
PATIENCE = 120.0  # s; a loaded machine without a graphics card draws a first picture slowly
WHITE = np.array([255.0, 255.0, 255.0])

WINDOW = f"""
import numpy as np
from app.statistics import Statistics
from app.viewer import Shown, ViewerSettings, open_viewer
from tests.faces import frame
from tests.states import face
settings = ViewerSettings(size={SIZE}, background="transparent", inset=False, supersampling=1.0)
statistics = Statistics("demo", 30.0, 30.0, None, 0)
shown = Shown(frame(np.full((90, 160, 3), 64, np.uint8)), face(jawOpen=0.4))
with open_viewer(settings) as viewer:
    while viewer.is_open:
        viewer.draw(shown, statistics)
"""


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.uint8]:
    """(H, W, 4) BGRA: the window's pixmap once it has been drawn."""
    if sys.platform != "linux" or not (shutil.which("Xvfb") and shutil.which("picom")):
        pytest.skip("needs Xvfb and picom (apt install xvfb picom)")
    x11 = pytest.importorskip("Xlib.display")
    with ExitStack() as running:
        name = _open_display(running)
        environment = os.environ | {
            "DISPLAY": name,
            "MIEN_HOME": str(tmp_path_factory.mktemp("home")),
        }
        environment.pop("WAYLAND_DISPLAY", None)
        _start(running, ["picom", "--backend", "xrender", "--config", os.devnull], environment)
        display = x11.Display(name)
        running.callback(display.close)
        owner = display.intern_atom("_NET_WM_CM_S0")
        _until(lambda: display.get_selection_owner(owner) or None)
        _start(running, [sys.executable, "-c", WINDOW], environment)
        window = _until(lambda: _window_named(display.screen().root, "mien"))
        window.composite_redirect_window(0)
        return _until(lambda: _drawn(window))


def _open_display(running: ExitStack) -> str:
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-noreset"]
    _start(running, command, dict(os.environ), keep=(writing,))
    os.close(writing)
    with os.fdopen(reading) as answer:
        return ":" + answer.readline().strip()


def _start(
    running: ExitStack, command: list[str], environment: dict[str, str], keep: tuple[int, ...] = ()
) -> None:
    process = subprocess.Popen(
        command, env=environment, pass_fds=keep, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    running.callback(process.wait)
    running.callback(process.kill)


def _until(look: Callable[[], T | None]) -> T:
    """What is there at last."""
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)  # another process draws it: there is nothing to wait on
    raise AssertionError(f"{look} found nothing")


def _window_named(parent: Any, name: str) -> Any:
    """Its own window, on the screen."""
    for window in parent.query_tree().children:
        if window.get_wm_name() == name and window.get_attributes().map_state == VIEWABLE:
            return window
        if (inner := _window_named(window, name)) is not None:
            return inner
    return None


def _drawn(window: Any) -> NDArray[np.uint8] | None:
    """Its pixmap, unless nothing has been drawn so far."""
    pixmap = window.composite_name_window_pixmap()
    picture = pixmap.get_image(0, 0, *SIZE, Z_PIXMAP, 0xFFFFFFFF)
    pixmap.free()
    assert picture.depth == 32
    pixels = np.frombuffer(picture.data, np.uint8).reshape(SIZE[1], SIZE[0], 4)
    return pixels if np.ptp(pixels[:, SIZE[0] // 2, 1]) > 30 else None


@pytest.mark.peer
@pytest.mark.window
def test_before_nothing_the_window_is_transparent_and_the_face_is_not(
    captured: NDArray[np.uint8],
) -> None:
    assert not captured[:20].any()  # neither colour nor alpha
    assert (captured[150:210, 220:260, 3] == 255).all()
    expected = render_snapshot(SHOWN, replace(SETTINGS, background="transparent"))
    difference = np.abs(captured[..., 3].astype(int) - expected[..., 3])
    assert difference.max() <= 1  # so no panel and no notice lies over it


@pytest.mark.peer
@pytest.mark.window
def test_obs_gives_the_figure_no_dark_outline(captured: NDArray[np.uint8]) -> None:
    alpha = captured[..., 3:] / 255.0
    in_obs = captured[..., 2::-1] * alpha + WHITE * (1.0 - alpha)
    expected = render_snapshot(SHOWN, replace(SETTINGS, background="key", key_color="#ffffff"))
    edge = ((alpha > 0.0) & (alpha < 1.0))[..., 0]
    assert edge.sum() > 500
    assert np.abs(in_obs - expected)[edge].max() <= 3.0  # rounding, twice
