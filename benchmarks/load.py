"""The processor time of a session: `mien run` beside its own regressor alone, in turns, in one run.

    python -m benchmarks.load [VIDEO] [--seconds S] [--rounds N] [--openseeface FOLDER]

All at 30 pictures a second, in per cent of one core, after start-up; who takes part, and how, says
benchmarks/contestants.py. On a machine too busy for that rate only the processor time a picture
says something.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from statistics import median

from app.sources.demo import demo_path
from benchmarks.contestants import Load, contestants, load_of, receivers, start, write_clip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", nargs="?", type=Path, help="with a face (default: the demo clip)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--openseeface", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, receivers() as outputs:
        clip = Path(folder) / "camera.avi"
        write_clip(arguments.video or demo_path(), clip)
        programs = contestants(clip, outputs, arguments.seconds, arguments.openseeface)
        loads: dict[str, list[Load]] = {name: [] for name in programs}
        for _ in range(arguments.rounds):
            for name, program in programs.items():
                loads[name].append(load_of(start(program, arguments.seconds)))
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    print(
        "| | of a core | beyond the regressor | seen | ms a picture | threads | picture to send |"
    )
    print("|---|---|---|---|---|---|---|")
    alone = [load.core for load in loads["regressor"]]
    for name, rounds in loads.items():
        cores = [load.core for load in rounds]
        beyond = median(core - bare for core, bare in zip(cores, alone, strict=True))
        each = median(1000.0 * load.core / load.rate for load in rounds)
        print(
            f"| {name} | {100 * median(cores):.1f} % | {100 * beyond:+.1f} % "
            f"| {median(load.rate for load in rounds):.0f}/s | {each:.1f} "
            f"| {rounds[-1].threads} | {rounds[-1]} |"
        )


if __name__ == "__main__":
    main()
