"""Official files become what mien runs: a network one ONNX file, a face model npz files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.errors import ModelError
from models.card import ModelCard, SelfTest, StoredFile, self_test_input
from models.catalogue import catalogue_entry
from models.checkpoints.archive import Member, members_of
from models.checkpoints.faces import FaceFile, bfm_file, flame_files
from models.checkpoints.npy import read_npz
from models.checkpoints.recognition import ADD_AS, Kind, Recognised, recognise
from models.heads.bfm import BfmHead
from models.installation import FLAME_PARTS, NETWORKS, SOURCES, file_name, stored_file

SELF_TEST_SEED = 20261121
SELF_TEST_BATCH = 2
_EXPORTING = ("torch", "onnx", "onnxscript")
_CHUNK = 1 << 20  # bytes
_NAMED = 3  # files that a message names


def recognised_files(name: str, paths: Sequence[Path]) -> tuple[Recognised, ...]:
    """What was given, as far as it is of use for the model of that name.

    Raises ModelError if nothing is; it then tells what the files are.
    """
    found = recognise(members_of(paths))
    if any(ADD_AS.get(one.kind) == name for one in found):
        return found
    raise ModelError(_refusal(name, found))


@dataclass(frozen=True, slots=True)
class Conversion:
    """The cards of the files that were made, and what a user should know about them."""

    cards: tuple[ModelCard, ...]
    notes: tuple[str, ...] = ()


def convert(name: str, found: Sequence[Recognised], staged: Path, folder: Path) -> Conversion:
    """Write the model's files into the empty folder `staged`.

    folder: the models folder, whose parts of the same face model must fit. Raises ModelError.
    """
    if name in NETWORKS:
        return _network(name, found, staged)
    files = flame_files(found) if name == "flame" else (bfm_file(found),)
    cards = tuple(_face_card(file, staged) for file in files)
    if name == "flame":
        _check_together(staged, folder)
    else:
        BfmHead.load(staged)
    return Conversion(cards, tuple(file.note for file in files if file.note))


def _network(name: str, found: Sequence[Recognised], staged: Path) -> Conversion:
    try:
        from models.checkpoints.networks import build_network
        from models.networks.export import export
    except ModuleNotFoundError as error:
        if error.name not in _EXPORTING:
            raise
        raise ModelError(
            f"cannot convert {name}: the package {error.name} is not installed; it is needed for "
            'adding networks alone. Install it: pip install ".[flame]"'
        ) from error
    built = build_network(name, found)
    path = staged / file_name(name)
    try:
        export(built.network, path)
    except RuntimeError as error:
        if _interrupted(error):
            raise KeyboardInterrupt from error
        raise
    shape = built.network.spec.input.shape
    test = SelfTest(
        seed=SELF_TEST_SEED,
        shape=(SELF_TEST_BATCH, *shape),
        scale=255.0 if name == "expnet" else 1.0,
        outputs=(),
    )
    outputs = built.network.run(self_test_input(test))
    named = tuple(
        (spec.name, tuple(map(tuple, output.tolist())))
        for spec, output in zip(built.network.spec.outputs, outputs, strict=True)
    )
    card = ModelCard(
        name=name,
        variant=built.variant,
        sources=tuple(map(_source, built.sources)),
        file=stored_file(path),
        parts=built.parts,
        self_test=replace(test, outputs=named),
    )
    return Conversion((card,), built.notes)


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind it: it may come while torch loads a part of its own, which torch
    then finds missing.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _face_card(file: FaceFile, staged: Path) -> ModelCard:
    file.write(staged)
    path = staged / file.file
    sources = tuple(map(_source, file.sources))
    return ModelCard(path.stem, file.release, sources, stored_file(path))


def _check_together(staged: Path, folder: Path) -> None:
    """The parts of FLAME that are given and those that are there must be of one mesh."""
    parts: dict[str, dict[str, NDArray[Any]]] = {}
    for part in FLAME_PARTS:
        given = staged / file_name(part)
        path = given if given.exists() else folder / file_name(part)
        if path.exists():
            with path.open("rb") as file:
                parts[part] = read_npz(file)
    if "flame" not in parts:
        return
    vertices, faces = len(parts["flame"]["template"]), len(parts["flame"]["faces"])
    for part, arrays in parts.items():
        for name, array in arrays.items():
            if part == "flame_eyelids" and len(array) != vertices:
                found, expected = f"{name} eyelid for {len(array)} vertices", f"{vertices}"
                raise _strangers(part, found, expected, staged)
            if part != "flame" and name.endswith("faces") and array.max() >= faces:
                found, expected = f"landmarks on triangle {array.max()}", f"below {faces}"
                raise _strangers(part, found, expected, staged)


def _strangers(part: str, found: str, expected: str, staged: Path) -> ModelError:
    """part: the one that does not fit flame.npz; of both, one may have been installed before."""
    old = [one for one in (part, "flame") if not (staged / file_name(one)).exists()]
    if old:
        again = " ".join(SOURCES[one].replace(",", "") for one in (old[0], *_given(staged)))
        whose = f"{file_name(old[0])}, installed before, is of another FLAME"
        remedy = f"Add its official file together with these: mien models add flame {again}"
    else:
        whose, remedy = "both were given now", "Give files of one FLAME only."
    return ModelError(
        f"these parts of FLAME do not belong together: {found}; expected {expected} as "
        f"flame.npz has: {whose}. {remedy}"
    )


def _given(staged: Path) -> list[str]:
    return [part for part in FLAME_PARTS if (staged / file_name(part)).exists()]


def _source(member: Member) -> StoredFile:
    digest = hashlib.sha256()
    with member.open() as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return StoredFile(member.label, member.size, digest.hexdigest())


def _refusal(name: str, found: Sequence[Recognised]) -> str:
    """Why nothing of this is the model, in one line."""
    expected = catalogue_entry(name).files
    others = {ADD_AS[one.kind]: one for one in found if one.kind in ADD_AS}
    damaged = [one for one in found if one.kind is Kind.DAMAGED]
    if others:
        other, one = next(iter(others.items()))
        return (
            f"wrong file for {name}: {one}; expected {expected}. "
            f"Add it as what it is: mien models add {other} …"
        )
    if damaged:
        one = damaged[0]
        return f"cannot use {one.member.name}: {one.fault}. Take its owner's own file: {expected}"
    if not found:
        return f"nothing to add for {name}: the folder is empty; expected {expected}."
    names = ", ".join(str(one) for one in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return (
        f"wrong file for {name}: {names}{more}; expected {expected}. "
        f"Get it from {catalogue_entry(name).url}"
    )
