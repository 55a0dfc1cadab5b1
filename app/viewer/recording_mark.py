"""A red dot and the time since a take began: seen for as long as it is being written."""

from __future__ import annotations

from imgui_bundle import ImVec2, imgui

from app.viewer import theme
from app.viewer.layout import MARGIN, Rect

DOT, GAP = 0.3, 0.4  # em: its radius, and from it to the time
PADDING = 0.5  # em round it in the window's corner


def running_time(seconds: float) -> str:
    """Minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def draw_mark(draw: imgui.ImDrawList, right: float, top: float, seconds: float) -> None:
    """It ends at this x."""
    em, text = imgui.get_font_size(), running_time(seconds)
    left = right - _width(seconds)
    center = ImVec2(left + DOT * em, top + 0.52 * em)
    draw.add_circle_filled(center, DOT * em, theme.packed(theme.RECORDING))
    draw.add_text(ImVec2(left + (2 * DOT + GAP) * em, top), theme.packed(theme.TEXT), text)


def draw_mark_in_corner(room: Rect, seconds: float) -> None:
    """On a plate of its own, at the upper right of this room."""
    em = imgui.get_font_size()
    width, height = _width(seconds) + 2 * PADDING * em, (1.0 + 2 * PADDING) * em
    left, top = room.right - MARGIN * em - width, room.y + MARGIN * em
    imgui.set_next_window_pos(ImVec2(left, top))
    imgui.set_next_window_size(ImVec2(width, height))
    imgui.begin("recording", None, theme.PASSIVE_FLAGS)
    draw_mark(
        imgui.get_window_draw_list(), left + width - PADDING * em, top + PADDING * em, seconds
    )
    imgui.end()


def _width(seconds: float) -> float:
    text = imgui.calc_text_size(running_time(seconds))
    return float((2 * DOT + GAP) * imgui.get_font_size() + text.x)
