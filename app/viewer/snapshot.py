"""One picture of the head without a window, for `--snapshot` and for machines without a display."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer import ViewerSettings
from app.viewer.backdrop import Backdrop
from app.viewer.context import (
    GL_VERSION,
    egl_function_address,
    function_address,
    install_advice,
)
from app.viewer.fence import AddressOf
from app.viewer.figure import Figure
from app.viewer.orbit import Orbit
from app.viewer.window import Window
from engine.data import FaceState, Frame
from engine.errors import ViewerError
from models.avatars.avatar import Avatar

SUPERSAMPLING = 2.0

log = logging.getLogger(__name__)


def render_snapshot(
    state: FaceState,
    settings: ViewerSettings,
    *,
    frame: Frame | None = None,
    avatar: Avatar | None = None,
    face_models: Path | None = None,
    mirrored: bool = False,
) -> NDArray[np.uint8]:
    """(H, W, 3) RGB, or (H, W, 4) with straight alpha before a transparent background.

    Of `settings` it uses size (pixels), figure, look, backgrounds and supersampling. frame: the
    state's picture, without which there is no overlay. avatar: stands in for the free head.
    face_models: the folder of flame.npz and bfm.npz. mirrored: whether the state has left and right
    exchanged. It makes an OpenGL context of its own, so no window of ours may be open meanwhile.
    Raises ViewerError where no OpenGL can be had.
    """
    width, height = settings.size
    with (
        offscreen_context() as context,
        Backdrop(
            context, picture=settings.background_picture, key_color=settings.key_color
        ) as backdrop,
        Figure(
            context,
            settings.look,
            avatar=avatar,
            face_models=face_models,
            supersampling=settings.supersampling or SUPERSAMPLING,
        ) as figure,
    ):
        color = context.texture((width, height), 4)
        target = context.framebuffer([color])
        figure.draw(
            target,
            settings.figure,
            state,
            frame,
            mirrored=mirrored,
            position=None,
            camera=Orbit().camera(width / height),
            background=backdrop.of_kind(settings.background),
        )
        rows = np.frombuffer(target.read(components=4, alignment=1), np.uint8)
        if figure.missing is not None:
            log.warning("%s. %s", figure.missing.title, figure.missing.advice)
        target.release()
        color.release()
    image = rows.reshape(height, width, 4)[::-1]
    if settings.background == "transparent":
        return straight_alpha(image)
    return np.ascontiguousarray(image[..., :3])


def save_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write (H, W, 3) RGB or (H, W, 4) RGBA. Raises ViewerError if the file cannot be written."""
    swapped = cv2.COLOR_RGBA2BGRA if image.shape[2] == 4 else cv2.COLOR_RGB2BGR
    encoded = cv2.imencode(".png", cv2.cvtColor(image, swapped))[1]
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise ViewerError(
            f"snapshot {path}: {error.strerror}; expected a file that can be written. "
            "Choose another place."
        ) from error


def straight_alpha(premultiplied: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4): colours as they are, which PNG wants, from colours times alpha."""
    alpha = premultiplied[..., 3:].astype(np.float32)
    straight = premultiplied.astype(np.float32) * (255.0 / np.maximum(alpha, 1.0))
    straight[..., 3:] = alpha
    return np.clip(np.rint(straight), 0, 255).astype(np.uint8)


@contextmanager
def offscreen_context() -> Iterator[moderngl.Context]:
    """EGL needs no display; where it is missing a hidden window serves."""
    with offscreen() as (context, _):
        yield context


@contextmanager
def offscreen() -> Iterator[tuple[moderngl.Context, AddressOf]]:
    """The same, and where that context's functions lie."""
    reason = "this system has no EGL"
    if sys.platform == "linux":
        try:
            backend: Any = "egl"  # moderngl annotates settings as dictionaries
            context = moderngl.create_standalone_context(require=GL_VERSION, backend=backend)
        except Exception as error:  # glcontext raises nothing narrower
            reason = str(error)
        else:
            try:
                with context:  # a thread that EGL still holds could open no window (GLX)
                    yield context, egl_function_address
            finally:
                context.release()
            return
    try:
        window = Window("mien", (64, 64), shown=False)
    except ViewerError as error:
        raise ViewerError(
            f"no picture: EGL: {reason}; hidden window: none either; "
            f"expected OpenGL 3.3. {install_advice()}"
        ) from error
    with window:
        yield window.gl, function_address
