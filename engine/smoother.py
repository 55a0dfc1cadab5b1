"""Observation | None in, FaceState out: noise removed, and a face that is always valid.

When the face is lost the state holds for a moment (a hand in front of it; a mouth that was hidden
already goes on to rest), then eases to neutral; when it is back the state eases to it from wherever
it is by then, so that nothing ever jumps.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.blendshapes import BLENDSHAPES
from engine.coefficient_smoother import eased
from engine.data import FaceState, Observation
from engine.geometry import IDENTITY_ROTATION, Array, slerp, smoothstep
from engine.observation_filter import ObservationFilter
from engine.steadiness import SmootherSettings

TYPICAL_POSITION: Array = np.array([0.0, 0.0, -0.5])
"""Where a head is taken to be until one has been seen, metres in camera space."""

LEAST_EASING = 1e-3  # s


class Smoother:
    """Turns each frame's observation into a face state, on the frame's own timestamp."""

    def __init__(self, settings: SmootherSettings) -> None:
        self._settings = settings
        self._filter = ObservationFilter(settings) if settings.filtering else None
        self._seen: Observation | None = None  # the newest one
        self._face: Observation | None = None  # the same, its values filtered
        self._presence = 0.0  # 0 neutral … 1 the face as it is
        self._shown: FaceState | None = None  # the newest state
        self._met_from: FaceState | None = None  # where the state was when the face came back
        self._met = 1.0  # 0 there … 1 at the face
        self._easing = settings.ease_in  # s from there to the face
        self._adopted = False  # since the last observation

    def adopt(self, settings: SmootherSettings) -> None:
        """Other settings, from the next frame on; the face goes on from where it is."""
        self._settings = settings
        self._filter = ObservationFilter(settings) if settings.filtering else None
        self._adopted = True

    def update(
        self, observation: Observation | None, *, timestamp: float, image_size: tuple[int, int]
    ) -> FaceState:
        """The state at `timestamp`. Timestamps must not go back."""
        before = self._shown
        elapsed = 0.0 if before is None else max(timestamp - before.timestamp, 0.0)
        if observation is None:
            self._rest_hidden_mouth(timestamp)
            self._fade_out(timestamp, elapsed)
        else:
            if before is not None and before.landmarks is None:
                self._return(before, timestamp)
            self._presence = 1.0
            is_new = self._is_new(timestamp)
            self._seen = self._face = observation
            self._adopted = False
            if self._filter is not None:
                self._face = self._filter.update(observation, is_new=is_new)
        self._met = min(1.0, self._met + elapsed / self._easing)
        self._shown = self._state(observation, timestamp, image_size)
        return self._shown

    def _is_new(self, timestamp: float) -> bool:
        if self._face is None or self._adopted:
            return True
        return timestamp - self._face.timestamp > self._settings.hold

    def _return(self, before: FaceState, timestamp: float) -> None:
        self._met_from, self._met, self._easing = before, 0.0, self._settings.ease_in
        if self._face is not None:
            away = timestamp - self._face.timestamp
            self._easing = min(self._easing, max(away, LEAST_EASING))

    def _rest_hidden_mouth(self, timestamp: float) -> None:
        if self._filter is None or self._face is None or self._seen is None or self._adopted:
            return
        if self._seen.mouth_hidden:
            still = self._filter.update(replace(self._seen, timestamp=timestamp), is_new=False)
            self._face = replace(still, timestamp=self._face.timestamp)

    def _fade_out(self, timestamp: float, elapsed: float) -> None:
        if self._face is not None and timestamp - self._face.timestamp > self._settings.hold:
            self._presence = max(0.0, self._presence - elapsed / self._settings.ease_out)

    def _state(
        self, observation: Observation | None, timestamp: float, image_size: tuple[int, int]
    ) -> FaceState:
        face = self._face
        if face is None:
            weights, gaze, coefficients = np.zeros(len(BLENDSHAPES)), np.zeros((2, 2)), None
            rotation, position = IDENTITY_ROTATION, TYPICAL_POSITION
        else:
            weights, gaze, coefficients = face.weights, face.gaze, face.coefficients
            rotation, position = face.head_rotation, face.head_position
        start, share = self._met_from, smoothstep(self._met)
        if start is not None and share < 1.0:
            weights = start.weights + share * (weights - start.weights)
            gaze = start.gaze + share * (gaze - start.gaze)
            position = start.head_position + share * (position - start.head_position)
            rotation = slerp(start.head_rotation, rotation, share)
            if coefficients is not None:
                coefficients = eased(coefficients, share, start.coefficients)
        share = smoothstep(self._presence)
        if share < 1.0:
            weights, gaze = share * weights, share * gaze
            rotation = slerp(IDENTITY_ROTATION, rotation, share)
            if coefficients is not None:
                coefficients = eased(coefficients, share)
        return FaceState(
            timestamp=timestamp,
            tracked=self._presence > 0.0,
            confidence=0.0 if observation is None else observation.confidence,
            weights=weights,
            head_rotation=rotation,
            head_position=position,
            gaze=gaze,
            landmarks=None if observation is None else observation.landmarks,
            image_size=image_size,
            coefficients=coefficients,
            image_from_crop=None if face is None else face.image_from_crop,
        )
