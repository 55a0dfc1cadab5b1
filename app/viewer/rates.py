"""Rates, latency and load: how the chain is doing, in one small table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imgui_bundle import ImVec2, imgui

from app.statistics import LatencyStatistics, Statistics, audio_delays, milliseconds
from app.viewer import theme
from app.viewer.layout import Rect
from engine.data import Emotion

ROW = 1.28  # em
GAP = 0.27  # of a row, above a heading
PADDING = 0.7  # em


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


def lines_of(
    statistics: Statistics, drawing: DrawingStatistics, emotion: Emotion | None = None
) -> Iterator[Line]:
    """The table's lines, top to bottom: what matters most comes first, for the last may not fit."""
    yield Line("Rates", "", heading=True)
    yield Line("camera", f"{statistics.capture_rate_hz:.1f} /s")
    yield Line("face", f"{statistics.state_rate_hz:.1f} /s")
    yield Line("window", f"{drawing.rate_hz:.1f} /s")
    yield Line("dropped", f"{statistics.dropped}")
    latency, to_screen = statistics.latency, statistics.latency_to_screen
    yield Line("Capture to send", "", heading=True)
    if latency is None:
        yield Line("nothing sent so far", "")
    else:
        yield from _shares(latency)
    if to_screen is not None:
        yield Line("Capture to screen", "", heading=True)
        yield from _shares(to_screen)
    sending = any(output.on for output in statistics.outputs)
    delays = audio_delays(latency if sending else None, to_screen)
    if delays:
        yield Line("Set this audio delay in OBS", "", heading=True)
    for captured, delay in delays:
        yield Line(f"for {captured}", f"{delay} ms")
    if emotion is not None:
        likeliest = int(emotion.scores.argmax())
        yield Line("Emotion", "", heading=True)
        yield Line(emotion.names[likeliest], f"{100.0 * float(emotion.scores[likeliest]):.0f} %")
        yield Line("valence", _signed(emotion.valence))
        yield Line("arousal", _signed(emotion.arousal))
    if statistics.outputs:
        yield Line("Sent, datagrams", "", heading=True)
        for output in statistics.outputs:
            yield Line(output.name, f"{output.datagrams_per_second:.0f} /s")
    if statistics.recordings:
        title = "Recording, rows" if statistics.recording else "Recorded, rows"
        yield Line(title, "", heading=True)
        for recording in statistics.recordings:
            yield Line(recording.name, f"{recording.rows}")
    yield Line("Drawing", "", heading=True)
    if drawing.gpu_seconds is not None:
        yield Line("GPU time", milliseconds(drawing.gpu_seconds))
    yield Line("draw calls", f"{drawing.draw_calls}")
    yield Line("detail", f"{drawing.supersampling:.2g}×")


def _shares(latency: LatencyStatistics) -> Iterator[Line]:
    yield Line("half below", milliseconds(latency.p50))
    yield Line("95 % below", milliseconds(latency.p95))
    yield Line("99 % below", milliseconds(latency.p99))


def fitted(lines: tuple[Line, ...], room: float) -> tuple[Line, ...]:
    """As many whole lines as fit into this many rows, with a last one that counts the others."""
    if _rows(lines) <= room:
        return lines
    kept = lines
    while kept and (kept[-1].heading or _rows(kept) + 1 > room):
        kept = kept[:-1]
    missing = sum(not line.heading for line in lines) - sum(not line.heading for line in kept)
    return (*kept, Line(f"and {missing} more", ""))


def _rows(lines: tuple[Line, ...]) -> float:
    return len(lines) + GAP * sum(line.heading for line in lines[1:])


def draw_rates(
    area: Rect, statistics: Statistics, drawing: DrawingStatistics, emotion: Emotion | None = None
) -> None:
    """A panel at the top of this room, with the lines that fit."""
    em = imgui.get_font_size()
    row = ROW * em
    padding = PADDING * em
    lines = fitted(tuple(lines_of(statistics, drawing, emotion)), (area.height - 2 * padding) / row)
    imgui.set_next_window_pos(ImVec2(area.x, area.y))
    imgui.set_next_window_size(ImVec2(area.width, _rows(lines) * row + 2 * padding))
    imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(padding, padding))
    imgui.begin("rates", None, theme.PASSIVE_FLAGS)
    imgui.pop_style_var()
    imgui.push_font(None, theme.FONT_SIZE * 0.92)
    start = imgui.get_cursor_screen_pos()
    width = imgui.get_content_region_avail().x
    draw = imgui.get_window_draw_list()
    y = start.y
    for number, line in enumerate(lines):
        if line.heading:
            y += GAP * row if number else 0.0
            draw.add_text(ImVec2(start.x, y), theme.packed(theme.ACCENT), line.label)
        else:
            room = width - imgui.calc_text_size(line.value).x
            label = shortened(line.label, room - 0.5 * em)
            draw.add_text(ImVec2(start.x, y), theme.packed(theme.DIM), label)
            draw.add_text(ImVec2(start.x + room, y), theme.packed(theme.TEXT), line.value)
        y += row
    imgui.pop_font()
    imgui.end()


def shortened(text: str, room: float) -> str:
    """The text, or as much of it as fits into this room with an ellipsis."""
    if imgui.calc_text_size(text).x <= room:
        return text
    while text and imgui.calc_text_size(text + "…").x > room:
        text = text[:-1]
    return text + "…"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
