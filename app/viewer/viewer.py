"""The viewer's life: what a person asks of the window, and when it is drawn."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from app.actions import Action, Quit
from app.latency import Rate
from app.statistics import Statistics
from app.viewer import LARGEST, SMALLEST, Shown, ViewerSettings
from app.viewer.asked import Asked
from app.viewer.chosen_avatar import is_avatar
from app.viewer.context import function_address
from app.viewer.film import Audience, Film
from app.viewer.keys import Command, command_for, kiosk_command_for
from app.viewer.notices import Notice, Notices
from app.viewer.orbit import after_key
from app.viewer.overlay import Overlay
from app.viewer.requests import request_for
from app.viewer.scene import Scene
from app.viewer.switching import in_kiosk, switched
from app.viewer.window import Window
from engine.chain import Answer
from engine.closing import Closing
from models.avatars.avatar import Avatar

TITLE = "mien"
SLOWEST = 0.25  # seconds after which the window is drawn even if nothing has changed
NAP = 0.004  # seconds of waiting for something new
AFTERGLOW = 6  # draws after the last touch: imgui takes in one event of a click in each
OPAQUE = "This desktop has no transparent windows: use the colour key"


class Viewer(Closing):
    """One window with the head. Call `draw` again and again from the main thread.

    avatar: what stands in for the free head as the settings say, if it has been read already.
    face_models: the folder of flame.npz and bfm.npz, for the figures "mesh" and "overlay".
    kiosk: the whole screen, nothing on it but the figure, no cursor, no keys.
    audience: who takes the figure's picture, too; None: nobody.
    """

    def __init__(
        self,
        settings: ViewerSettings,
        *,
        avatar: Avatar | None = None,
        face_models: Path | None = None,
        kiosk: bool = False,
        audience: Audience | None = None,
    ) -> None:
        self._settings = in_kiosk(settings) if kiosk else settings
        self._kiosk = kiosk
        with ExitStack() as opening:
            window = opening.enter_context(Window(TITLE, settings.size, vsync=settings.vsync))
            self.window = window
            self._scene = opening.enter_context(
                Scene(window, settings, avatar=avatar, face_models=face_models)
            )
            self._overlay = opening.enter_context(Overlay(window))
            self._film: Film | None = None
            if audience is not None:
                film = Film(window.gl, audience, function_address)
                self._film = opening.enter_context(closing(film))
            self._closing = opening.pop_all()
        self.help_shown = False
        self._told_opaque = False
        self._recording, self._recording_fault = False, ""
        self._answer: Answer | None = None
        self._ended = False
        self._notices = Notices(time.perf_counter())
        self._drawn: Shown | None = None
        self._filmed: Shown | None = None
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
        self._tell_recording(statistics)
        self._tell_answer(statistics.answer)
        if self._ended:
            return actions
        self._observe(shown)
        if self._film is not None:
            self._expose(self._film, shown, mirrored=statistics.mirrored)
        if not self.window.drawable:
            self.window.wait(NAP if self._film is not None and self._film.wanted else SLOWEST)
            return actions
        self._keep_size()
        if (told := self._scene.turn()) is not None:
            self._say(told)
            self._glow = AFTERGLOW
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

    # --- what a person asks -------------------------------------------------------------------

    def _handle_input(self, statistics: Statistics) -> tuple[Action, ...]:
        given = self.window.poll()
        for path in given.dropped if not self._kiosk else ():
            self._take_dropped(path)
        if given.touched:
            self._glow = AFTERGLOW
        if not self._kiosk:
            orbit = self._scene.orbit.dragged(given.drag_right, given.drag_down)
            self._scene.orbit = orbit.zoomed(given.zoom)
        actions: list[Action] = []
        for press in given.keys:
            # Beside the panel letters are for its fields, also for one that has missed its click.
            command = (
                kiosk_command_for(press)
                if self._kiosk
                else command_for(press, typing=self._settings.panel)
            )
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
        self._scene.orbit = after_key(self._scene.orbit, command)
        match command:
            case Command.HELP:
                self.help_shown = not self.help_shown
            case Command.QUIT:
                self._ended = True
            case Command.LEAVE_FULLSCREEN if self._overlay.panel.busy:
                pass  # it closes the list, or ends the typing
            case Command.LEAVE_FULLSCREEN if settings.panel and not self.help_shown:
                self._settings = replace(settings, panel=False)
            case Command.LEAVE_FULLSCREEN:
                self.help_shown = False
                self._change(replace(settings, fullscreen=False))
            case _:
                after = switched(settings, command, self._scene.backgrounds)
                self._change(after.settings)
                self._say_of_key(command, after.remark)

    def _say_of_key(self, command: Command, remark: str) -> None:
        match command:
            case Command.BARS | Command.RATES:
                self._tell_room()
            case Command.NEXT_BACKGROUND if self._is_opaque and not self._told_opaque:
                self._told_opaque = True
                self._say(OPAQUE)
            case _ if remark:
                self._say(remark)

    @property
    def _is_opaque(self) -> bool:
        """Whether the desktop shows nothing through a window that is to be transparent."""
        return self._settings.background == "transparent" and not self.window.transparent

    def _take_dropped(self, path: str) -> None:
        """A file that was let go over the window."""
        if is_avatar(path):
            self._change(replace(self._settings, avatar=path, figure="head"))
        else:
            self._say("An avatar is a .vrm, .glb or .gltf file")

    def _apply_window_settings(self) -> None:
        self.window.borderless = self._settings.borderless
        self.window.on_top = self._settings.on_top
        self.window.fullscreen = self._settings.fullscreen

    def _change(self, settings: ViewerSettings) -> None:
        """What a key, the control panel or another profile says."""
        before, self._settings = self._settings, settings
        self._scene.adopt(before, settings)
        window = (settings.borderless, settings.on_top, settings.fullscreen)
        if window != (before.borderless, before.on_top, before.fullscreen):
            self._apply_window_settings()

    def _tell_room(self) -> None:
        layout = self._overlay.layout(self._drawn, self._panels)
        if self._settings.rates and layout.rates is None:
            self._say("No room for the rates beside the blendshapes")

    def _tell_recording(self, statistics: Statistics) -> None:
        """A take may begin and end by keys, over OSC and by a full disk."""
        if statistics.recording != self._recording:
            self._say("Recording a take" if statistics.recording else "Take ended")
        if statistics.recording_fault and statistics.recording_fault != self._recording_fault:
            self._say(statistics.recording_fault)
        self._recording, self._recording_fault = statistics.recording, statistics.recording_fault

    def _tell_answer(self, answer: Answer | None) -> None:
        """What was asked for may have been asked by a hotkey, or over OSC."""
        if answer is not None and answer is not self._answer:
            self._say(answer.text)
        self._answer = answer

    def _say(self, text: str) -> None:
        self._notices.say(text, time.perf_counter())

    # --- what is drawn, and when --------------------------------------------------------------

    def _keep_size(self) -> None:
        """A desktop may make the window smaller than settings allow."""
        width, height = (min(LARGEST, max(SMALLEST, n)) for n in self.window.unscaled_size)
        if (width, height) != self._settings.size:
            self._settings = replace(self._settings, size=(width, height))

    def _observe(self, shown: Shown | None) -> None:
        now = time.perf_counter()
        self._notices.observe(
            now,
            frame_index=None if shown is None else shown.frame.index,
            face=shown is not None and shown.state.confidence > 0,
        )
        self._scene.observe(shown, now)

    def _is_due(self, shown: Shown | None) -> bool:
        """Whether drawing would show anything new: an idle window costs nothing."""
        return (
            shown is not self._drawn
            or self._glow > 0
            or time.perf_counter() - self._drawn_at > SLOWEST
            or self._scene.moves(self._settings.figure, time.perf_counter())
        )

    def _draw(self, shown: Shown | None, statistics: Statistics) -> tuple[Action, ...]:
        """What was asked for in the control panel."""
        started = time.perf_counter()
        self.window.finish()  # a driver that is behind makes calls wait that hold Python's lock
        asked = Asked(self._settings)
        aside = self._aside(shown)
        self._scene.draw(shown, self._settings, mirrored=statistics.mirrored, aside=aside)
        self._overlay.draw(
            shown,
            statistics,
            self._scene.cost(self._draws.hertz()),
            self._panels,
            asked=asked,
            backgrounds=self._scene.backgrounds,
            help_shown=self.help_shown,
            notices=self._current_notices(shown, statistics, started),
            now=started,
        )
        self.window.swap()
        self._drawn, self._drawn_at = shown, started
        self._draws.add(started)
        self._glow = max(0, self._glow - 1)
        self._next_draw = started + self._scene.rest(time.perf_counter() - started)
        if asked.settings != self._settings:
            self._change(asked.settings)
        return tuple(asked.actions)

    def _current_notices(
        self, shown: Shown | None, statistics: Statistics, now: float
    ) -> tuple[Notice, ...]:
        if self._kiosk:
            seen = shown is not None and shown.state.confidence > 0
            return self._notices.in_a_booth(now, face=seen)
        situation = statistics.situation
        return self._notices.current(
            now,
            statistics.source,
            quiet=self._settings.captured,
            panel=self._settings.panel,
            paused=statistics.paused,
            missing=self._scene.missing,
            unopened=situation is not None and situation.source_fault != "",
            trouble=statistics.trouble,
        )

    def _expose(self, film: Film, shown: Shown | None, *, mirrored: bool) -> None:
        """The virtual camera's picture, whether the window is minimised or not."""
        now = time.perf_counter()
        film.develop(now)
        if film.is_due(now, news=shown is not self._filmed or self._glow > 0):
            self._filmed = shown
            self._scene.expose(film, shown, self._settings, mirrored=mirrored, now=now)

    def _aside(self, shown: Shown | None) -> float:
        """How far left of the middle the figure stands, as a share of the width."""
        return 0.5 - self._overlay.layout(shown, self._panels).figure_x / self.window.size[0]

    @property
    def _panels(self) -> ViewerSettings:
        """The settings by which panels are laid out: over the picture itself no inset is needed."""
        over_picture = self._scene.drawn == "overlay"
        return replace(self._settings, inset=self._settings.inset and not over_picture)
