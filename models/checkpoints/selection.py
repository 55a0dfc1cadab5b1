"""Which of several files is meant, and what is in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.archive import Member
from models.checkpoints.recognition import Kind, Recognised
from models.checkpoints.torch_file import read_tensors

_SCORE = re.compile(r"=(-?\d+(?:\.\d+)?)(?:-v\d+)?\.ckpt$")  # -v1: Lightning's second of that name

State = Mapping[str, NDArray[Any]]


def only_member(found: Sequence[Recognised], kind: Kind) -> Member:
    """The one file of that kind. Raises ModelError if there are several."""
    members = [one.member for one in found if one.kind is kind]
    if len(members) > 1:
        names = ", ".join(member.label for member in members[:3])
        raise ModelError(
            f"several files could be meant: {len(members)} are {kind.value} ({names}); expected "
            "one. Name the one that is meant."
        )
    return members[0]


def best_member(found: Sequence[Recognised], kind: Kind) -> tuple[Member, Member | None]:
    """The checkpoint with the smallest loss in its name, and its cfg.yaml if there is one.

    Where a training left both its stages, the detail stage is meant, as upstream takes it.
    """
    members = [one.member for one in found if one.kind is kind]
    ranked = [member for member in members if "detail" in member.label.split("/")] or members
    files = [one.member for one in found if one.kind is Kind.CONFIGURATION]
    homes = {_home(member, files) for member in ranked}
    if len(homes) > 1:
        names = ", ".join(sorted(home.label if home else "one without cfg.yaml" for home in homes))
        raise ModelError(
            f"several models could be meant: {names}; expected one. Give the folder of the one "
            "that is meant."
        )
    scores = [_score(member) for member in ranked]
    best = ranked[scores.index(min(scores))]
    return best, _home(best, files)


def _score(member: Member) -> float:
    """The loss in the name; infinite if there is none, as in last.ckpt."""
    match = _SCORE.search(member.name)
    return float("inf") if match is None else float(match[1])


def _home(member: Member, files: Sequence[Member]) -> Member | None:
    """The cfg.yaml of the nearest folder above; a file that was given by itself belongs to all."""
    above = [file for file in files if member.label.startswith(file.label.removesuffix("cfg.yaml"))]
    if above:
        return max(above, key=lambda file: len(file.label))
    return files[0] if len(files) == 1 and "/" not in files[0].label else None


def arrays_of(member: Member, prefix: str, *, within: str = "") -> State:
    """The arrays whose key begins so, the name of the dictionary `within` taken off."""
    try:
        with member.open() as file:
            tensors = read_tensors(file)
            return {
                key.removeprefix(within): tensor.read()
                for key, tensor in tensors.items()
                if key.startswith(within + prefix)
            }
    except ModelError as error:
        raise ModelError(
            f"cannot use {member.name}: {error}. Take the file as its owner hands it out."
        ) from error


def half_precision_notes(state: State) -> tuple[str, ...]:
    """A note, where a file has arrays of float16; the official ones have float32 alone."""
    halves = [key for key, array in state.items() if array.dtype == np.float16]
    if not halves:
        return ()
    return (
        f"{len(halves)} of its {len(state)} arrays hold float16 ({halves[0]}); the official file "
        "has float32, which is more exact.",
    )


def content_of(member: Member) -> bytes:
    """All bytes of the file."""
    with member.open() as file:
        return file.read()
