"""The card beside a TensorRT plan: what the plan was made from, and how it was checked, in JSON."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from engine.runtime import Tensor
from engine.runtime.flavour import NAMES, Flavour

Precision = Literal["fp16", "fp32"]
FORMAT = 1  # of the card and of what the builder puts into a plan
PORTABLE = "8.0, 8.6, 8.9, 12.0 and later"  # compute capabilities of TensorRT-RTX's default build


@dataclass(frozen=True, slots=True)
class PlanKey:
    """What a plan depends on; another value of any of these needs another plan.

    network:     its name, for people and for file names.
    onnx_sha256: of the network's file, or of the three files of `mediapipe` joined by `+`.
    recipe:      what was added to it, in words: crop rule, vertices.
    precision:   of the arithmetic.
    flavour, version: of TensorRT.
    target:      cards it runs on: compute capabilities (rtx), or the card and its driver (full).
    """

    network: str
    onnx_sha256: str
    recipe: str
    precision: Precision
    flavour: Flavour
    version: str
    target: str
    format: int = FORMAT

    @property
    def file(self) -> str:
        """Name of the plan's file in the cache."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return f"{self.family}{digest[:12]}.plan"

    @property
    def family(self) -> str:
        """How the names of all plans begin that stand in for each other."""
        return f"{self.network}-{self.precision}-{self.flavour}-"


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """How an output of a plan differed from ONNX Runtime's over fixed inputs.

    error:  root mean square of the difference. spread: that of the output's own changes from input
    to input. tolerance: the error that was allowed.
    """

    name: str
    error: float
    spread: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """False also if the error is no number."""
        return self.error <= self.tolerance


@dataclass(frozen=True, slots=True)
class PlanCard:
    """What stands beside a plan.

    gpu, driver: of the machine it was built on; None without a card.
    inputs, outputs: `name dtype[shape]`, in order.
    checks:      None as long as the plan was not yet run.
    """

    key: PlanKey
    plan_sha256: str
    plan_bytes: int
    gpu: str | None
    driver: str | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    checks: tuple[OutputCheck, ...] | None

    @property
    def state(self) -> str:
        """For people."""
        return "not yet run" if self.checks is None else "checked against ONNX Runtime"


def card_path(plan: Path) -> Path:
    """The card beside a plan."""
    return plan.with_name(f"{plan.name}.json")


def tensor_text(tensor: Tensor) -> str:
    """`frame uint8[?,?,3]`."""
    sizes = ",".join("?" if size is None else str(size) for size in tensor.shape)
    return f"{tensor.name} {np.dtype(tensor.dtype).name}[{sizes}]"


def read_card(plan: Path) -> PlanCard | None:
    """The card of a plan, or None if it has none that can be read."""
    try:
        fields = json.loads(card_path(plan).read_text("utf-8"))
        return _card(fields)
    # Absent, cut off, of another version, or lists in lists in lists.
    except (OSError, ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return None


def _card(fields: dict[str, Any]) -> PlanCard:
    """From what a card's file holds. Raises one of what `read_card` catches if that is no
    card: another program, or a later mien, may have written it."""
    key, checks = fields["key"], fields["checks"]
    card = PlanCard(
        key=PlanKey(**key),
        plan_sha256=_text_of(fields["plan_sha256"]),
        plan_bytes=_count_of(fields["plan_bytes"]),
        gpu=None if fields["gpu"] is None else _text_of(fields["gpu"]),
        driver=None if fields["driver"] is None else _text_of(fields["driver"]),
        inputs=tuple(map(_text_of, fields["inputs"])),
        outputs=tuple(map(_text_of, fields["outputs"])),
        checks=None if checks is None else tuple(map(_check_of, checks)),
    )
    for name in ("network", "onnx_sha256", "recipe", "version", "target"):
        _text_of(key[name])
    _count_of(key["format"])
    if card.key.precision not in get_args(Precision) or card.key.flavour not in NAMES:
        raise ValueError("neither precision nor flavour is known")
    if card.checks is not None:
        passed = {check.name for check in card.checks if check.passed}
        if passed != {text.split()[0] for text in card.outputs}:
            raise ValueError("it says that it was checked, which does not show")
    return card


def _text_of(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _count_of(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no count")
    return value


def _check_of(fields: dict[str, Any]) -> OutputCheck:
    return OutputCheck(
        _text_of(fields["name"]),
        float(fields["error"]),
        float(fields["spread"]),
        float(fields["tolerance"]),
    )


def card_text(card: PlanCard) -> bytes:
    """What its file holds."""
    return (json.dumps({**asdict(card), "state": card.state}, indent=2) + "\n").encode()


def difference(old: PlanKey, new: PlanKey) -> str:
    """What changed between two keys, in a few words."""
    told = []
    if old.network != new.network:
        told.append(f"network {old.network}, now {new.network}")
    if old.onnx_sha256 != new.onnx_sha256:
        told.append("another model file")
    if old.recipe != new.recipe:
        told.append(f"crop and outputs: {old.recipe}, now {new.recipe}")
    if old.precision != new.precision:
        told.append(f"{old.precision}, now {new.precision}")
    if (old.flavour, old.version) != (new.flavour, new.version):
        told.append(f"{_version(old)}, now {_version(new)}")
    if old.target != new.target:
        told.append(f"for {old.target}, now {new.target}")
    if old.format != new.format:
        told.append(f"format {old.format}, now {new.format}")
    return "; ".join(told) or "nothing that is known"


def _version(key: PlanKey) -> str:
    return f"{NAMES[key.flavour]} {key.version}"
