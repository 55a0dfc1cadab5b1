"""One person's face and seat: what rest looks like becomes neutral, their utmost becomes 1.

Two steps, for a state that eases to neutral must arrive there: where the head and the eyes rest is
taken out of the observation, before smoothing; the weights are mapped after retargeting.

    rest and utmost -> winks apart -> dead zone -> curve -> gain and offset -> limits
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.blendshapes import BLENDSHAPES, INDEX, check_named_once
from engine.calibration.winks import (
    BLINKS,
    TYPICAL_OPEN,
    TYPICAL_OUTLINE,
    TYPICAL_WINK,
    Winks,
)
from engine.data import FaceState, Observation
from engine.geometry import (
    Array,
    euler_from_quaternion,
    matrix_from_quaternion,
    quaternion_from_euler,
    quaternion_from_matrix,
)

LEAST_SPAN = 0.15
"""Of a channel between rest and utmost: less would make noise of it."""

OPEN_EYE = 0.1  # what is left of the open eye's eyeBlink in a full wink

_SQUINTS = (INDEX["eyeSquintLeft"], INDEX["eyeSquintRight"])


@dataclass(frozen=True, slots=True)
class ChannelCalibration:
    """How one blendshape is mapped; left out: it stays as it is.

    neutral:   its weight at rest, which becomes 0.
    full:      its weight at the person's utmost, which becomes 1.
    dead_zone: below this it is 0, above it begins from 0.
    curve:     exponent: more than 1 is gentle at the beginning, less is eager.
    gain, offset: weight · gain + offset.
    low, high: what it stays within.
    """

    name: str
    neutral: float = 0.0
    full: float = 1.0
    dead_zone: float = 0.0
    curve: float = 1.0
    gain: float = 1.0
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in INDEX:
            raise ValueError(f"name is {self.name!r}; expected a blendshape such as 'jawOpen'")
        if not 0.0 <= self.neutral < self.full <= 1.0:
            raise ValueError(
                f"neutral is {self.neutral}, full {self.full}; expected 0 <= neutral < full <= 1"
            )
        if not 0.0 <= self.dead_zone < 1.0:
            raise ValueError(f"dead_zone is {self.dead_zone}; expected 0 to less than 1")
        if not 0.1 <= self.curve <= 10.0:
            raise ValueError(f"curve is {self.curve}; expected 0.1 to 10")
        if not 0.0 <= self.gain <= 10.0:
            raise ValueError(f"gain is {self.gain}; expected 0 to 10")
        if not -1.0 <= self.offset <= 1.0:
            raise ValueError(f"offset is {self.offset}; expected -1 to 1")
        if not 0.0 <= self.low <= self.high <= 1.0:
            raise ValueError(f"low is {self.low}, high {self.high}; expected 0 <= low <= high <= 1")

    def mapped(self, weights: Array) -> Array:
        """What becomes of weights 0..1 (N,) of this blendshape: its curve, winks aside."""
        span = max(self.full - self.neutral, LEAST_SPAN)
        shares = np.clip((weights - self.neutral) / span, 0.0, 1.0)
        shares = np.maximum(shares - self.dead_zone, 0.0) / (1.0 - self.dead_zone)
        return np.clip(self.gain * shares**self.curve + self.offset, self.low, self.high)


@dataclass(frozen=True, slots=True)
class CalibrationSettings:
    """What is known of a person and their seat.

    channels:    exceptions from leaving a weight as it is, each blendshape once.
    head:        pitch, yaw, roll of the resting head in radians (engine/geometry.py).
    position:    of the resting head, metres in camera space; empty: the head is not recentred.
    gaze:        yaw, pitch of both eyes at rest, radians.
    camera_tilt: radians that the camera looks down.
    winks:       whether a wink closes one eye only; False: the eyes are left as they are seen.
    wink_left, wink_right: by how much eyeBlink of the closed eye exceeds the open one's when this
                 person winks; 0: not known, a typical wink is expected.
    eyes_open:   apertures of the left and the right eye at rest (engine/calibration/winks.py);
                 empty: not known, typical eyes are expected.
    outlines:    by how much the open eye is wider than the closed one in a left, a right wink, in
                 its own width at rest; empty: not known, likewise.
    link_eyes:   both eyes look and close alike.
    automatic:   the first two seconds in which the face rests are taken as neutral, if no rest is
                 known.
    """

    channels: tuple[ChannelCalibration, ...] = ()
    head: tuple[float, ...] = ()
    position: tuple[float, ...] = ()
    gaze: tuple[float, ...] = ()
    camera_tilt: float = 0.0
    winks: bool = True
    wink_left: float = 0.0
    wink_right: float = 0.0
    eyes_open: tuple[float, ...] = ()
    outlines: tuple[float, ...] = ()
    link_eyes: bool = False
    automatic: bool = False

    def __post_init__(self) -> None:
        check_named_once(channel.name for channel in self.channels)
        for name, count in (("head", 3), ("position", 3), ("gaze", 2)):
            values = getattr(self, name)
            if len(values) not in (0, count) or not all(map(math.isfinite, values)):
                raise ValueError(f"{name} is {list(values)}; expected {count} numbers, or none")
        if not -1.5 <= self.camera_tilt <= 1.5:
            raise ValueError(f"camera_tilt is {self.camera_tilt}; expected radians, -1.5 to 1.5")
        for name in ("eyes_open", "outlines"):
            values = getattr(self, name)
            if len(values) not in (0, 2) or not all(0.0 < value <= 2.0 for value in values):
                raise ValueError(
                    f"{name} is {list(values)}; expected 2 numbers from 0 to 2, or none"
                )
        for name in ("wink_left", "wink_right"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; expected 0 to 1")

    def channel(self, name: str) -> ChannelCalibration:
        """How that blendshape is mapped."""
        found = (channel for channel in self.channels if channel.name == name)
        return next(found, ChannelCalibration(name))

    def with_channel(self, channel: ChannelCalibration) -> CalibrationSettings:
        """The same with this blendshape mapped so."""
        others = tuple(other for other in self.channels if other.name != channel.name)
        kept = () if channel == ChannelCalibration(channel.name) else (channel,)
        return replace(self, channels=others + kept)


class Calibration:
    """Settings, ready to be applied to every frame; timestamps must not go back."""

    def __init__(self, settings: CalibrationSettings) -> None:
        self.settings = settings
        channels = [settings.channel(name) for name in BLENDSHAPES]
        columns = np.array(
            [
                (c.neutral, c.full, c.dead_zone, c.curve, c.gain, c.offset, c.low, c.high)
                for c in channels
            ]
        ).T
        self._neutral, full, self._dead_zone, self._curve = columns[:4]
        self._gain, self._offset, self._low, self._high = columns[4:]
        self._span = np.maximum(full - self._neutral, LEAST_SPAN)
        self._changes_weights = bool(settings.channels or settings.link_eyes)
        self._winks: Winks | None = None
        if settings.winks and not settings.link_eyes:
            self._winks = Winks(
                np.array(settings.eyes_open or (TYPICAL_OPEN, TYPICAL_OPEN)),
                np.array([settings.wink_left or TYPICAL_WINK, settings.wink_right or TYPICAL_WINK]),
                np.array(settings.outlines or (TYPICAL_OUTLINE, TYPICAL_OUTLINE)),
            )
        self._level = matrix_from_quaternion(quaternion_from_euler(-settings.camera_tilt, 0.0, 0.0))
        self._upright = np.eye(3)
        if settings.head:
            pitch, yaw, roll = settings.head
            resting = quaternion_from_euler(pitch, yaw, roll)
            self._upright = (self._level @ matrix_from_quaternion(resting)).T
        self._changes_pose = bool(settings.head or settings.position or settings.camera_tilt)

    def centred(self, seen: Observation) -> Observation:
        """Head and eyes at rest look straight ahead; the resting head is in front of the camera."""
        settings = self.settings
        if self._changes_pose:
            turn = self._upright @ self._level
            rotation = turn @ matrix_from_quaternion(seen.head_rotation)
            position = self._level @ seen.head_position
            if settings.position:
                resting = self._level @ np.array(settings.position)
                position = position - resting - (0.0, 0.0, float(np.linalg.norm(resting)))
            seen = replace(
                seen, head_rotation=quaternion_from_matrix(rotation), head_position=position
            )
        if settings.gaze or settings.link_eyes:
            gaze = seen.gaze - settings.gaze if settings.gaze else seen.gaze
            if settings.link_eyes:
                gaze = np.repeat(gaze.mean(axis=0, keepdims=True), 2, axis=0)
            seen = replace(seen, gaze=gaze)  # the smoother makes the eyeLook weights of it
        return seen

    def update(self, state: FaceState) -> FaceState:
        """The state with its weights mapped; always within 0..1."""
        winks = self._winking(state)
        weights = np.clip((state.weights - self._neutral) / self._span, 0.0, 1.0)
        pair = list(BLINKS)
        if self._winks is not None:
            weights[pair] = self._winks.evened(weights[pair])
        if not (self._changes_weights or winks.any()) and np.array_equal(weights, state.weights):
            return state
        if self.settings.link_eyes:
            weights[pair] = weights[pair].mean()
        for closed, wink in enumerate(winks):
            weights[BLINKS[closed]] += wink * (1.0 - weights[BLINKS[closed]])
            for channel in (BLINKS[1 - closed], _SQUINTS[1 - closed]):
                weights[channel] *= 1.0 - wink * (1.0 - OPEN_EYE)
        weights = np.maximum(weights - self._dead_zone, 0.0) / (1.0 - self._dead_zone)
        weights = self._gain * weights**self._curve + self._offset
        return replace(state, weights=np.clip(weights, self._low, self._high))

    def _winking(self, state: FaceState) -> Array:
        """(2,) 0..1, the left and the right eye."""
        if self._winks is None:
            return np.zeros(2)
        pair = list(BLINKS)
        blinks = state.weights[pair] - self._neutral[pair]
        _, yaw, _ = euler_from_quaternion(state.head_rotation)
        return self._winks.update(blinks, state.landmarks, yaw, state.timestamp)
