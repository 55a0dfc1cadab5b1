"""Observation | None in, FaceState out: noise removed, and a face that is always valid.

When the face is lost the state holds for a moment (a hand in front of the mouth), then eases to
neutral; when it is back the state eases to it, so that nothing ever jumps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FaceState, Observation
from engine.filters import OneEuroFilter, OneEuroSettings, RotationOneEuroFilter
from engine.gaze import set_eye_look
from engine.geometry import IDENTITY_ROTATION, Array, slerp

TYPICAL_POSITION: Array = np.array([0.0, 0.0, -0.5])
"""Where a head is taken to be until one has been seen, metres in camera space."""

_BLINKS = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])


@dataclass(frozen=True, slots=True)
class SmootherSettings:
    """One filter per kind of signal, and what happens around a lost face (seconds).

    weights, gaze, rotation, position: units 1, rad, rad, m.
    hold:       how long the last face stays before it eases to neutral.
    ease_out:   how long easing to neutral takes.
    ease_in:    how long easing to a face that is back takes.
    closed_eye: eyeBlink above which the iris is hidden and the eye's gaze is not believed.
    """

    weights: OneEuroSettings = OneEuroSettings(min_cutoff=3.0, beta=10.0, d_cutoff=10.0)
    gaze: OneEuroSettings = OneEuroSettings(min_cutoff=2.0, beta=12.0, d_cutoff=8.0)
    rotation: OneEuroSettings = OneEuroSettings(min_cutoff=3.0, beta=40.0, d_cutoff=8.0)
    position: OneEuroSettings = OneEuroSettings(min_cutoff=1.5, beta=60.0, d_cutoff=4.0)
    hold: float = 0.3
    ease_out: float = 0.5
    ease_in: float = 0.2
    closed_eye: float = 0.45


class Smoother:
    """Turns each frame's observation into a face state, on the frame's own timestamp."""

    def __init__(self, settings: SmootherSettings) -> None:
        self._settings = settings
        self._weights = OneEuroFilter(settings.weights)
        self._gaze = OneEuroFilter(settings.gaze)
        self._rotation = RotationOneEuroFilter(settings.rotation)
        self._position = OneEuroFilter(settings.position)
        self._face: Observation | None = None  # the newest one, its values filtered
        self._presence = 0.0  # 0 neutral … 1 the face as it is
        self._before: float | None = None  # timestamp of the newest state

    def update(
        self, observation: Observation | None, *, timestamp: float, image_size: tuple[int, int]
    ) -> FaceState:
        """The state at `timestamp`. Timestamps must not go back."""
        elapsed = 0.0 if self._before is None else max(timestamp - self._before, 0.0)
        if observation is None:
            self._fade_out(timestamp, elapsed)
        else:
            self._fade_in(elapsed)
            self._face = self._filtered(observation)
        self._before = timestamp
        return self._state(observation, timestamp, image_size)

    def _fade_in(self, elapsed: float) -> None:
        if self._before is None:  # nothing has been shown that could jump
            self._presence = 1.0
        if self._presence == 0.0:
            for signal in (self._weights, self._gaze, self._rotation, self._position):
                signal.reset()
        self._presence = min(1.0, self._presence + elapsed / self._settings.ease_in)

    def _fade_out(self, timestamp: float, elapsed: float) -> None:
        if self._face is not None and timestamp - self._face.timestamp > self._settings.hold:
            self._presence = max(0.0, self._presence - elapsed / self._settings.ease_out)

    def _filtered(self, seen: Observation) -> Observation:
        gaze = self._gaze.update(self._believable_gaze(seen).ravel(), seen.timestamp).reshape(2, 2)
        weights = self._weights.update(seen.weights, seen.timestamp).copy()
        set_eye_look(weights, gaze)
        return Observation(
            timestamp=seen.timestamp,
            confidence=seen.confidence,
            landmarks=seen.landmarks,
            weights=weights,
            head_rotation=self._rotation.update(seen.head_rotation, seen.timestamp),
            head_position=self._position.update(seen.head_position, seen.timestamp),
            gaze=gaze,
            image_size=seen.image_size,
        )

    def _believable_gaze(self, seen: Observation) -> Array:
        """A closed eye looks where the other one looks; two closed eyes look where they looked."""
        left_closed, right_closed = (seen.weights[i] > self._settings.closed_eye for i in _BLINKS)
        if left_closed and right_closed:
            return seen.gaze if self._face is None else self._face.gaze
        if left_closed:
            return seen.gaze[[1, 1]]
        if right_closed:
            return seen.gaze[[0, 0]]
        return seen.gaze

    def _state(
        self, observation: Observation | None, timestamp: float, image_size: tuple[int, int]
    ) -> FaceState:
        face = self._face
        share = self._presence * self._presence * (3.0 - 2.0 * self._presence)  # smoothstep
        if face is None or share == 0.0:
            weights, gaze = np.zeros(len(BLENDSHAPES)), np.zeros((2, 2))
            rotation = IDENTITY_ROTATION
        elif share == 1.0:
            weights, gaze, rotation = face.weights, face.gaze, face.head_rotation
        else:
            weights, gaze = share * face.weights, share * face.gaze
            rotation = slerp(IDENTITY_ROTATION, face.head_rotation, share)
        return FaceState(
            timestamp=timestamp,
            tracked=self._presence > 0.0,
            confidence=0.0 if observation is None else observation.confidence,
            weights=weights,
            head_rotation=rotation,
            head_position=TYPICAL_POSITION if face is None else face.head_position,
            gaze=gaze,
            landmarks=None if observation is None else observation.landmarks,
            image_size=image_size,
        )
