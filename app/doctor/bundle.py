"""The support file: what somebody who helps needs to know, without anything personal."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from app.doctor.words import Words
from app.privacy import Anonymiser
from engine.errors import SettingsError

FILE_NAME = "mien-support.zip"
VARIABLES = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_SESSION_TYPE",
    "LIBGL_ALWAYS_SOFTWARE",
    "CUDA_VISIBLE_DEVICES",
    "MIEN_HOME",
)


def write_bundle(
    path: Path,
    *,
    report: Sequence[str],
    packages: Mapping[str, str],
    environment: Mapping[str, str] = os.environ,
    logs: Path,
    profiles: Path,
    cameras: Sequence[str],
    anonymiser: Anonymiser,
) -> None:
    """Write the zip file: the report, versions, environment, logs, profiles. All text is cleaned.

    What is hidden in one text is hidden in all of them. logs, profiles: their folders; cameras:
    the names of those that are plugged in. Raises SettingsError if the file cannot be written.
    """
    words = Words()
    for camera in cameras:
        words.source(camera)
    words.hide(environment.get("MIEN_HOME", ""))
    words.hide(environment.get("DISPLAY", "").partition(":")[0])
    texts = {
        "report.txt": "\n".join(report),
        "packages.txt": "\n".join(f"{name} {packages[name]}" for name in sorted(packages)),
        "environment.txt": "\n".join(
            f"{name}={environment[name]}" for name in VARIABLES if name in environment
        ),
    }
    for log in sorted(logs.glob("*.log*")):
        texts[f"log/{log.name}"] = words.log(_text_of(log))
    for number, profile in enumerate(sorted(profiles.glob("*.toml")), start=1):
        texts[f"profiles/{number}.toml"] = words.profile(_text_of(profile))
        words.hide(profile.stem)  # may be a person's name
    anonymiser = replace(anonymiser, hidden=tuple(words.hidden))
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in texts.items():
                bundle.writestr(name, anonymiser.clean(text) + "\n")
    except OSError as error:
        raise SettingsError(
            f"cannot write the support file {path}: {error.strerror}. Give another place: "
            f"mien doctor --bundle FOLDER/{FILE_NAME}"
        ) from error


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError as error:
        return f"cannot be read: {error.strerror}"
