"""Where a face will be a moment from now: fills a receiver's or a display's rate between frames.

From the newest states' own velocity. A movement that slows down is followed to where it will come
to rest and not beyond it, and nothing is predicted further than one frame. Each channel is
predicted as far as its last predictions came true, so that what turns round too quickly to be
foreseen is not overshot. What was predicted wrongly is mended within a third of a frame: nothing
jumps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.data import FaceState
from engine.geometry import Array, turn_between, turned

LONGEST_FRAME = 0.1  # s between two states; over longer gaps nothing is predicted
SPEEDING_UP = 3.0  # times the speed of a frame earlier are believed: a single leap is no movement
MENDING = 1 / 3  # of a frame
DRIFT = 0.01  # of a longer delay is believed with each state
LONGEST_WAIT = 0.03  # s by which a state is taken to be older than noticed
MEMORY = 0.85  # of what is known of earlier predictions, per frame

_WEIGHTS, _POSITION, _GAZE, _TURN = slice(0, 52), slice(52, 55), slice(55, 59), slice(59, 62)
_COUNT = 62


@dataclass(frozen=True, slots=True, eq=False)
class _Movement:
    """From one state on. All (62,): weights, position, gaze, turn about the head's own axes.

    arrived:  on the clock of whoever asks.
    interval: s to the next state, presumably; 0: nothing is predicted.
    velocity, before: a second, now and one state earlier.
    error:    of what was predicted for this moment; what was not foreseen at all is none, for it is
              to be seen at once.
    missed, moved: by how much full predictions were wrong, and how much there was to predict,
              lately.
    """

    state: FaceState
    arrived: float
    interval: float
    velocity: Array
    before: Array
    error: Array
    missed: Array
    moved: Array

    def ahead(self, seconds: float) -> Array:
        """The full prediction: what comes on top of the state."""
        # A velocity is the mean of its frame: at the frame's end half a change more has happened.
        agreeing = self.velocity * self.before > 0.0
        slowing = agreeing & (np.abs(self.velocity) < np.abs(self.before))
        change = np.where(agreeing, (self.velocity - self.before) / self.interval, 0.0)
        speed = np.where(agreeing, self.velocity + 0.5 * self.interval * change, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            stop = np.where(slowing, -speed / change, np.inf)
        time = stop.clip(0.0, seconds)
        limit = SPEEDING_UP * np.abs(self.before) * seconds
        return np.asarray((speed * time + 0.5 * change * time**2).clip(-limit, limit))

    def offset(self, now: float) -> Array:
        """What to add to the state at this moment."""
        if self.interval == 0.0:
            return np.zeros(_COUNT)
        seconds = min(max(now - self.arrived, 0.0), self.interval)
        trust = np.maximum(0.0, 1.0 - self.missed / np.maximum(self.moved, 1e-9))
        left = max(0.0, 1.0 - seconds / (MENDING * self.interval))
        return np.asarray(trust * self.ahead(seconds) + left * self.error)


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
        if last is None or not 0.0 < state.timestamp - last.state.timestamp <= LONGEST_FRAME:
            self._movement = _Movement(state, now, 0.0, *np.zeros((5, _COUNT)))
            return
        interval = state.timestamp - last.state.timestamp
        step = _difference(last.state, state)
        shown = last.offset(now)
        foreseen = last.ahead(interval) if last.interval else np.zeros(_COUNT)
        self._movement = _Movement(
            state,
            now,
            interval,
            velocity=step / interval,
            before=last.velocity,
            error=(shown - step).clip(np.minimum(shown, 0.0), np.maximum(shown, 0.0)),
            missed=MEMORY * last.missed + (1.0 - MEMORY) * np.abs(foreseen - step),
            moved=MEMORY * last.moved + (1.0 - MEMORY) * np.abs(step),
        )

    def at(self, now: float) -> FaceState:
        """The state at a moment; call `observe` first."""
        movement = self._movement
        assert movement is not None
        state, offset = movement.state, movement.offset(now)
        return replace(
            state,
            timestamp=state.timestamp + min(max(now - movement.arrived, 0.0), movement.interval),
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
