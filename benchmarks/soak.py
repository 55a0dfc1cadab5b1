"""Hours in minutes or in hours: a run with every output while receivers come and go.

    python -m benchmarks.soak --minutes 60 [--faults]

Starts `mien run` on the looping clip with all protocols at once, plus a receiver for each datagram
protocol that opens, reads for a while and goes away again, and others that connect to what listens.
With --faults the clip is a camera to which something happens every few seconds.
Memory, handles and threads of the process are read from /proc every few seconds (Linux). Prints a
row a minute, the growth from the second quarter to the last, and mien's own summary with its
latency; exit code 1 if anything grew by more than it may.
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median_high

from app.sources.faults import KINDS

PERIOD = 5.0  # s between two looks
VISIT = 7.0  # s that a receiver stays, and stays away
DATAGRAM_PORTS = {"osc": 19009, "vmc": 19539, "livelink": 19111, "vrchat": 19000}
FAULTS_EVERY = 8  # s
MEMORY_MAY_GROW = 0.03  # of the first quarter's mean


@dataclass(frozen=True, slots=True)
class Look:
    """At the process. memory: bytes; handles: open files; processor: seconds so far."""

    elapsed: float
    memory: int
    handles: int
    threads: int
    processor: float


class Visitor:
    """A receiver that comes and goes."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._port, self._chance = port, chance
        self._socket: socket.socket | None = None
        self._changes = 0.0
        self.received = 0

    def step(self, now: float) -> None:
        if now >= self._changes:
            self._changes = now + self._chance.uniform(0.3, 1.7) * VISIT
            if self._socket is None:
                self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self._socket.setblocking(False)
                self._socket.bind(("127.0.0.1", self._port))
            else:
                self._socket.close()
                self._socket = None
        while self._socket is not None:
            try:
                self._socket.recv(65536)
            except BlockingIOError:
                break
            self.received += 1


def look(pid: int, started: float) -> Look:
    """Raises FileNotFoundError when the process has ended."""
    folder = Path(f"/proc/{pid}")
    fields = folder.joinpath("stat").read_text().rsplit(") ", 1)[1].split()
    pages = int(folder.joinpath("statm").read_text().split()[1])
    return Look(
        elapsed=time.monotonic() - started,
        memory=pages * 4096,
        handles=len(list(folder.joinpath("fd").iterdir())),
        threads=int(fields[17]),
        processor=(int(fields[11]) + int(fields[12])) / 100.0,
    )


def knock(port: int, stream: bool) -> None:
    """What a scanner or a wrong program sends to a port that listens."""
    kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as visitor:
        visitor.settimeout(0.5)
        try:
            visitor.connect(("127.0.0.1", port))
            visitor.send(b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719")
            visitor.send(random.randbytes(40))
        except OSError:
            return


def faulty(seconds: float, chance: random.Random) -> str:
    """The source of a camera that fails in every way, in random order."""
    faults = [
        f"{chance.choice(KINDS)}@{start}+{chance.uniform(0.1, FAULTS_EVERY / 2):.1f}"
        for start in range(FAULTS_EVERY, int(seconds), FAULTS_EVERY)
    ]
    return f"faulty:demo?{','.join(faults)}"


def soak(
    minutes: float, pace: str, seed: int, *, faults: bool = False
) -> tuple[list[Look], str, int]:
    """All looks, mien's summary, and how many datagrams the visitors saw."""
    outputs = [f"--output={name}::{port}" for name, port in DATAGRAM_PORTS.items()]
    outputs += ["--output=ifacialmocap", "--output=vtsphone", "--output=vts"]
    with tempfile.TemporaryDirectory() as home:
        chance = random.Random(seed)
        source = faulty(60.0 * minutes, chance) if faults else "demo"
        command = [sys.executable, "-m", "app", "run", "--source", source, "--loop", "--no-window"]
        process = subprocess.Popen(
            [*command, "--pace", pace, *outputs],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={"MIEN_HOME": home, "PATH": "/usr/bin:/bin"},
        )
        visitors = [Visitor(port, chance) for port in DATAGRAM_PORTS.values()]
        started = time.monotonic()
        looks: list[Look] = []
        next_look, next_knock = started + PERIOD, started + PERIOD
        while time.monotonic() < started + 60.0 * minutes and process.poll() is None:
            now = time.monotonic()
            for visitor in visitors:
                visitor.step(now)
            if now >= next_knock:
                next_knock = now + 2.0
                knock(49983, stream=chance.random() < 0.5)
            if now >= next_look:
                next_look = now + PERIOD
                looks.append(look(process.pid, started))
                if len(looks) % round(60.0 / PERIOD) == 1:
                    print(row(looks), flush=True)
            time.sleep(0.01)
        process.terminate()
        summary, _ = process.communicate(timeout=30)
    return looks, summary, sum(visitor.received for visitor in visitors)


def row(looks: list[Look]) -> str:
    last = looks[-1]
    before = looks[max(0, len(looks) - round(60.0 / PERIOD))]
    seconds = max(last.elapsed - before.elapsed, PERIOD)
    core = (last.processor - before.processor) / seconds
    return (
        f"{last.elapsed / 60.0:6.1f} min  {last.memory / 1e6:7.1f} MB  {last.handles:4d} handles"
        f"  {last.threads:3d} threads  {core:5.0%} of a core"
    )


def growth(looks: list[Look]) -> tuple[float, int, int]:
    """Of memory as a share, of handles and threads, from the second quarter to the last.

    The first warms up. Medians, for while a camera is opened anew there are two of it.
    """
    quarter = max(1, len(looks) // 4)
    early, last = looks[quarter : 2 * quarter] or looks, looks[-quarter:]
    memory = sum(one.memory for one in last) / sum(one.memory for one in early) - 1.0
    handles = median_high(one.handles for one in last) - median_high(one.handles for one in early)
    threads = median_high(one.threads for one in last) - median_high(one.threads for one in early)
    return memory, handles, threads


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--pace", choices=("realtime", "fast"), default="realtime")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", action="store_true", help="the camera fails again and again")
    arguments = parser.parse_args()
    looks, summary, received = soak(
        arguments.minutes, arguments.pace, arguments.seed, faults=arguments.faults
    )
    memory, handles, threads = growth(looks)
    print(summary.strip())
    print(f"visitors received {received} datagrams")
    print(f"growth: memory {memory:+.1%}, handles {handles:+d}, threads {threads:+d}")
    return int(memory > MEMORY_MAY_GROW or handles > 2 or threads > 2)


if __name__ == "__main__":
    sys.exit(main())
