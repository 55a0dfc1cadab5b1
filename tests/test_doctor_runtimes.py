"""The doctor loads what computes networks, and tells of each plan that is kept."""

from __future__ import annotations

from pathlib import Path

from app.doctor.finding import Verdict
from app.doctor.runtimes import probe_onnx_runtime, probe_plans, probe_tensorrt
from engine.errors import ModelError
from engine.runtime.flavour import TensorRt, load_tensorrt
from engine.runtime.plan import write_plan
from engine.runtime.plan_card import card_path
from tests.test_plan import CONTENT, KEY, card


def test_onnx_runtimes_providers_are_told() -> None:
    found = probe_onnx_runtime()
    assert found.verdict is Verdict.OK
    assert found.text.startswith("providers: ") and "cpu" in found.text


def test_tensorrt_is_loaded_and_its_version_told() -> None:
    found = probe_tensorrt(installed=True)
    assert (found.verdict, found.text) == (Verdict.OK, f"{load_tensorrt().name} loads")


def test_why_tensorrt_does_not_load_is_told() -> None:
    def fails() -> TensorRt:
        raise ModelError("TensorRT cannot be loaded (libnvinfer.so.10); expected it.")

    found = probe_tensorrt(installed=True, load=fails)
    assert found.verdict is Verdict.WARN
    assert "libnvinfer.so.10" in found.advice
    assert probe_tensorrt(installed=False, load=fails).verdict is Verdict.NOTE


def test_each_plan_is_told_with_its_state(tmp_path: Path) -> None:
    assert probe_plans(tmp_path / "none") == []
    write_plan(tmp_path / KEY.file, CONTENT, card())
    (found,) = probe_plans(tmp_path)
    assert found.verdict is Verdict.OK
    assert found.text == "smirk, fp16, TensorRT-RTX 1.7.1.116, 0.0 MB, not yet run"
    card_path(tmp_path / KEY.file).write_text("{")
    (found,) = probe_plans(tmp_path)
    assert found.verdict is Verdict.WARN
    assert "has no readable card" in found.text
