"""How movements of every size come through the smoother, between rest and a talking mouth.

Made ones: a sine after 3 s of rest, in white noise; its lag and gain, and the rms error against the
noiseless sine, as a share of the amplitude. Measured from its first moment on.

Real ones: the weights that the landmarker reads from a clip, freed of noise by a mean of the
pictures before and after, which no live filter knows; white noise is added again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rivals import Filter
from benchmarks.smoothing_footage import raw_track
from engine.blendshapes import BLENDSHAPES
from engine.geometry import Array

FREQUENCIES = (1.0, 2.0, 4.0)  # Hz
AMPLITUDES = (0.05, 0.15, 0.30)
SIGMAS = (0.0, 0.003, 0.01, 0.02)
SEEDS = 20
REST, MOVING = 3.0, 8.0  # s
CURVE_NOISE = 1.0  # pictures, s.d. of the mean that frees a real curve of its noise
MOVES = 0.03  # s.d. of a real curve that is measured


@dataclass(frozen=True, slots=True)
class Followed:
    """One movement through one filter; error: rms, in amplitudes."""

    lag_ms: float
    gain: float
    error: float


def measure_movements(
    filters: Mapping[str, Filter], rate: int, seed: int, *, uneven: bool
) -> dict[str, dict[str, dict[str, Followed]]]:
    """By filter, by the noise's s.d., by movement such as "2 Hz .15"."""
    random = np.random.default_rng((seed, rate))
    t = np.arange(round((REST + MOVING) * rate)) / rate
    if uneven:
        t = t + random.uniform(0.0, 0.25 / rate, len(t))
        t = t[(random.random(len(t)) > 0.05) | (t < 1 / rate)]
    since = np.maximum(t[:, None] - REST - np.arange(SEEDS) / SEEDS / rate, 0.0)
    late = t > REST
    results: dict[str, dict[str, dict[str, Followed]]] = {name: {} for name in filters}
    for sigma in SIGMAS:
        for by_noise in results.values():
            by_noise[f"{sigma}"] = {}
        for frequency in FREQUENCIES:
            turn = 2.0 * math.pi * frequency * t[late]
            waves = np.stack([np.sin(turn), np.cos(turn), np.ones_like(turn)], axis=1)
            for amplitude in AMPLITUDES:
                clean = 0.5 + amplitude * np.sin(2.0 * math.pi * frequency * since)
                noisy = clean + random.normal(0.0, 1.0, clean.shape) * sigma
                for name, filtered in filters.items():
                    shown = filtered(noisy, t)
                    parts = [np.linalg.lstsq(waves, y[late], rcond=None)[0] for y in (shown, clean)]
                    response = np.divide(*(part[0] + 1j * part[1] for part in parts))
                    lag = float((-np.angle(response) / (2.0 * math.pi * frequency)).mean())
                    error = float(np.sqrt(((shown - clean)[late] ** 2).mean()))
                    results[name][f"{sigma}"][_named(frequency, amplitude)] = Followed(
                        lag_ms=1e3 * lag,
                        gain=float(np.abs(response).mean()),
                        error=error / amplitude,
                    )
    return results


def movements_table(results: dict[str, dict[str, dict[str, Followed]]], rate: int) -> str:
    """Markdown, one row a noise and filter, one column a movement."""
    movements = [_named(f, a) for f in FREQUENCIES for a in AMPLITUDES]
    lines = [
        f"| {rate} frames/s: lag ms, gain, error | " + " | ".join(movements) + " |",
        "|---|" + "---|" * len(movements),
    ]
    for sigma in SIGMAS:
        for name, by_noise in results.items():
            cells = [by_noise[f"{sigma}"][movement] for movement in movements]
            told = " | ".join(f"{c.lag_ms:.0f}, {c.gain:.2f}, {c.error:.2f}" for c in cells)
            lines.append(f"| σ {sigma}: {name} | {told} |")
    return "\n".join(lines)


def curves_table(path: Path, filters: Mapping[str, Filter], seed: int) -> str:
    """Markdown: the rms error on a clip's own curves, by filter and noise."""
    weights, timestamps = raw_track(path)
    clean, t, began = true_curves(weights, timestamps)
    random = np.random.default_rng(seed)
    noise = random.normal(0.0, 1.0, clean.shape)
    lines = [
        f"| {path.name}, {clean.shape[1]} curves | "
        + " | ".join(f"σ {sigma}" for sigma in SIGMAS)
        + " |",
        "|---|" + "---|" * len(SIGMAS),
    ]
    for name, filtered in filters.items():
        errors = [
            float(np.sqrt(((filtered(clean + sigma * noise, t) - clean)[began:] ** 2).mean()))
            for sigma in SIGMAS
        ]
        lines.append(f"| {name} | " + " | ".join(f"{error:.4f}" for error in errors) + " |")
    return "\n".join(lines)


def true_curves(weights: Array, timestamps: Array) -> tuple[Array, Array, int]:
    """(T, N) of the curves that move, with rest before them; (T,) s; where the rest ends."""
    reach = math.ceil(4.0 * CURVE_NOISE)
    shares = np.exp(-0.5 * (np.arange(-reach, reach + 1) / CURVE_NOISE) ** 2)
    padded = np.pad(weights, ((reach, reach), (0, 0)), "edge")
    clean = np.stack([np.convolve(one, shares / shares.sum(), "valid") for one in padded.T], axis=1)
    chosen = [
        i
        for i, name in enumerate(BLENDSHAPES)
        if not name.startswith("eye") and clean[:, i].std() > MOVES
    ]
    period = float(np.median(np.diff(timestamps)))
    count = round(REST / period)
    before = timestamps[0] - period * np.arange(count, 0, -1)
    clean = np.vstack((np.repeat(clean[:1], count, axis=0), clean))
    return clean[:, chosen], np.concatenate((before, timestamps)), count


def _named(frequency: float, amplitude: float) -> str:
    return f"{frequency:g} Hz {amplitude:.2f}".replace(" 0.", " .")
