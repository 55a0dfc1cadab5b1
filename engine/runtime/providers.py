"""What ONNX Runtime computes on: its "execution providers", by names that people use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import ModelError
from engine.runtime import Provider


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """One way of ONNX Runtime to compute.

    name:    ONNX Runtime's own. title: for people.
    install: what to do where it is missing.
    """

    choice: Provider
    name: str
    title: str
    install: str


CPU = ProviderKind(
    "cpu", "CPUExecutionProvider", "processor", "Install it: pip install onnxruntime"
)
TENSORRT_RTX = ProviderKind(
    "tensorrt-rtx",
    "NvTensorRTRTXExecutionProvider",
    "TensorRT-RTX",
    "Install it, for RTX 30 and newer: pip install onnxruntime-ep-nv-tensorrt-rtx-cu13",
)
KINDS = (  # the best first
    TENSORRT_RTX,
    ProviderKind(
        "cuda",
        "CUDAExecutionProvider",
        "NVIDIA GPU by CUDA",
        "Replace ONNX Runtime: pip uninstall -y onnxruntime && pip install onnxruntime-gpu",
    ),
    ProviderKind(
        "directml",
        "DmlExecutionProvider",
        "GPU by DirectML",
        "Replace ONNX Runtime (Windows): "
        "pip uninstall -y onnxruntime && pip install onnxruntime-directml",
    ),
    ProviderKind(
        "coreml",
        "CoreMLExecutionProvider",
        "GPU by Core ML",
        "It is in ONNX Runtime for macOS only: pip install onnxruntime",
    ),
    CPU,
)


def choose_provider(wanted: Provider, available: Sequence[str]) -> ProviderKind:
    """The wanted provider, or with `auto` the best of those that are there.

    available: ONNX Runtime's names. Raises ModelError if an explicit choice is not among them.
    """
    there = [kind for kind in KINDS if kind.name in available]
    if wanted == "auto":
        return there[0] if there else CPU
    for kind in there:
        if kind.choice == wanted:
            return kind
    missing = next(kind for kind in KINDS if kind.choice == wanted)
    raise ModelError(
        f"ONNX Runtime has no provider {wanted} here: it has "
        f"{', '.join(kind.choice for kind in there)}; expected {missing.name}. {missing.install}"
    )


def refused(kind: ProviderKind) -> ModelError:
    """A provider that is installed but did not start, so that ONNX Runtime took the processor."""
    return ModelError(
        f"ONNX Runtime's provider {kind.choice} does not start: there is no graphics card for it, "
        "or its driver or libraries are missing; expected them. Install them, or use the provider "
        "cpu."
    )
