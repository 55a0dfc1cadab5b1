"""The figure for the virtual camera where there is no window."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from app.viewer import Shown, ViewerSettings
from app.viewer.backdrop import Backdrop
from app.viewer.detail import Detail
from app.viewer.figure import Figure
from app.viewer.film import Audience, Film
from app.viewer.orbit import Orbit
from app.viewer.snapshot import offscreen
from app.viewer.software import is_software, let_others_first, prepare_mesa, threads
from app.viewer.stance import Stance
from engine.closing import Closing
from models.avatars.avatar import Avatar


class Studio(Closing):
    """Call `draw` again and again from the main thread; it never waits.

    avatar: stands in for the free head.
    face_models: the folder of flame.npz and bfm.npz. Raises ViewerError where no OpenGL can be had.
    """

    def __init__(
        self,
        settings: ViewerSettings,
        audience: Audience,
        *,
        avatar: Avatar | None = None,
        face_models: Path | None = None,
    ) -> None:
        self._settings = settings
        self._audience = audience
        with ExitStack() as opening:
            prepare_mesa()
            others = threads()
            context, address_of = opening.enter_context(offscreen())
            self._software = is_software(str(context.info["GL_RENDERER"]))
            if self._software:
                let_others_first(threads() - others)
            self._backdrop = opening.enter_context(
                Backdrop(context, picture=settings.background_picture, key_color=settings.key_color)
            )
            self._detail = Detail(settings.supersampling, software=self._software)
            self._figure = opening.enter_context(
                Figure(
                    context,
                    settings.look,
                    avatar=avatar,
                    face_models=face_models,
                    supersampling=self._detail.supersampling(*audience.size),
                )
            )
            self._film = opening.enter_context(closing(Film(context, audience, address_of)))
            self._closing = opening.pop_all()
        self._stance = Stance()
        self._offset = np.zeros(3)
        self._shown: Shown | None = None

    def draw(self, shown: Shown | None, *, mirrored: bool) -> None:
        """Draw the newest state if a picture of it is due. shown: None before the first."""
        now = time.perf_counter()
        seconds = self._film.develop(now)
        if self._software and seconds is not None:
            self._detail.observe(seconds)
        elif not self._software and self._figure.gpu_seconds is not None and seconds is not None:
            self._detail.observe(self._figure.gpu_seconds)
        if shown is not None and shown is not self._shown:
            self._offset = self._stance.update(shown.state)
        if not self._film.is_due(now, news=shown is not self._shown):
            return
        self._shown = shown
        self._figure.supersampling = self._detail.supersampling(*self._audience.size)
        self._film.take(
            self._figure,
            self._backdrop,
            shown,
            self._settings,
            mirrored=mirrored,
            position=self._offset,
            orbit=Orbit(),
            now=now,
        )

    def close(self) -> None:
        self._closing.close()
