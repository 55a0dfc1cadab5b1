"""Python's own pauses during a run."""

from __future__ import annotations

import sys
from collections import deque
from weakref import WeakSet

from app.pauses import spared_pauses


class Cycle:
    """Garbage that only Python's search can find."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_that_was_in_use_for_a_while_does_not_pile_up() -> None:
    in_use: deque[Cycle] = deque(maxlen=3000)
    alive: WeakSet[Cycle] = WeakSet()
    most = 0
    with spared_pauses():
        for _ in range(60_000):
            cycle = Cycle()
            in_use.append(cycle)
            alive.add(cycle)
            most = max(most, len(alive))
    assert most < 10_000


def test_threads_hand_over_sooner_during_a_run_and_as_before_after_it() -> None:
    before = sys.getswitchinterval()
    with spared_pauses():
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before
