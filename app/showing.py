"""Opens what shows the figure: the window, the virtual camera's studio, a snapshot.

The performer's own avatar, if there is one, is read once for all of them.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from app import viewer
from app.settings import RunSettings
from app.viewer import Shown
from app.virtual_camera.camera import VirtualCamera
from engine.errors import ModelError, ViewerError

if TYPE_CHECKING:
    from app.viewer.studio import Studio
    from app.viewer.viewer import Viewer
    from models.avatars.avatar import Avatar

log = logging.getLogger(__name__)


def open_avatar(settings: RunSettings) -> Avatar | None:
    """The performer's own. One that cannot be read ends the run, whatever is drawn or not.

    That of a profile does not where the panel can choose another, or at a booth; where nothing is
    drawn it is not read.
    """
    chosen = settings.viewer.avatar
    seen = settings.window or settings.snapshot or settings.virtual_camera.on
    if not chosen or not (seen or settings.avatar_named):
        return None
    from models.avatars.avatar import load_avatar  # only who brings one waits for that

    try:
        avatar = load_avatar(Path(chosen).expanduser())
    except ModelError as error:
        kept = settings.window and not settings.avatar_named
        if kept and (settings.viewer.panel or settings.kiosk):
            log.warning("%s Going on with the free head.", error)
            return None
        raise
    log.warning("%s", avatar.moved)
    return avatar


def open_window(
    settings: RunSettings,
    avatar: Avatar | None,
    stack: ExitStack,
    virtual_camera: VirtualCamera,
) -> Viewer | None:
    """The window; None where it is not wanted, or cannot be had and is no must.

    A booth is nothing without it: it ends, and is started again by its watchdog.
    """
    if not settings.window:
        return None
    try:
        return stack.enter_context(
            viewer.open_viewer(
                settings.viewer,
                avatar=avatar,
                face_models=settings.tracking.models,
                kiosk=settings.kiosk,
                audience=virtual_camera,
            )
        )
    except ViewerError as error:
        if settings.needs_window or settings.kiosk:
            raise
        log.warning("%s Going on without the window.", error)
        return None


def open_studio(
    settings: RunSettings,
    avatar: Avatar | None,
    stack: ExitStack,
    virtual_camera: VirtualCamera,
) -> Studio | None:
    """What draws for a virtual camera that is wanted where there is no window."""
    if not settings.virtual_camera.on:
        return None
    return stack.enter_context(
        viewer.open_studio(
            settings.viewer,
            virtual_camera,
            avatar=avatar,
            face_models=settings.tracking.models,
        )
    )


def write_snapshot(
    path: Path, last: Shown, settings: RunSettings, avatar: Avatar | None, *, mirrored: bool
) -> None:
    """The last state as a picture, as the window would show it."""
    from app.viewer.snapshot import render_snapshot, save_png  # a run without it needs no OpenGL

    image = render_snapshot(
        last.state,
        settings.viewer,
        frame=last.frame,
        avatar=avatar,
        face_models=settings.tracking.models,
        mirrored=mirrored,
    )
    save_png(path, image)
