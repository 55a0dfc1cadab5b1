import numpy as np
import pytest

from app.latency import LatencyHistogram, Rate


def test_percentiles_are_numpys_within_a_bin(random: np.random.Generator) -> None:
    histogram = LatencyHistogram()
    assert histogram.percentiles() is None
    durations = random.gamma(4.0, 0.004, 5000)
    for duration in durations:
        histogram.add(float(duration))
    found = histogram.percentiles()
    assert found is not None
    expected = np.percentile(durations, (50, 95, 99))
    assert (found.p50, found.p95, found.p99) == pytest.approx(tuple(expected), abs=2e-4)


def test_extreme_durations_are_counted_at_the_ends() -> None:
    histogram = LatencyHistogram()
    for duration in (-1.0, 0.0, 1e9):
        histogram.add(duration)
    found = histogram.percentiles()
    assert found is not None and 0.0 <= found.p50 < found.p99 <= 2.0


def test_rate_counts_intervals_not_events() -> None:
    rate = Rate()
    assert rate.hertz() == 0.0
    for i in range(100):
        rate.add(i / 30)
    assert rate.hertz() == pytest.approx(30.0)


def test_a_rate_ends_a_second_after_the_last_event() -> None:
    rate = Rate()
    for index in range(4):
        rate.add(10.0 + 0.1 * index)
    assert rate.hertz(10.8) == pytest.approx(10.0)
    assert rate.hertz(11.4) == 0.0
