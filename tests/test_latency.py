import numpy as np
import pytest

from app.latency import LatencyHistogram, Rate
from app.statistics import LONGEST, LatencyStatistics, Summary, audio_delay


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
    assert found is not None and 0.0 <= found.p50 < found.p99 == LONGEST


def test_what_is_too_long_to_be_measured_is_told_as_that_and_gives_no_advice() -> None:
    histogram = LatencyHistogram()
    for duration in (9.5, 11.0, 12.0, 13.0):
        histogram.add(duration)
    found = histogram.percentiles()
    assert found is not None
    assert str(found) == "over 10000 ms median, over 10000 ms p95, over 10000 ms p99"
    assert audio_delay(found) is None
    assert str(LatencyStatistics(2.5, 3.0, LONGEST)) == (
        "2500.0 ms median, 3000.0 ms p95, over 10000 ms p99"
    )


@pytest.mark.parametrize(
    ("windowed", "to_screen", "advice"),
    [(False, None, "20 ms"), (True, None, ""), (True, 0.05, "50 ms"), (True, LONGEST, "")],
)
def test_the_delay_for_the_voice_is_that_of_the_picture_which_obs_captures(
    windowed: bool, to_screen: float | None, advice: str
) -> None:
    summary = Summary(
        source="demo",
        frames=2,
        faces=2,
        dropped=0,
        seconds=1.0,
        mirrored=False,
        latency=LatencyStatistics(0.02, 0.02, 0.02),
        latency_to_screen=None if to_screen is None else LatencyStatistics(*[to_screen] * 3),
        outputs=(("vmc 127.0.0.1:39539", 2),),
        recordings=(),
        snapshot=None,
        recording_failed=False,
        interrupted=False,
        windowed=windowed,
    )
    told = [line for line in summary.lines() if "audio delay" in line]
    assert [line.split(": ")[1].split(",")[0] for line in told] == ([advice] if advice else [])


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
