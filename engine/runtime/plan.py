"""A TensorRT plan on disk: the file, and beside it a card in JSON that says what it was made from.

TensorRT keeps nothing of ours in a plan, so the card does: it decides whether a plan may be used.
Plan and card appear whole or not at all; a card is written after its plan, and names its digest.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from glob import escape
from pathlib import Path

from engine.errors import ModelError
from engine.runtime.plan_card import PlanCard, PlanKey, card_path, card_text, difference, read_card
from engine.whole_files import part_of, remove_killed, replace_file, write_part


def write_plan(plan: Path, content: bytes, card: PlanCard) -> None:
    """Plan and card, each whole or not at all. Raises ModelError if the disk does not take them."""
    parts = [part_of(plan), part_of(card_path(plan))]
    try:
        plan.parent.mkdir(parents=True, exist_ok=True)
        remove_killed(plan.parent)
        write_part(parts[0], content)
        write_part(parts[1], card_text(card))
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
    replace_file(card_path(plan), card_text(card))


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
