"""The budget of a game: few looks at a still face, one thread, states at the camera's rate."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.budget import CAMERA_RATE, STATES
from app.destinations import Destinations
from app.in_force import output_rate_in, source_in, tracking_in
from app.meter import Meter
from app.outputs import parse_output
from app.pipeline import run
from app.recordings.takes import Takes, TakeSettings
from app.settings import in_force
from app.sources import SourceSettings, open_source
from app.steady import SteadySender
from app.threads import Latest
from app.viewer import Shown
from engine.chain import Chain
from engine.data import FaceState, Frame, Observation
from engine.runtime import RuntimeSettings
from engine.sparing import LOOKS, Sparing
from tests.faces import write_video
from tests.states import random_face
from tests.test_pipeline import receiver, run_settings

__all__ = ["receiver"]  # a fixture

PICTURE = np.full((480, 640, 3), 90, np.uint8)
LANDMARKS = np.random.default_rng(1).uniform(200.0, 400.0, (478, 3))
FACE = replace(random_face(np.random.default_rng(1)), landmarks=LANDMARKS)
NOBODY = replace(FACE, landmarks=None)


def test_a_budget_asks_for_less_and_keeps_what_costs_less() -> None:
    asked = replace(run_settings(Path("models"), "0"), budget=True)
    spared = in_force(asked)
    assert (source_in(spared).limit, source_in(spared).rate) == (CAMERA_RATE, CAMERA_RATE)
    assert output_rate_in(spared) == STATES
    assert tracking_in(spared, asked.tracking).runtime.threads == 1
    cheap = replace(
        asked,
        source=replace(asked.source, limit=5.0, rate=10.0),
        tracking=replace(asked.tracking, runtime=RuntimeSettings(threads=1, spinning=True)),
        output_rate=60.0,
    )
    spared = in_force(cheap)
    assert (source_in(spared).limit, source_in(spared).rate) == (5.0, 10.0)
    assert output_rate_in(spared) == 60.0
    assert not tracking_in(spared, cheap.tracking).runtime.spinning


@pytest.mark.parametrize("spec", ["{}", "faulty:{}"])
def test_a_run_within_a_budget_sees_a_still_face_five_times_a_second_and_sends_thirty(
    spec: str, face_networks: Path, tmp_path: Path, receiver: socket.socket
) -> None:
    clip = write_video(tmp_path / "clip.avi", 75, rate=30.0, drift=0)
    output = parse_output(f"osc::{receiver.getsockname()[1]}")
    asked = run_settings(
        face_networks, spec.format(clip), pace="realtime", seconds=1.9, outputs=(output,)
    )
    summary = run(replace(asked, budget=True))
    assert 3 < summary.frames <= 16  # 57 pictures come in that time, 10 are worth a look
    assert summary.frames == summary.faces
    ((_, datagrams),) = summary.outputs
    assert datagrams > 2 * summary.frames


def frame_at(index: int, image: NDArray[np.uint8] = PICTURE) -> Frame:
    return Frame(image, index / CAMERA_RATE, 0.0, index)


def looks(sparing: Sparing, frames: Iterable[Frame], state: FaceState) -> list[int]:
    """The indices of the pictures that were worth it."""
    chosen = []
    for frame in frames:
        if sparing.worth(frame):
            sparing.seen(frame, state)
            chosen.append(frame.index)
    return chosen


def moving(index: int) -> Frame:
    """A picture unlike the one before."""
    return frame_at(index, np.full_like(PICTURE, 90 + 60 * (index % 2)))


def test_a_still_face_is_seen_now_and_then_and_a_moving_one_at_once_and_every_time() -> None:
    sparing = Sparing(CAMERA_RATE)
    assert len(looks(sparing, map(frame_at, range(90)), FACE)) == pytest.approx(15, abs=1)
    assert looks(sparing, map(moving, range(91, 121)), FACE) == list(range(91, 121))


def test_a_face_that_never_rests_gets_half_the_looks_in_the_end() -> None:
    seen = looks(Sparing(CAMERA_RATE), map(moving, range(600)), FACE)
    assert seen[:40] == list(range(40))
    late = [index for index in seen if index >= 300]
    assert len(late) == pytest.approx(LOOKS * 10, abs=1)
    assert max(np.diff(late)) <= 3


def test_a_face_at_rest_and_one_that_never_rests_need_half_the_pictures() -> None:
    sparing = Sparing(CAMERA_RATE)
    assert sparing.rate == CAMERA_RATE
    looks(sparing, map(frame_at, range(60)), FACE)
    assert sparing.rate == LOOKS
    looks(sparing, [moving(61)], FACE)
    assert sparing.rate == CAMERA_RATE  # at the first movement
    looks(sparing, map(moving, range(62, 200)), FACE)
    assert sparing.rate == LOOKS


def test_nobody_is_looked_for_in_half_the_pictures() -> None:
    seen = looks(Sparing(CAMERA_RATE), map(frame_at, range(600)), NOBODY)
    assert len([index for index in seen if index >= 300]) == pytest.approx(LOOKS * 10, abs=1)


def test_what_is_seen_goes_out_at_once_and_does_not_wait_for_the_beat(
    tmp_path: Path, receiver: socket.socket
) -> None:
    outputs = Destinations([parse_output(f"osc::{receiver.getsockname()[1]}")])
    with (
        open_source(SourceSettings(spec=str(write_video(tmp_path / "clip.avi")))) as source,
        Takes((), TakeSettings(), tmp_path, tmp_path) as takes,
        outputs,
    ):
        states: Latest[Shown] = Latest()
        meter = Meter(source, outputs, takes)
        steady = SteadySender(0.02, states, outputs, meter, at_once=True)
        begun = time.perf_counter()
        for index in range(3):  # beats are 50 s apart
            states.put(Shown(frame_at(index), replace(FACE, timestamp=index / CAMERA_RATE)))
            steady.step()
            assert receiver.recv(65536)
        assert time.perf_counter() - begun < 25.0


@pytest.mark.parametrize("budget", [False, True])
def test_lag_never_grows_when_every_look_takes_longer_than_a_picture_lasts(
    budget: bool, face_networks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages: list[float] = []
    observe = Chain.observe

    def slow(chain: Chain, frame: Frame) -> Observation | None:
        ages.append(time.perf_counter() - frame.arrived)
        until = time.perf_counter() + 0.1  # three pictures come in that time
        seen = observe(chain, frame)
        while time.perf_counter() < until:
            pass
        return seen

    monkeypatch.setattr(Chain, "observe", slow)
    clip = write_video(tmp_path / "clip.avi", 90, rate=30.0)
    asked = run_settings(face_networks, f"faulty:{clip}", pace="realtime", seconds=2.5)
    summary = run(replace(asked, budget=budget))
    assert summary.frames < 40 < summary.frames + summary.dropped  # most came and were never seen
    third = len(ages) // 3
    assert np.median(ages[-third:]) < np.median(ages[:third]) + 0.05
    assert np.median(ages[-third:]) < 0.2  # a queue would be 1.5 s behind by now
