"""How much a game loses to a tracker beside it, and what becomes of the tracker: a table.

    python -m benchmarks.game [VIDEO] [--seconds S] [--rounds N] [--openseeface FOLDER]

The "game" computes on every core as much as it gets. For every tracker (benchmarks/contestants.py)
it plays alone, beside it and alone again: kept is what it computes beside the tracker of what it
computes alone. Picture to send: median, 95th percentile; median of the first and the second half,
which tells whether lag grows. On a machine that others use, too, what is kept says nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from app.sources.demo import demo_path
from benchmarks.contestants import Load, contestants, load_of, receivers, start, write_clip

GAME = """
import hashlib, time
block, count, end = bytes(65536), 0, time.perf_counter() + {seconds}
while time.perf_counter() < end:
    hashlib.sha256(block).digest()
    count += 1
print(count)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", nargs="?", type=Path, help="with a face (default: the demo clip)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each game")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--openseeface", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    seconds = arguments.seconds
    with tempfile.TemporaryDirectory() as folder, receivers() as outputs:
        clip = Path(folder) / "camera.avi"
        write_clip(arguments.video or demo_path(), clip)
        programs = contestants(clip, outputs, seconds + 2.0, arguments.openseeface)
        kept: dict[str, list[float]] = {name: [] for name in programs}
        loads: dict[str, Load] = {}
        for _ in range(arguments.rounds):
            for name, program in programs.items():
                before = play(seconds)
                process = start(program, seconds + 2.0)
                assert process.stdout is not None
                while process.stdout.readline() not in ("READY\n", ""):
                    pass
                beside = play(seconds)
                loads[name] = load_of(process)
                kept[name].append(2.0 * beside / (before + play(seconds)))
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    print("| beside | the game keeps | rounds | of a core | seen | picture to send |")
    print("|---|---|---|---|---|---|")
    for name, shares in kept.items():
        rounds = ", ".join(f"{share:.2f}" for share in shares)
        load = loads[name]
        print(
            f"| {name} | {median(shares):.2f} | {rounds} | {100 * load.core:.0f} % "
            f"| {load.rate:.0f}/s | {load} |"
        )


def play(seconds: float) -> int:
    """A game on every core; what it computed."""
    program = [sys.executable, "-c", GAME.format(seconds=seconds)]
    games = [
        subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        for _ in range(os.cpu_count() or 1)
    ]
    return sum(int(game.communicate()[0]) for game in games)


if __name__ == "__main__":
    main()
