"""The control panel's second page: the 52 weights, how each is mapped, and what is learned."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from imgui_bundle import ImVec2, imgui
from numpy.typing import NDArray

from app.actions import SetCalibration, SetChannel
from app.statistics import Situation
from app.viewer import controls, theme
from app.viewer.asked import Asked
from engine.blendshapes import BLENDSHAPES
from engine.calibration import CalibrationSettings, ChannelCalibration
from engine.calibration.guide import forgotten

POINTS, FINE = 33, 129  # of the curve: drawn, searched
CURVE_HEIGHT = 5.0  # em
LIST_LEAST = 9.0  # em of the list's height
ROUNDING = 0.18  # em
ROW = 1.2  # em; with what lies between them, rows are 24 points high


class ChannelPage:
    """It remembers which blendshape is chosen."""

    def __init__(self) -> None:
        self._chosen = BLENDSHAPES.index("jawOpen")
        self._seek = True  # whether the list has still to show the chosen one

    def draw(self, weights: NDArray[np.float64] | None, situation: Situation, asked: Asked) -> None:
        """weights: (52,) 0..1, as they are sent; None: there are none so far."""
        em = imgui.get_font_size()
        name = BLENDSHAPES[self._chosen]
        channel = situation.calibration.channel(name)
        controls.title(name)
        _draw_curve(channel, 0.0 if weights is None else float(weights[self._chosen]))
        edited = _edited(channel)
        if edited != channel:
            asked.actions.append(SetChannel(edited))
        if controls.more("Eyes, rest and camera"):
            calibration = _edited_person(situation.calibration)
            if calibration != situation.calibration:
                asked.actions.append(SetCalibration(calibration))
        controls.gap()
        height = max(imgui.get_content_region_avail().y, LIST_LEAST * em)
        imgui.begin_child("weights", ImVec2(0, height), imgui.ChildFlags_.nav_flattened)
        for index, shape in enumerate(BLENDSHAPES):
            weight = 0.0 if weights is None else float(weights[index])
            changed = situation.calibration.channel(shape) != ChannelCalibration(shape)
            if _draw_row(shape, weight, chosen=index == self._chosen, changed=changed):
                self._chosen = index
            if self._seek and index == self._chosen:
                imgui.set_scroll_here_y()
        self._seek = False
        imgui.end_child()


def _edited(channel: ChannelCalibration) -> ChannelCalibration:
    """The channel as the sliders say."""
    gain = controls.slider("Strength", channel.gain, 0.0, 3.0, "×%.2f")
    curve = controls.slider("Curve", channel.curve, 0.3, 3.0)
    controls.ends("eager", "gentle")
    dead_zone = controls.slider("Ignore below", channel.dead_zone, 0.0, 0.5)
    edited = replace(channel, gain=gain, curve=curve, dead_zone=dead_zone)
    if controls.more("Shift and limits"):
        offset = controls.slider("Add", edited.offset, -1.0, 1.0, "%+.2f")
        low = controls.slider("At least", edited.low, 0.0, 1.0)
        high = controls.slider("At most", edited.high, 0.0, 1.0)
        low, high = (min(low, high), high) if low != edited.low else (low, max(low, high))
        edited = replace(edited, offset=offset, low=low, high=high)
    imgui.begin_disabled(edited == ChannelCalibration(channel.name))
    if controls.button("As it was at first"):
        edited = ChannelCalibration(channel.name)
    imgui.end_disabled()
    return edited


def _edited_person(calibration: CalibrationSettings) -> CalibrationSettings:
    """What is known of the person, as the switches say."""
    tilt = math.degrees(calibration.camera_tilt)
    edited = replace(
        calibration,
        link_eyes=controls.switch("Both eyes alike", calibration.link_eyes),
        automatic=controls.switch("Learn my rest by itself", calibration.automatic),
    )
    tilted = controls.slider("The camera looks down", tilt, -60.0, 60.0, "%.0f°")
    if tilted != tilt:
        edited = replace(edited, camera_tilt=math.radians(tilted))
    if controls.button("Forget what was learned of my face"):
        edited = forgotten(edited)
    return edited


def _draw_curve(channel: ChannelCalibration, weight: float) -> None:
    """weight: what comes out now."""
    em = imgui.get_font_size()
    start, width = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail().x
    height = CURVE_HEIGHT * em
    end = ImVec2(start.x + width, start.y + height)
    draw = imgui.get_window_draw_list()
    draw.add_rect_filled(start, end, theme.packed(theme.TRACK), ROUNDING * em)
    level = end.y - weight * height
    draw.add_line(ImVec2(start.x, level), ImVec2(end.x, level), theme.packed(theme.GRAB), 1.0)
    across = np.linspace(0.0, 1.0, POINTS)
    points: list[ImVec2 | tuple[float, float] | list[float]] = [
        ImVec2(start.x + float(x) * width, end.y - float(y) * height)
        for x, y in zip(across, channel.mapped(across), strict=True)
    ]
    draw.add_polyline(points, theme.packed(theme.ACCENT), max(1.5, 0.12 * em), 0)
    at = _before(channel, weight)
    if at is not None:
        draw.add_circle_filled(
            ImVec2(start.x + at * width, level), 0.28 * em, theme.packed(theme.TEXT)
        )
    imgui.dummy(ImVec2(width, height))


def _before(channel: ChannelCalibration, weight: float) -> float | None:
    """The least weight that becomes this one; None: none does."""
    across = np.linspace(0.0, 1.0, FINE)
    reached = np.flatnonzero(channel.mapped(across) >= weight - 1e-6)
    return float(across[reached[0]]) if reached.size else None


def _draw_row(name: str, weight: float, *, chosen: bool, changed: bool) -> bool:
    """A bar with its name in it; whether it was pressed. changed: it is mapped in some way."""
    em = imgui.get_font_size()
    start, width = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail().x
    pressed, _ = imgui.selectable(f"##{name}", chosen, 0, ImVec2(width, ROW * em))
    if imgui.is_item_focused() and not chosen:
        pressed = True  # with the arrow keys one chooses by going there
    draw = imgui.get_window_draw_list()
    middle = start.x + 0.52 * width
    top, bottom = start.y + 0.3 * em, start.y + 0.85 * em
    right = start.x + width - 0.5 * em
    draw.add_rect_filled(
        ImVec2(middle, top), ImVec2(right, bottom), theme.packed(theme.TRACK), ROUNDING * em
    )
    if weight > 0.004:
        filled = ImVec2(middle + min(weight, 1.0) * (right - middle), bottom)
        draw.add_rect_filled(ImVec2(middle, top), filled, theme.packed(theme.ACCENT), ROUNDING * em)
    imgui.push_font(None, theme.FONT_SIZE * 0.88)
    color = theme.packed(theme.ACCENT if changed else theme.TEXT)
    draw.add_text(ImVec2(start.x + 0.25 * em, start.y + 0.1 * em), color, name)
    imgui.pop_font()
    return bool(pressed)
