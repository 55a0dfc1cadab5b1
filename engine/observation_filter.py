"""Observations without their noise and doubtful parts: weights, gaze, the head, coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.coefficient_smoother import COEFFICIENT_FLOORS, CoefficientSmoother, blended
from engine.data import Observation
from engine.doubt import Doubt
from engine.filters import FilterBank
from engine.finite import made_finite
from engine.gaze import set_eye_look
from engine.geometry import IDENTITY_ROTATION, Array, turn_between, turned
from engine.steadiness import FLOORS, SmootherSettings, caution

_CHANNELS: dict[str, slice] = {
    "weights": slice(0, 52),
    "gaze": slice(52, 56),
    "position": slice(56, 59),
    "rotation": slice(59, 62),  # turns about the head's own axes
    **{name: slice(i, i + 1) for i, name in enumerate(BLENDSHAPES)},
}
_HEAD = slice(56, 62)
_VALUES = slice(0, 59)  # all but the rotation, which is a quaternion
_COUNT = 62
HEAD_CAUTION = 2.0
"""Times as cautious as the face: a head is heavy and moves slowly, and its least tremble shows."""
_BLINKS = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])


class ObservationFilter:
    """Takes the noise out of observations, each on its own timestamp, which must not go back."""

    def __init__(self, settings: SmootherSettings) -> None:
        self._closed_eye = settings.closed_eye
        self._before: Observation | None = None  # as it came, but finite
        self._doubt = Doubt()
        self._bank = _filter_bank(settings)
        self._coefficients = CoefficientSmoother(
            caution(settings.quickness),
            {c.name: caution(c.quickness) for c in settings.channels if c.quickness is not None},
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
        seen = self._before = made_finite(seen, None if is_new else self._before)
        seen = self._doubt.update(seen, is_new=is_new)
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
    floor, cautions = np.empty(_COUNT), np.full(_COUNT, caution(settings.quickness))
    for kind, least in FLOORS.items():
        floor[_CHANNELS[kind]] = least
    for channel in settings.channels:
        if channel.name in COEFFICIENT_FLOORS:
            continue
        place = _CHANNELS[channel.name]
        if channel.floor is not None:
            floor[place] = channel.floor
        if channel.quickness is not None:
            cautions[place] = caution(channel.quickness)
    cautions[_HEAD] *= HEAD_CAUTION
    fastest_fall = np.full(_COUNT, np.inf)
    fastest_fall[list(_BLINKS)] = settings.lid_opening
    return FilterBank(floor, cautions, fastest_fall)
