"""`mien bench --live`: whole runs at a camera's rate, as they are and with --budget."""

from __future__ import annotations

from pathlib import Path

from app.bench.live import measure_live
from app.bench.results import CAMERA_RATE, BenchResult, table
from app.settings import Profile
from app.tracking import TrackingSettings
from engine.runtime import RuntimeSettings
from tests.faces import face_model, write_video


def test_a_still_face_costs_a_run_with_budget_less(face_networks: Path, tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.avi", 60, rate=CAMERA_RATE, drift=0)
    tracking = TrackingSettings(
        face_model(), face_networks, runtime=RuntimeSettings(runtime="onnx")
    )
    run, budget = measure_live(str(clip), 1.5, tracking, Profile())
    assert (run.run, budget.run) == ("mien run", "--budget")
    assert 0.0 < budget.core < run.core
    assert budget.looked_at < run.looked_at < 1.2 * CAMERA_RATE
    for cost in (run, budget):
        assert 0.0 < cost.p50 <= cost.p95
    result = BenchResult("", (), (), "", 0, (), (), (), 1.0, 1.0, live=(run, budget))
    assert "\n--budget " in table(result)


def test_the_table_tells_how_far_to_delay_the_voice() -> None:
    audio = ("set this audio delay in OBS: 20 ms for an avatar elsewhere", "the window draws .8")
    result = BenchResult("", (), (), "", 0, (), (), (), 1.0, 1.0, audio=audio)
    assert table(result).splitlines()[-2:] == list(audio)
