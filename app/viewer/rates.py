"""Rates, latency and load: how the chain is doing, in one small table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imgui_bundle import ImVec2, imgui

from app.statistics import Statistics
from app.viewer import theme
from app.viewer.layout import Rect


@dataclass(frozen=True, slots=True)
class DrawingStatistics:
    """What the window itself costs. gpu_seconds: None where the driver does not tell."""

    rate_hz: float
    gpu_seconds: float | None
    draw_calls: int
    supersampling: float  # pixels drawn for one of the window, along each side


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    value: str
    heading: bool = False


def lines_of(statistics: Statistics, drawing: DrawingStatistics) -> Iterator[Line]:
    """The table's lines, top to bottom."""
    yield Line("Rates", "", heading=True)
    yield Line("camera", f"{statistics.capture_rate_hz:.1f} /s")
    yield Line("face", f"{statistics.state_rate_hz:.1f} /s")
    yield Line("window", f"{drawing.rate_hz:.1f} /s")
    yield Line("left out", f"{statistics.dropped}")
    latency = statistics.latency
    yield Line("Capture to send", "", heading=True)
    if latency is None:
        yield Line("nothing sent so far", "")
    else:
        yield Line("half below", _milliseconds(latency.p50))
        yield Line("95 % below", _milliseconds(latency.p95))
        yield Line("99 % below", _milliseconds(latency.p99))
    yield Line("Drawing", "", heading=True)
    if drawing.gpu_seconds is not None:
        yield Line("GPU time", _milliseconds(drawing.gpu_seconds))
    yield Line("draw calls", f"{drawing.draw_calls}")
    yield Line("detail", f"{drawing.supersampling:.2g}×")
    if statistics.outputs:
        yield Line("Sent, datagrams", "", heading=True)
        for output in statistics.outputs:
            yield Line(output.name, f"{output.datagrams_per_second:.0f} /s")
    if statistics.recordings:
        yield Line("Recorded, rows", "", heading=True)
        for recording in statistics.recordings:
            yield Line(recording.name, f"{recording.rows}")


def draw_rates(area: Rect, statistics: Statistics, drawing: DrawingStatistics) -> None:
    """A panel at the top of this room; it scrolls when it does not fit."""
    em = imgui.get_font_size()
    row = 1.28 * em
    gap = 0.35 * em  # above a heading
    padding = 0.7 * em
    lines = tuple(lines_of(statistics, drawing))
    needed = len(lines) * row + gap * sum(line.heading for line in lines[1:]) + 2 * padding
    scrolls = needed > area.height + 1
    imgui.set_next_window_pos(ImVec2(area.x, area.y))
    imgui.set_next_window_size(ImVec2(area.width, min(needed, area.height)))
    imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(padding, padding))
    flags = theme.SCROLLING_FLAGS if scrolls else theme.PASSIVE_FLAGS
    imgui.begin("rates", None, flags)
    imgui.pop_style_var()
    imgui.push_font(None, theme.FONT_SIZE * 0.92)
    start = imgui.get_cursor_screen_pos()
    width = imgui.get_content_region_avail().x - (0.4 * em if scrolls else 0.0)
    draw = imgui.get_window_draw_list()
    y = start.y
    for number, line in enumerate(lines):
        if line.heading:
            y += gap if number else 0.0
            draw.add_text(ImVec2(start.x, y), theme.packed(theme.ACCENT), line.label)
        else:
            room = width - imgui.calc_text_size(line.value).x
            label = shortened(line.label, room - 0.5 * em)
            draw.add_text(ImVec2(start.x, y), theme.packed(theme.DIM), label)
            draw.add_text(ImVec2(start.x + room, y), theme.packed(theme.TEXT), line.value)
        y += row
    imgui.pop_font()
    imgui.dummy(ImVec2(width, y - start.y - imgui.get_style().item_spacing.y))
    imgui.end()


def shortened(text: str, room: float) -> str:
    """The text, or as much of it as fits into this room with an ellipsis."""
    if imgui.calc_text_size(text).x <= room:
        return text
    while text and imgui.calc_text_size(text + "…").x > room:
        text = text[:-1]
    return text + "…"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
