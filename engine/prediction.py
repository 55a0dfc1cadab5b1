"""Where a face will be a moment from now: fills a receiver's or a display's rate between frames.

From the newest states' own velocity, at most one frame ahead. A movement that slows down is
followed to where it will come to rest and not beyond it. But that one stops dead, or turns round,
cannot be known before the picture that shows it, and the faster a movement is the further an
ordinary prediction shoots past it: by a third of the way of a mouth that shuts quickly. So nothing
is carried on by more than a share of the way that it has come since it last rested or turned, or by
more than is seen: whatever it does next, it has not been shown further beyond than that. Lips and
lids meet and eyes jump, so their share is small; a head is heavy and has to slow down first. Slow
and small movements lose little by this; quick ones of the face are hardly more than held until the
next state, which is then shown at once: to glide there would be smoother, but up to a frame later.

Each channel is predicted, besides, only as far as its last predictions came true: what turns round
too quickly to be foreseen, as talk, blinks and noise do, is shown as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.data import FaceState
from engine.geometry import Array, turn_between, turned

LONGEST_GAP = 0.1  # s between two states; over longer ones nothing is predicted
INTERVALS = 8  # of the newest states, from which a frame's length is taken
SHARE, HEAD_SHARE = 0.03, 0.3  # of the way come: no overshoot is longer, unless it is not seen
UNSEEN = 0.005  # of a weight, or radians of head and eyes; position: metres, a third
MEMORY = 0.93  # of what is known of earlier predictions, per frame
SPEEDING_UP = 3.0  # times the speed of a frame earlier: another movement has begun
DRIFT = 0.01  # of a longer delay is believed with each state
LONGEST_WAIT = 0.03  # s by which a state is taken to be older than noticed

_WEIGHTS, _POSITION, _GAZE, _TURN = slice(0, 52), slice(52, 55), slice(55, 59), slice(59, 62)
_COUNT = 62

_UNSEEN: Array = np.full(_COUNT, UNSEEN)
_UNSEEN[_POSITION] /= 3.0
_SHARE: Array = np.full(_COUNT, SHARE)
_SHARE[_POSITION] = _SHARE[_TURN] = HEAD_SHARE


@dataclass(frozen=True, slots=True, eq=False)
class _Movement:
    """From one state on. All (62,): weights, position, gaze, turn about the head's own axes.

    arrived:   on the clock of whoever asks.
    intervals: s between the newest states, oldest first; none: nothing is predicted.
    velocity:  a second, the mean since the state before.
    speed, change: a second now, and a second squared; 0 where no movement is.
    way:       come since the channel last rested or turned round.
    missed, moved: by how much unlimited predictions were wrong, and how much there was to predict,
               lately; mean squares.
    """

    state: FaceState
    arrived: float
    intervals: tuple[float, ...]
    velocity: Array
    speed: Array
    change: Array
    way: Array
    missed: Array
    moved: Array

    @property
    def frame(self) -> float:
        """s to the next state: of the shorter intervals, for the longer ones lack a picture."""
        return sorted(self.intervals)[len(self.intervals) // 4] if self.intervals else 0.0

    def unlimited(self, seconds: float) -> Array:
        """How far it goes on, in the seconds after the state, unless something happens."""
        with np.errstate(divide="ignore", invalid="ignore"):
            stop = np.where(self.speed * self.change < 0.0, -self.speed / self.change, np.inf)
        time = np.minimum(stop, seconds)
        return np.asarray(self.speed * time + 0.5 * self.change * time**2)

    def ahead(self, seconds: float) -> Array:
        """What to add to the state, so many seconds after it."""
        trust = np.maximum(0.0, 1.0 - self.missed / np.maximum(self.moved, 1e-18))
        limit = np.maximum(_SHARE * self.way, _UNSEEN)
        return np.asarray((trust * self.unlimited(seconds)).clip(-limit, limit))

    def since(self, now: float) -> float:
        """s from the state to the moment that is predicted: a frame at most."""
        return min(max(now - self.arrived, 0.0), self.frame)


class SteadyClock:
    """When states count as having arrived: a steady time after their pictures.

    The tracker takes now less, now more time, and who asks looks only now and then. Were a state
    shown from the moment at which it was noticed, all that would be seen as jerks.
    """

    def __init__(self) -> None:
        self._delay: float | None = None  # s from picture to state, of the quickest lately

    def moment(self, pictured: float, now: float) -> float:
        """pictured: when the picture came; now: when its state is noticed. Same clock, seconds."""
        delay = now - pictured
        if self._delay is not None:
            delay = min(delay, self._delay + DRIFT * (delay - self._delay))
        self._delay = delay
        return now - min(now - pictured - delay, LONGEST_WAIT)


class Predictor:
    """Takes in every state once, gives one for any moment after it."""

    def __init__(self) -> None:
        self._movement: _Movement | None = None

    def observe(self, state: FaceState, now: float) -> None:
        """now: seconds on the clock that `at` is asked by."""
        last = self._movement
        if last is None or not 0.0 < state.timestamp - last.state.timestamp <= LONGEST_GAP:
            self._movement = _Movement(state, now, (), *np.zeros((6, _COUNT)))
            return
        interval = state.timestamp - last.state.timestamp
        intervals = (*last.intervals, interval)[-INTERVALS:]
        step = _difference(last.state, state)
        missed = last.unlimited(interval) - step
        velocity = step / interval
        goes_on = (velocity * last.velocity > 0.0) & (
            np.abs(velocity) <= SPEEDING_UP * np.abs(last.velocity)
        )
        # A velocity is its interval's mean: by the interval's end half a change more has happened.
        change = (velocity - last.velocity) / np.mean(intervals[-2:])
        speed = velocity + 0.5 * interval * change
        moves = goes_on & (speed * velocity > 0.0)  # and has not come to rest since
        self._movement = _Movement(
            state,
            now,
            intervals,
            velocity=velocity,
            speed=np.where(moves, speed, 0.0),
            change=np.where(moves, change, 0.0),
            way=np.where(goes_on, last.way + np.abs(step), 0.0),
            missed=MEMORY * last.missed + (1.0 - MEMORY) * missed**2,
            moved=MEMORY * last.moved + (1.0 - MEMORY) * step**2,
        )

    def at(self, now: float) -> FaceState:
        """The state at a moment; call `observe` first."""
        movement = self._movement
        assert movement is not None
        state, seconds = movement.state, movement.since(now)
        offset = movement.ahead(seconds)
        return replace(
            state,
            timestamp=state.timestamp + seconds,
            weights=(state.weights + offset[_WEIGHTS]).clip(0.0, 1.0),
            head_position=state.head_position + offset[_POSITION],
            gaze=state.gaze + offset[_GAZE].reshape(2, 2),
            head_rotation=turned(state.head_rotation, offset[_TURN]),
        )


def _difference(start: FaceState, end: FaceState) -> Array:
    """(62,) from one state to the other."""
    return np.concatenate(
        (
            end.weights - start.weights,
            end.head_position - start.head_position,
            (end.gaze - start.gaze).ravel(),
            turn_between(start.head_rotation, end.head_rotation),
        )
    )
