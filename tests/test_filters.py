from itertools import pairwise

import numpy as np
import pytest

from engine.filters import FilterBank
from engine.noise import START, NoiseLevel

RATE = 30.0


def bank(count: int = 1, *, caution: float = 1.0, fastest_fall: float = np.inf) -> FilterBank:
    return FilterBank(np.full(count, 0.001), np.full(count, caution), np.full(count, fastest_fall))


def filtered(signals: FilterBank, samples: np.ndarray, timestamps: np.ndarray) -> np.ndarray:
    """(T, N) through the bank, the first row as it is."""
    signals.restart(timestamps[0])
    result = [samples[0]]
    for sample, timestamp in zip(samples[1:], timestamps[1:], strict=True):
        result.append(result[-1] + signals.update(sample - result[-1], float(timestamp)))
    return np.array(result)


def learned(samples: np.ndarray, rate: float = RATE) -> np.ndarray:
    """The noise level after (T, N) samples of signals whose filtered value is 0.5."""
    noise = NoiseLevel(np.full(samples.shape[1], 0.0005))
    level = np.zeros(samples.shape[1])
    for before, sample in pairwise(samples):
        level = noise.update(sample - 0.5, sample - before, np.ones(len(sample)), 1.0 / rate)
    return level


@pytest.mark.parametrize("sigma", [0.003, 0.02, 0.06])
def test_noise_level_is_learned_within_three_seconds(
    random: np.random.Generator, sigma: float
) -> None:
    level = learned(0.5 + random.normal(scale=sigma, size=(90, 50)))
    assert 0.6 * sigma < np.median(level) < 1.2 * sigma


def test_outliers_are_not_taken_for_the_noise(random: np.random.Generator) -> None:
    samples = 0.5 + random.normal(scale=0.01, size=(150, 50))
    samples[::15] += 0.4  # one frame in fifteen is far off
    assert np.median(learned(samples)) < 0.03


def test_motion_is_not_taken_for_noise(random: np.random.Generator) -> None:
    at = np.arange(300) / RATE
    talk = 0.5 + 0.3 * np.sin(2 * np.pi * 4.0 * np.where(at > 3.0, at, 0.0))
    samples = talk[:, None] + random.normal(scale=0.01, size=(300, 50))
    assert np.median(learned(samples)) < 0.2 * talk[90:].std()


def test_less_noise_is_learned_within_a_second(random: np.random.Generator) -> None:
    scale = np.where(np.arange(120) < 90, 0.02, 0.002)[:, None]
    level = learned(0.5 + scale * random.normal(size=(120, 50)))
    assert np.median(level) < 0.005


def test_perfect_silence_tells_nothing_of_the_noise() -> None:
    """A weight that is cut off at 0 is silent, whatever its noise."""
    assert learned(np.full((90, 1), 0.5)).tolist() == [START * 0.0005]


def test_noise_that_sets_in_late_is_learned_too(random: np.random.Generator) -> None:
    samples = np.full((300, 30), 0.5)
    samples[90:] += random.normal(scale=0.02, size=(210, 30))
    steady = filtered(bank(30), samples, np.arange(300) / RATE)[210:]
    assert (steady.std(0) / samples[210:].std(0)).mean() < 0.5


def test_a_jump_arrives_in_its_own_frame_within_its_noise(random: np.random.Generator) -> None:
    samples = 0.2 + random.normal(scale=0.01, size=(120, 20))
    samples[100:] += 0.5
    result = filtered(bank(20), samples, np.arange(120) / RATE)
    assert np.abs(samples[100] - result[100]).max() < 0.015


def test_one_wild_sample_is_passed_over(random: np.random.Generator) -> None:
    samples = 0.5 + random.normal(scale=0.01, size=(120, 20))
    samples[100] += 0.05 * np.sign(random.normal(size=20))
    result = filtered(bank(20), samples, np.arange(120) / RATE)
    assert np.median(np.abs(result[100] - 0.5)) < 0.02


def test_numbers_of_any_size_are_survived() -> None:
    samples = np.full((60, 3), 0.5)
    samples[20] = (1e9, -1e30, 1e100)
    result = filtered(bank(3), samples, np.arange(60) / RATE)
    assert result[-1] == pytest.approx(0.5, abs=0.01)


def test_the_value_never_leaves_the_range_of_its_samples(random: np.random.Generator) -> None:
    samples = np.clip(np.cumsum(random.normal(scale=0.1, size=(400, 20)), axis=0), 0.0, 1.0)
    result = filtered(bank(20), samples, np.arange(400) / RATE)
    assert result.min() >= 0.0 and result.max() <= 1.0


def test_more_caution_is_steadier_and_less_is_quicker(random: np.random.Generator) -> None:
    at = np.arange(300) / RATE
    still = 0.5 + random.normal(scale=0.02, size=(300, 30))
    ramp = still + 0.2 * at[:, None]
    jitter, lag = [], []
    for caution in (2.0, 1.0, 0.5):
        jitter.append(filtered(bank(30, caution=caution), still, at)[90:].std())
        lag.append((ramp - filtered(bank(30, caution=caution), ramp, at))[90:].mean())
    assert jitter == sorted(jitter) and lag == sorted(lag, reverse=True)


def test_a_value_falls_no_faster_than_it_may() -> None:
    samples = np.array([[1.0], [1.0], [0.0], [0.0], [0.0], [1.0]])
    result = filtered(bank(fastest_fall=12.0), samples, np.arange(6) / RATE)[:, 0]
    assert result.tolist() == pytest.approx([1.0, 1.0, 0.6, 0.2, 0.0, 1.0], abs=0.02)


def test_repeated_or_older_timestamp_changes_nothing() -> None:
    signals = bank()
    signals.restart(1.0)
    assert signals.update(np.array([1.0]), 1.0).tolist() == [0.0]
    assert signals.update(np.array([1.0]), 0.5).tolist() == [0.0]
    assert signals.update(np.array([1.0]), 1.1) == pytest.approx([1.0], abs=0.02)
