"""What a calibration asks of the person: large, at the upper edge, with the time that is left."""

from __future__ import annotations

from imgui_bundle import ImVec2, imgui

from app.viewer import theme
from app.viewer.layout import Rect
from engine.calibration.guide import Prompt

LARGE, SMALL = 1.7, 0.95  # times the panels' text
PADDING = 1.1  # em
BAR = 0.4  # em high
WIDEST = 34.0  # em
EDGE = 1.0  # em from the window's upper edge


def draw_prompt(room: Rect, prompt: Prompt) -> None:
    """room: what the control panel leaves of the window."""
    em = imgui.get_font_size()
    padding = PADDING * em
    width = min(WIDEST * em, room.width - 2 * EDGE * em)
    inner = width - 2 * padding
    imgui.push_font(None, theme.FONT_SIZE * LARGE)
    fit = min(1.0, inner / imgui.calc_text_size(prompt.text).x)
    imgui.pop_font()
    large = theme.FONT_SIZE * LARGE * fit
    verdict = f"before: {prompt.verdict}" if prompt.verdict else ""
    text_height = LARGE * fit * em
    height = 2 * padding + text_height + 0.6 * em + BAR * em + (1.5 * em if verdict else 0.0)
    imgui.set_next_window_pos(ImVec2(room.x + (room.width - width) / 2, room.y + EDGE * em))
    imgui.set_next_window_size(ImVec2(width, height))
    imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(padding, padding))
    imgui.push_style_color(imgui.Col_.window_bg, theme.NOTICE)
    imgui.begin("prompt", None, theme.PASSIVE_FLAGS)
    imgui.pop_style_color()
    imgui.pop_style_var()
    imgui.internal.bring_window_to_display_front(imgui.internal.get_current_window())
    start = imgui.get_cursor_screen_pos()
    draw = imgui.get_window_draw_list()
    imgui.push_font(None, large)
    text_width = imgui.calc_text_size(prompt.text).x
    place = ImVec2(start.x + (inner - text_width) / 2, start.y)
    draw.add_text(place, theme.packed(theme.TEXT), prompt.text)
    imgui.pop_font()
    y = start.y + text_height + 0.6 * em
    rounding = BAR * em / 2
    draw.add_rect_filled(
        ImVec2(start.x, y),
        ImVec2(start.x + inner, y + BAR * em),
        theme.packed(theme.TRACK),
        rounding,
    )
    if prompt.progress > 0.0:
        draw.add_rect_filled(
            ImVec2(start.x, y),
            ImVec2(start.x + max(prompt.progress * inner, 2 * rounding), y + BAR * em),
            theme.packed(theme.ACCENT),
            rounding,
        )
    if verdict:
        imgui.push_font(None, theme.FONT_SIZE * SMALL)
        verdict_width = imgui.calc_text_size(verdict).x
        place = ImVec2(start.x + (inner - verdict_width) / 2, y + (BAR + 0.5) * em)
        draw.add_text(place, theme.packed(theme.DIM), verdict)
        imgui.pop_font()
    imgui.end()
