"""A whole day of a demo booth, while you wait.

    xvfb-run -a -s "-screen 0 320x180x24" python -m benchmarks.booth_day [--hours 8] [--speed 8]

Starts the unmodified `mien run --kiosk` with its watchdog, window and every output, on a clock that
runs so many times as fast (fast_clock.py; the watchdog keeps the real one):
eight hours of booth time take an hour at speed 8. Visitors come and go before a camera that
fails in every way, receivers come and go, somebody asks for recordings, and early in the day the
booth is hung once and killed once, so that the watchdog has to start it again; from then on one
process lives to the evening. The pictures come as on any camera, the tracker takes as many of them
as the machine can.

What is checked, from outside, by the OSC packets, /proc and the data folder:
- memory, handles and threads of the process that lives longest, after WARM hours;
- every visitor drives the head, as a stranger, and is calibrated (booth_guests.py);
- nothing is stored: the data folder holds what it held before, and the log.

Linux only. Prints a row for each half hour and a verdict; --json writes all figures. Exit code 1 if
anything grew by more than it may, was stored, or a visitor was missed, not calibrated, or taken for
another, beyond the share that a busy machine is forgiven. Fewer than four packets in a second of
booth time are too few to calibrate a visitor while they stand still: choose a lower speed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from pythonosc.osc_message_builder import OscMessageBuilder

from app.listening.osc import decode
from app.listening.reading import HEAD_POSITION
from app.log import log_files
from app.sources.faults import KINDS, parse_faults
from benchmarks.booth_crowd import write_crowd
from benchmarks.booth_guests import CLIP, Verdict, guests, judge
from benchmarks.camera_faults import read_log
from benchmarks.fast_clock import fast_clock
from benchmarks.soak import DATAGRAM_PORTS, Visitor, growth, knock

LOOK_EVERY = 60.0  # s of booth time
FAULT_EVERY = 90.0  # s
HUNG_AT, KILLED_AT = 0.05, 0.1  # of the day
WARM = 1.0  # hours of the last process that are not counted
TAKE_EVERY = 300.0  # s between two requests to record
MIEN = (sys.executable, "-m", "app", "run")
PROFILE = '[viewer.look]\nhair = "bald"\n'  # software OpenGL computes each hair, on the processor
REMOTE = 19010
FACE_PORT = 19011  # where the benchmark itself listens

MEMORY_MAY_GROW = 0.03  # from the second quarter to the last


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
        self.packets: list[tuple[float, float]] = []  # booth time, head's place
        self.restarts = 0
        self._chance = random.Random(seed)
        self.coming = write_crowd(home / "crowd.mp4", CLIP, seed)
        self.troubles = faults(hours, self._chance)
        self._environment = os.environ | {"MIEN_HOME": str(home / "data")}
        (home / "data" / "config").mkdir(parents=True)
        (home / "data" / "config" / "default.toml").write_text(PROFILE)
        once = ["--source", "demo", "--frames", "2", "--no-window", "--no-output"]
        subprocess.run([*MIEN, *once], check=True, env=self._environment)  # converts the networks
        self.before = contents(home / "data")
        self._python = home / "python"

    def run(self) -> None:
        """All of it."""
        self._opens = time.time()
        process = self._start()
        visitors = [Visitor(port, self._chance) for port in DATAGRAM_PORTS.values()]
        face = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        face.bind(("127.0.0.1", FACE_PORT))
        face.setblocking(False)
        due = {self._look: LOOK_EVERY, self._ask_for_a_take: TAKE_EVERY, self._knock: LOOK_EVERY}
        next_time = dict(due)
        harm = [(HUNG_AT, signal.SIGSTOP), (KILLED_AT, signal.SIGKILL)]
        try:
            while (now := (time.time() - self._opens) * self.speed) < 3600.0 * self.hours:
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
                if harm and now > 3600.0 * self.hours * harm[0][0] and self.looks:
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
        source = f"faulty:{self.home / 'crowd.mp4'}?{self.troubles}"
        return subprocess.Popen(
            [*MIEN, "--kiosk", "--source", source, *outputs],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment | fast_clock(self._python, self.speed, self._opens),
        )

    def _listen(self, face: socket.socket) -> None:
        while True:
            try:
                datagram = face.recv(65536)
            except BlockingIOError:
                return
            for value in decode(datagram).values:
                if value.name == HEAD_POSITION[0]:
                    self.packets.append((self._now, value.number))

    def verdict(self) -> Verdict:
        """After `run`: what became of the visitors, by what the packets tell."""
        packets = np.array(self.packets)
        openings = [
            stamp - self._opens
            for path in reversed(log_files(self.home / "data" / "log"))
            for stamp, line in read_log(path)
            if "its faults count" in line
        ]
        every = []
        for opened, following in pairwise([*openings, math.inf]):
            last = packets[packets[:, 0] < following][-1, 0]
            every += guests(self.coming, parse_faults(self.troubles), opened, last)
        return judge(every, packets)

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
        f"  {len(day.packets) / 3600.0 / last.hour:4.1f} packets/s  {day.restarts} restarts"
    )


def counted(looks: list[Look]) -> list[Look]:
    """Of the process that lived last, once it is warm."""
    last = [one for one in looks if one.pid == looks[-1].pid]
    warm = last[0].hour + min(WARM, 0.25 * (last[-1].hour - last[0].hour))
    return [one for one in last if one.hour >= warm]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--speed", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        day = Day(Path(home), arguments.hours, arguments.speed, arguments.seed)
        day.run()
        verdict = day.verdict()
        stored = sorted(contents(Path(home) / "data").items() ^ day.before.items())
    last = counted(day.looks)
    memory, handles, threads = growth(last)
    hours = [one.hour for one in last]
    slope = float(np.polyfit(hours, [one.memory / 1e6 for one in last], 1)[0])
    figures = {
        "hours": arguments.hours,
        "speed": arguments.speed,
        **asdict(verdict),
        "packets": len(day.packets),
        "packets_per_second": len(day.packets) / 3600.0 / arguments.hours,
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
        arguments.json.write_text(json.dumps(figures | {"looks": looks, "places": day.packets}))
    grown = memory > MEMORY_MAY_GROW or handles > 2 or threads > 2
    return int(grown or bool(stored) or not verdict.good)


if __name__ == "__main__":
    sys.exit(main())
