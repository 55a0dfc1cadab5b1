"""Whose work the folder holds: THIRD-PARTY.txt, and every licence text in `licences`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

from app.one_folder.contents import distributions
from models.store import model_file

LIST, TEXTS = "THIRD-PARTY.txt", "licences"
TEXT_NAME = re.compile(r"licen[cs]e|copying|copyright|notice|third.?party", re.IGNORECASE)
TEXT_SUFFIXES = ("", ".txt", ".md", ".rst", ".bsd", ".apache", ".mit")
SHORT = 60  # letters; some put the whole text where its name belongs
HEAD = """\
This folder holds mien (LICENSE, NOTICE) and other people's work, listed here. Their licence texts
are in the folder licences. It was put together by PyInstaller, whose start program is in `mien` and
`mienw`: GPL-2.0-or-later with an exception that lets it be passed on in programs of any licence.
"""


def write_licences(folder: Path, binaries: Iterable[tuple[str, str, str]]) -> None:
    """folder: what was built. binaries: PyInstaller's list: name in it, file on this machine."""
    lines = [HEAD, *_python(folder / TEXTS)]
    model = model_file("face_landmarker")
    carrier = metadata.distribution(model.distribution)
    _copy_texts(carrier, folder / TEXTS)
    lines.append(f"{model.file}: {model.licence}; as carried by {_title(carrier)}")
    for distribution in distributions():
        _copy_texts(distribution, folder / TEXTS)
        lines.append(_title(distribution))
    files = sorted({Path(origin) for _, origin, _ in binaries if origin})
    lines += _system_libraries([file for file in files if _is_systems(file)], folder / TEXTS)
    (folder / LIST).write_text("\n".join(lines) + "\n", "utf-8")


def texts_of(distribution: metadata.Distribution) -> tuple[Path, ...]:
    """Its licence texts, relative to the place where it is installed."""
    return tuple(
        Path(str(file))
        for file in distribution.files or ()
        if TEXT_NAME.search(file.name) and file.suffix.lower() in TEXT_SUFFIXES
    )


def _python(texts: Path) -> Iterator[str]:
    yield f"Python {sys.version.split()[0]}: Python Software Foundation License, and of its parts"
    for place in (Path(sys.base_prefix), Path(os.__file__).parent):
        if (place / "LICENSE.txt").is_file():
            (texts / "python").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place / "LICENSE.txt", texts / "python" / "LICENSE.txt")


def _title(distribution: metadata.Distribution) -> str:
    facts = distribution.metadata
    named = facts["License-Expression"] or (facts["License"] or "").strip().partition("\n")[0]
    if not named or len(named) > SHORT:
        kinds = [kind for kind in facts.get_all("Classifier", []) if kind.startswith("License ::")]
        named = ", ".join(kind.rpartition(":: ")[2] for kind in kinds) or "see its texts"
    return f"{facts['Name']} {facts['Version']}: {named}"


def _copy_texts(distribution: metadata.Distribution, texts: Path) -> None:
    for file in texts_of(distribution):
        parts = [part for part in file.parts if not part.endswith(".dist-info") and part != ".."]
        target = texts.joinpath(distribution.metadata["Name"], *parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(distribution.locate_file(str(file))), target)


def _is_systems(file: Path) -> bool:
    """Neither a wheel's nor Python's."""
    owners = {Path(entry) for entry in sys.path if entry}
    if sys.base_prefix != "/usr":  # where a system's own Python and all its libraries are
        owners.add(Path(sys.base_prefix))
    return not any(file.is_relative_to(owner) for owner in owners)


def _system_libraries(files: Sequence[Path], texts: Path) -> Iterator[str]:
    """Of the machine it was built on: on Debian with the package's name and its texts."""
    if files:
        yield "\nFrom the system that it was built on:"
    for file in files:
        package = _debian_package(file.resolve())
        yield f"{file.name}: {package or 'see that system'}"
        terms = Path("/usr/share/doc", package, "copyright")
        if package and terms.is_file():
            (texts / package).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(terms, texts / package / "copyright")


def _debian_package(file: Path) -> str:
    """Empty if no package of Debian's holds it."""
    if shutil.which("dpkg-query") is None:
        return ""
    for name in (str(file), str(file).removeprefix("/usr")):  # as it is, or from before /usr
        found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.partition(":")[0]
    return ""
