"""Everything that is laid over the figure, put in its place."""

from __future__ import annotations

from typing import Self

from imgui_bundle import imgui

from app.statistics import Statistics
from app.viewer import Shown, ViewerSettings, theme
from app.viewer.bars import draw_bars
from app.viewer.help import draw_help
from app.viewer.inset import Inset
from app.viewer.keys import Command
from app.viewer.layout import BARS_WIDTH, MARGIN, Layout, arrange
from app.viewer.notices import Notice, draw_notices
from app.viewer.rates import DrawingStatistics, draw_rates
from app.viewer.window import Window

READABLE = 0.4  # seconds for which numbers stand still


class Overlay:
    """The panels of one window."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._inset = Inset(window.gl)
        self._scale = 0.0
        self._statistics: Statistics | None = None
        self._drawing: DrawingStatistics | None = None
        self._read_since = 0.0
        theme.load_font()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inset.close()

    @property
    def bars_share(self) -> float:
        """Of the window's width, as the bars cover it."""
        width = self._window.size[0]
        return (BARS_WIDTH + MARGIN) * theme.FONT_SIZE * self._scale / max(1, width)

    def draw(
        self,
        shown: Shown | None,
        statistics: Statistics,
        drawing: DrawingStatistics,
        settings: ViewerSettings,
        *,
        help_shown: bool,
        notices: tuple[Notice, ...],
        now: float,
    ) -> None:
        """Over what the window shows; now: seconds of a steady clock."""
        window = self._window
        size, pixels = window.size, window.framebuffer_size
        self._set_scale(
            theme.interface_scale(size, pixels, window.content_scale, settings.ui_scale)
        )
        self._hold_numbers(statistics, drawing, now)
        window.begin_panels()
        width, height = shown.state.image_size if shown is not None else (4, 3)
        layout = arrange(
            size,
            imgui.get_font_size(),
            aspect=width / height,
            inset=settings.inset,
            bars=settings.bars,
        )
        if help_shown:
            draw_help(size, switches_on(settings, mirrored=statistics.mirrored))
        else:
            self._draw_panels(shown, statistics, settings, layout, pixels[0] / size[0])
            draw_notices(layout.notices, notices, center=size[0] / 2)
        window.end_panels()

    def _draw_panels(
        self,
        shown: Shown | None,
        statistics: Statistics,
        settings: ViewerSettings,
        layout: Layout,
        pixels_per_point: float,
    ) -> None:
        if shown is not None and settings.inset:
            self._inset.draw(
                layout.inset,
                shown,
                mirrored=statistics.mirrored,
                pixels_per_point=pixels_per_point,
            )
        if shown is not None and settings.bars:
            draw_bars(layout.bars, shown.state.weights)
        if settings.rates and self._statistics is not None and self._drawing is not None:
            draw_rates(layout.rates, self._statistics, self._drawing)

    def _set_scale(self, scale: float) -> None:
        if scale != self._scale:
            theme.apply_theme(scale)
            self._scale = scale

    def _hold_numbers(self, statistics: Statistics, drawing: DrawingStatistics, now: float) -> None:
        if self._statistics is None or now - self._read_since > READABLE:
            self._statistics, self._drawing = statistics, drawing
            self._read_since = now


def switches_on(settings: ViewerSettings, *, mirrored: bool) -> frozenset[Command]:
    """The switches that the help panel marks."""
    states = (
        (Command.INSET, settings.inset),
        (Command.BARS, settings.bars),
        (Command.RATES, settings.rates),
        (Command.MIRROR, mirrored),
        (Command.FULLSCREEN, settings.fullscreen),
        (Command.BORDERLESS, settings.borderless),
        (Command.ON_TOP, settings.on_top),
    )
    return frozenset(command for command, on in states if on)
