"""How soon each fault of a camera is noticed and overcome, measured from outside the program.

    python -m benchmarks.camera_faults [--rounds 1] [--seed 1]

Runs `mien run` on a camera to which everything happens in turn (app/sources/faults.py), listens to
its OSC packets, and reads the log. A row for each fault; seconds, the worst of all rounds:

told:    from the fault's beginning to the line in the log
faceless: to the first packet that says that no face is seen
again:   from the fault's end to the next packet with a face; of a hang, which is given up before it
         ends, and a frozen picture, which opening anew ends: from the fault's beginning
silent:  the longest time without any packet

On a loaded machine all of it takes longer. Exit code 1 if something is noticed later than after a
second or overcome later than two seconds after it could be.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from app.listening.osc import decode
from app.sources.faults import KINDS, Fault, FaultKind, parse_faults

PORT = 19012
REST = 7.0  # s between two faults: what is back for a second counts as back
LENGTH = 4.0  # s
NOTICED, BACK = 1.0, 2.0  # s at most
HANGS = 1.2  # s in one call after which mien gives it up
QUIET: tuple[FaultKind, ...] = (
    "resize",
    "corrupt",
    "odd",
    "slow",
)  # nothing to tell or to wait for
CURED: tuple[FaultKind, ...] = ("hang", "freeze")  # by opening anew, before they end


@dataclass(frozen=True, slots=True)
class Packet:
    """arrived: seconds since 1970. face: whether one is seen."""

    arrived: float
    face: bool


@dataclass(frozen=True, slots=True)
class Row:
    """See the module. None: there was nothing to tell, no packet without a face."""

    kind: str
    told: float | None
    faceless: float | None
    again: float
    silent: float


def schedule(rounds: int, chance: random.Random) -> tuple[str, float]:
    """All faults in random order, and how long that takes."""
    parts = []
    start = REST
    for _ in range(rounds):
        for kind in chance.sample(KINDS, len(KINDS)):
            length = LENGTH + chance.uniform(-0.5, 0.5)
            if kind == "slow":  # what is opened slowly was lost before
                parts.append(f"unplug@{start:.2f}+0.8")
            parts.append(f"{kind}@{start:.2f}+{length:.2f}")
            start += length + REST
    return ",".join(parts), start


def play(faults: str, seconds: float) -> tuple[float, list[Packet], list[tuple[float, str]]]:
    """When the faults began to count, all packets, and all lines of the log with their times."""
    with (
        tempfile.TemporaryDirectory() as home,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening,
    ):
        listening.bind(("127.0.0.1", PORT))
        listening.settimeout(0.5)
        command = [sys.executable, "-m", "app", "run", "--source", f"faulty:demo?{faults}"]
        process = subprocess.Popen(
            [*command, "--no-window", f"--output=osc::{PORT}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"MIEN_HOME": home},
        )
        packets: list[Packet] = []
        try:
            while not packets or time.time() < packets[0].arrived + seconds:
                if process.poll() is not None:
                    raise SystemExit(f"mien ended with code {process.returncode}")
                try:
                    datagram = listening.recv(65536)
                except TimeoutError:
                    continue
                packets.append(Packet(time.time(), decode(datagram).tracked is True))
        finally:
            process.terminate()
            process.wait(30)
        lines = read_log(Path(home) / "log" / "mien.log")
    began = next(moment for moment, line in lines if "its faults count" in line)
    return began, packets, lines


def read_log(path: Path) -> list[tuple[float, str]]:
    lines = []
    for line in path.read_text().splitlines():
        if match := re.match(r"([\d-]+ [\d:]+),(\d{3}) (.*)", line):
            stamp = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").astimezone()
            lines.append((stamp.timestamp() + int(match[2]) / 1000.0, match[3]))
    return lines


def measured(
    fault: Fault, began: float, packets: list[Packet], lines: list[tuple[float, str]]
) -> Row:
    start, end = began + fault.start, began + fault.end
    until = end + REST - 1.0
    told = [moment - start for moment, line in lines if start <= moment < until and told_by(line)]
    faceless = [p.arrived - start for p in packets if start <= p.arrived < until and not p.face]
    over = start if fault.kind in CURED else end
    blind_from = start + min(faceless, default=0.0) if fault.kind in CURED else end
    again = [p.arrived - over for p in packets if p.arrived >= blind_from and p.face]
    arrivals = [p.arrived for p in packets if start - 0.5 <= p.arrived < until]
    gaps = [late - early for early, late in pairwise(arrivals)]
    return Row(
        fault.kind,
        min(told, default=None),
        min(faceless, default=None),
        min(again, default=float("inf")),
        max(gaps, default=float("inf")),
    )


def told_by(line: str) -> bool:
    """Whether this line of the log tells a person of a fault."""
    return "WARNING app.sources.live" in line and "is back" not in line


def worst(rows: list[Row]) -> list[Row]:
    """One for each kind."""
    found: dict[str, Row] = {}
    for row in rows:
        before = found.get(row.kind, row)
        found[row.kind] = replace(
            row,
            told=latest(before.told, row.told),
            faceless=latest(before.faceless, row.faceless),
            again=max(before.again, row.again),
            silent=max(before.silent, row.silent),
        )
    return list(found.values())


def latest(one: float | None, other: float | None) -> float | None:
    return max((time for time in (one, other) if time is not None), default=None)


def is_good(row: Row) -> bool:
    kind = row.kind
    if kind not in QUIET and (row.told is None or row.told > NOTICED):
        return False
    return row.again <= BACK + (HANGS if kind == "hang" else 0.0)


def text(number: float | None) -> str:
    return "     —" if number is None else f"{number:6.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    faults, seconds = schedule(arguments.rounds, random.Random(arguments.seed))
    began, packets, lines = play(faults, seconds)
    every = parse_faults(faults)
    slow_starts = {fault.start for fault in every if fault.kind == "slow"}
    counted = [f for f in every if f.kind != "unplug" or f.start not in slow_starts]
    rows = worst([measured(fault, began, packets, lines) for fault in counted])
    print(f"{'fault':8}   told  faceless  again  silent")
    for row in rows:
        verdict = "" if is_good(row) else "  too late"
        print(
            f"{row.kind:8} {text(row.told)}  {text(row.faceless)}  {text(row.again)}"
            f"  {text(row.silent)}{verdict}"
        )
    return int(not all(is_good(row) for row in rows))


if __name__ == "__main__":
    sys.exit(main())
