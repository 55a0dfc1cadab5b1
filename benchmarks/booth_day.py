"""A whole day of a demo booth, while you wait.

    xvfb-run -a -s "-screen 0 320x180x24" python -m benchmarks.booth_day [--hours 8] [--speed 12]

Starts the unmodified `mien run --kiosk` with its watchdog, window and every output, on a clock that
runs so many times as fast (FAST_CLOCK, put into its interpreter; the watchdog keeps the real one):
eight hours of booth time take forty minutes at speed 12. Visitors come and go before a camera that
fails in every way, receivers come and go, somebody asks for recordings, and early in the day the
booth is hung once and killed once, so that the watchdog has to start it again; from then on one
process lives to the evening. The pictures come as on any camera, the tracker takes as many of them
as the machine can.

What is checked, from outside, by the OSC packets, /proc and the data folder:
- memory, handles and threads of the process that lives longest, after WARM hours;
- every visitor is a stranger at first and calibrated a moment later: their places are far from the
  middle, so the head's place in the packets is first theirs, then 0;
- nothing is stored: the data folder holds what it held before, and the log.

Linux only. Prints a row for each half hour and a verdict; --json writes all figures. Exit code 1 if
anything grew by more than it may, was stored, or a visitor was taken for another.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pythonosc.osc_message_builder import OscMessageBuilder

from app.listening.osc import decode
from app.listening.reading import HEAD_POSITION
from app.sources.faults import KINDS
from benchmarks.booth_crowd import write_crowd
from benchmarks.soak import DATAGRAM_PORTS, Visitor, growth, knock

CLIP = 300.0  # s; played again and again
LOOK_EVERY = 60.0  # s of booth time
FAULT_EVERY = 90.0  # s
HUNG_AT, KILLED_AT = 0.4, 0.8  # hours
WARM = 1.0  # hours of the last process that are not counted
TAKE_EVERY = 300.0  # s between two requests to record
MIEN = (sys.executable, "-m", "app", "run")
PROFILE = '[viewer.look]\nhair = "bald"\n'  # software OpenGL computes each hair, on the processor
REMOTE = 19010
FACE_PORT = 19011  # where the benchmark itself listens

FAR, NEAR = (0.05, 0.2), 0.025  # m from the middle: where strangers stand, and who is calibrated
SETTLES = 8.0  # s of booth time within which that happens

MEMORY_MAY_GROW = 0.03  # from the first quarter to the last
RIGHT_AT_LEAST = 0.97  # of the visitors

FAST_CLOCK = """
import os, sys, threading, time

SPEED = float(os.environ["MIEN_BENCHMARK_SPEED"])
sleep, wait = time.sleep, threading.Condition.wait


def faster(clock):
    start = clock()
    return lambda: start + (clock() - start) * SPEED


if "--watched" in sys.orig_argv:  # the watchdog waits as long as a start takes on this machine
    time.time, time.monotonic = faster(time.time), faster(time.monotonic)
    time.perf_counter, threading._time = faster(time.perf_counter), time.monotonic
    time.sleep = lambda seconds: sleep(seconds / SPEED)
    threading.Condition.wait = lambda self, timeout=None: wait(
        self, None if timeout is None else timeout / SPEED
    )


    def leave_the_machine_its_time():  # what counts as hung depends on it, not on the booth
        while not hasattr(sys.modules.get("app.meter"), "STUCK"):
            sleep(0.05)
        sys.modules["app.meter"].STUCK *= SPEED

    threading.Thread(target=leave_the_machine_its_time, daemon=True).start()
"""


@dataclass(frozen=True, slots=True)
class Look:
    """At the processes. hour: of booth time. pid: of the watched one. memory: bytes resident,
    proportional: these, with what is shared divided among its users. processor: seconds so far."""

    hour: float
    pid: int
    memory: int
    proportional: int
    handles: int
    threads: int
    processor: float
    watchdog_memory: int
    watchdog_handles: int


class Guests:
    """What the packets tell of the visitors.

    came: who stood where strangers do. calibrated: whose place became the middle soon after.
    wrong: who stood where nobody does: taken for the one before.
    """

    def __init__(self) -> None:
        self.came = self.calibrated = self.wrong = 0
        self.places: list[float] = []
        self._since: float | None = None
        self._first: list[float] = []

    def update(self, now: float, x: float) -> None:
        """now: booth time in seconds. x: of the head, metres."""
        if self._since is None:
            if abs(x) < FAR[0]:
                return
            self._since, self._first = now, []
        if len(self._first) < 3:
            self._first.append(x)
            if len(self._first) == 3:
                place = float(np.median(self._first))
                self.came += 1
                self.wrong += abs(place) > FAR[1]
                self.places.append(round(place, 3))
        if abs(x) < NEAR:
            self.calibrated += len(self._first) == 3 and now - self._since < SETTLES
            self._since = None


def look(watchdog: int, hour: float) -> Look | None:
    """None while there is no watched process."""
    try:
        children = Path(f"/proc/{watchdog}/task/{watchdog}/children").read_text().split()
        if not children:
            return None
        folder = Path(f"/proc/{children[0]}")
        fields = folder.joinpath("stat").read_text().rsplit(") ", 1)[1].split()
        rollup = dict(
            line.split(":", 1)
            for line in folder.joinpath("smaps_rollup").read_text().splitlines()[1:]
        )
        own = Path(f"/proc/{watchdog}")
        return Look(
            hour=hour,
            pid=int(children[0]),
            memory=1024 * int(rollup["Rss"].split()[0]),
            proportional=1024 * int(rollup["Pss"].split()[0]),
            handles=len(list(folder.joinpath("fd").iterdir())),
            threads=int(fields[17]),
            processor=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
            watchdog_memory=4096 * int(own.joinpath("statm").read_text().split()[1]),
            watchdog_handles=len(list(own.joinpath("fd").iterdir())),
        )
    except (OSError, KeyError, IndexError):  # it is just ending
        return None


def faults(hours: float, chance: random.Random) -> str:
    """A camera that fails in every way, in random order, for as long as the day is."""
    listed = []
    time = FAULT_EVERY
    while time < 3600.0 * hours:
        listed.append(f"{chance.choice(KINDS)}@{time:.0f}+{chance.uniform(0.2, 6.0):.1f}")
        time += chance.uniform(0.5, 1.5) * FAULT_EVERY
    return ",".join(listed)


def contents(data: Path) -> dict[str, str]:
    """Everything in the data folder but the log, by its hash."""
    return {
        str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(data.rglob("*"))
        if path.is_file() and path.relative_to(data).parts[0] != "log"
    }


class Day:
    """One simulated day."""

    def __init__(self, home: Path, hours: float, speed: float, seed: int) -> None:
        self.home, self.hours, self.speed = home, hours, speed
        self.looks: list[Look] = []
        self.guests = Guests()
        self.packets = 0
        self.restarts = 0
        self._chance = random.Random(seed)
        self.expected = len(write_crowd(home / "crowd.mp4", CLIP, seed)) * hours * 3600.0 / CLIP
        self._environment = os.environ | {"MIEN_HOME": str(home / "data")}
        (home / "data" / "config").mkdir(parents=True)
        (home / "data" / "config" / "default.toml").write_text(PROFILE)
        once = ["--source", "demo", "--frames", "2", "--no-window", "--no-output"]
        subprocess.run([*MIEN, *once], check=True, env=self._environment)  # converts the networks
        self.before = contents(home / "data")
        self._start_python = home / "python"
        self._start_python.mkdir()
        (self._start_python / "sitecustomize.py").write_text(FAST_CLOCK)

    def run(self) -> None:
        """All of it."""
        process = self._start()
        visitors = [Visitor(port, self._chance) for port in DATAGRAM_PORTS.values()]
        face = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        face.bind(("127.0.0.1", FACE_PORT))
        face.setblocking(False)
        began = time.monotonic()
        due = {self._look: LOOK_EVERY, self._ask_for_a_take: TAKE_EVERY, self._knock: LOOK_EVERY}
        next_time = dict(due)
        harm = [(HUNG_AT, signal.SIGSTOP), (KILLED_AT, signal.SIGKILL)]
        try:
            while (now := (time.monotonic() - began) * self.speed) < 3600.0 * self.hours:
                self._now, self._watchdog = now, process.pid
                if process.poll() is not None:
                    raise SystemExit(f"the watchdog ended with {process.returncode}")
                for visitor in visitors:
                    visitor.step(time.monotonic())
                self._listen(face)
                for what, period in due.items():
                    if now >= next_time[what]:
                        next_time[what] = now + period
                        what()
                if harm and now > 3600.0 * min(harm[0][0], self.hours / 8) and self.looks:
                    os.kill(self.looks[-1].pid, harm.pop(0)[1])
                time.sleep(0.005)
        finally:
            face.close()
            process.terminate()
            process.communicate(timeout=60)

    def _start(self) -> subprocess.Popen[bytes]:
        outputs = [f"--output={name}::{port}" for name, port in DATAGRAM_PORTS.items()]
        outputs += ["--output=ifacialmocap", "--output=vtsphone", "--output=vts"]
        outputs += [f"--output=osc::{FACE_PORT}", f"--remote={REMOTE}"]
        source = f"faulty:{self.home / 'crowd.mp4'}?{faults(self.hours, self._chance)}"
        paths = [str(self._start_python), os.environ.get("PYTHONPATH", "")]
        return subprocess.Popen(
            [*MIEN, "--kiosk", "--source", source, *outputs],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment
            | {
                "MIEN_BENCHMARK_SPEED": str(self.speed),
                "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            },
        )

    def _listen(self, face: socket.socket) -> None:
        while True:
            try:
                datagram = face.recv(65536)
            except BlockingIOError:
                return
            self.packets += 1
            for value in decode(datagram).values:
                if value.name == HEAD_POSITION[0]:
                    self.guests.update(self._now, value.number)

    def _look(self) -> None:
        found = look(self._watchdog, self._now / 3600.0)
        if found is None:
            return
        if self.looks and self.looks[-1].pid != found.pid:
            self.restarts += 1
        self.looks.append(found)
        if len(self.looks) % 30 == 1:
            print(row(found, self), flush=True)

    def _ask_for_a_take(self) -> None:
        builder = OscMessageBuilder("/mien/record")
        builder.add_arg(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.sendto(builder.build().dgram, ("127.0.0.1", REMOTE))

    def _knock(self) -> None:
        knock(49983, stream=self._chance.random() < 0.5)


def row(last: Look, day: Day) -> str:
    return (
        f"{last.hour:5.2f} h  {last.memory / 1e6:6.1f} MB  {last.proportional / 1e6:6.1f} MB PSS"
        f"  {last.handles:3d} handles  {last.threads:3d} threads"
        f"  {day.guests.came:4d} visitors, {day.guests.calibrated:4d} calibrated,"
        f" {day.guests.wrong} wrong  {day.restarts} restarts"
    )


def counted(looks: list[Look]) -> list[Look]:
    """Of the process that lived last, once it is warm."""
    last = [one for one in looks if one.pid == looks[-1].pid]
    warm = last[0].hour + min(WARM, 0.25 * (last[-1].hour - last[0].hour))
    return [one for one in last if one.hour >= warm]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--speed", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        day = Day(Path(home), arguments.hours, arguments.speed, arguments.seed)
        day.run()
        stored = sorted(contents(Path(home) / "data").items() ^ day.before.items())
    last = counted(day.looks)
    memory, handles, threads = growth(last)
    hours = [one.hour for one in last]
    slope = float(np.polyfit(hours, [one.memory / 1e6 for one in last], 1)[0])
    guests = day.guests
    figures = {
        "hours": arguments.hours,
        "speed": arguments.speed,
        "visitors_in_the_clip": round(day.expected),
        "came": guests.came,
        "calibrated": guests.calibrated,
        "wrong": guests.wrong,
        "packets": day.packets,
        "restarts": day.restarts,
        "memory_growth": memory,
        "memory_slope_mb_per_hour": slope,
        "handles_growth": handles,
        "threads_growth": threads,
        "stored": [name for name, _ in stored],
    }
    print("\n".join(f"{name}: {value}" for name, value in figures.items()))
    if arguments.json:
        looks = [asdict(one) for one in day.looks]
        arguments.json.write_text(json.dumps(figures | {"looks": looks, "places": guests.places}))
    grown = memory > MEMORY_MAY_GROW or handles > 2 or threads > 2
    strangers = guests.came - guests.wrong
    mistaken = strangers < RIGHT_AT_LEAST * guests.came
    return int(grown or mistaken or bool(stored) or not guests.came)


if __name__ == "__main__":
    sys.exit(main())
