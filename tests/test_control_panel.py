"""The control panel in a real window (Xvfb is enough): its keys, and that everything fits."""

from __future__ import annotations

import argparse
import ctypes
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

# isort: off
from imgui_bundle import ImVec4, imgui
import glfw

# isort: on

from app.actions import (
    Action,
    Calibrate,
    DeleteProfile,
    Lead,
    LookForCameras,
    NewProfile,
    Recentre,
    SetOutput,
    SetPaused,
    SetQuickness,
    SetRecording,
    SetSource,
    SetVirtualCamera,
)
from app.commands import run
from app.options import Options
from app.settings import Profile
from app.statistics import (
    CameraChoice,
    OutputStatistics,
    RecordingStatistics,
    Situation,
    Statistics,
)
from app.viewer import (
    Shown,
    ViewerSettings,
    layout,
    open_viewer,
    panel,
    recording_mark,
    theme,
)
from app.viewer.asked import Asked
from app.viewer.backdrop import KINDS
from app.viewer.inset import Inset
from app.viewer.keys import KeyPress, kiosk_command_for
from app.viewer.layout import FACE_HALF, Rect, arrange
from app.viewer.look import LOOKS
from app.viewer.panel_looks import BACKGROUND_TITLES, FIGURE_TITLES, KEY_COLORS
from app.viewer.panel_options import (
    CAMERA_RATES,
    EXPOSURES,
    HOTKEY_TITLES,
    OUTPUT_RATES,
    PERSONS,
    PICTURES,
    TURNS,
)
from app.viewer.panel_receivers import PROTOCOL_TITLES
from app.viewer.panel_takes import FORMAT_TITLES
from app.viewer.probe import DisplayProblem, probe_display
from app.viewer.viewer import Viewer
from app.viewer.window import Window
from engine.blendshapes import BLENDSHAPES
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
LONGER = 1.4  # German labels
GLFW_KEYS = dict(
    zip(panel.PAGE_KEYS, (glfw.KEY_1, glfw.KEY_2, glfw.KEY_3, glfw.KEY_4), strict=True)
)


@pytest.fixture(scope="module")
def display() -> None:
    found = probe_display()
    if isinstance(found, DisplayProblem):
        pytest.skip(found.reason)
    if found.platform == "X11":
        ctypes.CDLL("libX11.so.6").XOpenDisplay(None)


@dataclass(slots=True)
class Item:
    """Something on the panel, as imgui placed it. dead: it cannot be pressed."""

    name: str
    window: str
    left: float
    top: float
    right: float
    bottom: float
    room: float  # x at which the panel's inside ends
    dead: bool
    focused: bool = False


class Drawn:
    """Listens to imgui: every text and every control of the newest turn, once.

    longer: how much longer every word of every label is made.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, longer: float = 1.0) -> None:
        self.items: list[Item] = []
        self._longer = longer
        for name, dead in (
            ("text_unformatted", True),
            ("text_colored", True),
            ("button", False),
            ("checkbox", False),
            ("slider_float", False),
            ("input_text_with_hint", False),
            ("begin_combo", False),
            ("collapsing_header", False),
            ("selectable", False),
        ):
            monkeypatch.setattr(imgui, name, self._heard(name, getattr(imgui, name), dead))
        measure = imgui.calc_text_size
        monkeypatch.setattr(
            imgui, "calc_text_size", lambda text, *rest: measure(self._long(text), *rest)
        )

    def clear(self) -> None:
        self.items = []

    def _heard(self, kind: str, draw: Callable[..., Any], dead: bool) -> Callable[..., Any]:
        def heard(*given: Any, **named: Any) -> Any:
            if dead:
                result = draw(*given[:-1], self._long(given[-1]), **named)
            else:
                result = draw(*given, **named)
            if imgui.internal.get_current_window().skip_items or (
                kind == "selectable" and (imgui.is_popup_open("", imgui.PopupFlags_.any_popup_id))
            ):
                return result
            self._note(str(given[-1] if dead else given[0]), dead)
            return result

        return heard

    def _note(self, label: str, dead: bool) -> None:
        least, most = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        window = imgui.internal.get_current_window()
        name = label.lstrip("#").partition("##")[0] if not dead else label
        item = Item(
            name,
            window.name,
            least.x,
            least.y,
            most.x,
            most.y,
            window.work_rect.max.x,
            dead or imgui.get_style().alpha < 0.9,
            imgui.is_item_focused(),
        )
        for known in self.items:
            if (known.name, known.dead, known.left) == (name, dead, item.left):
                known.focused |= item.focused
                return
        self.items.append(item)

    def _long(self, text: str) -> str:
        shown, marks, rest = text.partition("##")
        extra = self._longer - 1.0
        words = [word + word[: math.ceil(extra * len(word))] for word in shown.split(" ")]
        return " ".join(words) + marks + rest


def unfold_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    unfold = imgui.collapsing_header

    def unfolded(label: str) -> bool:
        imgui.set_next_item_open(True)
        return bool(unfold(label))

    monkeypatch.setattr(imgui, "collapsing_header", unfolded)


class Stage:
    """The panel alone in a window: drawing the figure would take most of the time."""

    def __init__(self, window: Window, *, scale: float = 1.0) -> None:
        self.panel = panel.Panel()
        self.statistics = STATISTICS
        self.settings = ViewerSettings(panel=True)
        self._window, self._inset, self._turn = window, Inset(window.gl), 0
        em = theme.FONT_SIZE * scale
        self._area = Rect(12.0, 12.0, layout.PANEL_LEAST * em, 22.5 * em - 24.0)
        theme.load_font()
        theme.apply_theme(scale)
        imgui.get_io().key_repeat_delay = 1e6  # a busy machine holds no key down

    def draw(self, statistics: Statistics | None = None, turns: int = 3) -> list[Action]:
        """What was asked for in so many turns, apart from the look for cameras."""
        statistics = statistics or self.statistics
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

    def type(self, letter: str) -> None:
        self._window.events.on_char(self._window.handle, ord(letter))
        self.draw()


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
def test_letters_beside_the_panel_change_nothing(display: None) -> None:
    settings = ViewerSettings(size=(320, 240), vsync=False, supersampling=0.25, panel=True)
    with open_viewer(settings) as viewer:
        before = viewer.settings
        letters = [key for key in range(glfw.KEY_A, glfw.KEY_Z + 1)]
        assert press(viewer, *letters) == []
        assert viewer.is_open and viewer.settings == before and not viewer.help_shown
        assert press(viewer, glfw.KEY_F9) == [SetRecording(True)]
        press(viewer, glfw.KEY_F1)
        assert viewer.help_shown
        press(viewer, glfw.KEY_F1, glfw.KEY_F2, glfw.KEY_B)
        assert viewer.settings == replace(before, panel=False, bars=True)


@pytest.mark.window
def test_the_pages_are_told_in_the_first_picture(display: None) -> None:
    settings = ViewerSettings(size=(640, 480), vsync=False, supersampling=0.25, panel=True)
    with open_viewer(settings) as viewer:
        viewer.draw(None, STATISTICS)
        first = tabs_of(viewer)
        for _ in range(4):
            press(viewer, glfw.KEY_F5)
        assert np.abs(first - tabs_of(viewer)).mean() < 2.0 < first.std()


def tabs_of(viewer: Viewer) -> NDArray[np.float64]:
    """Brightness of the panel's uppermost stripe."""
    window = viewer.window
    width, height = window.framebuffer_size
    pixels = np.frombuffer(window.gl.screen.read(components=3), np.uint8)
    return pixels.reshape(height, width, 3)[-42:-20, 20:300].mean(axis=2)


@pytest.mark.window
@pytest.mark.parametrize("page", panel.PAGES)
def test_a_recording_is_told_on_every_page_and_in_the_corner(
    page: str, display: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks: list[float] = []
    for module in (panel, recording_mark):
        monkeypatch.setattr(module, "draw_mark", lambda *given: marks.append(given[3]))
    settings = ViewerSettings(size=(320, 240), vsync=False, supersampling=0.25, panel=True)
    recording = replace(STATISTICS, recording=True)

    def marked(settings: ViewerSettings) -> bool:
        viewer.take(settings)
        viewer._next_draw, viewer._glow = 0.0, 1
        marks.clear()
        viewer.draw(None, recording)
        return marks == [83.0]

    with open_viewer(settings) as viewer:
        press(viewer, GLFW_KEYS[panel.PAGE_KEYS[panel.PAGES.index(page)]])
        assert marks == []  # nothing is recorded so far
        assert marked(settings)
        closed = replace(settings, panel=False)
        assert marked(closed)
        for background in ("key", "transparent"):
            assert not marked(replace(closed, background=background))
            assert marked(replace(settings, background=background))


@pytest.mark.window
def test_the_keyboard_alone_reaches_every_control(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tab comes by all of them, on every page, what can be unfolded included."""
    unfold_everything(monkeypatch)
    drawn = Drawn(monkeypatch)
    for key, page in zip(panel.PAGE_KEYS, panel.PAGES, strict=True):
        while stage.panel.busy:  # a field is typed in: a digit would be a digit
            stage.press(glfw.KEY_ESCAPE)
        stage.press(GLFW_KEYS[key])
        drawn.clear()
        stage.draw()
        assert next(item for item in drawn.items if not item.dead).focused  # the first is reached
        steps = 0
        while steps < len(drawn.items) + 4:  # the list of weights is drawn once it is in sight
            stage.press(glfw.KEY_TAB)
            steps += 1
        assert all(page in item.window for item in drawn.items)
        missed = [item.name for item in drawn.items if not item.focused and not item.dead]
        assert missed == [], f"on the page {page}"


@pytest.mark.window
def test_keys_press_what_they_have_reached(stage: Stage) -> None:
    asked: list[Action] = []
    for _ in range(24):
        asked += stage.press(glfw.KEY_TAB, glfw.KEY_SPACE)
        if stage.panel.busy:  # a list is open, or a slider waits for the arrows
            asked += stage.press(glfw.KEY_RIGHT, glfw.KEY_DOWN, glfw.KEY_SPACE)
        while stage.panel.busy:
            stage.press(glfw.KEY_ESCAPE)
    kinds = {type(action) for action in asked}
    wanted = {SetSource, Calibrate, Lead, Recentre, SetPaused, SetQuickness, SetRecording}
    assert wanted <= kinds
    assert SetVirtualCamera(True) in asked
    assert SetOutput("vmc:127.0.0.1:39539", False) in asked
    assert SetOutput("osc:studio-pc:9000", True) in asked


@pytest.mark.window
@pytest.mark.parametrize("page", panel.PAGES)
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_labels_as_long_as_german_ones_are_neither_cut_nor_drawn_over_one_another(
    window: Window, page: str, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfold_everything(monkeypatch)
    drawn = Drawn(monkeypatch, longer=LONGER)
    stage = Stage(window, scale=scale)
    stage.draw()
    stage.press(GLFW_KEYS[panel.PAGE_KEYS[panel.PAGES.index(page)]])
    for statistics in (STATISTICS, replace(STATISTICS, recording=True, mirrored=True)):
        stage.draw(statistics, turns=4)
        drawn.clear()
        stage.draw(statistics, turns=1)
        assert len(drawn.items) > 10
        for item in drawn.items:
            assert item.right <= item.room + 1.0, f"{item.name!r} is cut"
        for one, other in itertools.combinations(drawn.items, 2):
            over = min(one.bottom, other.bottom) - max(one.top, other.top)
            beside = min(one.right, other.right) - max(one.left, other.left)
            inside = one.window != other.window
            assert inside or over <= 1.0 or beside <= 1.0, f"{one.name!r} lies on {other.name!r}"


@pytest.mark.window
def test_what_is_pressed_is_large_enough_for_a_finger(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 points, what lies between two of them included: WCAG 2.2, 2.5.8."""
    unfold_everything(monkeypatch)
    drawn = Drawn(monkeypatch)
    between = imgui.get_style().item_spacing.y
    for key in panel.PAGE_KEYS:
        stage.press(GLFW_KEYS[key])
        drawn.clear()
        stage.draw(turns=1)
        for item in drawn.items:
            assert item.dead or item.bottom - item.top + between >= 24.0, item.name


@pytest.mark.window
def test_escape_ends_what_is_asked_before_it_hides_the_panel(stage: Stage) -> None:
    stage.press(glfw.KEY_4, glfw.KEY_TAB, glfw.KEY_SPACE)
    assert stage.panel.busy  # a name is typed
    stage.press(glfw.KEY_ESCAPE)
    assert stage.panel.busy  # the field is left, and the question stands
    stage.press(glfw.KEY_ESCAPE)
    assert not stage.panel.busy


@pytest.mark.window
def test_a_profile_is_begun_and_deleted_by_keys(stage: Stage) -> None:
    stage.press(glfw.KEY_4, glfw.KEY_TAB, glfw.KEY_SPACE)
    for letter in "Bea":
        stage.type(letter)
    assert stage.press(glfw.KEY_ENTER) == [NewProfile("Bea")]
    anna = replace(STATISTICS, situation=replace(SITUATION, profile="Anna"))
    stage.draw(anna)
    stage.statistics = anna
    to_delete = (glfw.KEY_TAB, glfw.KEY_TAB, glfw.KEY_TAB, glfw.KEY_SPACE)
    stage.press(*to_delete)
    assert stage.press(glfw.KEY_SPACE) == []  # the question came with the focus on Cancel
    stage.press(*to_delete)
    assert stage.press(glfw.KEY_LEFT, glfw.KEY_SPACE) == [DeleteProfile("Anna")]


@pytest.mark.window
def test_every_control_is_a_setting_of_the_profile_or_an_option_of_the_command_line(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfold_everything(monkeypatch)
    drawn = Drawn(monkeypatch)
    region = replace(SITUATION, options=replace(SITUATION.options, person="region"))
    stage.statistics = replace(STATISTICS, situation=region)
    stage.settings = replace(stage.settings, background="picture")
    seen: set[str] = set()
    for key in panel.PAGE_KEYS:
        for background in ("picture", "key"):
            stage.settings = replace(stage.settings, background=background)
            stage.press(GLFW_KEYS[key])
            drawn.clear()
            stage.draw(turns=1)
            seen |= {item.name for item in drawn.items if not item.dead}
    known = {label for labels in SETTINGS.values() for label in labels}
    rows = set(BLENDSHAPES)
    assert seen - known - rows - FOLDS == set()
    assert known - seen == set()
    options = run_options()
    for setting in SETTINGS:
        if setting.startswith("--"):
            assert setting in options
        elif not setting.startswith("mien "):
            reduce(getattr, setting.split("."), Profile())  # raises where there is none


def run_options() -> frozenset[str]:
    parser = argparse.ArgumentParser()
    run.add_parser(parser.add_subparsers())
    found = parser.parse_args(["run"])
    return frozenset("--" + name.replace("_", "-") for name in vars(found))


SETTINGS: dict[str, tuple[str, ...]] = {
    "source.spec": ("source", "Show the built-in clip"),
    "mien calibrate": ("Learn my face (½ min)",),
    "mien run --remote: /mien/calibrate": ("Calibrate (2 s)",),
    "mien run --remote: /mien/recentre": ("Centre the head",),
    "mien run --remote: /mien/pause": ("Pause",),
    "smoother.quickness": ("Movement",),
    "--record": ("Record a take",),
    "takes.formats": tuple(title for _, title in FORMAT_TITLES),
    "takes.slate": ("Name",),
    "takes.folder": ("Folder",),
    "outputs": (
        "VMC to this computer, port 39539",
        "OSC to studio-pc, port 9000",
        "Remove",
        "Add a receiver …",
    ),
    "virtual_camera.on": ("Show the figure as a webcam",),
    "calibration.channels": (
        *("Strength", "Curve", "Ignore below", "Add", "At least", "At most"),
        "As it was at first",
    ),
    "calibration.link_eyes": ("Both eyes alike",),
    "calibration.automatic": ("Learn my rest by itself",),
    "calibration.camera_tilt": ("The camera looks down",),
    "calibration": ("Forget what was learned of my face",),
    "viewer.look": tuple(name.capitalize() for name in LOOKS),
    "viewer.avatar": ("Choose a file …", "A .vrm or .glb file; or drop it onto the window"),
    "viewer.figure": FIGURE_TITLES,
    "viewer.background": tuple(BACKGROUND_TITLES.values()),
    "viewer.background_picture": ("Picture",),
    "viewer.key_color": (*KEY_COLORS, "Colour"),
    "mirror": ("As in a mirror",),
    "viewer.on_top": ("Always on top",),
    "viewer.borderless": ("Without a frame",),
    "viewer.fullscreen": ("Fullscreen",),
    "viewer.bars": ("Blendshapes beside the figure",),
    "viewer.ui_scale": ("100 %", "125 %", "150 %", "200 %"),
    "--profile": ("profile", "New …", "Save as …", "Rename …"),
    "budget": ("Leave the processor to the game",),
    "idle": ("The head lives by itself",),
    "output_rate": tuple(title for _, title in OUTPUT_RATES),
    "tracker.person": tuple(title for _, title in PERSONS),
    "tracker.region": ("Left edge", "Right edge", "Upper edge", "Lower edge"),
    "regressor": ("regressor",),
    "source.width": tuple(f"{width}×{height}" for width, height in PICTURES),
    "source.rate": tuple(f"{rate:.0f} pictures a second" for rate in CAMERA_RATES),
    "source.exposure": tuple(title for _, title in EXPOSURES),
    "source.rotate": tuple(f"{turn}°" for turn in TURNS),
    "hotkeys": HOTKEY_TITLES,
    "remote": ("Port for OSC: Stream Deck, TouchOSC",),
}
"""What a profile or the command line has for each control."""
FOLDS = {"Files of a take", "Shift and limits", "Eyes, rest and camera"}


def test_texts_and_edges_stand_out_from_what_lies_behind_them() -> None:
    """4.5 to 1 for texts, 3 to 1 for edges: WCAG 2.2, 1.4.3 and 1.4.11; on black and on white."""
    for behind in (np.zeros(3), np.ones(3)):
        plate = over(theme.PANEL, behind)
        for place in (plate, over(theme.POPUP, behind)):
            for text in (theme.TEXT, theme.DIM, theme.ACCENT, theme.WARNING, theme.GOOD):
                assert contrast(over(text, place), place) >= 4.5
            for field in (theme.CONTROL, theme.CHOSEN, theme.HOVERED):
                assert contrast(over(theme.TEXT, place), over(field, place)) >= 4.5
            assert contrast(over(theme.OUTLINE, place), place) >= 3.0
            assert contrast(over(theme.DIM, place), over(theme.CONTROL, place)) >= 4.5


def over(color: ImVec4, behind: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([color.x, color.y, color.z]) * color.w + behind * (1.0 - color.w)


def contrast(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """WCAG 2.2's ratio of two sRGB colours."""
    brightness = sorted(
        float(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ LUMINANCE)
        for c in (one, other)
    )
    return (brightness[1] + 0.05) / (brightness[0] + 0.05)


LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


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
