"""Binary glTF: the free head with the take as its animation, for Blender, Unity, Unreal, Godot.

A key per state at its own time, also while no face is seen; linear in between. Nodes `head`
(rotation, position in camera space), `eye_left`, `eye_right` (rotation by the gaze), `face` (52
weights, named as ARKit's in the mesh's targetNames) and `bust`, which carries the shoulders along.

Weights are written as they are. mien's window shows mouthClose up to jawOpen only, and keeps the
lids off the eyeballs half-way through a blink; glTF's targets add up plainly, so whoever needs the
one or the other does it when importing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.recordings.glb_file import Channel, GrowingGlb
from app.recordings.glb_head import head_scene
from app.recordings.glb_scene import Scene
from app.recordings.motion import Floats, TakeTime, Turn, finite
from engine.blendshapes import BLENDSHAPES
from engine.closing import Closing
from engine.data import FaceState
from engine.geometry import matrix_from_quaternion, quaternion_from_euler
from models.heads.free import EYES, load_free_head

CHANNELS = (
    Channel("head", "rotation", 4),
    Channel("head", "translation", 3),
    Channel("bust", "translation", 3),
    *(Channel(eye, "rotation", 4) for eye in EYES),
    Channel("face", "weights", len(BLENDSHAPES)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """What is animated.

    scene:      with the nodes of CHANNELS, neutral, the head at the origin.
    neck_pivot: (3,) m: where the head meets the bust.
    """

    scene: Scene
    neck_pivot: Floats


def free_head_figure() -> Figure:
    """The free head."""
    head = load_free_head().subdivided()
    return Figure(head_scene(head), head.neck_pivot.astype(np.float64))


class Glb(Closing):
    """Writes one key per state."""

    def __init__(self, path: Path, figure: Figure | None = None) -> None:
        """figure: left out, the free head. Raises RecordingError."""
        figure = free_head_figure() if figure is None else figure
        self.path = path
        self._neck_pivot = figure.neck_pivot
        self._file = GrowingGlb(path, figure.scene, CHANNELS)
        self._time = TakeTime()
        self._head_turn = Turn()
        self._eye_turns = tuple(Turn() for _ in EYES)

    @property
    def rows(self) -> int:
        """Keys so far."""
        return self._file.keys

    def write(self, state: FaceState) -> None:
        """Add a key, also while no face is seen. Raises RecordingError."""
        rotation = self._head_turn.update(state.head_rotation)
        position = finite(state.head_position)
        eyes = (
            turn.update(quaternion_from_euler(pitch, yaw, 0.0))
            for turn, (yaw, pitch) in zip(self._eye_turns, finite(state.gaze), strict=True)
        )
        self._file.append(
            self._time.update(state.timestamp),
            [
                values.astype(np.float32)
                for values in (
                    rotation,
                    position,
                    self._bust_position(position, rotation),
                    *eyes,
                    finite(state.weights).clip(0.0, 1.0),
                )
            ],
        )

    def _bust_position(self, position: Floats, rotation: Floats) -> Floats:
        """Where the upright bust is if it meets the head in the neck's pivot."""
        moved: Floats = matrix_from_quaternion(rotation) @ self._neck_pivot - self._neck_pivot
        return position + moved

    def close(self) -> None:
        """May be called twice."""
        self._file.close()
