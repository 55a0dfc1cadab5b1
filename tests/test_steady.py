"""The steady sender: its beats, and what it sends between two pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import app.steady
from app.destinations import Destinations
from app.meter import Meter
from app.recordings.takes import Takes, TakeSettings
from app.steady import SteadySender
from app.threads import Latest
from app.viewer import Shown
from engine.blendshapes import INDEX
from engine.data import FaceState, Frame
from tests.states import face

RATE, CAMERA = 120.0, 30.0


class Clock:
    """Time that passes only while somebody sleeps, and `late` seconds more."""

    def __init__(self) -> None:
        self.now = 100.0
        self.late = 0.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + self.late
        self.late = 0.0


class Noted(Destinations):
    """Keeps what is sent and when."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(())
        self._clock = clock
        self.sent: list[tuple[float, FaceState]] = []

    def send(self, state: FaceState) -> bool:
        self.sent.append((self._clock.now, state))
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(app.steady, "time", clock)
    yield clock


class Named:
    name, trouble = "test", ""


def sender(clock: Clock, states: Latest[Shown], tmp_path: Path) -> tuple[SteadySender, Noted]:
    outputs = Noted(clock)
    takes = Takes((), TakeSettings(), tmp_path, tmp_path)
    return SteadySender(RATE, states, outputs, Meter(Named(), outputs, takes)), outputs


def shown(timestamp: float, **shapes: float) -> Shown:
    picture = np.zeros((1, 1, 3), np.uint8)
    return Shown(Frame(picture, timestamp, timestamp, 0), face(timestamp=timestamp, **shapes))


def test_states_leave_on_the_beat_and_after_a_late_one_the_beat_goes_on(
    clock: Clock, tmp_path: Path
) -> None:
    states = Latest(shown(100.0, jawOpen=0.2))
    steady, outputs = sender(clock, states, tmp_path)
    for late in (0.0, 0.0, 0.5, 0.0, 3.9, 0.0, 0.0):
        clock.late = late / RATE
        steady.step()
    beats = (np.array([when for when, _ in outputs.sent]) - 100.0) * RATE
    assert beats == pytest.approx([0.0, 1.0, 2.5, 3.0, 7.9, 9.0, 10.0])


def test_between_pictures_a_movement_goes_on(clock: Clock, tmp_path: Path) -> None:
    states: Latest[Shown] = Latest()
    steady, outputs = sender(clock, states, tmp_path)
    for index in range(80):
        states.put(shown(clock.now, jawOpen=0.01 * index))
        while clock.now < 100.0 + (index + 1) / CAMERA - 1e-6:
            steady.step()
    jaws = np.array([state.weights[INDEX["jawOpen"]] for _, state in outputs.sent[240:]])
    assert np.diff(jaws) == pytest.approx(0.01 * CAMERA / RATE, abs=1e-4)


def test_a_jaw_that_stops_dead_is_not_sent_visibly_further(clock: Clock, tmp_path: Path) -> None:
    states: Latest[Shown] = Latest()
    steady, outputs = sender(clock, states, tmp_path)
    for index in range(60):
        states.put(shown(clock.now, jawOpen=min(0.1 * (index % 20), 0.6)))
        while clock.now < 100.0 + (index + 1) / CAMERA - 1e-6:
            steady.step()
    jaws = [state.weights[INDEX["jawOpen"]] for _, state in outputs.sent]
    assert 0.6 <= max(jaws) <= 0.6 + 0.03 * 0.6
