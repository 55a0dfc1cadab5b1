"""Observation | None in, FaceState out: noise removed, and a face that is always valid.

When the face is lost the state holds for a moment (a hand in front of the mouth), then eases to
neutral; when it is back the state eases to it from wherever it is by then, so that nothing ever
jumps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.coefficient_smoother import (
    COEFFICIENT_FLOORS,
    CoefficientSmoother,
    blended,
    eased,
)
from engine.data import FaceState, Observation
from engine.filters import FilterBank
from engine.gaze import set_eye_look
from engine.geometry import IDENTITY_ROTATION, Array, slerp, turn_between, turned

TYPICAL_POSITION: Array = np.array([0.0, 0.0, -0.5])
"""Where a head is taken to be until one has been seen, metres in camera space."""

FLOORS: dict[str, float] = {"weights": 0.001, "gaze": 0.002, "position": 0.0001, "rotation": 0.0005}
"""The least noise that is worth smoothing: weights in 1, gaze in rad, position in m, rotation in
rad."""

_CHANNELS: dict[str, slice] = {
    "weights": slice(0, 52),
    "gaze": slice(52, 56),
    "position": slice(56, 59),
    "rotation": slice(59, 62),  # turns about the head's own axes
    **{name: slice(i, i + 1) for i, name in enumerate(BLENDSHAPES)},
}
_VALUES = slice(0, 59)  # all but the rotation, which is a quaternion
_COUNT = 62
LEAST_EASING = 1e-3  # s
_CAUTION_RANGE = 2.0  # at quickness 0; its inverse at quickness 1
_BLINKS = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What one channel, or one kind of channels, has for itself.

    name:      a blendshape such as "jawOpen", or "weights", "gaze", "position", "rotation"; of a
               face model's coefficients "expression", "eyelids", "jaw", "neck", "camera".
    quickness: 0 steady … 1 quick; left out: as for all.
    floor:     the least noise that is taken to be there (weights 1, gaze and rotation rad,
               position m; COEFFICIENT_FLOORS); left out: FLOORS.
    """

    name: str
    quickness: float | None = None
    floor: float | None = None

    def __post_init__(self) -> None:
        if self.name not in _CHANNELS and self.name not in COEFFICIENT_FLOORS:
            raise ValueError(
                f"name is {self.name!r}; expected a blendshape such as 'jawOpen', or "
                f"{', '.join((*FLOORS, *COEFFICIENT_FLOORS))}"
            )
        if self.quickness is not None:
            _check_quickness(self.quickness)
        if self.floor is not None and not 0.0 < self.floor < math.inf:
            raise ValueError(f"floor is {self.floor}; expected more than 0")


@dataclass(frozen=True, slots=True)
class SmootherSettings:
    """How steady or quick the face is, and what happens around a lost face (seconds).

    quickness:   0 steady … 1 quick.
    channels:    exceptions, later ones before earlier ones.
    lid_opening: how fast a lid may open, in eyeBlink a second. Lids close at once.
    hold:        how long the last face stays before it eases to neutral.
    ease_out:    how long easing to neutral takes.
    ease_in:     how long easing to a face that is back takes; no longer than it was away.
    closed_eye:  eyeBlink above which the iris is hidden and the eye's gaze is not believed.
    filtering:   False: the face is given as it was regressed, with its noise.
    """

    quickness: float = 0.5
    channels: tuple[ChannelSettings, ...] = ()
    lid_opening: float = 12.0
    hold: float = 0.3
    ease_out: float = 0.5
    ease_in: float = 0.2
    closed_eye: float = 0.35
    filtering: bool = True

    def __post_init__(self) -> None:
        _check_quickness(self.quickness)
        for name in ("lid_opening", "ease_out", "ease_in"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; expected a number above 0")
        for name in ("hold", "closed_eye"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; expected a number from 0")


def _check_quickness(value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"quickness is {value}; expected 0 (steady) to 1 (quick)")


class ObservationFilter:
    """Takes the noise out of observations, each on its own timestamp, which must not go back."""

    def __init__(self, settings: SmootherSettings) -> None:
        self._closed_eye = settings.closed_eye
        self._bank = _filter_bank(settings)
        self._coefficients = CoefficientSmoother(
            _caution(settings.quickness),
            {c.name: _caution(c.quickness) for c in settings.channels if c.quickness is not None},
            {c.name: c.floor for c in settings.channels if c.floor is not None},
            settings.lid_opening,
        )
        self._values = np.zeros(_VALUES.stop)  # weights, gaze, position, filtered
        self._rotation = IDENTITY_ROTATION
        self._gaze: Array | None = None  # the newest

    def update(self, seen: Observation, *, is_new: bool) -> Observation:
        """The observation without its noise.

        is_new: the face has just come: its values are taken as they are.
        """
        gaze = self._believable_gaze(seen)
        values = np.concatenate((seen.weights, gaze.ravel(), seen.head_position))
        if is_new:
            self._bank.restart(seen.timestamp)
            self._values, self._rotation = values, seen.head_rotation
        else:
            turn = turn_between(self._rotation, seen.head_rotation)
            deviation = np.concatenate((values - self._values, turn))
            step = self._bank.update(deviation, seen.timestamp)
            self._values = self._values + step[_VALUES]
            self._rotation = turned(self._rotation, step[_CHANNELS["rotation"]])
        weights = self._values[_CHANNELS["weights"]].copy()
        self._gaze = self._values[_CHANNELS["gaze"]].reshape(2, 2)
        set_eye_look(weights, self._gaze)
        return replace(
            seen,
            weights=weights,
            head_rotation=self._rotation,
            head_position=self._values[_CHANNELS["position"]],
            gaze=self._gaze,
            coefficients=self._coefficients.update(
                seen.coefficients, seen.image_from_crop, seen.timestamp, is_new=is_new
            ),
        )

    @property
    def gain(self) -> Array:
        """(62,) of weights, gaze, position, turns: see `FilterBank.gain`."""
        return self._bank.gain

    @property
    def coefficient_gain(self) -> Array:
        """(N,) likewise, of the coefficients; none: (0,)."""
        return self._coefficients.gain

    def _believable_gaze(self, seen: Observation) -> Array:
        """A closed eye looks where the other one looks; two closed eyes look where they looked."""
        left_closed, right_closed = (seen.weights[i] > self._closed_eye for i in _BLINKS)
        if left_closed and right_closed:
            return seen.gaze if self._gaze is None else self._gaze
        if left_closed:
            return seen.gaze[[1, 1]]
        if right_closed:
            return seen.gaze[[0, 0]]
        return seen.gaze


class Smoother:
    """Turns each frame's observation into a face state, on the frame's own timestamp."""

    def __init__(self, settings: SmootherSettings) -> None:
        self._settings = settings
        self._filter = ObservationFilter(settings) if settings.filtering else None
        self._face: Observation | None = None  # the newest one, its values filtered
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
            self._fade_out(timestamp, elapsed)
        else:
            if before is not None and before.landmarks is None:
                self._return(before, timestamp)
            self._presence = 1.0
            is_new = self._is_new(timestamp)
            self._face, self._adopted = observation, False
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
        start, share = self._met_from, _smoothstep(self._met)
        if start is not None and share < 1.0:
            weights = start.weights + share * (weights - start.weights)
            gaze = start.gaze + share * (gaze - start.gaze)
            position = start.head_position + share * (position - start.head_position)
            rotation = slerp(start.head_rotation, rotation, share)
            if coefficients is not None:
                coefficients = eased(coefficients, share, start.coefficients)
        share = _smoothstep(self._presence)
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


def blended_observation(
    start: Observation, end: Observation, share: Array, coefficient_share: Array
) -> Observation:
    """A share 0 … 1 of the way between two filtered versions of one observation.

    share: (62,), coefficient_share: (N,), in the order of `ObservationFilter`'s gains.
    """

    def between(name: str, here: Array, there: Array) -> Array:
        part = share[_CHANNELS[name]].reshape(here.shape)
        return np.asarray(here + part * (there - here))

    weights = between("weights", start.weights, end.weights)
    gaze = between("gaze", start.gaze, end.gaze)
    set_eye_look(weights, gaze)
    coefficients = start.coefficients
    if coefficients is not None and end.coefficients is not None:
        coefficients = blended(coefficients, end.coefficients, coefficient_share)
    turn = turn_between(start.head_rotation, end.head_rotation)
    return replace(
        start,
        weights=weights,
        gaze=gaze,
        head_position=between("position", start.head_position, end.head_position),
        head_rotation=turned(start.head_rotation, share[_CHANNELS["rotation"]] * turn),
        coefficients=coefficients,
    )


def _filter_bank(settings: SmootherSettings) -> FilterBank:
    floor, quickness = np.empty(_COUNT), np.full(_COUNT, settings.quickness)
    for kind, least in FLOORS.items():
        floor[_CHANNELS[kind]] = least
    for channel in settings.channels:
        if channel.name in COEFFICIENT_FLOORS:
            continue
        place = _CHANNELS[channel.name]
        floor[place] = floor[place] if channel.floor is None else channel.floor
        quickness[place] = quickness[place] if channel.quickness is None else channel.quickness
    fastest_fall = np.full(_COUNT, np.inf)
    fastest_fall[list(_BLINKS)] = settings.lid_opening
    return FilterBank(floor, _CAUTION_RANGE ** (1.0 - 2.0 * quickness), fastest_fall)


def _smoothstep(share: float) -> float:
    return share * share * (3.0 - 2.0 * share)


def _caution(quickness: float) -> float:
    return float(_CAUTION_RANGE ** (1.0 - 2.0 * quickness))
