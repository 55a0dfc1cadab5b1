"""The watchdog on real processes that fail, hang, and end as they should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.watchdog import PULSE, Patience, Pulse, mien_command, watch

QUICK = Patience(start=20.0, silence=0.5, pause=0.0)
CHILD = """
import sys, time
from pathlib import Path
runs = Path(sys.argv[1])
runs.write_text(runs.read_text() + "x")
number = len(runs.read_text())
print({pulse!r}, flush=True)
{body}
"""


def command(tmp_path: Path, body: str) -> list[str]:
    (tmp_path / "runs").write_text("")
    return [sys.executable, "-c", CHILD.format(pulse=PULSE, body=body), str(tmp_path / "runs")]


@pytest.mark.parametrize("code", [0, 2, 130])
def test_an_end_that_was_wanted_is_the_end(tmp_path: Path, code: int) -> None:
    assert watch(command(tmp_path, f"sys.exit({code})"), QUICK) == code
    assert (tmp_path / "runs").read_text() == "x"


def test_what_fails_or_is_killed_is_started_again(tmp_path: Path) -> None:
    body = "import os\nif number < 3: os.kill(os.getpid(), 9) if number == 1 else sys.exit(1)"
    assert watch(command(tmp_path, body), QUICK) == 0
    assert (tmp_path / "runs").read_text() == "xxx"


def test_what_is_only_slow_is_given_more_time_in_the_end(tmp_path: Path) -> None:
    body = "time.sleep(1.2)"
    assert watch(command(tmp_path, body), QUICK) == 0
    assert (tmp_path / "runs").read_text() in ("xx", "xxx")


def test_patience_has_an_end() -> None:
    patience = Patience()
    for _ in range(9):
        patience = patience.doubled()
    assert (patience.start, patience.silence) == (240.0, 240.0)


def test_what_hangs_is_ended_and_started_again(tmp_path: Path) -> None:
    started = time.perf_counter()
    assert watch(command(tmp_path, "if number == 1: time.sleep(60)"), QUICK) == 0
    assert (tmp_path / "runs").read_text() == "xx"
    assert time.perf_counter() - started < 10.0


SLEEPER = """
import sys
from app.watchdog import Patience, watch
watch(sys.argv[1:], Patience(start=20.0, silence=0.5, pause=0.0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the watched process is found in /proc")
def test_a_computer_that_sleeps_is_no_silence(tmp_path: Path) -> None:
    body = f"""
while runs.parent.joinpath("awake").exists() is False:
    print({PULSE!r}, flush=True)
    time.sleep(0.05)
"""
    watched = command(tmp_path, body)
    with subprocess.Popen([sys.executable, "-c", SLEEPER, *watched]) as watching:
        while not (tmp_path / "runs").read_text():
            time.sleep(0.05)
        children = Path(f"/proc/{watching.pid}/task/{watching.pid}/children").read_text()
        both = (watching.pid, int(children))
        for pid in both:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(1.5)
        for pid in both:  # the watchdog wakes first
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.1)
        (tmp_path / "awake").touch()
        assert watching.wait(20.0) == 0
    assert (tmp_path / "runs").read_text() == "x"


STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
runs.parent.joinpath("deaf").touch()
while True:
    time.sleep(0.05)
    print("mien is alive", flush=True)
"""
WATCHER = """
import sys
from app.watchdog import Patience, watch
watch(sys.argv[1:], Patience(ending=0.5))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the watched process is found in /proc")
def test_what_does_not_end_when_asked_ends_all_the_same(tmp_path: Path) -> None:
    watched = command(tmp_path, STUBBORN)
    with subprocess.Popen(
        [sys.executable, "-c", WATCHER, *watched], stderr=subprocess.DEVNULL
    ) as watching:
        while not (tmp_path / "deaf").exists():
            time.sleep(0.05)
        children = Path(f"/proc/{watching.pid}/task/{watching.pid}/children").read_text()
        watching.send_signal(signal.SIGINT)
        watching.wait(10.0)
    assert not Path(f"/proc/{int(children)}").exists()


def test_it_gets_one_heap_for_all_threads_unless_you_say_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "import os; print(os.environ['MALLOC_ARENA_MAX'])"
    watch(command(tmp_path, body), QUICK)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "3")
    watch(command(tmp_path, body), QUICK)
    assert capsys.readouterr().out == "1\n3\n"


def test_other_lines_are_passed_on_and_signs_of_life_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(command(tmp_path, "print('demo: 5 frames')"), QUICK)
    assert capsys.readouterr().out == "demo: 5 frames\n"


def test_a_pulse_is_said_once_a_second_however_often_it_is_called(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pulse = Pulse()
    for _ in range(100):
        pulse()
    assert capsys.readouterr().out == PULSE + "\n"


def test_the_other_mien_is_started_by_the_same_python() -> None:
    assert mien_command(["run", "--kiosk"]) == (sys.executable, "-m", "app", "run", "--kiosk")


def test_a_folder_that_needs_no_python_starts_its_own_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/my folder/mienw")
    assert mien_command(["run", "--kiosk"]) == ("/my folder/mienw", "run", "--kiosk")
