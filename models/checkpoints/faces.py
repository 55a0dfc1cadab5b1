"""Recognised files to the npz files of face models: FLAME's parts, the Basel model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ModelError
from models.checkpoints.archive import Member
from models.checkpoints.bfm import bfm_arrays
from models.checkpoints.flame import (
    eyelid_array,
    flame_arrays,
    landmark_arrays,
    mediapipe_arrays,
    read_model_pickle,
)
from models.checkpoints.npy import read_npy
from models.checkpoints.recognition import Kind, Recognised

OFFICIAL_VERTICES = 5023
FLAME_RELEASES = (  # by the file's name; the contents do not tell. The first one is preferred.
    ("generic_model", "FLAME 2020"),
    ("flame2023_open", "FLAME 2023 Open"),
    ("flame2023", "FLAME 2023"),
    ("flame2023_no_jaw", "FLAME 2023 without jaw"),
)

Arrays = dict[str, Any]  # of arrays


@dataclass(frozen=True, slots=True, eq=False)
class FaceFile:
    """One npz file: its name in the models folder, what is in it, what it was made of.

    release: for people. note: what they should know about it; empty if nothing.
    """

    file: str
    arrays: Arrays
    sources: tuple[Member, ...]
    release: str
    note: str = ""

    def write(self, folder: Path) -> None:
        """Write it into the folder."""
        with (folder / self.file).open("wb") as stream:
            np.savez(stream, **self.arrays)


def flame_files(found: Sequence[Recognised]) -> tuple[FaceFile, ...]:
    """FLAME's parts, as many as were given. Raises ModelError."""
    files: list[FaceFile] = []
    for kind, make in (
        (Kind.FLAME_MODEL, _flame_model),
        (Kind.LANDMARKS, _landmarks),
        (Kind.MEDIAPIPE_LANDMARKS, _mediapipe_landmarks),
        (Kind.EYELID, _eyelids),
    ):
        members = [one.member for one in found if one.kind is kind]
        if members:
            files.append(make(members))
    return tuple(files)


def bfm_file(found: Sequence[Recognised]) -> FaceFile:
    """The Basel model. Raises ModelError."""
    member = _single([one.member for one in found if one.kind is Kind.BFM])
    try:
        with member.open() as file:
            arrays = bfm_arrays(file.read())
    except ModelError as error:
        raise _unusable(member, error, "ExpNet's BaselFaceModel_mod.mat") from error
    vertices = len(arrays["shape_mean"])
    release = f"the Basel face model with 29 expressions, {vertices:,} vertices"
    return FaceFile("bfm.npz", arrays, (member,), release)


def _flame_model(members: Sequence[Member]) -> FaceFile:
    member = _preferred(members)
    try:
        with member.open() as file:
            arrays = flame_arrays(read_model_pickle(file))
    except ModelError as error:
        raise _unusable(member, error, "FLAME's generic_model.pkl") from error
    vertices = len(arrays["template"])
    release = _flame_release(member)
    notes = []
    if vertices != OFFICIAL_VERTICES:
        notes.append(f"it has {vertices:,} vertices; every FLAME has {OFFICIAL_VERTICES:,}.")
    if release != "FLAME 2020":
        notes.append(
            "SMIRK, DECA and EMOCA give the coefficients of FLAME 2020 (generic_model.pkl); in "
            "another FLAME they mean something else, and expressions look wrong."
        )
    return FaceFile("flame.npz", arrays, (member,), release, " ".join(notes))


def _preferred(members: Sequence[Member]) -> Member:
    """FLAME's archives hold several: of these the one that regressors were trained with."""
    for stem, _ in FLAME_RELEASES:
        for member in members:
            if _stem(member) == stem:
                return member
    return _single(members)


def _flame_release(member: Member) -> str:
    return dict(FLAME_RELEASES).get(
        _stem(member), f"a FLAME model, by its name ({member.name}) not 2020's"
    )


def _stem(member: Member) -> str:
    return member.name.lower().rpartition(".")[0]


def _landmarks(members: Sequence[Member]) -> FaceFile:
    member = _single(members)
    try:
        with member.open() as file:
            arrays = landmark_arrays(read_npy(file))
    except ModelError as error:
        raise _unusable(member, error, "SMIRK's or DECA's landmark_embedding.npy") from error
    return FaceFile("flame_landmarks.npz", arrays, (member,), "68 landmarks")


def _mediapipe_landmarks(members: Sequence[Member]) -> FaceFile:
    member = _single(members)
    try:
        with member.open() as file:
            arrays = mediapipe_arrays(file)
    except ModelError as error:
        raise _unusable(member, error, "SMIRK's mediapipe_landmark_embedding.npz") from error
    return FaceFile("flame_mediapipe.npz", arrays, (member,), "105 MediaPipe landmarks")


def _eyelids(members: Sequence[Member]) -> FaceFile:
    sides = {side: [m for m in members if m.name.lower().startswith(side)] for side in "lr"}
    if len(members) == 1:
        (there,) = members
        missing = [f"{side}_eyelid.npy" for side in "lr" if not sides[side]]
        if len(missing) == 1:
            raise ModelError(
                f"cannot add {there.name} alone: {missing[0]} is missing; expected both eyelids. "
                f"Give both in one command: mien models add flame {there.name} {missing[0]}"
            )
    if not all(len(sides[side]) == 1 for side in "lr") or len(members) != 2:
        names = ", ".join(member.name for member in members[:4])
        raise ModelError(
            f"cannot tell the eyelids apart: {names}; expected l_eyelid.npy and r_eyelid.npy, "
            "both in one command. Give SMIRK's files under their own names."
        )
    arrays: Arrays = {}
    for side, name in (("l", "left"), ("r", "right")):
        (member,) = sides[side]
        try:
            with member.open() as file:
                arrays[name] = eyelid_array(file)
        except ModelError as error:
            raise _unusable(member, error, f"SMIRK's {side}_eyelid.npy") from error
    if len(arrays["left"]) != len(arrays["right"]):
        raise ModelError(
            f"the eyelids do not belong together: {len(arrays['left'])} and "
            f"{len(arrays['right'])} vertices; expected as many. Give SMIRK's own two files."
        )
    return FaceFile("flame_eyelids.npz", arrays, tuple(members), "eyelids")


def _single(members: Sequence[Member]) -> Member:
    if len(members) > 1:
        names = ", ".join(member.label for member in members[:4])
        raise ModelError(
            f"several files could be meant: {names}; expected one. Name the one that is meant."
        )
    return members[0]


def _unusable(member: Member, error: ModelError, expected: str) -> ModelError:
    return ModelError(
        f"cannot use {member.name}: {error}. Take {expected} as its owner hands it out."
    )
