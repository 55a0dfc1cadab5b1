"""What a person's rest, their utmost and their winks are: watched for a few seconds each."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.calibration import LEAST_SPAN, CalibrationSettings
from engine.calibration.winks import BLINKS, TYPICAL_OPEN, TYPICAL_OUTLINE, apertures
from engine.data import FaceState, Observation
from engine.geometry import Array, euler_from_quaternion

LEAST_OPEN = 0.15
"""Of an eye at rest (`apertures`): less is a lid that hangs; of both, a person who looks down."""

LEAST_FRAMES = 8
"""Fewer tell nothing, however long they took."""

STILL = 0.015
"""Unrest of a face that rests (`RestLearner.unrest`); one that talks has several times that."""

AT_REST, HEAD_AT_REST = 0.06, math.radians(1.5)
"""How far a weight, an angle of the head, may be off its median for a quarter of the time in a face
that rests. Measured: a photograph in a camera's noise .02, .5 degrees; the stillest two seconds of
the demo .09, 1.75 degrees."""

_SEEN_AT_REST = [i for i, name in enumerate(BLENDSHAPES) if not name.startswith("eyeLook")]


class RestLearner:
    """Watches a resting face; two seconds are enough.

    A blink, a cough or a word must not become neutral: medians, and only of frames in which the
    face is there.
    """

    def __init__(self, seconds: float = 2.0) -> None:
        self._seconds = seconds
        self._times: list[float] = []
        self._weights: list[Array] = []
        self._poses: list[Array] = []

    @property
    def progress(self) -> float:
        """0..1."""
        if not self._times:
            return 0.0
        return min((self._times[-1] - self._times[0]) / self._seconds, 1.0)

    @property
    def done(self) -> bool:
        return self.progress >= 1.0 and len(self._weights) >= LEAST_FRAMES

    def watch(self, seen: Observation, state: FaceState) -> None:
        """seen: as regressed; state: before any calibration."""
        self._times.append(seen.timestamp)
        self._weights.append(state.weights)
        self._poses.append(
            np.array(
                [
                    *euler_from_quaternion(seen.head_rotation),
                    *seen.head_position,
                    *seen.gaze.mean(axis=0),
                    *apertures(seen.landmarks),
                ]
            )
        )

    def unrest(self) -> float:
        """How much the weights moved, as their mean absolute deviation."""
        weights = np.array(self._weights)
        return float(np.abs(weights - np.median(weights, axis=0)).mean())

    def learned(self, settings: CalibrationSettings) -> CalibrationSettings:
        """`settings` with this rest as neutral, and its place as the middle. Call when done."""
        resting = np.median(np.array(self._weights), axis=0)
        for name, weight in zip(BLENDSHAPES, resting.tolist(), strict=True):
            if name.startswith("eyeLook"):
                continue  # follow from the gaze
            channel = settings.channel(name)
            # More than half is no rest: somebody who always smiles may still smile.
            neutral = round(min(weight, 0.5), 4)
            full = max(channel.full, min(neutral + LEAST_SPAN, 1.0))
            settings = settings.with_channel(replace(channel, neutral=neutral, full=full))
        seen = np.median(np.array(self._poses)[:, 6:], axis=0).tolist()
        settings = replace(self.recentred(settings), gaze=_rounded(seen[:2]))
        if max(seen[2:]) < LEAST_OPEN:
            return settings
        eyes = [min(max(aperture, LEAST_OPEN), 1.0) for aperture in seen[2:]]
        return replace(settings, eyes_open=_rounded(eyes))

    def recentred(self, settings: CalibrationSettings) -> CalibrationSettings:
        """`settings` with the head's place and direction as the middle. Call when done."""
        pose = np.median(np.array(self._poses)[:, :6], axis=0).tolist()
        return replace(settings, head=_rounded(pose[:3]), position=_rounded(pose[3:]))


class RestFinder(RestLearner):
    """Watches till face and head have rested for two seconds on end: what moved before is dropped.

    A blink does not count as moving; see `AT_REST`.
    """

    PATIENCE = 10.0  # s of watching a face

    def __init__(self, seconds: float = 2.0) -> None:
        super().__init__(seconds)
        self._began: float | None = None
        self._still = False

    @property
    def done(self) -> bool:
        return super().done and self._still

    @property
    def restless(self) -> bool:
        """Whether it has lasted long enough, had nothing moved."""
        return super().done and not self._still

    @property
    def gave_up(self) -> bool:
        """Whether the face has moved all the time."""
        began = self._began
        return self.restless and began is not None and self._times[-1] - began >= self.PATIENCE

    def watch(self, seen: Observation, state: FaceState) -> None:
        """seen: as regressed; state: before any calibration."""
        super().watch(seen, state)
        if self._began is None:
            self._began = seen.timestamp
        while len(self._times) > LEAST_FRAMES and self._times[-1] - self._times[1] >= self._seconds:
            for values in (self._times, self._weights, self._poses):
                del values[0]
        self._still = super().done and self._rests()

    def _rests(self) -> bool:
        weights = np.array(self._weights)[:, _SEEN_AT_REST]
        angles = np.array(self._poses)[:, :3]
        return bool(_spread(weights).max() < AT_REST and _spread(angles).max() < HEAD_AT_REST)


class RangeLearner:
    """Watches channels do their utmost; what comes only for a moment does not count."""

    BELIEVED = 0.7  # quantile of the frames: held for the third part of the time at least

    def __init__(self, names: tuple[str, ...]) -> None:
        self._channels = [INDEX[name] for name in names]
        self._weights: list[Array] = []

    def watch(self, state: FaceState) -> None:
        """state: before any calibration."""
        self._weights.append(state.weights[self._channels])

    def learned(self, settings: CalibrationSettings) -> CalibrationSettings | None:
        """`settings` with this utmost as full; None if the channels hardly moved."""
        if len(self._weights) < LEAST_FRAMES:
            return None
        reached = np.quantile(np.array(self._weights), self.BELIEVED, axis=0).tolist()
        moved = False
        for index, weight in zip(self._channels, reached, strict=True):
            channel = settings.channel(BLENDSHAPES[index])
            if weight - channel.neutral < LEAST_SPAN:
                continue
            moved = True
            full = round(min(weight, 1.0), 4)
            settings = settings.with_channel(replace(channel, full=full))
        return settings if moved else None


class WinkLearner:
    """Watches one eye wink; learns by how much its eyeBlink exceeds the other's, and how much wider
    the other is."""

    LEAST = 0.18  # a smaller difference cannot be told from a blink
    LEAST_OUTLINE = 0.25  # likewise

    def __init__(self, side: str) -> None:
        """side: "left" or "right"."""
        self._closed = 0 if side == "left" else 1
        self._scores: list[float] = []
        self._outlines: list[float] = []

    def watch(self, state: FaceState, settings: CalibrationSettings) -> None:
        """state: before any calibration."""
        names = [BLENDSHAPES[index] for index in BLINKS]
        neutral = [settings.channel(name).neutral for name in names]
        blinks = state.weights[list(BLINKS)] - neutral
        self._scores.append(float(blinks[self._closed] - blinks[1 - self._closed]))
        if state.landmarks is not None:
            opened = settings.eyes_open or (TYPICAL_OPEN, TYPICAL_OPEN)
            wide = apertures(state.landmarks) / opened
            self._outlines.append(float(wide[1 - self._closed] - wide[self._closed]))

    def learned(self, settings: CalibrationSettings) -> CalibrationSettings | None:
        """`settings` with this wink; None if there was none."""
        if len(self._scores) < LEAST_FRAMES:
            return None
        score = float(np.quantile(self._scores, 0.75))
        outline = float(np.quantile(self._outlines, 0.75)) if self._outlines else TYPICAL_OUTLINE
        if score < self.LEAST or outline < self.LEAST_OUTLINE:
            return None
        outlines = list(settings.outlines or (TYPICAL_OUTLINE, TYPICAL_OUTLINE))
        outlines[self._closed] = min(outline, 1.0)
        settings = replace(settings, outlines=_rounded(outlines))
        value = round(min(score, 1.0), 4)
        if self._closed == 0:
            return replace(settings, wink_left=value)
        return replace(settings, wink_right=value)


def _spread(values: Array) -> Array:
    """(N,) of (F, N): how far each is off its median at least for a quarter of the frames."""
    return np.quantile(np.abs(values - np.median(values, axis=0)), 0.75, axis=0)


def _rounded(values: list[float]) -> tuple[float, ...]:
    return tuple(round(value, 5) for value in values)
