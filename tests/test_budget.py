"""The budget of a game: half the pictures, one thread, states at a steady rate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.budget import PICTURES, STATES
from app.in_force import output_rate_in, source_in, tracking_in
from app.pipeline import run
from app.settings import in_force
from engine.runtime import RuntimeSettings
from tests.faces import write_video
from tests.test_pipeline import run_settings


def test_a_budget_asks_for_less_and_keeps_what_costs_less() -> None:
    asked = replace(run_settings(Path("models"), "0"), budget=True)
    spared = in_force(asked)
    assert (source_in(spared).limit, source_in(spared).rate) == (PICTURES, 30.0)
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
def test_a_run_within_a_budget_looks_at_half_the_pictures(
    spec: str, face_networks: Path, tmp_path: Path
) -> None:
    clip = write_video(tmp_path / "clip.avi", 60, rate=30.0)
    asked = run_settings(face_networks, spec.format(clip), pace="realtime", seconds=1.9)
    summary = run(replace(asked, budget=True))
    assert 8 < summary.frames <= 31  # 57 pictures come in that time
    assert summary.frames == summary.faces
