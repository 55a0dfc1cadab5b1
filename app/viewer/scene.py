"""The figure before its background, as finely as the machine manages, seen from where one chose."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from app.viewer import BackgroundKind, FigureKind, Shown, ViewerSettings
from app.viewer.backdrop import Backdrop
from app.viewer.chosen_avatar import ChosenAvatar
from app.viewer.detail import Detail
from app.viewer.figure import Figure
from app.viewer.film import Film
from app.viewer.motion import Motion
from app.viewer.notices import Notice
from app.viewer.orbit import Orbit
from app.viewer.rates import DrawingStatistics
from app.viewer.stance import Stance
from app.viewer.window import Window
from engine.closing import Closing
from engine.errors import ViewerError
from models.avatars.avatar import Avatar

log = logging.getLogger(__name__)

SOFTWARE_INTERVAL = 1 / 15  # seconds from draw to draw when the processor draws, at least
SOFTWARE_REST = 0.25  # of a draw's time is left to the tracker when the processor draws


class Scene(Closing):
    """What the panels lie over, in one window. `orbit` is where one looks from.

    avatar: of these settings, if it has been read already. face_models: the folder of flame.npz and
    bfm.npz, for the figures "mesh" and "overlay".
    """

    def __init__(
        self,
        window: Window,
        settings: ViewerSettings,
        *,
        avatar: Avatar | None = None,
        face_models: Path | None,
    ) -> None:
        self.orbit = Orbit()
        self._window = window
        self._software = window.software
        self._detail = Detail(settings.supersampling, software=self._software)
        self._stance = Stance()
        self._motion = Motion()
        with ExitStack() as opening:
            self._backdrop = opening.enter_context(
                Backdrop(
                    window.gl,
                    picture="",
                    key_color=settings.key_color,
                    straight=window.platform == "X11",  # OBS takes it so there; docs/obs.md
                )
            )
            self._show_picture(settings.background_picture)
            self._figure = opening.enter_context(
                Figure(
                    window.gl,
                    settings.look,
                    avatar=avatar,
                    face_models=face_models,
                    supersampling=self._detail.supersampling(*window.framebuffer_size),
                )
            )
            self._chosen = opening.enter_context(closing(ChosenAvatar(settings.avatar, avatar)))
            self._closing = opening.pop_all()

    @property
    def backgrounds(self) -> tuple[BackgroundKind, ...]:
        """The kinds that there are."""
        return self._backdrop.kinds

    @property
    def drawn(self) -> FigureKind:
        """Which figure was drawn last."""
        return self._figure.drawn

    @property
    def missing(self) -> Notice | None:
        """Why it was not the figure that was asked for."""
        if self._figure.missing is None and self._chosen.reading:
            return Notice("Reading the avatar …")
        if self._figure.missing is None and self._chosen.fault:
            return Notice(
                "The avatar cannot be shown: this is the free head",
                self._chosen.fault,
                warning=True,
            )
        return self._figure.missing

    @property
    def avatar(self) -> Avatar | None:
        """What stands in for the free head."""
        return self._figure.avatar

    @property
    def reading(self) -> bool:
        """Whether another avatar is on its way."""
        return self._chosen.reading

    def cost(self, rate_hz: float) -> DrawingStatistics:
        """Of the last draw. rate_hz: how often it is drawn."""
        return DrawingStatistics(
            rate_hz=rate_hz,
            gpu_seconds=self._figure.gpu_seconds,
            draw_calls=self._figure.draw_calls,
            supersampling=self._figure.supersampling,
        )

    def observe(self, shown: Shown | None, now: float) -> None:
        """The newest state. now: `perf_counter` seconds."""
        self._motion.take(shown, now)

    def moves(self, figure: FigureKind, now: float) -> bool:
        """Whether the figure moves on between two pictures; over the picture it must fit it."""
        return figure != "overlay" and self._motion.moves(now)

    def turn(self) -> str | None:
        """Once a draw: go over to an avatar that was read meanwhile, and tell what moves of it."""
        if not self._chosen.turn():
            return None
        avatar = self._chosen.avatar
        self._figure.set_avatar(avatar)
        return "" if avatar is None else avatar.moved

    def adopt(self, before: ViewerSettings, settings: ViewerSettings) -> None:
        """Go over to other settings."""
        self._chosen.choose(settings.avatar)
        if settings.look != before.look:
            self._figure.set_look(settings.look)
        if settings.figure != before.figure:
            self._figure.look_for_files_again()
        if settings.key_color != before.key_color:
            self._backdrop.key(settings.key_color)
        if settings.background_picture != before.background_picture:
            self._show_picture(settings.background_picture)

    def _show_picture(self, path: str) -> None:
        """A picture that is gone does not keep the window from opening."""
        try:
            self._backdrop.show(path)
        except ViewerError as error:  # the control panel says that there is none
            log.warning("%s", error)

    def draw(
        self, shown: Shown | None, settings: ViewerSettings, *, mirrored: bool, aside: float
    ) -> None:
        """Over the whole window.

        aside: how far left of the middle the figure stands, as a share of the width.
        """
        window = self._window
        width, height = window.framebuffer_size
        target = window.gl.screen
        target.viewport = (0, 0, width, height)
        self._figure.supersampling = self._detail.supersampling(width, height)
        state = self._motion.draw(time.perf_counter())
        if shown is not None and settings.figure == "overlay":
            state = shown.state
        self._figure.draw(
            target,
            settings.figure,
            state,
            None if shown is None else shown.frame,
            mirrored=mirrored,
            position=None if state is None else self._stance.update(state),
            camera=self.orbit.camera(width / height, aside=aside),
            background=self._backdrop.of_kind(settings.background),
        )
        if self._software:
            window.finish()

    def expose(
        self,
        film: Film,
        shown: Shown | None,
        settings: ViewerSettings,
        *,
        mirrored: bool,
        now: float,
    ) -> None:
        """Onto the virtual camera's picture, in its middle. now: seconds of a steady clock."""
        self._figure.supersampling = self._detail.supersampling(*film.size)
        film.take(
            self._figure,
            self._backdrop,
            shown,
            settings,
            mirrored=mirrored,
            position=np.zeros(3) if shown is None else self._stance.update(shown.state),
            orbit=self.orbit,
            now=now,
        )

    def rest(self, seconds: float) -> float:
        """After a draw, panels included, that took so long: seconds from its start to the next one.

        Without a vsync that works (virtual displays, some drivers) nothing else would hold the
        loop back, and it would take the processor from the tracker.
        """
        if self._software:
            self._detail.observe(seconds)
            return max(seconds * (1 + SOFTWARE_REST), SOFTWARE_INTERVAL)
        if self._figure.gpu_seconds is not None:
            self._detail.observe(self._figure.gpu_seconds)
        return 0.9 / self._window.refresh_rate_hz

    def close(self) -> None:
        self._closing.close()
