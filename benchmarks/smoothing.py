"""mien's smoother beside the filters that other trackers ship: tables in Markdown.

    python -m benchmarks.smoothing [--json] [--seed N] [--timing uneven|even] [--video FILE…]
                                   [--noise always|late] [--offline] [--movements]

Made signals, 30 and 60 frames a second. uneven (the default): one frame in twenty is dropped and
each comes up to a quarter of a frame late, its timestamp true; even: no frame is late. Noise has a
standard deviation of 0.02 and is there from the start; 3 s of rest precede what is measured. With
--noise late those 3 s are perfectly silent: how soon the noise is learned counts too. Means over 20
seeds. `mien` is the Smoother with default settings, driven from observation to state;
with --offline also `mien offline`, which looks ahead (`mien track --smooth offline`).

rest_*:     s.d. out / in on a still signal: white, AR(1) with ρ = .6, Student's t with 3 degrees.
blink:      peak out / in of a blink of 150 ms (60 closing), in eyeBlink.
talk_*:     lag and gain at 4 Hz, amplitude 0.3, by correlation with a sine and a cosine.
ramp_lag:   mean lag on a ramp of 0.2 a second.
overshoot:  largest excess in the second after a step of 1, noise included, as a share of the step.

With --movements instead what lies between rest and talk: smoothing_movements.py; with videos
real footage: smoothing_footage.py, or noisy curves of it with --movements.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.rivals import RIVALS, Filter
from benchmarks.shipped import LIDS, looked_ahead, smoothed
from benchmarks.smoothing_footage import measure_video
from benchmarks.smoothing_movements import (
    Followed,
    curves_table,
    measure_movements,
    movements_table,
)
from engine.errors import SourceError
from engine.geometry import Array

RATES = (30, 60)
SEEDS = 20
SIGMA = 0.02
REST = 3.0  # s
TALK = 4.0  # Hz
AMPLITUDE = 0.3
SLOW = 0.2  # per second


@dataclass(frozen=True, slots=True)
class Figures:
    """One filter at one rate; ratios and milliseconds."""

    rest_white: float
    rest_ar1: float
    rest_t3: float
    blink: float
    talk_lag_ms: float
    talk_gain: float
    ramp_lag_ms: float
    overshoot: float


def measure(
    filtered: Filter, lids: Filter, rate: int, seed: int, *, uneven: bool, onset: float = 0.0
) -> Figures:
    """`lids` filters the blink, `filtered` all else."""
    random = np.random.default_rng((seed, rate))

    def times(seconds: float) -> Array:
        t = np.arange(round(seconds * rate)) / rate
        if not uneven:
            return t
        t += random.uniform(0.0, 0.25 / rate, len(t))
        kept: Array = t[(random.random(len(t)) > 0.05) | (t < 1 / rate)]
        return kept

    def white(t: Array) -> Array:
        return random.normal(0.0, SIGMA, (len(t), SEEDS)) * (t >= onset)[:, None]

    def student(t: Array) -> Array:
        noise = random.standard_t(3, (len(t), SEEDS)) * (SIGMA / math.sqrt(3.0))
        return noise * (t >= onset)[:, None]

    def coloured(t: Array) -> Array:
        noise = white(t)
        for i in range(1, len(t)):
            noise[i] = 0.6 * noise[i - 1] + 0.8 * noise[i]
        return noise

    phases = np.arange(SEEDS) / SEEDS / rate

    t = times(REST + 10.0)
    late = t > REST
    rest = []
    for noise in (white(t), coloured(t), student(t)):
        still = 0.5 + noise
        rest.append(float((filtered(still, t)[late].std(0) / still[late].std(0)).mean()))

    t = times(REST + 1.0)
    clean = np.interp(t[:, None] - REST - phases, [0.0, 0.06, 0.15], [0.0, 1.0, 0.0])
    late = t > REST
    peak = lids(clean + white(t), t)[late].max(0)
    blink = float((peak / clean[late].max(0)).mean())

    t = times(REST + 6.0)
    late = t > REST
    since = np.maximum(t[:, None] - REST - phases, 0.0)
    clean = 0.5 + AMPLITUDE * np.sin(2.0 * math.pi * TALK * since)
    turn = 2.0 * math.pi * TALK * t[late]
    waves = np.stack([np.sin(turn), np.cos(turn), np.ones_like(turn)], axis=1)
    parts = [
        np.linalg.lstsq(waves, y[late], rcond=None)[0]
        for y in (filtered(clean + white(t), t), clean)
    ]
    response = np.divide(*(part[0] + 1j * part[1] for part in parts))
    talk_lag = float((-np.angle(response) / (2.0 * math.pi * TALK)).mean())

    t = times(REST + 5.0)
    clean = np.maximum(t[:, None] - REST - phases, 0.0) * SLOW
    ramp_lag = float((clean - filtered(clean + white(t), t))[t > REST].mean() / SLOW)

    t = times(REST + 1.0)
    clean = (t[:, None] >= REST + phases) * np.ones(SEEDS)
    excess = (filtered(clean + white(t), t) - 1.0)[t >= REST].max(0)
    return Figures(
        rest_white=rest[0],
        rest_ar1=rest[1],
        rest_t3=rest[2],
        blink=blink,
        talk_lag_ms=1e3 * talk_lag,
        talk_gain=float(np.abs(response).mean()),
        ramp_lag_ms=1e3 * ramp_lag,
        overshoot=float(np.maximum(excess, 0.0).mean()),
    )


def measure_all(
    seed: int, *, uneven: bool, offline: bool = False, onset: float = 0.0
) -> dict[str, dict[str, Figures]]:
    """By filter, then by rate. onset: s from which on there is noise."""

    def lids(samples: Array, timestamps: Array) -> Array:
        return smoothed(samples, timestamps, LIDS)

    def lids_ahead(samples: Array, timestamps: Array) -> Array:
        return looked_ahead(samples, timestamps, LIDS)

    filters = {name: (rival, rival) for name, rival in RIVALS.items()}
    filters["mien"] = (smoothed, lids)
    if offline:
        filters["mien offline"] = (looked_ahead, lids_ahead)
    return {
        name: {str(rate): measure(*pair, rate, seed, uneven=uneven, onset=onset) for rate in RATES}
        for name, pair in filters.items()
    }


def table(results: dict[str, dict[str, Figures]], rate: int) -> str:
    """Markdown, one row a filter."""
    lines = [
        f"| {rate} frames/s | rest white | AR(1) | t3 | blink | talk lag | gain | ramp lag "
        "| overshoot |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, by_rate in results.items():
        f = by_rate[str(rate)]
        lines.append(
            f"| {name} | {f.rest_white:.3f} | {f.rest_ar1:.3f} | {f.rest_t3:.3f} | {f.blink:.3f} "
            f"| {f.talk_lag_ms:.1f} ms | {f.talk_gain:.3f} | {f.ramp_lag_ms:.0f} ms "
            f"| {100 * f.overshoot:.1f} % |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="{filter: {rate: {figure: value}}}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timing", choices=("uneven", "even"), default="uneven")
    parser.add_argument("--noise", choices=("always", "late"), default="always")
    parser.add_argument("--offline", action="store_true", help="measure the offline filter too")
    parser.add_argument("--video", nargs="+", type=Path, help="real footage")
    parser.add_argument("--movements", action="store_true", help="of every size")
    arguments = parser.parse_args()
    if arguments.movements:
        _tell_movements(arguments)
        return 0
    if arguments.video is not None and not arguments.json:
        failed = False
        for path in arguments.video:
            try:
                print(measure_video(path), end="\n\n", flush=True)
            except SourceError as error:
                print(error, file=sys.stderr)
                failed = True
        return int(failed)
    results = measure_all(
        arguments.seed,
        uneven=arguments.timing == "uneven",
        offline=arguments.offline,
        onset=REST if arguments.noise == "late" else 0.0,
    )
    if arguments.json:
        plain = {
            name: {rate: asdict(figures) for rate, figures in by_rate.items()}
            for name, by_rate in results.items()
        }
        print(json.dumps(plain, indent=1))
    else:
        print("\n\n".join(table(results, rate) for rate in RATES))
    return 0


def _tell_movements(arguments: argparse.Namespace) -> None:
    filters = RIVALS | {"mien": smoothed}
    if arguments.video is not None:
        print("\n\n".join(curves_table(path, filters, arguments.seed) for path in arguments.video))
        return
    uneven = arguments.timing == "uneven"
    results = {r: measure_movements(filters, r, arguments.seed, uneven=uneven) for r in RATES}
    if arguments.json:
        plain = {name: {rate: _plain(results[rate][name]) for rate in RATES} for name in filters}
        print(json.dumps(plain, indent=1))
    else:
        print("\n\n".join(movements_table(results[rate], rate) for rate in RATES))


def _plain(by_noise: dict[str, dict[str, Followed]]) -> dict[str, dict[str, dict[str, float]]]:
    return {
        sigma: {movement: asdict(one) for movement, one in by_movement.items()}
        for sigma, by_movement in by_noise.items()
    }


if __name__ == "__main__":
    sys.exit(main())
