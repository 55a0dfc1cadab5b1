"""The models folder: converted files, each with its card beside it. Whole or not there at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from engine.errors import ModelError
from models.card import ModelCard, StoredFile
from models.store import sha256_of

NETWORKS = ("smirk", "deca", "emoca", "emorec", "expnet")
FLAME_PARTS = ("flame", "flame_landmarks", "flame_mediapipe", "flame_eyelids")
SOURCES = MappingProxyType(
    {
        "flame": "generic_model.pkl",
        "flame_landmarks": "landmark_embedding.npy",
        "flame_mediapipe": "mediapipe_landmark_embedding.npz",
        "flame_eyelids": "l_eyelid.npy, r_eyelid.npy",
    }
)
"""The official files of each of FLAME_PARTS."""
FACE_PARTS = (*FLAME_PARTS, "bfm")


def file_name(part: str) -> str:
    """The name of the file in the models folder: `smirk.onnx`, `flame_eyelids.npz`."""
    return f"{part}.onnx" if part in NETWORKS else f"{part}.npz"


def stored_file(path: Path) -> StoredFile:
    """The file's name, size and hash."""
    return StoredFile(path.name, path.stat().st_size, sha256_of(path))


@contextmanager
def staging(folder: Path, name: str) -> Iterator[Path]:
    """An empty folder in the models folder to make the files in; it is gone afterwards.

    Raises ModelError if it cannot be made or filled: no room, no right.
    """
    prefix = f".adding-{name}-"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{prefix}*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=prefix) as staged:
            yield Path(staged)
    except OSError as error:
        raise ModelError(
            f"cannot make files in {folder}: {error.strerror or error}; expected room and rights. "
            "Make room, correct its rights, or point MIEN_HOME to another folder."
        ) from error


def install(staged: Path, folder: Path, cards: Sequence[ModelCard]) -> None:
    """Move the files into the models folder. A card appears only when its file is in place."""
    for card in cards:
        place = folder / f"{card.name}.json"
        card.write(staged / place.name)
        place.unlink(missing_ok=True)
        os.replace(staged / card.file.file, folder / card.file.file)
        os.replace(staged / place.name, place)


def installed(folder: Path, part: str) -> ModelCard | None:
    """The card of an installed part; None if it is not installed.

    Raises ModelError if card and file do not fit each other, as far as the size tells.
    """
    place, path = folder / f"{part}.json", folder / file_name(part)
    if not place.exists():
        return None
    card = ModelCard.load(place)
    size = path.stat().st_size if path.is_file() else None
    if card.name != part or card.file.file != path.name or card.file.bytes != size:
        found = "missing" if size is None else f"{size:,} bytes"
        raise ModelError(
            f"{path} is not what was added: {found}; expected {card.file.bytes:,} bytes. "
            f"Add it again: mien models add {name_of(part)}"
        )
    return card


def verify(folder: Path, card: ModelCard) -> None:
    """Raises ModelError if the installed file is not byte for byte what was written."""
    path = folder / card.file.file
    digest = sha256_of(path)
    if digest != card.file.sha256:
        raise ModelError(
            f"{path} was changed: sha256 {digest[:12]}…; expected {card.file.sha256[:12]}…. "
            f"Add it again: mien models add {name_of(card.name)}"
        )


def name_of(part: str) -> str:
    """The name under which a part is added."""
    return "flame" if part in FLAME_PARTS else part
