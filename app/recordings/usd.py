"""USD: the free head with the take as its animation, for Blender, Maya, Houdini, Unreal, Omniverse.

A key per state at its own time, also while no face is seen; linear in between. UsdSkel: joints
`head` (rotation, position in camera space), `eye_left`, `eye_right` (rotation by the gaze) and
`bust`, which carries the shoulders along; 52 blend shapes on `face`, named as ARKit's. There are 60
time codes a second; Blender takes them for frames whatever its scene's rate, so set that to 60.
Weights are written as they are, as in a GLB take.

`.usd` and `.usda` are text, which needs no package and is whole after each key, also after
`kill -9`. `.usdc` is the binary form, a third as large: it grows as text in `NAME.part.usda` beside
it, which is what a kill leaves, and is written by OpenUSD when the take ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from app.recordings.head_parts import LICENCE
from app.recordings.motion import Floats, TakeTime, Turn, finite
from app.recordings.row_file import new_file
from app.recordings.usd_crate import write_crate
from app.recordings.usd_file import RATE, Attribute, GrowingUsd
from app.recordings.usd_head import JOINTS, head_text
from engine.blendshapes import BLENDSHAPES
from engine.closing import Closing
from engine.data import FaceState
from engine.errors import RecordingError
from engine.geometry import IDENTITY_ROTATION, matrix_from_quaternion, quaternion_from_euler
from models.heads.free import EYES, load_free_head

FARTHEST = 999.0  # metres that a position is written with
_TURN, _PLACE, _WEIGHT = "{:10.7f}", "{:11.6f}", "{:8.6f}"

ATTRIBUTES = (
    Attribute("quatf[] rotations", len(JOINTS) * (4 * 11 + 2) + 1),  # (…,…,…,…), and the []
    Attribute("float3[] translations", len(JOINTS) * (3 * 12 + 2) + 1),
    Attribute("float[] blendShapeWeights", len(BLENDSHAPES) * 9 + 1),
)


class Usd(Closing):
    """Writes one key per state, as text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        head = load_free_head()
        self._neck_pivot = head.neck_pivot.astype(np.float64)
        self._eyes = head.eye_centers.astype(np.float64)
        self._file = GrowingUsd(path, _top(head_text(head)), ATTRIBUTES)
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
        position = finite(state.head_position).clip(-FARTHEST / 2, FARTHEST / 2)
        moved = matrix_from_quaternion(rotation) @ self._neck_pivot - self._neck_pivot
        eyes = (
            turn.update(quaternion_from_euler(pitch, yaw, 0.0))
            for turn, (yaw, pitch) in zip(self._eye_turns, finite(state.gaze), strict=True)
        )
        self._file.append(
            float(self._time.update(state.timestamp)),
            (
                # USD writes a quaternion's real part first.
                _tuples(_TURN, (np.roll(q, 1) for q in (IDENTITY_ROTATION, rotation, *eyes))),
                # The upright bust meets the head in the neck's pivot.
                _tuples(_PLACE, (position + moved, position, *self._eyes)),
                _list(_WEIGHT, finite(state.weights).clip(0.0, 1.0)),
            ),
        )

    def close(self) -> None:
        """May be called twice."""
        self._file.close()


class UsdCrate(Closing):
    """Writes one key per state as text, and all of them in binary at the end."""

    def __init__(self, path: Path) -> None:
        """Raises RecordingError, also if OpenUSD is not installed."""
        if find_spec("pxr") is None:
            raise RecordingError(
                f"cannot record to {path}: the binary form needs OpenUSD. Install it with "
                'pip install "mien[usd]", or record to .usd, which is text and needs nothing.'
            )
        self.path = path
        text = path.with_name(f"{path.stem}.part.usda")
        if text.is_file() and text.stat().st_size > 0:
            raise RecordingError(
                f"cannot record to {path}: {text} is a whole take that was cut short, and OpenUSD "
                "opens it. Give it a name of its own, or this take another one."
            )
        new_file(path).close()  # refused now, not at the end
        self._text = Usd(text)
        self._closed = False

    @property
    def rows(self) -> int:
        """Keys so far."""
        return self._text.rows

    def write(self, state: FaceState) -> None:
        """Add a key, also while no face is seen. Raises RecordingError."""
        self._text.write(state)

    def close(self) -> None:
        """Make it binary. May be called twice. Raises RecordingError."""
        if self._closed:
            return
        self._closed = True
        self._text.close()
        if self.rows:
            write_crate(self._text.path, self.path)
        self._text.path.unlink(missing_ok=True)


def _top(contents: str) -> str:
    """Up to the animation's attributes."""
    ones = ", ".join("(1, 1, 1)" for _ in JOINTS)
    return f"""#usda 1.0
(
    defaultPrim = "rig"
    doc = "Recorded with mien. {LICENCE}"
    startTimeCode = 0
    endTimeCode = {{end}}
    timeCodesPerSecond = {RATE}
    framesPerSecond = {RATE}
    metersPerUnit = 1
    upAxis = "Y"
)

def SkelRoot "rig" (
    prepend apiSchemas = ["SkelBindingAPI"]
)
{{
{contents}
    def SkelAnimation "take"
    {{
        uniform token[] joints = [{", ".join(f'"{joint}"' for joint in JOINTS)}]
        uniform token[] blendShapes = [{", ".join(f'"{name}"' for name in BLENDSHAPES)}]
        half3[] scales = [{ones}]
"""


def _list(form: str, values: Floats) -> str:
    return "[" + ",".join(map(form.format, values.tolist())) + "]"


def _tuples(form: str, rows: Iterable[Floats]) -> str:
    tuples = ("(" + ",".join(map(form.format, row.tolist())) + ")" for row in rows)
    return "[" + ",".join(tuples) + "]"
