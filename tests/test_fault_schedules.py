"""Cameras that fail at random: the whole program goes on, and no thread or handle stays behind."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from app.sources.faults import KINDS, parse_faults
from tests.faces import write_video
from tests.test_sources_faulty import Rig, handles

HANGING = 2.0  # s at most; on a clock that only sleepers move nobody can be given up


def schedule(random: np.random.Generator, seconds: float) -> str:
    """Faults one after the other, up to 3 s each, with 3 s in between."""
    parts: list[str] = []
    time = 2.0
    while time < seconds - 6.0:
        kind = KINDS[int(random.integers(len(KINDS)))]
        length = float(random.uniform(0.05, HANGING if kind == "hang" else 3.0))
        parts.append(f"{kind}@{time:.3f}+{length:.3f}")
        time += length + 3.0
    return ",".join(parts)


def test_random_schedules_are_survived_and_the_pictures_return_quickly(
    random: np.random.Generator, caplog: pytest.LogCaptureFixture
) -> None:
    threads, files = threading.active_count(), handles()
    for _ in range(8):
        text = schedule(random, 60.0)
        rig = Rig(text)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            rig.read(60.0)
        frames = [frame for _, frame in rig.reads if frame is not None]
        # Old pictures come at once, and this clock moves only for those who sleep.
        assert np.all(np.diff([frame.timestamp for frame in frames]) >= 0), text
        assert [frame.index for frame in frames] == list(range(len(frames))), text
        for fault in parse_faults(text):
            assert rig.first_after(fault.end) < 1.5, (fault, text)
        gone = sum("gives no pictures" in message for message in caplog.messages)
        back = sum("is back" in message for message in caplog.messages)
        assert gone == back and len(caplog.messages) <= 2 * text.count("@"), text
    assert threading.active_count() <= threads and handles() <= files


def test_the_program_loses_and_finds_the_face_as_the_camera_goes_and_comes(
    tmp_path: Path,
) -> None:
    """In real time: a loss shows within a second, the return within two, hangs included."""
    clip = write_video(tmp_path / "clip.avi")
    take = tmp_path / "take.jsonl"
    faults = "replug@1.5+1.5,hang@5.5"
    arguments = ["--source", f"faulty:{clip}?{faults}", "--no-window", "--output=osc::9"]
    result = subprocess.run(
        [sys.executable, "-m", "app", "run", *arguments, "--record", take, "--seconds", "8.5"],
        env={**os.environ, "MIEN_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60.0,
    )
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in take.read_text().splitlines()]
    start = rows[0]["timestamp"]
    seen = [row["timestamp"] - start for row in rows if row["confidence"] > 0]
    gaps = [(a, b) for a, b in pairwise(seen) if b - a > 0.5]
    assert len(gaps) == 2, gaps
    (lost, found), (hung, freed) = gaps
    assert lost < 1.6 and found < 3.0 + 2.0
    assert hung < 5.6 and freed - hung < 3.0  # given up after 1.2 s
    blind = [row["timestamp"] - start for row in rows if row["confidence"] == 0]
    assert min(blind) - lost < 1.0  # the state of no face is sent while nothing comes
    assert any(hung < moment < hung + 1.0 for moment in blind)
    (p95,) = re.findall(r"to send: .* median, (.*) ms p95", result.stdout)
    assert float(p95) < 500.0  # states without a picture have no latency
    messages = [line for line in result.stderr.splitlines() if " Camera " in line]
    assert [line.split(" Camera ")[1].split(";")[0] for line in messages] == [
        *("gives no pictures", "is back", "gives no pictures", "is back")
    ]
