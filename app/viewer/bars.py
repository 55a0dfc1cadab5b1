"""The 52 weights as bars: the person's right and left side by side, grouped by feature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from imgui_bundle import ImVec2, imgui
from numpy.typing import NDArray

from app.viewer import theme
from app.viewer.layout import Rect
from engine.blendshapes import BLENDSHAPES, INDEX

PADDING = 0.7  # em
ROW, LOWEST_ROW = 1.2, 0.85  # em; rows shrink before the panel scrolls
LABEL = 5.0  # em
ROUNDING = 0.18  # em
MORE = "the wheel shows the rest"  # a row below the others, when they scroll


@dataclass(frozen=True, slots=True)
class BarRow:
    """One line. `indices` in `BLENDSHAPES`: one for the middle, or (right, left)."""

    label: str
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BarGroup:
    title: str
    rows: tuple[BarRow, ...]


def _pair(label: str, stem: str) -> BarRow:
    return BarRow(label, (INDEX[stem + "Right"], INDEX[stem + "Left"]))


def _single(label: str, name: str) -> BarRow:
    return BarRow(label, (INDEX[name],))


GROUPS: tuple[BarGroup, ...] = (
    BarGroup(
        "Eyes",
        (
            _pair("blink", "eyeBlink"),
            _pair("squint", "eyeSquint"),
            _pair("wide", "eyeWide"),
            _pair("look in", "eyeLookIn"),
            _pair("look out", "eyeLookOut"),
            _pair("look up", "eyeLookUp"),
            _pair("look down", "eyeLookDown"),
        ),
    ),
    BarGroup(
        "Brows",
        (
            _pair("down", "browDown"),
            _single("inner up", "browInnerUp"),
            _pair("outer up", "browOuterUp"),
        ),
    ),
    BarGroup(
        "Nose and cheeks",
        (
            _pair("sneer", "noseSneer"),
            _pair("squint", "cheekSquint"),
            _single("puff", "cheekPuff"),
        ),
    ),
    BarGroup(
        "Jaw",
        (
            _single("open", "jawOpen"),
            _single("forward", "jawForward"),
            _pair("sideways", "jaw"),
        ),
    ),
    BarGroup(
        "Mouth",
        (
            _pair("smile", "mouthSmile"),
            _pair("frown", "mouthFrown"),
            _pair("dimple", "mouthDimple"),
            _pair("stretch", "mouthStretch"),
            _pair("press", "mouthPress"),
            _pair("upper up", "mouthUpperUp"),
            _pair("lower down", "mouthLowerDown"),
            _pair("sideways", "mouth"),
            _single("close", "mouthClose"),
            _single("pucker", "mouthPucker"),
            _single("funnel", "mouthFunnel"),
            _single("roll upper", "mouthRollUpper"),
            _single("roll lower", "mouthRollLower"),
            _single("shrug upper", "mouthShrugUpper"),
            _single("shrug lower", "mouthShrugLower"),
            _single("tongue out", "tongueOut"),
        ),
    ),
)
GROUP_GAP = 0.35  # of a row, above a title


def rows_fitting(room: float) -> float:
    """Height in rows of the whole groups, from the first on, that this many rows can show.

    Where not even the first group fits, its whole rows.
    """
    height, best = 0.0, 0.0
    for number, group in enumerate(GROUPS):
        height += 1 + len(group.rows) + (GROUP_GAP if number else 0.0)
        if height <= room:
            best = height
    return best or float(max(1, int(room)))


_ROWS = rows_fitting(math.inf)


def draw_bars(area: Rect, weights: NDArray[np.float64]) -> None:
    """A panel in this room; it scrolls, and ends with a group, if the smallest rows do not fit.

    weights: (52,) 0..1. The columns stand as the figure's sides do on the screen.
    """
    em = imgui.get_font_size()
    padding = PADDING * em
    room = (area.height - 2 * padding) / (LOWEST_ROW * em)
    scrolls = room < _ROWS
    visible = rows_fitting(room - 1) if scrolls else _ROWS
    shown = visible + (1 if scrolls else 0)
    row = min(ROW * em, (area.height - 2 * padding) / shown)
    imgui.set_next_window_pos(ImVec2(area.x, area.y))
    imgui.set_next_window_size(ImVec2(area.width, shown * row + 2 * padding))
    imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(padding, padding))
    imgui.begin("bars", None, theme.PANEL_FLAGS)
    imgui.pop_style_var()
    corner = imgui.get_cursor_screen_pos()
    imgui.push_font(None, theme.FONT_SIZE * min(0.88, 0.82 * row / em))
    if scrolls:
        text = ImVec2(corner.x, corner.y + visible * row + (row - imgui.get_font_size()) / 2)
        imgui.get_window_draw_list().add_text(text, theme.packed(theme.DIM), MORE)
    imgui.begin_child("rows", ImVec2(0.0, visible * row))
    start = imgui.get_cursor_screen_pos()
    width = imgui.get_content_region_avail().x - (0.4 * em if scrolls else 0.0)
    _draw_rows(start.x, start.y, width, row, weights)
    imgui.dummy(ImVec2(width, _ROWS * row))
    imgui.end_child()
    imgui.pop_font()
    imgui.end()


def _draw_rows(
    x: float,
    y: float,
    width: float,
    row: float,
    weights: NDArray[np.float64],
) -> None:
    draw = imgui.get_window_draw_list()
    text_top = (row - imgui.get_font_size()) / 2
    em = imgui.get_style().font_size_base * imgui.get_style().font_scale_main
    bars_x = x + LABEL * em
    gap = 0.35 * em
    half = (width - LABEL * em - gap) / 2
    text, dim = theme.packed(theme.TEXT), theme.packed(theme.DIM)
    accent, track = theme.packed(theme.ACCENT), theme.packed(theme.TRACK)
    for number, group in enumerate(GROUPS):
        y += GROUP_GAP * row if number else 0.0
        draw.add_text(ImVec2(x, y + text_top), accent, group.title)
        if number == 0:
            for column, side in enumerate(("right", "left")):
                draw.add_text(ImVec2(bars_x + column * (half + gap), y + text_top), dim, side)
        y += row
        for line in group.rows:
            draw.add_text(ImVec2(x, y + text_top), text, line.label)
            span = half if len(line.indices) == 2 else width - LABEL * em
            for column, index in enumerate(line.indices):
                left = bars_x + column * (half + gap)
                top, bottom = y + 0.22 * row, y + 0.78 * row
                share = min(1.0, max(0.0, float(weights[index])))
                corner = ImVec2(left + span, bottom)
                draw.add_rect_filled(ImVec2(left, top), corner, track, ROUNDING * em)
                if share > 0.004:
                    filled = ImVec2(left + span * share, bottom)
                    draw.add_rect_filled(ImVec2(left, top), filled, accent, ROUNDING * em)
                if imgui.is_window_hovered() and imgui.is_mouse_hovering_rect(
                    ImVec2(left, y), ImVec2(left + span, y + row)
                ):
                    imgui.set_tooltip(f"{BLENDSHAPES[index]}  {weights[index]:.2f}")
            y += row
