"""A window that takes its time: capture, tracking and sending never wait for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import app.pipeline
import app.viewer
from app.actions import Action, Quit
from app.outputs import parse_output
from app.statistics import Statistics
from app.viewer import Shown, ViewerSettings
from benchmarks.latency import SleepingViewer
from tests.faces import write_video
from tests.receivers import Receiver
from tests.test_pipeline import run_settings

RATE = 24.0  # pictures a second
AWAITED = 30  # states, more than there are pictures in the clip


class StuckViewer(SleepingViewer):
    """Its first drawing does not end before so many states have been received elsewhere."""

    def __init__(self, receiver: Receiver, settings: ViewerSettings) -> None:
        super().__init__(0.0, settings)
        self._receiver = receiver
        self.drawn_at: list[float] = []  # timestamps of the pictures
        self.handing_over = 0.0  # s that Python lets a thread compute while others wait

    def draw(self, shown: Shown | None, statistics: Statistics) -> tuple[Action, ...]:
        if shown is None:
            return ()
        self.drawn_at.append(shown.frame.timestamp)
        self.handing_over = sys.getswitchinterval()
        if len(self.drawn_at) > 1:
            return (Quit(),)
        left = AWAITED
        while left:  # `read` raises where nothing comes for two seconds
            left -= b"/jawOpen" in self._receiver.read()
        return super().draw(shown, statistics)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as receiver:
        yield receiver


def test_pictures_are_tracked_and_sent_while_the_window_draws_one(
    face_networks: Path, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_video(tmp_path / "clip.avi", rate=RATE)
    output = parse_output(f"osc:127.0.0.1:{receiver.port}")
    settings = run_settings(face_networks, str(clip), loop=True, outputs=(output,))
    viewer = StuckViewer(receiver, settings.viewer)
    monkeypatch.setattr(app.viewer, "open_viewer", lambda *_, **__: viewer)
    summary = app.pipeline.run(replace(settings, window=True))
    newest = viewer.drawn_at[1]
    assert newest > (AWAITED - 3) / RATE, "the newest state is next, none of those between"
    assert summary.frames >= AWAITED
    assert 0.0 < viewer.handing_over < 0.001 < sys.getswitchinterval()
