"""Where model files are found, and that they are what they claim to be.

A file is used only if its sha256 is the one in `manifest.toml`. Nothing is downloaded here.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from engine.errors import ModelError


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One entry of the manifest.

    gives:             what the model is good for, for people.
    file:              its name in our cache.
    bytes, sha256:     how it is recognised.
    licence, url:      whose it is; the owner's own address.
    distribution:      an installed Python distribution that carries it …
    distribution_file: … under this path.
    """

    gives: str
    file: str
    bytes: int
    sha256: str
    licence: str
    url: str
    distribution: str
    distribution_file: str


def model_file(name: str) -> ModelFile:
    """The manifest's entry of that name."""
    manifest = tomllib.loads((resources.files("models") / "manifest.toml").read_text("utf-8"))
    return ModelFile(**manifest[name])


def find_model(model: ModelFile, *, given: Path | None, cache: Path) -> Path | None:
    """The file's path: the one the user gave, else the cache's, else an installed distribution's.

    None if it is nowhere. Raises ModelError if the user's file is missing or another file. A
    damaged file in the cache is passed over: it will be fetched again.
    """
    if given is not None:
        return _checked(given, model)
    for path in (cache / model.file, _carried_path(model)):
        if path is not None and path.is_file() and sha256_of(path) == model.sha256:
            return path
    return None


def sha256_of(path: Path) -> str:
    """Hexadecimal digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(path: Path, model: ModelFile) -> Path:
    try:
        digest = sha256_of(path)
    except OSError as error:
        raise ModelError(
            f"cannot read the model file {path}: {error.strerror}; expected {model.file}. "
            "Correct the path, or leave it out to use the file that was installed with mien."
        ) from error
    if digest != model.sha256:
        raise ModelError(
            f"wrong model file {path}: {path.stat().st_size} bytes, sha256 {digest[:12]}…; "
            f"expected {model.bytes} bytes, sha256 {model.sha256[:12]}…. "
            f"Get {model.file} from {model.url}"
        )
    return path


def _carried_path(model: ModelFile) -> Path | None:
    try:
        distribution = importlib.metadata.distribution(model.distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
    return Path(str(distribution.locate_file(model.distribution_file)))
