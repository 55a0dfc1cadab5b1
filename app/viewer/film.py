"""The figure without panels, drawn once more for somebody else: the virtual camera.

Nobody waits for the picture: it is copied by the graphics card, fetched when that is done, and
while it is not done no other is drawn.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Protocol

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer import BackgroundKind, Shown, ViewerSettings
from app.viewer.backdrop import Backdrop
from app.viewer.background import Background, Transparent
from app.viewer.fence import AddressOf, Fence
from app.viewer.figure import Figure
from app.viewer.lifetime import owned
from app.viewer.orbit import Orbit
from engine.geometry import Array

EARLY = 0.75  # of an interval after which the next picture may be drawn: states come when they come
SLOWEST = 0.25  # s after which a picture is drawn though nothing has changed

log = logging.getLogger(__name__)


class Audience(Protocol):
    """Who takes the pictures, while they are `wanted`, at this size (width, height) and rate."""

    @property
    def wanted(self) -> bool: ...

    @property
    def size(self) -> tuple[int, int]: ...

    @property
    def rate(self) -> float: ...

    @property
    def transparent(self) -> bool:
        """Whether it takes alpha."""

    def put(self, image: NDArray[np.uint8]) -> None:
        """(H, W, 4) RGBA, straight; opaque unless `transparent`. Never waits."""


class Film:
    """Pictures of one OpenGL context for one audience. It takes memory once one is wanted."""

    def __init__(
        self, context: moderngl.Context, audience: Audience, address_of: AddressOf
    ) -> None:
        self._context, self._audience = context, audience
        self._fence = Fence(address_of)
        self._buffers = ExitStack()
        self._size = (0, 0)
        self._next = 0.0
        self._taken_at = -SLOWEST
        self._told = False

    @property
    def wanted(self) -> bool:
        return self._audience.wanted

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._audience.size

    def is_due(self, now: float, *, news: bool) -> bool:
        """Whether to draw a picture now. now: seconds of a steady clock. news: another is seen."""
        if not self.wanted or self._fence.is_set:
            return False
        return now >= (self._next if news else self._taken_at + SLOWEST)

    def take(
        self,
        figure: Figure,
        backdrop: Backdrop,
        shown: Shown | None,
        settings: ViewerSettings,
        *,
        mirrored: bool,
        position: Array,
        orbit: Orbit,
        now: float,
    ) -> None:
        """Draw the figure as `Figure.draw` does, in the middle, and have it copied."""
        target = self._target_of_size()
        width, height = self._size
        figure.draw(
            target,
            settings.figure,
            None if shown is None else shown.state,
            None if shown is None else shown.frame,
            mirrored=mirrored,
            position=position,
            camera=orbit.camera(width / height),
            background=self._background(backdrop, settings.background),
        )
        target.read_into(self._pixels, components=4)
        self._fence.set()
        self._taken_at = now
        self._next = now + EARLY / self._audience.rate

    def develop(self, now: float) -> float | None:
        """Hand the picture over once it is done; how many seconds it took, the first time."""
        if not self._fence.passed():
            return None
        width, height = self._size
        rows = np.frombuffer(self._pixels.read(), np.uint8).reshape(height, width, 4)
        self._audience.put(rows[::-1])
        return now - self._taken_at

    def close(self) -> None:
        self._fence.close()
        self._buffers.close()

    def _background(self, backdrop: Backdrop, kind: BackgroundKind) -> Background:
        """What stands behind the figure where the window has this: no webcam is transparent."""
        if kind != "transparent":
            return backdrop.of_kind(kind)
        if self._audience.transparent:
            return Transparent(straight=True)
        if not self._told:
            self._told = True
            log.warning("A webcam has no transparency: the virtual camera shows the colour key.")
        return backdrop.of_kind("key")

    def _target_of_size(self) -> moderngl.Framebuffer:
        if self._audience.size != self._size:
            self._buffers.close()
            self._size = self._audience.size
            width, height = self._size
            color = owned(self._buffers, self._context.renderbuffer(self._size, 4))
            self._target = owned(self._buffers, self._context.framebuffer([color]))
            self._pixels = owned(
                self._buffers, self._context.buffer(reserve=4 * width * height, dynamic=True)
            )
        return self._target
