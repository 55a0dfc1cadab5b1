"""Whether left is left: a person moves as they are told, and what arrives is judged.

At first the face is at rest. In each step the movements that could have been meant compete: as it
should be, its opposite, and other axes. The one that is clearly largest for a moment has happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median

from app.listening.steps import STEPS, WEIGHT, Step
from engine.blendshapes import BLENDSHAPES

_REST = 2.0  # seconds of a face at rest
_HOLD = 0.6  # seconds for which a movement must be the largest
_STEP = 12.0  # seconds for a step
_RETURN = 5.0  # seconds to come back to rest
_CLEARLY = 1.4  # times the second largest


class Outcome(Enum):
    """What a step showed."""

    RIGHT = "as it should be"
    OPPOSITE = "the other way"
    OTHER = "something else moved"
    UNCLEAR = "not to be told apart"
    NOTHING = "nothing moved enough"
    MISSING = "is not sent"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a step. seen: for people, what moved; empty if nothing did."""

    step: Step
    outcome: Outcome
    seen: str = ""

    @property
    def line(self) -> str:
        """For people."""
        told = f"{self.step.instruction}: {self.outcome.value}"
        return f"{told}: {self.seen}" if self.seen else told


@dataclass(slots=True)
class _Attempt:
    """At one step. since: when the movement that leads began to lead."""

    started: float
    leader: int | None = None
    since: float = 0.0
    both: bool = False


@dataclass(slots=True)
class Check:
    """Leads through the steps. results: of those that are over."""

    steps: Sequence[Step] = STEPS
    results: list[Result] = field(default_factory=list)
    _rest: dict[str, list[float]] = field(default_factory=dict)
    _rest_since: float | None = None
    _baseline: dict[str, float] | None = None
    _attempt: _Attempt | None = None
    _returning_since: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether every step is."""
        return len(self.results) == len(self.steps)

    @property
    def passed(self) -> bool:
        """Whether everything that is sent is as it should be, and anything is."""
        seen = [result for result in self.results if result.outcome is not Outcome.MISSING]
        return self.is_over and bool(seen) and all(r.outcome is Outcome.RIGHT for r in seen)

    @property
    def prompt(self) -> str:
        """What the person is to do now."""
        if self.is_over:
            return ""
        if self._baseline is None:
            return "Look straight ahead with a face at rest and hold still."
        if self._returning_since is not None:
            return "Back to rest: look straight ahead."
        text = self.steps[len(self.results)].instruction
        return f"{len(self.results) + 1} of {len(self.steps)}: {text}, and hold it."

    def update(self, values: Mapping[str, float], time: float) -> None:
        """values: the newest of each channel, while a face arrives. time: seconds."""
        if self.is_over or not values:
            return
        if self._baseline is None:
            self._update_rest(values, time)
            return
        changes = {name: number - self._baseline.get(name, 0.0) for name, number in values.items()}
        if self._returning_since is not None:
            moved = max(m.size(changes) for m in self.results[-1].step.movements)
            if moved < 0.5 or time - self._returning_since > _RETURN:
                self._returning_since = None
                self._attempt = None
            return
        self._update_step(self.steps[len(self.results)], changes, time)

    def interrupted(self) -> None:
        """No face arrives: what has begun begins anew."""
        self._rest.clear()
        self._rest_since = None
        self._attempt = None

    def _update_rest(self, values: Mapping[str, float], time: float) -> None:
        if self._rest_since is None:
            self._rest_since = time
        for name, number in values.items():
            self._rest.setdefault(name, []).append(number)
        if time - self._rest_since < _REST:
            return
        rest = {name: median(numbers) for name, numbers in self._rest.items()}
        spreads = {name: _spread(numbers) for name, numbers in self._rest.items()}
        calm = max(abs(m.size(spreads)) for step in self.steps for m in step.movements) < 1.0
        self._rest.clear()
        self._rest_since = None
        if calm:
            self._baseline = rest

    def _update_step(self, step: Step, changes: Mapping[str, float], time: float) -> None:
        if not any(name in changes for m in step.movements[:2] for name in m.channels):
            self.results.append(Result(step, Outcome.MISSING))
            return
        if self._attempt is None:
            self._attempt = _Attempt(time)
        attempt = self._attempt
        leader, both = _leader(step, changes)
        attempt.both |= both
        if leader != attempt.leader:
            attempt.leader, attempt.since = leader, time
        if leader is not None and time - attempt.since >= _HOLD:
            self._finish(Result(step, _outcome(step, leader), step.movements[leader].label), time)
        elif time - attempt.started > _STEP:
            outcome = Outcome.UNCLEAR if attempt.both else Outcome.NOTHING
            self._finish(Result(step, outcome, _largest_change(changes)), time)

    def _finish(self, result: Result, time: float) -> None:
        self.results.append(result)
        self._returning_since = time


def _spread(numbers: list[float]) -> float:
    """How far most of them lie apart: a blink is no unrest."""
    numbers = sorted(numbers)
    margin = round(0.15 * len(numbers))
    return numbers[len(numbers) - 1 - margin] - numbers[margin]


def _leader(step: Step, changes: Mapping[str, float]) -> tuple[int | None, bool]:
    """The movement that is clearly the largest, and whether several are about as large."""
    sizes = [movement.size(changes) for movement in step.movements]
    first, second, *_ = (*sorted(sizes, reverse=True), 0.0)
    if first < 1.0:
        return None, False
    if first < _CLEARLY * second:
        return None, True
    return sizes.index(first), False


def _outcome(step: Step, leader: int) -> Outcome:
    if leader == 0:
        return Outcome.RIGHT
    return Outcome.OPPOSITE if leader == 1 and step.has_opposite else Outcome.OTHER


def _largest_change(changes: Mapping[str, float]) -> str:
    """The blendshape that moved most, if any did: perhaps the names are mixed up."""
    moved = {name: abs(changes.get(name, 0.0)) for name in BLENDSHAPES}
    name = max(moved, key=moved.__getitem__)
    return f"most of all {name}" if moved[name] >= WEIGHT else ""
