"""Which background the user wants, made into what the renderer draws."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer import BackgroundKind
from app.viewer.background import Background, Gradient, Picture, Plain, Rgb, Transparent
from engine.closing import Closing
from engine.errors import ViewerError

LARGEST = 2560  # pixels of a background picture's longer side; more is not seen

KINDS: tuple[BackgroundKind, ...] = get_args(BackgroundKind)


class Backdrop(Closing):
    """The four kinds of background for one OpenGL context. A picture is loaded once.

    picture: a file; empty leaves that kind out. key_color: `#rrggbb`. straight: see `Transparent`.
    Raises ViewerError if the picture cannot be read.
    """

    def __init__(
        self, context: moderngl.Context, *, picture: str, key_color: str, straight: bool = False
    ) -> None:
        self._transparent = Transparent(straight)
        self._context = context
        self._key = Plain(color_from_hex(key_color))
        self._texture: moderngl.Texture | None = None
        self.show(picture)

    def key(self, color: str) -> None:
        """Another colour, `#rrggbb`."""
        self._key = Plain(color_from_hex(color))

    def show(self, picture: str) -> None:
        """Another picture; empty: none. Raises ViewerError if it cannot be read: then none."""
        self.close()
        if not picture:
            return
        image = read_picture(Path(picture).expanduser())
        self._texture = self._context.texture(
            (image.shape[1], image.shape[0]), 3, image[::-1].tobytes(), alignment=1
        )
        self._texture.build_mipmaps()
        self._texture.filter = moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR

    def close(self) -> None:
        if self._texture is not None:
            self._texture.release()
            self._texture = None

    def of_kind(self, kind: BackgroundKind) -> Background:
        """What the renderer draws; a picture that was never given is the gradient."""
        if kind == "key":
            return self._key
        if kind == "transparent":
            return self._transparent
        if kind == "picture" and self._texture is not None:
            return Picture(self._texture)
        return Gradient()

    @property
    def kinds(self) -> tuple[BackgroundKind, ...]:
        """Those that there are."""
        return tuple(kind for kind in KINDS if kind != "picture" or self._texture is not None)


def color_from_hex(text: str) -> Rgb:
    """`#00b140`, which ViewerSettings has checked, as three numbers 0..1."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) RGB, upright, no larger than is seen on a screen."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise ViewerError(
            f"background {path}: {error.strerror}; expected a picture file. Check the path."
        ) from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise ViewerError(
            f"background {path}: not a picture that can be read; expected PNG, JPEG or WebP. "
            "Save it in one of these formats."
        )
    longest = max(image.shape[:2])
    if longest > LARGEST:
        scale = LARGEST / longest
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1], np.uint8)
