"""The window itself, on a real display (Xvfb is enough), its keys as glfw reports them."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

# isort: off
import imgui_bundle  # noqa: F401  before glfw: app/viewer/context.py says why
import glfw

# isort: on


from app.actions import (
    Action,
    Calibrate,
    Quit,
    Recentre,
    SetMirror,
    SetPaused,
    SetRecording,
)
from app.profile import read_profile
from app.settings import Profile
from app.statistics import Statistics
from app.viewer import Shown, ViewerSettings, open_viewer
from app.viewer.asked import Asked
from app.viewer.backdrop import KINDS, Backdrop, color_from_hex, read_picture
from app.viewer.background import Gradient, Picture, Plain, Transparent
from app.viewer.figure import NO_COEFFICIENTS
from app.viewer.keys import Command
from app.viewer.look import LOOKS
from app.viewer.notices import NO_FACE, Notice
from app.viewer.orbit import Orbit
from app.viewer.overlay import Overlay
from app.viewer.probe import DisplayProblem, probe_display
from app.viewer.rates import DrawingStatistics
from app.viewer.software import is_software
from app.viewer.switching import switched
from app.viewer.viewer import Viewer
from app.viewer.window import Window
from engine.chain import Answer
from engine.data import FlameCoefficients
from engine.errors import SettingsError, ViewerError
from tests.face_models import write_flame
from tests.faces import frame
from tests.states import face

STATISTICS = Statistics(
    source="demo",
    capture_rate_hz=30.0,
    state_rate_hz=30.0,
    latency=None,
    dropped=0,
)
DRAWING = DrawingStatistics(rate_hz=60.0, gpu_seconds=None, draw_calls=11, supersampling=1.0)
SMALL = (480, 360)
EMPTY = ViewerSettings(inset=False)
GREY = 0.25

OPEN_VIEWER = """
import sys
from app.viewer import ViewerSettings, open_viewer
from engine.errors import ViewerError
try:
    open_viewer(ViewerSettings())
except ViewerError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def display() -> None:
    """A display that stays: Xvfb starts over, and refuses us, whenever its last client leaves."""
    found = probe_display()
    if found.problem is not None:
        pytest.skip(found.reason)
    if found.platform == "X11":
        ctypes.CDLL("libX11.so.6").XOpenDisplay(None)


@pytest.fixture
def window(display: None) -> Iterator[Window]:
    with Window("test", SMALL, vsync=False) as window:
        yield window


@pytest.fixture
def viewer(display: None) -> Iterator[Viewer]:
    settings = ViewerSettings(size=SMALL, vsync=False, supersampling=0.25)
    with open_viewer(settings) as viewer:
        yield viewer


@pytest.mark.window
def test_keys_change_what_the_window_shows(viewer: Viewer) -> None:
    before = viewer.settings
    press(viewer, glfw.KEY_C)
    press(viewer, glfw.KEY_B)
    press(viewer, glfw.KEY_O)
    draw(viewer)
    assert viewer.settings == replace(before, inset=not before.inset, bars=True, rates=True)
    press(viewer, glfw.KEY_H)
    draw(viewer)
    assert viewer.help_shown
    press(viewer, glfw.KEY_H)
    press(viewer, glfw.KEY_L)
    draw(viewer)
    assert not viewer.help_shown
    assert viewer.settings.look == tuple(LOOKS.values())[1 % len(LOOKS)]
    press(viewer, glfw.KEY_L, glfw.MOD_SHIFT)
    draw(viewer)
    assert viewer.settings.look == before.look


@pytest.mark.window
def test_figures_come_in_turn_and_tell_what_is_missing(viewer: Viewer) -> None:
    seen = []
    for _ in range(3):
        press(viewer, glfw.KEY_V)
        draw(viewer)
        seen.append((viewer.settings.figure, viewer._scene.missing))
    assert seen == [("mesh", NO_COEFFICIENTS), ("overlay", NO_COEFFICIENTS), ("head", None)]


@pytest.mark.window
def test_over_the_picture_itself_no_inset_is_drawn(display: None, tmp_path: Path) -> None:
    settings = ViewerSettings(size=SMALL, vsync=False, supersampling=0.25, figure="overlay")
    seen = replace(
        shown().state,
        coefficients=FlameCoefficients(
            shape=np.zeros(300),
            expression=np.zeros(100),
            rotation=np.zeros(3),
            neck=np.zeros(3),
            jaw=np.zeros(3),
            eyelids=np.zeros(2),
            camera=np.array([7.0, 0.0, 0.0]),
        ),
        image_from_crop=np.array([[1.0, 0.0, 200.0], [0.0, 1.0, 100.0]]),
    )
    with open_viewer(settings, face_models=write_flame(tmp_path)) as viewer:
        for _ in range(6):
            viewer.draw(Shown(shown().frame, seen), STATISTICS)
        assert viewer._scene.drawn == "overlay"
        assert viewer.settings.inset and not viewer._panels.inset


@pytest.mark.window
def test_backgrounds_come_in_turn_and_a_missing_picture_is_left_out(viewer: Viewer) -> None:
    seen = []
    for _ in range(3):
        press(viewer, glfw.KEY_G)
        draw(viewer)
        seen.append(viewer.settings.background)
    assert seen == ["key", "transparent", "gradient"]


@pytest.mark.window
def test_keys_with_control_or_alt_belong_to_the_desktop(viewer: Viewer) -> None:
    press(viewer, glfw.KEY_C, glfw.MOD_CONTROL)
    press(viewer, glfw.KEY_Q, glfw.MOD_ALT)
    assert draw(viewer) == ()
    assert viewer.settings.inset


@pytest.mark.window
def test_what_other_stages_have_to_do_comes_back_as_actions(viewer: Viewer) -> None:
    press(viewer, glfw.KEY_M)
    assert draw(viewer) == (SetMirror(True),)
    press(viewer, glfw.KEY_M)
    assert draw(viewer, replace(STATISTICS, mirrored=True)) == (SetMirror(False),)
    assert viewer.is_open
    for key, action in (
        (glfw.KEY_K, Calibrate()),
        (glfw.KEY_N, Recentre()),
        (glfw.KEY_P, SetPaused(True)),
        (glfw.KEY_F9, SetRecording(True)),
    ):
        press(viewer, key)
        assert draw(viewer) == (action,)
    press(viewer, glfw.KEY_P)
    press(viewer, glfw.KEY_F9)
    going = replace(STATISTICS, paused=True, recording=True)
    assert draw(viewer, going) == (SetPaused(False), SetRecording(False))
    press(viewer, glfw.KEY_Q)
    assert draw(viewer) == (Quit(),)
    assert not viewer.is_open


@pytest.mark.window
def test_closing_the_window_quits(viewer: Viewer) -> None:
    glfw.set_window_should_close(viewer.window.handle, True)
    assert draw(viewer) == (Quit(),)
    assert not viewer.is_open


@pytest.mark.window
def test_fullscreen_fills_the_screen_and_escape_leaves_it(viewer: Viewer) -> None:
    press(viewer, glfw.KEY_F11)
    draw(viewer)
    assert viewer.window.fullscreen and viewer.settings.fullscreen
    screen = glfw.get_video_mode(glfw.get_primary_monitor()).size
    assert viewer.window.size == tuple(screen)
    assert viewer.settings.size == SMALL  # the size to come back to
    press(viewer, glfw.KEY_ESCAPE)
    draw(viewer)
    assert not viewer.window.fullscreen and not viewer.settings.fullscreen
    assert viewer.is_open


@pytest.mark.window
def test_borderless_and_always_on_top_are_kept_by_the_window(viewer: Viewer) -> None:
    press(viewer, glfw.KEY_W)
    press(viewer, glfw.KEY_T)
    draw(viewer)
    assert viewer.window.borderless and viewer.settings.borderless
    assert viewer.window.on_top and viewer.settings.on_top


@pytest.mark.window
def test_a_window_of_any_size_is_drawn(viewer: Viewer) -> None:
    for size in ((320, 240), (1200, 260), (330, 900)):
        glfw.set_window_size(viewer.window.handle, *size)
        draw(viewer)
        assert viewer.settings.size == size
    glfw.iconify_window(viewer.window.handle)
    draw(viewer)
    assert viewer.is_open


@pytest.mark.window
def test_without_a_picture_or_a_face_the_window_lives_on(viewer: Viewer) -> None:
    for item in (None, shown(0, seen=False), shown(1), shown(2, seen=False)):
        viewer.draw(item, STATISTICS)
    assert viewer.is_open


@pytest.mark.window
def test_a_drag_and_the_wheel_reach_the_figure(window: Window) -> None:
    window.begin_panels()
    window.end_panels()
    window.poll()
    window.events.on_cursor(None, 100.0, 100.0)
    window.events.on_mouse_button(None, glfw.MOUSE_BUTTON_LEFT, glfw.PRESS, 0)
    window.events.on_cursor(None, 136.0, 64.0)
    window.events.on_mouse_button(None, glfw.MOUSE_BUTTON_LEFT, glfw.RELEASE, 0)
    window.events.on_cursor(None, 300.0, 300.0)
    window.events.on_scroll(None, 0.0, 2.0)
    given = window.poll()
    assert (given.drag_right, given.drag_down) == pytest.approx((0.1, -0.1))
    assert given.zoom == 2.0
    assert given.touched
    assert Orbit().zoomed(given.zoom).distance < Orbit().distance


@pytest.mark.window
@pytest.mark.parametrize("ui_scale", [1.0, 2.0])
def test_each_panel_draws_in_its_own_place(window: Window, ui_scale: float) -> None:
    settings = replace(EMPTY, ui_scale=ui_scale)
    with Overlay(window) as overlay:
        assert not changed(picture(window, overlay, settings)).any()
        bars = changed(picture(window, overlay, replace(settings, bars=True)))
        rates = changed(picture(window, overlay, replace(settings, rates=True)))
        inset = changed(picture(window, overlay, replace(settings, inset=True)))
        help_ = changed(picture(window, overlay, settings, help_shown=True))
        notice = changed(picture(window, overlay, settings, notices=(NO_FACE,)))
    middle = SMALL[0] // 2
    assert bars[:, middle + 20 :].mean() > 0.8 and not bars[:, : middle - 20].any()
    assert rates[:180, :middle].mean() > 0.5 and not rates[:, middle:].any()
    assert inset[260:, :middle].any() and not inset[:120].any()
    assert help_[100:260, 100:380].mean() > 0.99
    assert notice[220:].any() and not notice[:180].any()


@pytest.mark.window
def test_the_wheel_over_the_bars_shows_the_rest_of_them(window: Window) -> None:
    settings = replace(EMPTY, bars=True)
    with Overlay(window) as overlay:
        for _ in range(2):
            before = picture(window, overlay, settings)
        window.events.on_cursor_enter(None, 1)
        window.events.on_cursor(None, 400.0, 100.0)
        for _ in range(2):
            picture(window, overlay, settings)
        window.poll()
        window.events.on_scroll(None, 0.0, -20.0)
        for _ in range(3):
            after = picture(window, overlay, settings)
    assert window.poll().zoom == 0.0  # the figure stays as it is
    rows = slice(20, 320)
    assert (before[rows, 260:340].astype(int) != after[rows, 260:340]).any()


@pytest.mark.window
def test_a_small_window_tells_that_the_rates_have_no_room_beside_the_bars(viewer: Viewer) -> None:
    pressed = time.perf_counter()  # a remark stays for seconds, and software may draw as long
    press(viewer, glfw.KEY_B)
    press(viewer, glfw.KEY_O)
    draw(viewer)
    told = viewer._notices.current(pressed, "", quiet=False)
    assert told[-1].title == "No room for the rates beside the blendshapes"


@pytest.mark.window
def test_an_answer_is_shown_whoever_asked_and_once(viewer: Viewer) -> None:
    started = time.perf_counter()
    answered = replace(STATISTICS, answer=Answer("Head centred"))
    draw(viewer, answered)
    told = viewer._notices.current(started, "", quiet=True)
    assert [notice.title for notice in told] == ["Head centred"]
    viewer._say("Next")
    draw(viewer, answered)
    assert viewer._notices.current(started, "", quiet=True)[-1].title == "Next"


@pytest.mark.window
def test_the_overlay_draws_with_no_face_and_with_no_picture(window: Window) -> None:
    everything = ViewerSettings(inset=True, bars=True, rates=True)
    with Overlay(window) as overlay:
        for item in (None, shown(3, seen=False)):
            assert changed(picture(window, overlay, everything, item)).any()


@pytest.mark.window
def test_the_inset_flips_with_the_mirror(window: Window) -> None:
    settings = ViewerSettings(inset=True)
    half = np.zeros((240, 320, 3), np.uint8)
    half[:, :160] = 255  # the left half of the camera's picture is white
    item = Shown(frame(half), replace(face(), landmarks=None, image_size=(320, 240)))
    with Overlay(window) as overlay:
        straight = picture(window, overlay, settings, item)
        flipped = picture(window, overlay, settings, item, mirrored=True)
    row = straight.shape[0] - 50
    assert straight[row, 30, 0] > 200 and straight[row, 100, 0] < 50
    assert flipped[row, 30, 0] < 50 and flipped[row, 100, 0] > 200


@pytest.mark.window
def test_nothing_is_written_beside_the_program(
    display: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Window("test", SMALL) as window, Overlay(window) as overlay:
        picture(window, overlay, ViewerSettings(bars=True))
    assert list(tmp_path.iterdir()) == []


def next_background(backdrop: Backdrop) -> str:
    """After the gradient, by key."""
    now = ViewerSettings(background="gradient")
    return switched(now, Command.NEXT_BACKGROUND, backdrop.kinds).settings.background


@pytest.mark.window
def test_backgrounds_are_what_was_asked_for(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((30, 50, 3), (10, 20, 200), np.uint8))
    with Backdrop(window.gl, picture=str(path), key_color="#ff8000") as backdrop:
        assert backdrop.of_kind("gradient") == Gradient()
        assert backdrop.of_kind("transparent") == Transparent()
        assert backdrop.of_kind("key") == Plain((1.0, 128 / 255, 0.0))
        drawn = backdrop.of_kind("picture")
        assert isinstance(drawn, Picture)
        assert drawn.texture.size == (50, 30)
        assert drawn.texture.read()[:3] == bytes((200, 20, 10))  # red, green, blue
        assert next_background(backdrop) == "picture"
    with Backdrop(window.gl, picture="", key_color="#ff8000") as backdrop:
        assert next_background(backdrop) == "key"


def test_a_background_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    empty = tmp_path / "empty.png"
    empty.touch()
    for path in (broken, empty, tmp_path / "absent.png", tmp_path):
        with pytest.raises(ViewerError, match=r"^background .*expected a?.*\.$") as refused:
            read_picture(path)
        assert "\n" not in str(refused.value)


@pytest.mark.window
def test_a_background_that_is_gone_does_not_keep_the_window_closed(
    display: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = ViewerSettings(
        size=SMALL,
        supersampling=0.25,
        background="picture",
        background_picture=str(tmp_path / "gone.png"),
    )
    with open_viewer(settings) as viewer:
        assert viewer.is_open
    assert "gone.png" in caplog.text


@pytest.mark.parametrize("text", ["green", "#00b14", "00b140", "#00b14g", ""])
def test_a_color_key_is_six_hexadecimal_digits(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^`key_color` is .*#00b140"):
        ViewerSettings(key_color=text)
    assert color_from_hex("#ff8000") == (1.0, 128 / 255, 0.0)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("ui_scale = 0.0", "`ui_scale` is 0.0; expected 0.5 to 4."),
        ("ui_scale = nan", "`ui_scale` is nan; expected 0.5 to 4."),
        ("ui_scale = inf", "`ui_scale` is inf; expected 0.5 to 4."),
        ("size = [0, 0]", "`size` is [0, 0]; expected a width and a height of 16 to 16384."),
        ("size = [99999, 600]", "`size` is [99999, 600]; expected a width"),
        ('key_color = "green"', "`key_color` is 'green'; expected six hexadecimal digits"),
        ("supersampling = 9", "`supersampling` is 9.0; expected 0.25 to 2, or 0"),
        ("supersampling = -1", "`supersampling` is -1.0; expected 0.25 to 2, or 0"),
        ('look = { identity = "elvis" }', "`identity` is 'elvis'; expected one of average, "),
        ('look = { skin = "plaid" }', "`skin` is 'plaid'; expected one of porcelain, "),
        ("look = { stubble = 2 }", "`stubble` is 2.0; expected 0 to 1."),
    ],
)
def test_a_profile_with_nonsense_about_the_window_is_refused_in_one_line(
    line: str, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(f"version = 1\n[viewer]\n{line}\n", "utf-8")
    with pytest.raises(SettingsError) as refused:
        read_profile(path, Profile)
    assert fault in str(refused.value) and "[viewer" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_software_rendering_is_recognised_by_name() -> None:
    assert is_software("llvmpipe (LLVM 15.0.6, 256 bits)")
    assert is_software("GDI Generic")
    assert not is_software("NVIDIA GeForce RTX 3060/PCIe/SSE2")
    assert not is_software("Mesa Intel(R) UHD Graphics 620 (KBL GT2)")


@pytest.mark.skipif(sys.platform != "linux", reason="other desktops are always there")
def test_without_a_display_the_window_is_refused_in_one_line() -> None:
    ended = run_without_display(OPEN_VIEWER)
    assert ended.stderr == ""
    assert ended.stdout.startswith("no window: ")
    assert "--no-window" in ended.stdout
    assert ended.stdout.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other desktops are always there")
def test_the_probe_says_that_the_display_is_missing() -> None:
    ended = run_without_display(
        "from app.viewer.probe import probe_display; print(probe_display().problem.name)"
    )
    assert (ended.stdout.strip(), ended.stderr) == (DisplayProblem.NO_DISPLAY.name, "")


@pytest.mark.window
def test_the_probe_names_display_and_opengl(display: None) -> None:
    found = probe_display()
    assert found.problem is None
    assert found.platform in ("X11", "Wayland", "Win32", "Cocoa")
    assert found.version[0] in "34"
    assert found.renderer


def test_importing_the_viewer_loads_no_window_library() -> None:
    ended = run_without_display(
        "import sys, app.viewer; print({'glfw', 'imgui_bundle', 'moderngl'} & set(sys.modules))"
    )
    assert ended.stdout.strip() == "set()"


def press(viewer: Viewer, key: int, mods: int = 0) -> None:
    viewer.window.events.on_key(None, key, glfw.get_key_scancode(key), glfw.PRESS, mods)
    viewer.window.events.on_key(None, key, glfw.get_key_scancode(key), glfw.RELEASE, mods)


def draw(viewer: Viewer, statistics: Statistics = STATISTICS) -> tuple[Action, ...]:
    """Call `draw` until the viewer has surely taken in its input: its pacing may put it off."""
    actions: list[Action] = []
    for _ in range(4):
        if viewer.is_open:
            actions += viewer.draw(shown(), statistics)
    return tuple(actions)


def shown(index: int = 0, *, seen: bool = True) -> Shown:
    colors = np.full((480, 640, 3), (40, 90, 160), np.uint8)
    state = replace(face(timestamp=index / 30), image_size=(640, 480))
    if not seen:
        state = replace(state, confidence=0.0, landmarks=None)
    return Shown(frame(colors, index), state)


def picture(
    window: Window,
    overlay: Overlay,
    settings: ViewerSettings,
    item: Shown | None = None,
    *,
    mirrored: bool = False,
    help_shown: bool = False,
    notices: tuple[Notice, ...] = (),
) -> NDArray[np.uint8]:
    """(H, W, 3) of the panels over plain grey."""
    window.gl.screen.use()
    window.gl.screen.clear(GREY, GREY, GREY, 1.0)
    overlay.draw(
        item if item is not None else shown(),
        replace(STATISTICS, mirrored=mirrored),
        DRAWING,
        settings,
        asked=Asked(settings),
        backgrounds=KINDS,
        help_shown=help_shown,
        notices=notices,
        now=0.0,
    )
    width, height = window.framebuffer_size
    rows = window.gl.screen.read(viewport=(0, 0, width, height), components=3, alignment=1)
    return np.frombuffer(rows, np.uint8).reshape(height, width, 3)[::-1]


def changed(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(H, W): where something covers the grey."""
    covered: NDArray[np.bool_] = (np.abs(image.astype(int) - round(255 * GREY)) > 3).any(axis=2)
    return covered


def run_without_display(program: str) -> subprocess.CompletedProcess[str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
