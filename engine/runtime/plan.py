"""A TensorRT plan on disk: the file, and beside it a card in JSON that says what it was made from.

TensorRT keeps nothing of ours in a plan, so the card does: it decides whether a plan may be used.
Plan and card appear whole or not at all; a card is written after its plan, and names its digest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from glob import escape
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import numpy as np

from engine.errors import ModelError
from engine.runtime import Tensor
from engine.runtime.flavour import NAMES, Flavour

Precision = Literal["fp16", "fp32"]
FORMAT = 1  # of the card and of what the builder puts into a plan
PART = ".part"  # ending of a file that is being written; the writer's process id stands before
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


def write_plan(plan: Path, content: bytes, card: PlanCard) -> None:
    """Plan and card, each whole or not at all. Raises ModelError if the disk does not take them."""
    parts = [_part_of(plan), _part_of(card_path(plan))]
    try:
        plan.parent.mkdir(parents=True, exist_ok=True)
        _remove_killed(plan.parent)
        _write(parts[0], content)
        _write(parts[1], _text(card))
        parts[0].replace(plan)  # killed between the two: the old card does not fit, see fault_of
        parts[1].replace(card_path(plan))
    except OSError as error:
        raise ModelError(
            f"cannot write the plan {plan}: {error.strerror}; expected {len(content) / 1e6:.1f} MB "
            "of free space in a folder that can be written. Free some, or name another folder."
        ) from error
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink()


def write_card(plan: Path, card: PlanCard) -> None:
    """The card alone, as after a check. Raises OSError."""
    replace_file(card_path(plan), _text(card))


def replace_file(path: Path, content: bytes) -> None:
    """The file appears whole or not at all. Raises OSError."""
    part = _part_of(path)
    try:
        _write(part, content)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()


def remove_plan(plan: Path) -> None:
    """The plan, its card and what was compiled from it."""
    for path in (card_path(plan), compiled_path(plan), plan):
        path.unlink(missing_ok=True)


def compiled_path(plan: Path) -> Path:
    """Where TensorRT-RTX keeps what it compiled for this machine's card."""
    return plan.with_name(f"{plan.name}.compiled")


def fault_of(plan: Path, key: PlanKey) -> str | None:
    """Why this file cannot serve for `key`, in a few words; None if it can."""
    card = read_card(plan)
    if not plan.is_file():
        return "there is none yet"
    if card is None:
        return f"{plan.name} has no readable card beside it"
    if card.key != key:
        return f"{plan.name} was made from something else: {difference(card.key, key)}"
    digest = digest_of(plan)
    if digest != card.plan_sha256:
        return (
            f"{plan.name} is damaged: {plan.stat().st_size} bytes, sha256 {digest[:12]}…; its card "
            f"says {card.plan_bytes}, {card.plan_sha256[:12]}…"
        )
    return None


def digest_of(path: Path) -> str:
    """Hexadecimal sha256 of a file. Raises ModelError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"cannot read {path}: {error.strerror}; expected a network or plan. Add it again."
        ) from error


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


def relatives(folder: Path, key: PlanKey) -> list[Path]:
    """Plans in the cache that the one of `key` stands in for, newest last."""
    found = [path for path in folder.glob(f"{escape(key.family)}*.plan") if path.name != key.file]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def why_build(plan: Path, folder: Path, key: PlanKey) -> str | None:
    """Why the plan of `key` must be built, in a few words, or None if it is there."""
    fault = fault_of(plan, key)
    if fault is None or plan.is_file():
        return fault
    cards = [card for path in relatives(folder, key) if (card := read_card(path)) is not None]
    return difference(cards[-1].key, key) if cards else fault


def _version(key: PlanKey) -> str:
    return f"{NAMES[key.flavour]} {key.version}"


def _text(card: PlanCard) -> bytes:
    return (json.dumps({**asdict(card), "state": card.state}, indent=2) + "\n").encode()


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{PART}")


def _write(part: Path, content: bytes) -> None:
    """The part gets its name when it is whole, where the system can do that (Linux)."""
    try:
        handle = os.open(part.parent, os.O_TMPFILE | os.O_WRONLY, 0o644)
    except (AttributeError, OSError):  # another system, or a file system that cannot
        _fill(part.open("wb"), content)
        return
    folder = os.open(part.parent, os.O_RDONLY)
    try:
        file = os.fdopen(handle, "wb")
        # The folder's handle is of no use for an absolute path, but makes Python follow the link.
        _fill(file, content, lambda: os.link(f"/proc/self/fd/{handle}", part, src_dir_fd=folder))
    finally:
        os.close(folder)


def _fill(file: BinaryIO, content: bytes, finish: Callable[[], None] = lambda: None) -> None:
    with file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        finish()


def _remove_killed(folder: Path) -> None:
    """Remove parts whose writers were killed."""
    for part in folder.glob(f".*{PART}"):
        process = part.name.removesuffix(PART).rpartition(".")[2]
        if process.isdecimal() and not _runs(int(process)):
            with suppress(OSError):  # Windows refuses while its writer has it open
                part.unlink()


def _runs(process: int) -> bool:
    if os.name != "posix":
        return False  # os.kill would end it there; an open file cannot be removed anyway
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
