"""What ONNX Runtime computes on: the best that is there, or exactly what was asked for."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from engine.errors import ModelError
from engine.runtime import PROVIDERS, Provider, RuntimeSettings
from engine.runtime.onnx import OnnxSession
from engine.runtime.providers import KINDS, choose_provider, refused
from tests.small_networks import small_face_network

CPU = "CPUExecutionProvider"


def test_every_choice_has_its_kind() -> None:
    assert ["auto", *sorted(kind.choice for kind in KINDS)] == ["auto", *sorted(PROVIDERS[1:])]


@pytest.mark.parametrize(
    ("available", "best"),
    [
        ([CPU], "cpu"),
        (["AzureExecutionProvider", CPU], "cpu"),
        (["DmlExecutionProvider", CPU], "directml"),
        (["CoreMLExecutionProvider", CPU], "coreml"),
        (["CUDAExecutionProvider", CPU], "cuda"),
        (["CUDAExecutionProvider", "NvTensorRTRTXExecutionProvider", CPU], "tensorrt-rtx"),
    ],
)
def test_auto_takes_the_best_that_is_there(available: list[str], best: str) -> None:
    assert choose_provider("auto", available).choice == best
    assert choose_provider("cpu", available).choice == "cpu"


@pytest.mark.parametrize(
    ("wanted", "package"),
    [
        ("cuda", "pip install onnxruntime-gpu"),
        ("directml", "pip install onnxruntime-directml"),
        ("coreml", "pip install onnxruntime"),
        ("tensorrt-rtx", "pip install onnxruntime-ep-nv-tensorrt-rtx-cu13"),
    ],
)
def test_a_missing_provider_is_told_with_its_package(wanted: Provider, package: str) -> None:
    with pytest.raises(ModelError, match=f"no provider {wanted} here: it has cpu") as caught:
        choose_provider(wanted, [CPU])
    assert str(caught.value).endswith(package)
    assert "\n" not in str(caught.value)


def opened(provider: Provider) -> OnnxSession:
    content = small_face_network().SerializeToString()
    return OnnxSession(Path("small"), RuntimeSettings(provider=provider), content=content)


def test_a_session_tells_what_it_computes_on() -> None:
    assert opened("cpu").device == "processor, ONNX Runtime"


@pytest.mark.parametrize(
    "wanted", [choice for choice in PROVIDERS if choice not in ("auto", "cpu")]
)
def test_a_session_is_not_opened_on_anything_else_than_was_asked_for(wanted: Provider) -> None:
    name = next(kind.name for kind in KINDS if kind.choice == wanted)
    if name in onnxruntime.get_available_providers():
        pytest.skip(f"{wanted} is there")
    with pytest.raises(ModelError, match=f"no provider {wanted} here"):
        opened(wanted)


def test_a_provider_that_does_not_start_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime itself would go on with the processor."""
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", CPU]
    )
    with pytest.warns(UserWarning, match="Specified provider 'CUDAExecutionProvider'"):
        assert opened("auto").device == "processor, ONNX Runtime"
    with (
        pytest.warns(UserWarning, match="Specified provider"),
        pytest.raises(ModelError, match="provider cuda does not start"),
    ):
        opened("cuda")
    assert "\n" not in str(refused(KINDS[1]))
