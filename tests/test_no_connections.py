"""mien talks to nobody but the outputs that it was asked for.

Two witnesses: Python's audit events, on every system, and a library preloaded into the process,
which sees what MediaPipe, OpenCV and the C library do past Python (Linux with a C compiler).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
FACE = ("--source", str(DATA / "astronaut.jpg"), "--loop", "--no-window")

AUDITED = """
import sys

def note(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        print(event, *arguments[-2:], file=sys.__stdout__, flush=True)

sys.addaudithook(note)
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""


def finished(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    ordinary = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**ordinary, "MIEN_HOME": str(folder), **environment},  # CI silences ONNX Runtime
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that sees native code's connections."""
    compiler = shutil.which("cc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("probe") / "network_probe.so"
    source = DATA / "network_probe.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def attempts(probe: Path, command: list[str], folder: Path) -> list[str]:
    """What the process tried to reach, in order: "connect 127.0.0.1", "resolve localhost"."""
    seen = folder / "seen"
    finished(command, folder, {"LD_PRELOAD": str(probe), "NETWORK_PROBE": str(seen)})
    return seen.read_text().splitlines() if seen.exists() else []


def test_python_opens_no_connection_without_outputs(tmp_path: Path) -> None:
    run = ["run", *FACE, "--no-output", "--frames", "20"]
    done = finished(["-c", AUDITED, *run], tmp_path, {})
    assert "20 frames, 20 with a face" in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("socket.")] == []


@pytest.mark.peer
def test_native_code_opens_no_connection_without_outputs(probe: Path, tmp_path: Path) -> None:
    # MediaPipe 0.10.35 looks up its maker's server as the landmarker closes (seen by this test).
    # The seconds before are for whatever reports by a timer of its own.
    run = ["-m", "app", "run", *FACE, "--no-output", "--seconds", "6"]
    assert attempts(probe, run, tmp_path) == []


def test_a_run_leaves_nothing_outside_its_own_folder(tmp_path: Path) -> None:
    # ONNX Runtime 1.32 keeps a device id and events for its maker (seen by this test), and sends
    # them when it likes.
    home = tmp_path / "of the user"
    home.mkdir()
    places = {"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": home, "XDG_CACHE_HOME": home}
    environment = {name: str(place) for name, place in places.items()}
    run = ["-m", "app", "run", *FACE, "--no-output", "--frames", "20"]
    finished(run, tmp_path / "mien", environment)
    assert list(home.rglob("*")) == []


@pytest.mark.peer
def test_the_default_outputs_stay_on_this_machine(probe: Path, tmp_path: Path) -> None:
    run = ["-m", "app", "run", *FACE, "--frames", "20"]
    assert set(attempts(probe, run, tmp_path)) == {"connect 127.0.0.1", "resolve 127.0.0.1"}


@pytest.mark.peer
def test_the_probe_sees_every_way_out(probe: Path, tmp_path: Path, free_port: int) -> None:
    here = ("127.0.0.1", free_port)
    program = (
        "import ctypes, socket\n"
        "out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        f"out.sendto(b'', {here})\n"
        f"out.sendmsg([b''], [], 0, {here})\n"
        f"out.connect({here})\n"
        f"socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'', ('::1', {free_port}))\n"
        "socket.gethostbyname('localhost')\n"
        "ctypes.CDLL(None).gethostbyname(b'127.0.0.2')\n"
    )
    assert attempts(probe, ["-c", program], tmp_path) == [
        "sendto 127.0.0.1",
        "sendmsg 127.0.0.1",
        "connect 127.0.0.1",
        "sendto ::1",
        "resolve localhost",
        "resolve 127.0.0.2",
    ]
