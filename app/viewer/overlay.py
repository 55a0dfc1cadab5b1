"""Everything that is laid over the figure, put in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from imgui_bundle import imgui

from app.statistics import Statistics
from app.viewer import Shown, ViewerSettings, theme
from app.viewer.asked import Asked
from app.viewer.bars import draw_bars
from app.viewer.help import draw_help, help_area
from app.viewer.inset import Inset
from app.viewer.keys import Command
from app.viewer.layout import Layout, Rect, arrange
from app.viewer.notices import Notice, draw_notices
from app.viewer.panel import Panel
from app.viewer.prompting import draw_prompt
from app.viewer.rates import DrawingStatistics, draw_rates
from app.viewer.recording_mark import draw_mark_in_corner
from app.viewer.window import Window
from engine.data import Emotion

READABLE = 0.4  # seconds for which numbers stand still


class Overlay:
    """The panels of one window."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._inset = Inset(window.gl)
        self.panel = Panel()
        self._rehearsed = False
        self._scale = 0.0
        self._statistics: Statistics | None = None
        self._drawing: DrawingStatistics | None = None
        self._emotion: Emotion | None = None
        self._read_since = 0.0
        theme.load_font()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.panel.close()
        self._inset.close()

    def layout(self, shown: Shown | None, settings: ViewerSettings) -> Layout:
        """Where everything stands in the window as it is now."""
        width, height = shown.state.image_size if shown is not None else (4, 3)
        return arrange(
            self._window.size,
            theme.FONT_SIZE * self._wanted_scale(settings),
            aspect=width / height,
            inset=settings.inset,
            bars=settings.bars,
            rates=settings.rates,
            panel=settings.panel,
        )

    def draw(
        self,
        shown: Shown | None,
        statistics: Statistics,
        drawing: DrawingStatistics,
        settings: ViewerSettings,
        *,
        asked: Asked,
        backgrounds: tuple[str, ...],
        help_shown: bool,
        notices: tuple[Notice, ...],
        now: float,
    ) -> None:
        """Over what the window shows; now: seconds of a steady clock.

        asked: takes in what is done in the control panel. backgrounds: kinds that there are.
        """
        window = self._window
        size, pixels = window.size, window.framebuffer_size
        if (scale := self._wanted_scale(settings)) != self._scale:
            theme.apply_theme(scale)
            self._scale = scale
        emotion = None if shown is None else shown.state.emotion
        self._hold_numbers(statistics, drawing, emotion, now)
        layout = self.layout(shown, settings)
        if layout.panel is not None and not self._rehearsed:
            self._rehearsed = True
            window.begin_panels()
            self.panel.rehearse(layout.panel)
            window.drop_panels()
        window.begin_panels()
        if help_shown:
            layout, hidden = beside_help(layout, help_area(size, imgui.get_font_size()), settings)
            draw_help(size, switches_on(settings, statistics), hidden)
        self._draw_panels(shown, statistics, layout, pixels[0] / size[0])
        if layout.panel is not None:
            self.panel.draw(
                layout.panel,
                shown,
                statistics,
                self._inset,
                asked,
                backgrounds=backgrounds,
                pixels_per_point=pixels[0] / size[0],
                now=now,
            )
        else:
            self.panel.hide()
            if statistics.recording and not settings.captured:
                right = size[0] if layout.bars is None else layout.bars.x
                draw_mark_in_corner(Rect(0.0, 0.0, right, size[1]), statistics.recording_seconds)
        if not help_shown:
            draw_notices(layout.notices, notices, center=layout.figure_x)
            if statistics.prompt is not None:
                left = 0.0 if layout.panel is None else layout.panel.right
                draw_prompt(Rect(left, 0.0, size[0] - left, size[1]), statistics.prompt)
        window.end_panels()

    def _draw_panels(
        self,
        shown: Shown | None,
        statistics: Statistics,
        layout: Layout,
        pixels_per_point: float,
    ) -> None:
        if shown is not None and layout.inset is not None:
            self._inset.draw(
                layout.inset,
                shown,
                mirrored=statistics.mirrored,
                pixels_per_point=pixels_per_point,
                draw=imgui.get_background_draw_list(),
            )
        if shown is not None and layout.bars is not None:
            draw_bars(layout.bars, shown.state.weights)
        if layout.rates is not None and self._statistics is not None and self._drawing is not None:
            draw_rates(layout.rates, self._statistics, self._drawing, self._emotion)

    def _wanted_scale(self, settings: ViewerSettings) -> float:
        window = self._window
        return theme.interface_scale(
            window.size, window.framebuffer_size, window.content_scale, settings.ui_scale
        )

    def _hold_numbers(
        self,
        statistics: Statistics,
        drawing: DrawingStatistics,
        emotion: Emotion | None,
        now: float,
    ) -> None:
        if self._statistics is None or now - self._read_since > READABLE:
            self._statistics, self._drawing, self._emotion = statistics, drawing, emotion
            self._read_since = now


def beside_help(
    layout: Layout, help_panel: Rect, settings: ViewerSettings
) -> tuple[Layout, frozenset[Command]]:
    """The panels for which there is room beside the keys, and the switches of the others."""

    def free(panel: Rect | None) -> Rect | None:
        return None if panel is not None and panel.overlaps(help_panel) else panel

    left = replace(
        layout,
        inset=free(layout.inset),
        panel=free(layout.panel),
        bars=free(layout.bars),
        rates=free(layout.rates),
    )
    panels = (
        (Command.INSET, settings.inset, left.inset),
        (Command.BARS, settings.bars, left.bars),
        (Command.RATES, settings.rates, left.rates),
        (Command.PANEL, settings.panel, left.panel),
    )
    return left, frozenset(command for command, on, panel in panels if on and panel is None)


def switches_on(settings: ViewerSettings, statistics: Statistics) -> frozenset[Command]:
    """The switches that the help panel marks."""
    states = (
        (Command.INSET, settings.inset),
        (Command.BARS, settings.bars),
        (Command.RATES, settings.rates),
        (Command.PANEL, settings.panel),
        (Command.MIRROR, statistics.mirrored),
        (Command.PAUSE, statistics.paused),
        (Command.RECORD, statistics.recording),
        (Command.FULLSCREEN, settings.fullscreen),
        (Command.BORDERLESS, settings.borderless),
        (Command.ON_TOP, settings.on_top),
    )
    return frozenset(command for command, on in states if on)
