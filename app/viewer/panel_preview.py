"""The camera's picture in the control panel, with what it is like."""

from __future__ import annotations

from imgui_bundle import ImVec2, imgui

from app.statistics import Statistics
from app.viewer import Shown, controls, theme
from app.viewer.inset import Inset
from app.viewer.layout import Rect

HIGHEST = 0.27  # of the panel's height
EMPTY = 4.0  # em high, where there is no picture
Region = tuple[float, float, float, float]


def draw_preview(
    shown: Shown | None,
    statistics: Statistics,
    inset: Inset,
    pixels_per_point: float,
    region: Region | None = None,
) -> None:
    """region: left, top, right, bottom in shares, to be marked."""
    em = imgui.get_font_size()
    if shown is None:
        _draw_empty()
        return
    width, height = shown.state.image_size
    room = imgui.get_content_region_avail()
    high = min(room.x * height / width, max(HIGHEST * imgui.get_window_height(), 4.0 * em))
    wide = high * width / height
    place = imgui.get_cursor_screen_pos()
    area = Rect(place.x + (room.x - wide) / 2, place.y, wide, high)
    imgui.dummy(ImVec2(room.x, high))
    inset.draw(
        area,
        shown,
        mirrored=statistics.mirrored,
        pixels_per_point=pixels_per_point,
        draw=imgui.get_window_draw_list(),
    )
    if region is not None:
        _draw_region(area, region, mirrored=statistics.mirrored)
    controls.note(f"{width}×{height}, {_rate(statistics)} pictures a second")


def _draw_empty() -> None:
    """Where the picture will be."""
    em = imgui.get_font_size()
    place, width = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail().x
    end = ImVec2(place.x + width, place.y + EMPTY * em)
    draw = imgui.get_window_draw_list()
    draw.add_rect_filled(place, end, theme.packed(theme.TRACK), 0.5 * em)
    text = "No picture"
    size = imgui.calc_text_size(text)
    middle = ImVec2(place.x + (width - size.x) / 2, place.y + (EMPTY * em - size.y) / 2)
    draw.add_text(middle, theme.packed(theme.DIM), text)
    imgui.dummy(ImVec2(width, EMPTY * em))


def _draw_region(area: Rect, region: Region, *, mirrored: bool) -> None:
    left, top, right, bottom = region
    if mirrored:
        left, right = 1.0 - right, 1.0 - left
    draw = imgui.get_window_draw_list()
    draw.add_rect(
        ImVec2(area.x + left * area.width, area.y + top * area.height),
        ImVec2(area.x + right * area.width, area.y + bottom * area.height),
        theme.packed(theme.ACCENT),
        0.0,
        max(1.5, 0.12 * imgui.get_font_size()),
    )


def _rate(statistics: Statistics) -> str:
    wanted = statistics.capture_rate_wanted
    given = f"{statistics.capture_rate_hz:.1f}"
    return given if wanted is None else f"{given} of {wanted:.0f}"
