"""Where the viewer looks from: dragged, zoomed and reset by hand. Pure arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from app.viewer.camera import DISTANCE, FIELD_OF_VIEW, Camera, orbit_camera
from app.viewer.keys import Command

NEAREST = 0.30
FARTHEST = 2.5
MOST_PITCH = math.radians(60)  # beyond it one looks into the cut edge of the bust
DRAG = math.pi  # radians for a drag over the whole height of the window
ZOOM_STEP = 0.9  # distance per notch of the wheel
NARROWEST = 0.8  # width / height at which the shoulders still fit; narrower views see wider
KEY_STEP = math.radians(6)


@dataclass(frozen=True, slots=True)
class Orbit:
    """A place on a sphere round the head.

    yaw + is on the person's left, pitch + above; radians. distance: metres.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    distance: float = DISTANCE

    def turned(self, yaw: float, pitch: float) -> Orbit:
        """Moved round the head by these angles; pitch stops at its limit, yaw goes round."""
        wrapped = math.remainder(self.yaw + yaw, math.tau)
        return replace(
            self, yaw=wrapped, pitch=min(MOST_PITCH, max(-MOST_PITCH, self.pitch + pitch))
        )

    def dragged(self, right: float, down: float) -> Orbit:
        """After a drag by shares of the window's height: the figure follows the hand."""
        return self.turned(-right * DRAG, down * DRAG)

    def zoomed(self, notches: float) -> Orbit:
        """After this many notches of the wheel; + comes nearer."""
        distance = self.distance * ZOOM_STEP**notches
        return replace(self, distance=min(FARTHEST, max(NEAREST, distance)))

    def camera(self, aspect: float, *, aside: float = 0.0) -> Camera:
        """The camera of a view of this width / height.

        aside: share of the width by which the figure stands left of the middle.
        """
        half = math.tan(FIELD_OF_VIEW / 2) * max(1.0, NARROWEST / aspect)
        camera = orbit_camera(
            aspect=aspect,
            yaw=self.yaw,
            pitch=self.pitch,
            distance=self.distance,
            field_of_view=2 * math.atan(half),
        )
        shifted = np.eye(4)
        shifted[0, 3] = -2.0 * aside
        return replace(camera, clip_from_view=shifted @ camera.clip_from_view)


def after_key(orbit: Orbit, command: Command) -> Orbit:
    """Where a key leads; the same place for a key that means something else."""
    match command:
        case Command.TURN_LEFT:
            return orbit.turned(-KEY_STEP, 0.0)
        case Command.TURN_RIGHT:
            return orbit.turned(KEY_STEP, 0.0)
        case Command.TURN_UP:
            return orbit.turned(0.0, KEY_STEP)
        case Command.TURN_DOWN:
            return orbit.turned(0.0, -KEY_STEP)
        case Command.NEARER:
            return orbit.zoomed(1)
        case Command.FARTHER:
            return orbit.zoomed(-1)
        case Command.RESET_VIEW:
            return Orbit()
        case _:
            return orbit
