"""The window in which the head is seen. Importing this package needs neither display nor OpenGL.

viewer.py     the window's life: what is asked, when it is drawn     switching.py   what keys switch
scene.py      the figure before its background
window.py     glfw and imgui          context.py, events.py   its OpenGL, its input
figure.py     which figure stands in the window: head.py the free head, clay.py a face model's mesh,
              avatar.py a file of the performer's own
look.py       what the head looks like
overlay.py    panels over the figure  orbit.py, camera.py     where one looks from
snapshot.py   without a window        probe.py                what this machine has
film.py       pictures for the virtual camera; studio.py: without a window
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from app.viewer.look import LOOKS, Look
from engine.data import FaceState, Frame
from engine.errors import SettingsError, ViewerError

if TYPE_CHECKING:
    from app.viewer.film import Audience
    from app.viewer.studio import Studio
    from app.viewer.viewer import Viewer
    from models.avatars.avatar import Avatar

FIRST_LOOK = next(iter(LOOKS.values()))

SMALLEST, LARGEST = 16, 16384  # of a side, in pixels; more is refused by common drivers
KEY_COLOR = re.compile(r"#[0-9a-fA-F]{6}")

BackgroundKind = Literal["gradient", "picture", "key", "transparent"]
FigureKind = Literal["head", "mesh", "overlay"]
FIGURES: tuple[FigureKind, ...] = get_args(FigureKind)


@dataclass(frozen=True, slots=True)
class ViewerSettings:
    """What a profile keeps of the window. Values that make no sense are refused.

    size: width and height, 16 to 16384. avatar: a .vrm, .glb or .gltf file that stands in for the
    free head; empty for none. figure: the free head, the mesh of the face model in use,
    or that mesh over the camera's picture. background_picture: a file; empty for none. key_color:
    `#rrggbb`. inset, bars, rates, panel: panels that are on, the last to control everything.
    ui_scale: of the panels, 0.5 to 4, 1 is what the desktop asks for. supersampling: pixels drawn
    for one of the window, along each side, 0.25 to 2; 0 chooses by what the machine manages.
    """

    size: tuple[int, int] = (1280, 720)
    figure: FigureKind = "head"
    look: Look = FIRST_LOOK
    avatar: str = ""
    background: BackgroundKind = "gradient"
    background_picture: str = ""
    key_color: str = "#00b140"
    inset: bool = True
    bars: bool = False
    rates: bool = False
    panel: bool = False
    fullscreen: bool = False
    borderless: bool = False
    on_top: bool = False
    ui_scale: float = 1.0
    vsync: bool = True
    supersampling: float = 0.0

    @property
    def captured(self) -> bool:
        """Another program takes the window's picture: nothing is written on it unasked."""
        return self.background in ("key", "transparent")

    def __post_init__(self) -> None:
        if not all(SMALLEST <= side <= LARGEST for side in self.size):
            raise SettingsError(
                f"`size` is {list(self.size)}; expected a width and a height of {SMALLEST} to "
                f"{LARGEST}."
            )
        if not KEY_COLOR.fullmatch(self.key_color):
            raise SettingsError(
                f"`key_color` is {self.key_color!r}; expected six hexadecimal digits as in #00b140."
            )
        if not 0.5 <= self.ui_scale <= 4.0:
            raise SettingsError(f"`ui_scale` is {self.ui_scale}; expected 0.5 to 4.")
        if not (self.supersampling == 0.0 or 0.25 <= self.supersampling <= 2.0):
            raise SettingsError(
                f"`supersampling` is {self.supersampling}; expected 0.25 to 2, or 0 for automatic."
            )


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture and the face of the same instant, so that an overlay fits its picture."""

    frame: Frame
    state: FaceState


def open_viewer(
    settings: ViewerSettings,
    *,
    avatar: Avatar | None = None,
    face_models: Path | None = None,
    kiosk: bool = False,
    audience: Audience | None = None,
) -> Viewer:
    """The window, open. The parameters are those of `Viewer`.

    audience: who takes the figure's picture, too.
    Raises ViewerError in one line if there is no display or no OpenGL.
    """
    try:  # here, for a run without a window needs none of these libraries
        from app.viewer.viewer import Viewer
    except ImportError as error:
        raise ViewerError(f"no window: {error}; expected the window's libraries. {_ADVICE}") from (
            error
        )
    return Viewer(settings, avatar=avatar, face_models=face_models, kiosk=kiosk, audience=audience)


def open_studio(
    settings: ViewerSettings,
    audience: Audience,
    *,
    avatar: Avatar | None = None,
    face_models: Path | None = None,
) -> Studio:
    """What draws for the audience without a window. Raises ViewerError where it cannot."""
    try:
        from app.viewer.studio import Studio
    except ImportError as error:
        raise ViewerError(
            f"no picture: {error}; expected the window's libraries. {_ADVICE}"
        ) from error
    return Studio(settings, audience, avatar=avatar, face_models=face_models)


_ADVICE = (
    "Install them (Debian, Ubuntu: apt install libx11-6 libxext6 libgl1), or go on without a "
    "window: mien run --no-window."
)
