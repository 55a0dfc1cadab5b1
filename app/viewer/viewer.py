"""The viewer's life: what a person asks of the window, what is drawn in it, and when."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self, get_args

import numpy as np

from app.actions import Action, Quit
from app.latency import Rate
from app.statistics import Statistics
from app.viewer import LARGEST, SMALLEST, FigureKind, Shown, ViewerSettings
from app.viewer.asked import Asked
from app.viewer.backdrop import Backdrop
from app.viewer.detail import Detail
from app.viewer.figure import Figure
from app.viewer.keys import Command, command_for, kiosk_command_for
from app.viewer.look import LOOKS
from app.viewer.notices import AWAY, INVITATION, Notice, Notices
from app.viewer.orbit import Orbit, after_key
from app.viewer.overlay import Overlay
from app.viewer.rates import DrawingStatistics
from app.viewer.requests import request_for
from app.viewer.stance import Stance
from app.viewer.window import Window

TITLE = "mien"
KIOSK_SCALE = 3.0  # of the words in a booth
SLOWEST = 0.25  # seconds after which the window is drawn even if nothing has changed
NAP = 0.004  # seconds of waiting for something new
AFTERGLOW = 6  # draws after the last touch: imgui takes in one event of a click in each
SOFTWARE_INTERVAL = 1 / 15  # seconds from draw to draw when the processor draws, at least
SOFTWARE_REST = 0.25  # of a draw's time is left to the tracker when the processor draws
FIGURES: tuple[FigureKind, ...] = get_args(FigureKind)
FIGURE_NAMES = {
    "head": "free head",
    "mesh": "the face model's mesh",
    "overlay": "its mesh over the picture",
}
BACKGROUND_NAMES = {
    "gradient": "gradient",
    "picture": "picture",
    "key": "colour key",
    "transparent": "transparent",
}


class Viewer:
    """One window with the head. Call `draw` again and again from the main thread.

    face_models: the folder of flame.npz and bfm.npz, for the figures "mesh" and "overlay".
    kiosk: the whole screen, nothing on it but the figure, no cursor, no keys.
    """

    def __init__(
        self, settings: ViewerSettings, *, face_models: Path | None = None, kiosk: bool = False
    ) -> None:
        self._settings = in_kiosk(settings) if kiosk else settings
        self._kiosk = kiosk
        with ExitStack() as opening:
            window = opening.enter_context(Window(TITLE, settings.size, vsync=settings.vsync))
            self.window = window
            self._backdrop = opening.enter_context(
                Backdrop(
                    window.gl,
                    picture=settings.background_picture,
                    key_color=settings.key_color,
                )
            )
            self._software = window.software
            self._detail = Detail(settings.supersampling, software=self._software)
            self._figure = opening.enter_context(
                Figure(
                    window.gl,
                    settings.look,
                    face_models=face_models,
                    supersampling=self._detail.supersampling(*window.framebuffer_size),
                )
            )
            self._overlay = opening.enter_context(Overlay(window))
            self._closing = opening.pop_all()
        self._orbit = Orbit()
        self._stance = Stance()
        self._offset = np.zeros(3)
        self.help_shown = False
        self._told_opaque = False
        self._ended = False
        self._notices = Notices(time.perf_counter())
        self._drawn: Shown | None = None
        self._drawn_at = 0.0
        self._next_draw = 0.0
        self._glow = AFTERGLOW
        self._draws = Rate()
        self._apply_window_settings()
        if kiosk:
            self.window.hide_cursor()

    @property
    def is_open(self) -> bool:
        """False once the window was closed or Q pressed."""
        return not self._ended

    @property
    def drawn(self) -> Shown | None:
        """What is on the screen."""
        return self._drawn

    @property
    def settings(self) -> ViewerSettings:
        """As they are at this moment, for the profile to keep."""
        return self._settings

    def draw(self, shown: Shown | None, statistics: Statistics) -> tuple[Action, ...]:
        """Take in what was pressed, and show the newest state if there is anything new to see.

        shown: None before the first picture. Waits for the screen at most, never for a state.
        """
        now = time.perf_counter()
        if now < self._next_draw:
            self.window.wait(self._next_draw - now)
            if time.perf_counter() < self._next_draw:
                return ()
        actions = self._handle_input(statistics)
        if self._ended:
            return actions
        if not self.window.drawable:
            self.window.wait(SLOWEST)
            return actions
        self._keep_size()
        self._observe(shown)
        if self._is_due(shown):
            actions += self._draw(shown, statistics)
        else:
            self.window.wait(NAP)
        return actions

    def take(self, settings: ViewerSettings) -> None:
        """Go on with these settings, those of another profile; the window keeps its size."""
        self._change(replace(settings, size=self._settings.size))

    def close(self) -> None:
        self._ended = True
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what a person asks -------------------------------------------------------------------

    def _handle_input(self, statistics: Statistics) -> tuple[Action, ...]:
        given = self.window.poll()
        if given.touched:
            self._glow = AFTERGLOW
        if not self._kiosk:
            self._orbit = self._orbit.dragged(given.drag_right, given.drag_down).zoomed(given.zoom)
        actions: list[Action] = []
        for press in given.keys:
            command = kiosk_command_for(press) if self._kiosk else command_for(press)
            if command is None:
                continue
            if (request := request_for(command, statistics)) is not None:
                actions.append(request.action)
                if request.remark:
                    self._say(request.remark)
            else:
                self._do(command)
        if self.window.closing:
            self._ended = True
        if self._ended:
            actions.append(Quit())
        return tuple(actions)

    def _do(self, command: Command) -> None:
        settings = self._settings
        self._orbit = after_key(self._orbit, command)
        match command:
            case Command.HELP:
                self.help_shown = not self.help_shown
            case Command.PANEL:
                self._settings = replace(settings, panel=not settings.panel)
            case Command.INSET:
                self._settings = replace(settings, inset=not settings.inset)
            case Command.BARS:
                self._settings = replace(settings, bars=not settings.bars)
                self._tell_room()
            case Command.RATES:
                self._settings = replace(settings, rates=not settings.rates)
                self._tell_room()
            case Command.NEXT_FIGURE:
                self._change_figure()
            case Command.NEXT_LOOK:
                self._change_look(+1)
            case Command.PREVIOUS_LOOK:
                self._change_look(-1)
            case Command.NEXT_BACKGROUND:
                self._change_background()
            case Command.QUIT:
                self._ended = True
            case Command.FULLSCREEN:
                self._settings = replace(settings, fullscreen=not settings.fullscreen)
                self._apply_window_settings()
            case Command.LEAVE_FULLSCREEN if self._overlay.panel.busy:
                pass  # it closes the list, or ends the typing
            case Command.LEAVE_FULLSCREEN if settings.panel and not self.help_shown:
                self._settings = replace(settings, panel=False)
            case Command.LEAVE_FULLSCREEN:
                self.help_shown = False
                self._settings = replace(settings, fullscreen=False)
                self._apply_window_settings()
            case Command.BORDERLESS:
                self._settings = replace(settings, borderless=not settings.borderless)
                self._say("Borderless " + _on_off(self._settings.borderless))
                self._apply_window_settings()
            case Command.ON_TOP:
                self._settings = replace(settings, on_top=not settings.on_top)
                self._say("Always on top " + _on_off(self._settings.on_top))
                self._apply_window_settings()

    def _apply_window_settings(self) -> None:
        self.window.borderless = self._settings.borderless
        self.window.on_top = self._settings.on_top
        self.window.fullscreen = self._settings.fullscreen

    def _change(self, settings: ViewerSettings) -> None:
        """What the control panel or another profile says."""
        before, self._settings = self._settings, settings
        if settings.look != before.look:
            self._figure.set_look(settings.look)
        if settings.figure != before.figure:
            self._figure.look_for_files_again()
        window = (settings.borderless, settings.on_top, settings.fullscreen)
        if window != (before.borderless, before.on_top, before.fullscreen):
            self._apply_window_settings()

    def _change_figure(self) -> None:
        kind = FIGURES[(FIGURES.index(self._settings.figure) + 1) % len(FIGURES)]
        self._settings = replace(self._settings, figure=kind)
        self._figure.look_for_files_again()
        self._say(f"Figure: {FIGURE_NAMES[kind]}")

    def _change_look(self, by: int) -> None:
        names, looks = tuple(LOOKS), tuple(LOOKS.values())
        if self._settings.look in looks:
            index = (looks.index(self._settings.look) + by) % len(looks)
        else:
            index = 0  # from a look of the user's own to the first of ours
        self._settings = replace(self._settings, look=looks[index])
        self._figure.set_look(looks[index])
        self._say(f"Look: {names[index]}")

    def _change_background(self) -> None:
        kind = self._backdrop.after(self._settings.background)
        self._settings = replace(self._settings, background=kind)
        if kind == "transparent" and not self.window.transparent and not self._told_opaque:
            self._told_opaque = True
            self._say("This desktop has no transparent windows: use the colour key")
        else:
            self._say(f"Background: {BACKGROUND_NAMES[kind]}")

    def _tell_room(self) -> None:
        layout = self._overlay.layout(self._drawn, self._panels)
        if self._settings.rates and layout.rates is None:
            self._say("No room for the rates beside the blendshapes")

    def _say(self, text: str) -> None:
        self._notices.say(text, time.perf_counter())

    # --- what is drawn, and when --------------------------------------------------------------

    def _keep_size(self) -> None:
        """A desktop may make the window smaller than settings allow."""
        width, height = (min(LARGEST, max(SMALLEST, n)) for n in self.window.unscaled_size)
        if (width, height) != self._settings.size:
            self._settings = replace(self._settings, size=(width, height))

    def _observe(self, shown: Shown | None) -> None:
        self._notices.observe(
            time.perf_counter(),
            frame_index=None if shown is None else shown.frame.index,
            face=shown is not None and shown.state.confidence > 0,
        )
        if shown is not None and shown is not self._drawn:
            self._offset = self._stance.update(shown.state)

    def _is_due(self, shown: Shown | None) -> bool:
        """Whether drawing would show anything new: an idle window costs nothing."""
        return (
            shown is not self._drawn
            or self._glow > 0
            or time.perf_counter() - self._drawn_at > SLOWEST
        )

    def _draw(self, shown: Shown | None, statistics: Statistics) -> tuple[Action, ...]:
        """What was asked for in the control panel."""
        started = time.perf_counter()
        asked = Asked(self._settings)
        self._draw_figure(shown, mirrored=statistics.mirrored)
        if self._software:
            self.window.finish()
        self._overlay.draw(
            shown,
            statistics,
            DrawingStatistics(
                rate_hz=self._draws.hertz(),
                gpu_seconds=self._figure.gpu_seconds,
                draw_calls=self._figure.draw_calls,
                supersampling=self._figure.supersampling,
            ),
            self._panels,
            asked=asked,
            backgrounds=self._backdrop.kinds,
            help_shown=self.help_shown,
            notices=self._current_notices(shown, statistics, started),
            now=started,
        )
        self.window.swap()
        self._drawn, self._drawn_at = shown, started
        self._draws.add(started)
        self._glow = max(0, self._glow - 1)
        self._pace(started)
        if asked.settings != self._settings:
            self._change(asked.settings)
        if asked.remark:
            self._say(asked.remark)
        return tuple(asked.actions)

    def _current_notices(
        self, shown: Shown | None, statistics: Statistics, now: float
    ) -> tuple[Notice, ...]:
        if self._kiosk:
            if self._notices.without_pictures(now):
                return (AWAY,)
            return () if shown is not None and shown.state.confidence > 0 else (INVITATION,)
        return self._notices.current(
            now,
            statistics.source,
            quiet=self._captured,
            paused=statistics.paused,
            missing=self._figure.missing,
            trouble=statistics.trouble,
        )

    def _draw_figure(self, shown: Shown | None, *, mirrored: bool) -> None:
        width, height = self.window.framebuffer_size
        target = self.window.gl.screen
        target.viewport = (0, 0, width, height)
        self._figure.supersampling = self._detail.supersampling(width, height)
        self._figure.draw(
            target,
            self._settings.figure,
            None if shown is None else shown.state,
            None if shown is None else shown.frame,
            mirrored=mirrored,
            position=self._offset,
            camera=self._orbit.camera(width / height, aside=self._aside(shown)),
            background=self._backdrop.of_kind(self._settings.background),
        )

    def _pace(self, started: float) -> None:
        """Choose the detail, and when to draw next.

        Without a vsync that works (virtual displays, some drivers) nothing else would hold the
        loop back, and it would take the processor from the tracker.
        """
        seconds = time.perf_counter() - started
        if self._software:
            self._detail.observe(seconds)
            self._next_draw = started + max(seconds * (1 + SOFTWARE_REST), SOFTWARE_INTERVAL)
        else:
            if self._figure.gpu_seconds is not None:
                self._detail.observe(self._figure.gpu_seconds)
            self._next_draw = started + 0.9 / self.window.refresh_rate_hz

    def _aside(self, shown: Shown | None) -> float:
        """How far left of the middle the figure stands, as a share of the width."""
        return 0.5 - self._overlay.layout(shown, self._panels).figure_x / self.window.size[0]

    @property
    def _panels(self) -> ViewerSettings:
        """The settings by which panels are laid out: over the picture itself no inset is needed."""
        over_picture = self._figure.drawn == "overlay"
        return replace(self._settings, inset=self._settings.inset and not over_picture)

    @property
    def _captured(self) -> bool:
        """Another program takes this window's picture: nothing is to be written on it unasked."""
        return self._settings.background in ("key", "transparent")


def in_kiosk(settings: ViewerSettings) -> ViewerSettings:
    """With nothing on the screen but the figure, and words that are read from two metres away."""
    return replace(
        settings,
        ui_scale=max(settings.ui_scale, KIOSK_SCALE),
        fullscreen=True,
        on_top=True,
        inset=False,
        bars=False,
        rates=False,
        panel=False,
    )


def _on_off(on: bool) -> str:
    return "on" if on else "off"
