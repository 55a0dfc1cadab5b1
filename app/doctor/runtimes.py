"""What computes networks here, tried out, and the TensorRT plans that are kept. None is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.doctor.finding import Finding, Verdict
from engine.errors import ModelError
from engine.runtime.flavour import NAMES, TensorRt, load_tensorrt
from engine.runtime.onnx import available_providers
from engine.runtime.plan_card import read_card

TENSORRT = ("tensorrt", "tensorrt-rtx")  # distributions


def probe_onnx_runtime() -> Finding:
    """What ONNX Runtime can compute on."""
    return Finding(Verdict.OK, "ONNX Runtime", f"providers: {', '.join(available_providers())}")


def probe_tensorrt(*, installed: bool, load: Callable[[], TensorRt] = load_tensorrt) -> Finding:
    """Whether TensorRT can be loaded."""
    if not installed:
        return Finding(Verdict.NOTE, "TensorRT", "not installed; it is not needed")
    try:
        return Finding(Verdict.OK, "TensorRT", f"{load().name} loads")
    except ModelError as error:
        return Finding(
            Verdict.WARN, "TensorRT", "does not load", f"{error} Tracking works without it."
        )


def probe_plans(folder: Path) -> list[Finding]:
    """One finding for each plan that is kept."""
    findings = []
    for plan in sorted(folder.glob("*.plan")):
        card = read_card(plan)
        if card is None:
            finding = Finding(
                Verdict.WARN,
                "plan",
                f"{plan.name} has no readable card beside it",
                "It is built again when it is needed. Remove it if nobody needs it.",
            )
        else:
            key = card.key
            finding = Finding(
                Verdict.OK,
                "plan",
                f"{key.network}, {key.precision}, {NAMES[key.flavour]} {key.version}, "
                f"{card.plan_bytes / 1e6:.1f} MB, {card.state}",
            )
        findings.append(finding)
    return findings
