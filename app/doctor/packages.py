"""Python and the packages that mien is made of."""

from __future__ import annotations

import platform
import re
import struct
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata, resources

from app.doctor.finding import Finding, Verdict

OLDEST_PYTHON = (3, 11)
OPENCV_DISTRIBUTIONS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
TOLD_VERSIONS = ("mediapipe", "opencv-python", "numpy", "moderngl")  # the rest is in the bundle
BUNDLED_FILES = ("head.npz", "demo.mp4")
REINSTALL = "Install mien again: pip install --force-reinstall mien"


def probe_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Whether this Python is new enough."""
    text = f"{'.'.join(map(str, version))}, {8 * struct.calcsize('P')} bit, " + (
        f"{platform.system()} {platform.release()} {platform.machine()}"
    )
    if version[:2] < OLDEST_PYTHON:
        return Finding(Verdict.FAIL, "Python", text, "Install Python 3.11 or newer.")
    return Finding(Verdict.OK, "Python", text)


def installed_packages() -> dict[str, str]:
    """Version of every installed distribution, by its normalised name."""
    return {
        _normalised(distribution.name): distribution.version
        for distribution in metadata.distributions()
        if distribution.name
    }


def our_requirements() -> tuple[str, ...] | None:
    """What mien's own metadata asks for; None if it is run from a folder, not installed."""
    try:
        return tuple(metadata.requires("mien") or ())
    except metadata.PackageNotFoundError:
        return None


def probe_packages(
    requirements: Sequence[str] | None, installed: Mapping[str, str]
) -> list[Finding]:
    """Whether all that is required is there, pinned versions are met, and OpenCV is there once."""
    findings = [_required(requirements, installed)]
    opencv = [name for name in OPENCV_DISTRIBUTIONS if name in installed]
    if len(opencv) > 1:
        findings.append(
            Finding(
                Verdict.FAIL,
                "OpenCV",
                f"{' and '.join(opencv)} are installed; they overwrite each other's files",
                f"pip uninstall -y {' '.join(opencv)}, then pip install opencv-python",
            )
        )
    return findings


def probe_bundled_files(names: Sequence[str] = BUNDLED_FILES) -> list[Finding]:
    """Whether the files that travel inside the package are there."""
    folder = resources.files("models").joinpath("assets")
    absent = [name for name in names if not folder.joinpath(name).is_file()]
    if not absent:
        return []
    return [Finding(Verdict.FAIL, "package", f"lacks {', '.join(absent)}", REINSTALL)]


def _required(requirements: Sequence[str] | None, installed: Mapping[str, str]) -> Finding:
    if requirements is None:
        return Finding(
            Verdict.WARN, "packages", "mien is run from a folder, not installed", "pip install ."
        )
    present, wrong = [], []
    for requirement in requirements:
        if "extra ==" in requirement:
            continue
        match = re.match(r"\s*([\w.-]+)\s*(?:==\s*([\w.]+))?", requirement)
        if match is None:
            continue
        name, pinned = _normalised(match[1]), match[2]
        if name not in installed:
            if ";" not in requirement:  # otherwise it is for another system
                wrong.append(f"{name} is missing")
        elif pinned is not None and installed[name] != pinned:
            wrong.append(f"{name} is {installed[name]} instead of {pinned}")
        elif name in TOLD_VERSIONS:
            present.append(f"{name} {installed[name]}")
    if wrong:
        return Finding(Verdict.FAIL, "packages", ", ".join(wrong), REINSTALL)
    return Finding(Verdict.OK, "packages", f"complete: {', '.join(present)}")


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
