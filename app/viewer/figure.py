"""What stands in the window: a head, a face model's mesh, or that over the picture.

The head is the free one, or the performer's own avatar.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import moderngl
import numpy as np

from app.viewer import FigureKind
from app.viewer.avatar import AvatarRenderer
from app.viewer.background import Background
from app.viewer.camera import Camera
from app.viewer.camera_picture import CameraPicture, laid_over
from app.viewer.clay import ClayRenderer
from app.viewer.face_figures import FaceFigure, open_figure
from app.viewer.head import HeadRenderer
from app.viewer.look import Look
from app.viewer.notices import Notice
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.closing import Closing
from engine.data import Coefficients, FaceState, FlameCoefficients, Frame
from engine.errors import ModelError
from engine.geometry import IDENTITY_ROTATION, Array
from engine.mirror import mirrored as mirror
from models.avatars.avatar import Avatar
from models.avatars.swinging import Swinging
from models.heads.free import load_free_head

BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
OVERLAY_COVER = 0.78  # the picture shows through, so that one sees how well the mesh fits
NO_COEFFICIENTS = Notice(
    "No face model is in use: this is the free head",
    "Start mien with --regressor smirk, deca, emoca or expnet.",
    warning=True,
)


class Figure(Closing):
    """The three figures of one OpenGL context; the free head stands in where there is no other.

    face_models: the folder with flame.npz and bfm.npz; they are read when first shown.
    """

    def __init__(
        self,
        context: moderngl.Context,
        look: Look,
        *,
        avatar: Avatar | None = None,
        face_models: Path | None,
        supersampling: float,
    ) -> None:
        self._context = context
        self._folder = face_models
        self._avatar: tuple[Avatar, AvatarRenderer] | None = None
        self._swinging: Swinging | None = None
        self._mesh: tuple[type[Coefficients], FaceFigure, ClayRenderer] | None = None
        self._unreadable: dict[type[Coefficients], Notice] = {}
        self.missing: Notice | None = None
        self.drawn: FigureKind = "head"
        with ExitStack() as opening:
            self._head = opening.enter_context(
                HeadRenderer(context, load_free_head(), look, supersampling=supersampling)
            )
            self._picture = opening.enter_context(CameraPicture(context))
            self.set_avatar(avatar)
            self._closing = opening.pop_all()

    @property
    def avatar(self) -> Avatar | None:
        """What stands in for the free head."""
        return None if self._avatar is None else self._avatar[0]

    @property
    def draw_calls(self) -> int:
        """Of the last frame."""
        return self._renderer.draw_calls

    @property
    def gpu_seconds(self) -> float | None:
        """GPU time of a frame some frames ago; None until one is known."""
        return self._renderer.gpu_seconds

    @property
    def supersampling(self) -> float:
        return self._head.supersampling

    @supersampling.setter
    def supersampling(self, scale: float) -> None:
        """Takes effect with the next draw."""
        self._head.supersampling = scale

    def set_look(self, look: Look) -> None:
        """Of the free head."""
        self._head.set_look(look)

    def set_avatar(self, avatar: Avatar | None) -> None:
        """It stands in for the free head; None: that itself. Takes tenths of a second."""
        if self._avatar is not None:
            self._avatar[1].close()
        self._avatar = None
        if avatar is not None:
            self._avatar = avatar, AvatarRenderer(self._context, avatar)
            self._swinging = avatar.swinging()

    def look_for_files_again(self) -> None:
        """A model that was missing may have been added meanwhile."""
        self._unreadable.clear()

    def draw(
        self,
        target: moderngl.Framebuffer,
        kind: FigureKind,
        state: FaceState | None,
        frame: Frame | None,
        *,
        mirrored: bool,
        position: Array | None,
        camera: Camera,
        background: Background,
    ) -> None:
        """Fills the target's viewport with this kind of figure, or with the free head.

        state, frame: None before the first picture. mirrored: whether the state has left and right
        exchanged; the picture of an overlay then is flipped, too. position: (3,) metres by which
        the figure is moved. Then `drawn` tells which figure it was, `missing` why it was not the
        one that was asked for.
        """
        seen = None if state is None else _straight(state, mirrored)
        coefficients = None if seen is None else _with_lids(seen)
        mesh = self._mesh_for(kind, seen, coefficients)
        if mesh is None or seen is None or coefficients is None:
            self._draw_head(target, state, position, camera, background)
        elif kind == "overlay" and frame is not None:
            self._draw_overlay(target, mesh, coefficients, seen, frame, mirrored=mirrored)
        else:
            figure, clay = mesh
            vertices = figure.in_world(coefficients, seen.head_rotation, seen.gaze)
            if mirrored:
                vertices = vertices * np.array([-1.0, 1.0, 1.0], vertices.dtype)
            if position is not None:
                vertices = vertices + position
            clay.draw(
                target,
                vertices,
                camera=camera,
                background=background,
                supersampling=self.supersampling,
                mirrored=mirrored,
            )
            self.drawn = "mesh"

    def close(self) -> None:
        self.set_avatar(None)
        if self._mesh is not None:
            self._mesh[2].close()
        self._closing.close()

    @property
    def _renderer(self) -> HeadRenderer | AvatarRenderer | ClayRenderer:
        if self.drawn != "head" and self._mesh is not None:
            return self._mesh[2]
        return self._head if self._avatar is None else self._avatar[1]

    def _draw_head(
        self,
        target: moderngl.Framebuffer,
        state: FaceState | None,
        position: Array | None,
        camera: Camera,
        background: Background,
    ) -> None:
        weights = state.weights if state is not None else np.zeros(len(BLENDSHAPES))
        rotation = state.head_rotation if state is not None else IDENTITY_ROTATION
        gaze = state.gaze if state is not None else np.zeros((2, 2))
        if self._avatar is not None:
            avatar, renderer = self._avatar
            renderer.draw(
                target,
                avatar.posed(
                    weights,
                    rotation,
                    gaze,
                    position=position,
                    swinging=self._swinging if state is not None else None,
                    timestamp=0.0 if state is None else state.timestamp,
                ),
                camera=camera,
                background=background,
                supersampling=self.supersampling,
            )
        else:
            self._head.draw(
                target,
                weights=weights,
                head_rotation=rotation,
                gaze=gaze,
                head_position=position,
                camera=camera,
                background=background,
            )
        self.drawn = "head"

    def _draw_overlay(
        self,
        target: moderngl.Framebuffer,
        mesh: tuple[FaceFigure, ClayRenderer],
        coefficients: Coefficients,
        state: FaceState,
        frame: Frame,
        *,
        mirrored: bool,
    ) -> None:
        figure, clay = mesh
        width, height = target.viewport[2:]
        vertices, camera = None, Camera(np.eye(4), np.eye(4))
        if state.confidence > 0 and state.image_from_crop is not None:
            pixels = figure.in_picture(coefficients, state.image_from_crop, state.gaze)
            if mirrored:
                pixels = np.array([frame.image.shape[1] - 1, 0, 0]) + pixels * (-1, 1, 1)
            vertices, camera = laid_over(
                pixels,
                radius=figure.radius,
                image_size=(frame.image.shape[1], frame.image.shape[0]),
                view_size=(width, height),
            )
        clay.draw(
            target,
            vertices,
            camera=camera,
            background=self._picture.of(frame, (width, height), mirrored=mirrored),
            supersampling=self.supersampling,
            mirrored=mirrored,
            cover=OVERLAY_COVER,
        )
        self.drawn = "overlay"

    def _mesh_for(
        self, wanted: FigureKind, state: FaceState | None, coefficients: Coefficients | None
    ) -> tuple[FaceFigure, ClayRenderer] | None:
        """None where the free head is wanted, or stands in; then `missing` says why."""
        self.missing = None
        if wanted == "head" or state is None:
            return None
        if coefficients is None:
            if state.confidence > 0:  # else it may only be that no face was seen so far
                self.missing = NO_COEFFICIENTS
            return None
        kind = type(coefficients)
        if kind in self._unreadable:
            self.missing = self._unreadable[kind]
            return None
        if self._mesh is None or self._mesh[0] is not kind:
            try:
                if self._folder is None:
                    raise ModelError("no folder of face models was given")
                figure = open_figure(coefficients, self._folder)
            except ModelError as error:
                self.missing = self._unreadable[kind] = _notice(coefficients, self._folder, error)
                return None
            if self._mesh is not None:
                self._mesh[2].close()
            self._mesh = kind, figure, ClayRenderer(self._context, figure)
        return self._mesh[1:]


def _with_lids(state: FaceState) -> Coefficients | None:
    """Where the regressor knows no eyelids they are the blink scores'."""
    coefficients = state.coefficients
    if isinstance(coefficients, FlameCoefficients) and not coefficients.eyelids.any():
        return replace(coefficients, eyelids=state.weights[BLINKS])
    return coefficients


def _straight(state: FaceState, mirrored: bool) -> FaceState:
    """As the picture shows it, which is what coefficients belong to."""
    return mirror(state) if mirrored else state


def _notice(coefficients: Coefficients, folder: Path | None, error: ModelError) -> Notice:
    name = "flame" if isinstance(coefficients, FlameCoefficients) else "bfm"
    if folder is None or not (folder / f"{name}.npz").exists():
        return Notice(
            f"No {name.upper()} model: showing the free head",
            f"To see the mesh, in a terminal: mien models add {name} FILE",
            warning=True,
        )
    return Notice(
        f"The {name.upper()} model cannot be read: showing the free head", str(error), warning=True
    )
