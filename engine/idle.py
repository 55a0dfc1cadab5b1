"""A head that nobody drives: it looks round, blinks, smiles now and then.

Sines whose periods have no common measure, so that nothing is seen to repeat.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine.blendshapes import INDEX
from engine.data import FaceState
from engine.gaze import set_eye_look
from engine.geometry import quaternion_from_euler, slerp

YAW, PITCH, ROLL = 0.30, 0.09, 0.06  # rad, to either side
BLINK_EVERY, BLINK_TIME = 3.7, 0.28  # s
SMILE, RAISED_BROWS = 0.65, 0.4  # weights at most

AFTER = 5.0  # s without a face after which it begins
WAKE, YIELD = 1.5, 0.5  # s in which it begins, and gives way to a face

_BLINKS = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])
_SMILES = (INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"])
_CHEEKS = (INDEX["cheekSquintLeft"], INDEX["cheekSquintRight"])


def idle(state: FaceState, seconds: float, share: float) -> FaceState:
    """The state, with this share 0 … 1 of a head that idles since so many seconds."""
    if share <= 0.0:
        return state
    yaw = YAW * math.sin(0.61 * seconds) * math.cos(0.173 * seconds)
    pitch = PITCH * math.sin(0.43 * seconds + 1.0)
    rotation = quaternion_from_euler(pitch, yaw, ROLL * math.sin(0.29 * seconds))
    gaze = np.tile(
        (0.5 * YAW * math.sin(1.3 * seconds), 0.5 * PITCH * math.sin(0.9 * seconds)), (2, 1)
    )
    weights = np.zeros_like(state.weights)
    blink = (seconds % BLINK_EVERY) / BLINK_TIME
    weights[list(_BLINKS)] = math.sin(math.pi * blink) if blink < 1.0 else 0.0
    smile = max(0.0, math.sin(0.37 * seconds))
    weights[list(_SMILES)] = SMILE * smile
    weights[list(_CHEEKS)] = 0.5 * SMILE * smile
    weights[INDEX["browInnerUp"]] = RAISED_BROWS * max(0.0, math.sin(0.23 * seconds + 2.0))
    set_eye_look(weights, gaze)
    return replace(
        state,
        weights=np.clip((1.0 - share) * state.weights + share * weights, 0.0, 1.0),
        head_rotation=slerp(state.head_rotation, rotation, share),
        gaze=(1.0 - share) * state.gaze + share * gaze,
    )


class Idling:
    """Lets the head live by itself while nobody is there; timestamps must not go back."""

    def __init__(self) -> None:
        self._seen: float | None = None  # timestamp at which a face was seen last
        self._before: float | None = None
        self._idled = 0.0  # s so far
        self.share = 0.0
        """0 nobody but the performer … 1 the head by itself."""

    def update(self, state: FaceState) -> FaceState:
        """The state to show. `tracked` stays: nobody is there, whatever the head does."""
        now = state.timestamp
        elapsed = 0.0 if self._before is None else now - self._before
        self._before = now
        if self._seen is None:
            self._seen = now - AFTER  # it lives from the start
        if state.landmarks is not None:
            self._seen = now
        change = elapsed / WAKE if now - self._seen > AFTER else -elapsed / YIELD
        self.share = min(1.0, max(0.0, self.share + change))
        self._idled += elapsed
        return idle(state, self._idled, self.share)
