"""The real packages cuda-bindings and PyCUDA on a driver made of memory; and without a driver."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.runtime.device import driver_version, failed, find_gpu, open_device

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "tests" / "data" / "cuda_in_memory.c"
PACKAGES = {
    "cuda-bindings": "from engine.runtime.device.cuda_bindings import BindingsDevice as Opened",
    "pycuda": "from engine.runtime.device.py_cuda import PyCudaDevice as Opened",
}
BEGIN = """
import ctypes, sys, threading
import numpy as np
from engine.errors import ModelError
driver = ctypes.CDLL("libcuda.so.1")

def left():
    return driver.in_memory_open_things(), driver.in_memory_contexts(), driver.in_memory_depth()
"""
EVERYTHING = """
device = Opened()
print(device.gpu)
with device.current():
    stream, other = device.open_stream(), device.open_stream()
    first, last = device.open_event(), device.open_event()
    host, result = device.pinned(8), device.pinned(8)
    place = device.allocate(8)
    host[:] = np.arange(8)
    device.record(first, stream)
    device.upload(place, host, stream)
    device.record(last, stream)
    device.wait(other, last)
    device.download(result, place, other)
    device.synchronize(other)
    print(result.tolist(), device.milliseconds(first, last))
    result[:] = 0
    device.begin_capture(stream)
    device.upload(place, host, stream)
    device.download(result, place, stream)
    graph = device.end_capture(stream)
    host[:] = 5
    print(result.tolist())
    device.launch(graph, stream)
    device.synchronize(stream)
    print(result.tolist())
print(left()[1:])
with device.current():
    device.free_graph(graph)
    device.free(place)
    for memory in (host, result):
        device.free_pinned(memory)
    for event in (first, last):
        device.close_event(event)
    for handle in (stream, other):
        device.close_stream(handle)
device.close()
device.close()
print(left())
"""
TOLD = """\
Gpu(name='In memory', capability=(8, 9), driver='13.2')
[0, 1, 2, 3, 4, 5, 6, 7] 1.5
[0, 0, 0, 0, 0, 0, 0, 0]
[5, 5, 5, 5, 5, 5, 5, 5]
(1, 0)
(0, 0, 0)
"""
TWO_THREADS = """
def opened():
    device = Opened()
    with device.current():
        box.extend((device, device.allocate(8), device.open_stream(), device.open_event()))

box = []
thread = threading.Thread(target=opened)
thread.start()
thread.join()
device, place, stream, event = box
with device.current():
    device.free(place)
    device.close_event(event)
    device.close_stream(stream)
del box[:]
device.close()
print(left())
"""
FAILURES = """
device = Opened()
with device.current():
    stream = device.open_stream()
    for error, call in ((2, lambda: device.allocate(8)), (719, lambda: device.synchronize(stream))):
        driver.in_memory_fail(error)
        try:
            call()
        except ModelError as told:
            print(told)
        driver.in_memory_fail(0)
    device.close_stream(stream)
device.close()
print(left())
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a libcuda.so.1 that needs no GPU."""
    compiler = shutil.which("cc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    folder = tmp_path_factory.mktemp("driver")
    sources = [SOURCE, _rest(folder)]
    command = [compiler, "-shared", "-fPIC", "-w", "-Wl,-soname,libcuda.so.1", "-o"]
    subprocess.run([*command, folder / "libcuda.so.1", *sources, "-ldl"], check=True)
    return folder


def _rest(folder: Path) -> Path:
    """What PyCUDA wants to find in a driver besides; it cannot be loaded otherwise."""
    rest = folder / "rest.c"
    found = importlib.util.find_spec("pycuda")
    wanted: set[str] = set()
    if found is not None and found.submodule_search_locations:
        (binary,) = Path(found.submodule_search_locations[0]).glob("_driver*.so")
        listed = subprocess.run(
            ["nm", "-D", "--undefined-only", binary], check=True, capture_output=True, text=True
        )
        names = {line.split()[-1] for line in listed.stdout.splitlines()}
        there = SOURCE.read_text()
        wanted = {name for name in names if name.startswith("cu") and f" {name}(" not in there}
    rest.write_text("".join(f"int {name}(void) {{ return 801; }}\n" for name in sorted(wanted)))
    return rest


def driven(package: str, script: str, library: Path) -> str:
    module = package.replace("cuda-bindings", "cuda")
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{package} is not installed")
    return run(f"{PACKAGES[package]}\n{BEGIN}{script}", library)


def run(script: str, library: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "LD_LIBRARY_PATH": str(library)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_everything_the_session_needs_is_done_and_given_back(package: str, library: Path) -> None:
    assert driven(package, EVERYTHING, library) == TOLD


@pytest.mark.parametrize("package", PACKAGES)
def test_a_card_opened_in_one_thread_is_closed_in_another(package: str, library: Path) -> None:
    assert driven(package, TWO_THREADS, library) == "(0, 0, 0)\n"


@pytest.mark.parametrize("package", PACKAGES)
def test_failures_are_told_in_one_line_each(package: str, library: Path) -> None:
    memory, other, left = driven(package, FAILURES, library).splitlines()
    assert memory.startswith("the graphics card has no memory left (cuMemAlloc: ")
    assert other.startswith("the graphics card failed (cuStreamSynchronize: ")
    assert left == "(0, 0, 0)"


@pytest.mark.skipif(find_gpu() is not None, reason="there is a GPU")
def test_without_a_driver_one_line_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="expected an NVIDIA card with its driver") as caught:
        open_device()
    assert "\n" not in str(caught.value)


def test_without_either_package_both_are_named(library: Path) -> None:
    script = (
        "import sys; sys.modules['pycuda'] = sys.modules['cuda'] = None\n"
        "from engine.runtime.device import open_device\n"
        "from engine.errors import ModelError\n"
        "try:\n    open_device()\nexcept ModelError as told:\n    print(told)"
    )
    done = run(script, library)
    assert "pycuda: " in done and "cuda-bindings: " in done
    assert done.endswith("Install it: pip install cuda-bindings\n")


def test_a_card_is_found_without_being_kept(library: Path) -> None:
    script = (
        f"{BEGIN}\nfrom engine.runtime.device import find_gpu\nprint(find_gpu())\nprint(left())"
    )
    assert run(script, library) == (
        "Gpu(name='In memory', capability=(8, 9), driver='13.2')\n(0, 0, 0)\n"
    )


def test_the_drivers_version_is_told_as_people_know_it() -> None:
    assert driver_version(13020) == "13.2"


def test_memory_that_ran_out_is_told_apart() -> None:
    assert "no memory left" in str(failed("cuMemAlloc", "CUDA_ERROR_OUT_OF_MEMORY"))
    assert "no memory left" not in str(failed("cuMemAlloc", "CUDA_ERROR_UNKNOWN"))
