"""The panel that lists the keys."""

from __future__ import annotations

from collections.abc import Collection

from imgui_bundle import ImVec2, imgui

from app.viewer import theme
from app.viewer.keys import HELP, Command, HelpGroup, HelpLine
from app.viewer.layout import Rect

COLUMN = 15.6  # em
KEYS = 5.4  # em of a column, for the key caps, which stand against its right edge
CAP_GAP = 0.8  # em between them and what they do
ROW = 1.75  # em
TITLE_ROW = 1.9  # em
PADDING = 1.1  # em
COLUMNS = (HELP[:2], HELP[2:])
LEGEND = "on, but there is no room for it now"
LETTERS = "Letters count while the control panel is closed"
MOST = 0.94  # of the window may be covered


def help_area(size: tuple[int, int], em: float) -> Rect:
    """In the middle of a window of this size, smaller than wanted where it would not fit."""
    lines = max(sum(len(group.lines) for group in column) for column in COLUMNS)
    titles = max(len(column) for column in COLUMNS)
    width = (len(COLUMNS) * COLUMN + 3 * PADDING) * em
    height = (lines * ROW + titles * TITLE_ROW + 2 * PADDING + 0.5 + 2 * ROW) * em
    fit = min(1.0, MOST * size[0] / width, MOST * size[1] / height)
    return Rect(
        (size[0] - fit * width) / 2,
        max(0.0, (size[1] - fit * height) / 2),
        fit * width,
        fit * height,
    )


def draw_help(
    size: tuple[int, int], on: Collection[Command], hidden: Collection[Command] = ()
) -> None:
    """on: the switches that are on, marked. hidden: those of them whose panel is not seen now."""
    em = imgui.get_font_size()
    area = help_area(size, em)
    fit = area.width / ((len(COLUMNS) * COLUMN + 3 * PADDING) * em)
    padding = fit * PADDING * em
    imgui.set_next_window_pos(ImVec2(area.x, area.y))
    imgui.set_next_window_size(ImVec2(area.width, area.height))
    imgui.begin("help", None, theme.PASSIVE_FLAGS)
    imgui.push_font(None, theme.FONT_SIZE * fit)
    for number, column in enumerate(COLUMNS):
        x = area.x + padding + number * (fit * COLUMN * em + padding)
        _draw_column(x, area.y + padding, column, on, hidden)
    _draw_letters(area, padding)
    if hidden:
        _draw_legend(area, padding)
    imgui.pop_font()
    imgui.end()


def _draw_letters(area: Rect, padding: float) -> None:
    em, text = imgui.get_font_size(), imgui.calc_text_size(LETTERS)
    place = ImVec2(area.x + (area.width - text.x) / 2, area.bottom - padding - em)
    imgui.get_window_draw_list().add_text(place, theme.packed(theme.DIM), LETTERS)


def _draw_legend(area: Rect, padding: float) -> None:
    draw = imgui.get_window_draw_list()
    em = imgui.get_font_size()
    text = imgui.calc_text_size(LEGEND)
    x, y = area.x + (area.width - text.x) / 2, area.bottom - padding - (1.0 + ROW) * em
    draw.add_circle(ImVec2(x - 0.7 * em, y + 0.52 * em), 0.22 * em, theme.packed(theme.ACCENT))
    draw.add_text(ImVec2(x, y), theme.packed(theme.DIM), LEGEND)


def _draw_column(
    x: float,
    y: float,
    groups: tuple[HelpGroup, ...],
    on: Collection[Command],
    hidden: Collection[Command],
) -> None:
    draw = imgui.get_window_draw_list()
    em = imgui.get_font_size()
    for number, group in enumerate(groups):
        y += 0.5 * em if number else 0.0
        title = ImVec2(x + KEYS * em, y)
        draw.add_text(title, theme.packed(theme.ACCENT), group.title)
        y += TITLE_ROW * em
        for line in group.lines:
            _draw_line(x, y, line, on, hidden)
            y += ROW * em


def _draw_line(
    x: float, y: float, line: HelpLine, on: Collection[Command], hidden: Collection[Command]
) -> None:
    draw = imgui.get_window_draw_list()
    em = imgui.get_font_size()
    cap_x = x + (KEYS - CAP_GAP) * em
    for cap in reversed(line.caps):
        text = imgui.calc_text_size(cap)
        cap_width = max(1.5 * em, text.x + 0.8 * em)
        cap_x -= cap_width
        corners = ImVec2(cap_x, y - 0.22 * em), ImVec2(cap_x + cap_width, y + 1.22 * em)
        draw.add_rect_filled(*corners, theme.packed(theme.TRACK), 0.3 * em)
        draw.add_text(ImVec2(cap_x + (cap_width - text.x) / 2, y), theme.packed(theme.TEXT), cap)
        cap_x -= 0.3 * em
    draw.add_text(ImVec2(x + KEYS * em, y), theme.packed(theme.TEXT), line.meaning)
    if line.command in on:
        center = ImVec2(x + COLUMN * em - 0.4 * em, y + 0.52 * em)
        dot = draw.add_circle if line.command in hidden else draw.add_circle_filled
        dot(center, 0.22 * em, theme.packed(theme.ACCENT))
