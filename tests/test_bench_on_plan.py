"""`mien bench` on a plan tells what the card alone took, and counts it only once."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import app.takeover
from app.bench.results import table
from app.bench.stages import measure
from app.tracking import TrackingSettings
from engine.landmarker.scores import POINTS
from engine.runtime import RuntimeSettings
from engine.runtime.device.recording import RecordingDevice
from engine.runtime.fused_landmarker import fused_landmarker
from engine.runtime.onnx import OnnxSession
from engine.runtime.rehearsal import RehearsalEngine
from engine.runtime.trt import PlanSession
from models.face_landmarker import face_landmarker_files
from tests.faces import face_model
from tests.small_networks import PROCESSOR


def test_the_engine_has_a_row_of_its_own_that_is_not_added_up(
    face_networks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = face_landmarker_files(face_model(), face_networks)
    networks = map(onnx.load, (files.detector, files.landmarks, files.blendshapes))
    content = fused_landmarker(*networks, points=POINTS).SerializeToString()
    device = RecordingDevice()
    monkeypatch.setattr(device, "milliseconds", lambda start, end: 1000.0)

    def on_card(*_: object, **__: object) -> PlanSession:
        network = OnnxSession(Path("joined"), PROCESSOR, content=content)
        engine = RehearsalEngine(network, device, captures=True)
        return PlanSession(device, engine, name="TensorRT 99")

    monkeypatch.setattr(app.takeover, "open_plan_session", on_card)
    runtime = RuntimeSettings(runtime="tensorrt")
    result = measure("demo", 2, TrackingSettings(face_model(), face_networks, runtime=runtime))
    costs = {cost.stage: cost for cost in result.stages}
    assert costs["engine mediapipe"].p50 == 1000.0
    assert costs["all of it"].p50 < 1000.0
    assert "engine mediapipe   1000.00 1000.00" in table(result)
    assert result.devices == ("Recording, TensorRT 99",)
    assert device.things == {}
