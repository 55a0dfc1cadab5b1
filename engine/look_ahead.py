"""Steadies a recorded performance with what came before each picture and what comes after it.

The live filter (`engine/filters.py`) goes over the observations twice, forwards and backwards in
time. What the one is late the other is early, so that together they have no lag; and where a
movement has just begun for the one, the other knows a long rest. Each value is their mean, the more
of the longer memory: weighted by the inverse of the gains, as the variance of a mean goes.

Backwards it goes in blocks, each begun `AHEAD` seconds later than it is used from: the filter
remembers no longer. So a take of any length needs the memory of `BLOCK + AHEAD` seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.blendshapes import INDEX
from engine.data import FlameCoefficients, Observation
from engine.geometry import Array
from engine.observation_filter import ObservationFilter, blended_observation
from engine.steadiness import SmootherSettings

BLOCK = 6.0  # s that are finished at once
AHEAD = 2.0  # s that are looked ahead
UNLIMITED = 1e9  # of eyeBlink a second: knowing what comes after, a lid need not be held back
LEAST_GAIN = 1e-3
MOVING = 0.5  # gain from which on a value is taken to move

LIDS = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])
EYELIDS = slice(100, 102)  # among FLAME's coefficients, as they are filtered


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """What was observed in one picture, or that nothing was."""

    timestamp: float
    image_size: tuple[int, int]
    observation: Observation | None


@dataclass(frozen=True, slots=True, eq=False)
class _Filtered:
    observation: Observation
    gain: Array
    coefficient_gain: Array


class LookAhead:
    """Takes sightings in, gives them out later without their noise, in order, none left out."""

    def __init__(self, settings: SmootherSettings) -> None:
        free = replace(settings, lid_opening=UNLIMITED)
        self._gap = settings.hold
        self._forward, self._backward = ObservationFilter(free), ObservationFilter(free)
        self._waiting: list[Sighting] = []
        self._last: float | None = None  # when a face was last finished
        self._learned = False

    def update(self, sighting: Sighting) -> list[Sighting]:
        """Those that are finished by now. Timestamps must not go back."""
        self._waiting.append(sighting)
        if sighting.timestamp - self._waiting[0].timestamp < BLOCK + AHEAD:
            return []
        end = self._waiting[0].timestamp + BLOCK
        return self._finished(sum(one.timestamp < end for one in self._waiting))

    def finish(self) -> list[Sighting]:
        """The rest."""
        return self._finished(len(self._waiting))

    def _finished(self, count: int) -> list[Sighting]:
        if not self._learned:  # the noise, of both directions, which is not known at the start
            _filtered(self._forward, self._waiting, self._gap, None)
            _filtered(self._backward, _reversed(self._waiting), self._gap, None)
            self._learned = True
        after = _filtered(self._backward, _reversed(self._waiting), self._gap, None)[::-1]
        done, self._waiting = self._waiting[:count], self._waiting[count:]
        before = _filtered(self._forward, done, self._gap, self._last)
        self._last = next(
            (one.timestamp for one in reversed(done) if one.observation is not None), self._last
        )
        return [
            one if early is None or late is None else replace(one, observation=_mean(late, early))
            for one, late, early in zip(done, before, after[:count], strict=True)
        ]


def _filtered(
    observations: ObservationFilter, sightings: Sequence[Sighting], gap: float, last: float | None
) -> list[_Filtered | None]:
    """last: when the filter last saw a face; None: it has not. After a gap it starts anew."""
    results: list[_Filtered | None] = []
    for one in sightings:
        if one.observation is None:
            results.append(None)
            continue
        is_new = last is None or one.timestamp - last > gap
        last = one.timestamp
        seen = observations.update(one.observation, is_new=is_new)
        results.append(_Filtered(seen, observations.gain, observations.coefficient_gain))
    return results


def _reversed(sightings: Sequence[Sighting]) -> list[Sighting]:
    return [
        replace(
            one,
            timestamp=-one.timestamp,
            observation=one.observation
            and replace(one.observation, timestamp=-one.observation.timestamp),
        )
        for one in reversed(sightings)
    ]


def _mean(late: _Filtered, early: _Filtered) -> Observation:
    share = _share(late.gain, early.gain)
    start, end = late.observation, early.observation
    _keep_closed(share, LIDS, start.weights, end.weights, late.gain, early.gain)
    coefficient_share = _share(late.coefficient_gain, early.coefficient_gain)
    if isinstance(start.coefficients, FlameCoefficients) and isinstance(
        end.coefficients, FlameCoefficients
    ):
        eyelids = (start.coefficients.eyelids, end.coefficients.eyelids)
        gains = (late.coefficient_gain[EYELIDS], early.coefficient_gain[EYELIDS])
        _keep_closed(coefficient_share[EYELIDS], (0, 1), *eyelids, *gains)
    return blended_observation(start, end, share, coefficient_share)


def _share(gain: Array, other: Array) -> Array:
    """Of the other one: the less, the more it hangs on its newest sample alone."""
    gain, other = np.maximum(gain, LEAST_GAIN), np.maximum(other, LEAST_GAIN)
    return np.asarray(gain / (gain + other))


def _keep_closed(
    share: Array, lids: Iterable[int], start: Array, end: Array, gain: Array, other: Array
) -> None:
    """Lids that move: a blink is as deep as the one that saw it deeper says. Changes `share`."""
    for lid in lids:
        if max(gain[lid], other[lid]) > MOVING:
            share[lid] = float(end[lid] > start[lid])
