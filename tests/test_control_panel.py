"""The control panel in a real window (Xvfb is enough): its keys, and that everything fits."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

# isort: off
from imgui_bundle import imgui
import glfw

# isort: on

from app.actions import (
    Action,
    Calibrate,
    Lead,
    LookForCameras,
    SetOutput,
    SetQuickness,
    SetRecording,
    SetSource,
    SetVirtualCamera,
)
from app.options import Options
from app.statistics import (
    CameraChoice,
    OutputStatistics,
    RecordingStatistics,
    Situation,
    Statistics,
)
from app.viewer import Shown, ViewerSettings, layout, open_viewer, panel, theme
from app.viewer.asked import Asked
from app.viewer.backdrop import KINDS
from app.viewer.inset import Inset
from app.viewer.keys import KeyPress, kiosk_command_for
from app.viewer.layout import FACE_HALF, Rect, arrange
from app.viewer.panel_receivers import PROTOCOL_TITLES
from app.viewer.probe import DisplayProblem, probe_display
from app.viewer.viewer import Viewer
from app.viewer.window import Window
from engine.calibration import Calibration, CalibrationSettings, ChannelCalibration
from engine.data import Frame
from tests.states import face

FAULT = "cannot find the host 'studio-pc': name not known; expected a computer's name. Check it."
SITUATION = Situation(
    source="/home/anna/Videos/holiday in the mountains/a very long name of a clip.mp4",
    source_fault=FAULT,
    opening="",
    cameras=(CameraChoice(0, "Integrated Webcam HD"), CameraChoice(2, "Logitech StreamCam")),
    output_fault=FAULT,
    quickness=0.5,
    calibration=CalibrationSettings((ChannelCalibration("jawOpen", curve=1.8),)),
    profile="default",
    profiles=("Anna", "default"),
    profile_fault=FAULT,
    options=Options(),
)
STATISTICS = Statistics(
    source="Integrated Webcam HD",
    capture_rate_hz=29.8,
    state_rate_hz=29.8,
    latency=None,
    dropped=0,
    outputs=(
        OutputStatistics("vmc 127.0.0.1:39539", 90.2, "vmc:127.0.0.1:39539"),
        OutputStatistics("osc studio-pc:9000", 0.0, "osc:studio-pc:9000", False, FAULT),
    ),
    recordings=(RecordingStatistics("/home/anna/Videos/mien/take_003.csv", 2490),),
    recording_seconds=83.0,
    situation=SITUATION,
)
LONGER = 1.4  # German labels; a panel that is so much narrower asks the same of the layout


@pytest.fixture(scope="module")
def display() -> None:
    found = probe_display()
    if isinstance(found, DisplayProblem):
        pytest.skip(found.reason)
    if found.platform == "X11":
        ctypes.CDLL("libX11.so.6").XOpenDisplay(None)


class Stage:
    """The panel alone in a window: drawing the figure would take most of the time."""

    def __init__(self, window: Window, *, scale: float = 1.0, narrower: float = 1.0) -> None:
        self.panel = panel.Panel()
        self.settings = ViewerSettings(panel=True)
        self._window, self._inset, self._turn = window, Inset(window.gl), 0
        em = theme.FONT_SIZE * scale
        self._area = Rect(12.0, 12.0, layout.PANEL_LEAST * em / narrower, 22.5 * em - 24.0)
        theme.load_font()
        theme.apply_theme(scale)

    def draw(self, statistics: Statistics = STATISTICS, turns: int = 3) -> list[Action]:
        """What was asked for in so many turns, apart from the look for cameras."""
        frame = Frame(np.full((90, 160, 3), 128, np.uint8), 0.0, 0.0, 1)
        seen = Shown(frame, replace(face(), image_size=(160, 90)))
        found: list[Action] = []
        for _ in range(turns):
            self._turn += 1
            asked = Asked(self.settings)
            self._window.begin_panels()
            self.panel.draw(
                self._area,
                seen,
                statistics,
                self._inset,
                asked,
                backgrounds=KINDS,
                pixels_per_point=1.0,
                now=0.01 * self._turn,
            )
            self._window.end_panels()
            self.settings = asked.settings
            found += asked.actions
        return [action for action in found if action != LookForCameras()]

    def press(self, *keys: int) -> list[Action]:
        actions: list[Action] = []
        for key in keys:
            for action in (glfw.PRESS, glfw.RELEASE):
                self._window.events.on_key(self._window.handle, key, 0, action, 0)
                actions += self.draw()
        return actions


@pytest.fixture
def window(display: None) -> Iterator[Window]:
    with Window("test", (640, 360), vsync=False) as window:
        yield window


@pytest.fixture
def stage(window: Window) -> Stage:
    stage = Stage(window)
    stage.draw()
    return stage


def press(viewer: Viewer, *keys: int) -> list[Action]:
    """In a whole window."""
    actions: list[Action] = []
    for key in keys:
        viewer.window.events.on_key(viewer.window.handle, key, 0, glfw.PRESS, 0)
        viewer._next_draw, viewer._glow = 0.0, 1
        actions += viewer.draw(None, STATISTICS)
        viewer.window.events.on_key(viewer.window.handle, key, 0, glfw.RELEASE, 0)
    return [action for action in actions if action != LookForCameras()]


@pytest.mark.window
def test_f2_shows_and_hides_it_and_escape_hides_it(display: None) -> None:
    settings = ViewerSettings(size=(320, 240), vsync=False, supersampling=0.25)
    with open_viewer(settings) as viewer:
        press(viewer, glfw.KEY_F2)
        assert viewer.settings.panel
        press(viewer, glfw.KEY_F2)
        assert not viewer.settings.panel
        press(viewer, glfw.KEY_F2, glfw.KEY_ESCAPE)
        assert not viewer.settings.panel and viewer.is_open


@pytest.mark.window
def test_the_keyboard_alone_reaches_every_control(stage: Stage) -> None:
    asked: list[Action] = []
    for _ in range(24):
        asked += stage.press(glfw.KEY_TAB, glfw.KEY_SPACE)
        if stage.panel.busy:  # a list is open, or a slider waits for the arrows
            asked += stage.press(glfw.KEY_RIGHT, glfw.KEY_DOWN, glfw.KEY_SPACE)
        if stage.panel.busy:
            stage.press(glfw.KEY_ESCAPE)
    kinds = {type(action) for action in asked}
    assert {SetSource, Calibrate, Lead, SetQuickness, SetOutput, SetRecording} <= kinds
    assert SetVirtualCamera(True) in asked
    assert SetOutput("vmc:127.0.0.1:39539", False) in asked
    assert SetOutput("osc:studio-pc:9000", True) in asked


@pytest.mark.window
@pytest.mark.parametrize("page", panel.PAGES)
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_wider_than_the_panel_also_with_longer_labels(
    window: Window, page: str, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    surplus: list[float] = []
    drawn = panel.Panel._draw_page

    def watched(self: panel.Panel, *arguments: object) -> None:
        drawn(self, *arguments)  # type: ignore[arg-type]
        surplus.append(imgui.get_scroll_max_x())

    monkeypatch.setattr(panel, "PAGES", (page,))
    monkeypatch.setattr(panel.Panel, "_draw_page", watched)
    stage = Stage(window, scale=scale, narrower=LONGER)
    for statistics in (STATISTICS, replace(STATISTICS, recording=True, mirrored=True)):
        stage.draw(statistics, turns=6)
        assert surplus[-1] <= 1.0


def test_the_panel_never_stands_before_the_face() -> None:
    for width, height, em in ((640, 360, 16.0), (1280, 720, 16.0), (1280, 720, 32.0)):
        for bars in (False, True):
            place = arrange(
                (width, height), em, aspect=1.6, inset=True, bars=bars, rates=True, panel=True
            )
            half = FACE_HALF * min(height, width / layout.NARROWEST)
            face_room = Rect(place.figure_x - half, 0.0, 2 * half, height)
            assert place.panel is not None and not place.panel.overlaps(face_room)
            assert place.bars is None or not place.bars.overlaps(face_room)
            assert place.inset is None and place.rates is None


def test_every_protocol_can_be_added() -> None:
    from app.outputs import PROTOCOLS

    assert sorted(name for name, _ in PROTOCOL_TITLES) == sorted(PROTOCOLS)


def test_the_curve_that_is_drawn_is_the_one_that_is_applied() -> None:
    channel = ChannelCalibration(
        "jawOpen", neutral=0.1, full=0.7, dead_zone=0.1, curve=1.7, gain=1.4, offset=0.05, high=0.9
    )
    calibration = Calibration(CalibrationSettings((channel,)))
    weights = np.linspace(0.0, 1.0, 21)
    index = int(np.flatnonzero(face(jawOpen=1.0).weights)[0])
    applied = [calibration.update(face(jawOpen=w)).weights[index] for w in weights]
    np.testing.assert_allclose(channel.mapped(weights), applied, atol=1e-12)


@pytest.mark.window
def test_a_booth_shows_nothing_but_the_figure_and_hears_no_keys(display: None) -> None:
    settings = ViewerSettings(size=(320, 240), vsync=False, supersampling=0.25, panel=True)
    with open_viewer(settings, kiosk=True) as viewer:
        assert press(viewer, glfw.KEY_F2, glfw.KEY_M, glfw.KEY_ESCAPE, glfw.KEY_Q) == []
        assert viewer.is_open and viewer.window.fullscreen
        shown = viewer.settings
        assert not (shown.panel or shown.inset or shown.bars or shown.rates)
        hidden = glfw.get_input_mode(viewer.window.handle, glfw.CURSOR)
        assert hidden == glfw.CURSOR_HIDDEN
    assert kiosk_command_for(KeyPress("q", shift=True)) is not None
