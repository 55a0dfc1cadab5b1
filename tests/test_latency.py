import numpy as np
import pytest

from app.latency import LatencyHistogram, Rate
from app.statistics import LONGEST, LatencyStatistics, Summary, audio_delays, slow_window


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
    assert audio_delays(found, found) == ()
    assert str(LatencyStatistics(2.5, 3.0, LONGEST)) == (
        "2500.0 ms median, 3000.0 ms p95, over 10000 ms p99"
    )


AVATAR, WINDOW = "20 ms for an avatar elsewhere", "50 ms for mien's own window"


@pytest.mark.parametrize(
    ("outputs", "to_screen", "told"),
    [
        (1, None, [AVATAR]),
        (1, 0.05, [f"{AVATAR}, {WINDOW}"]),
        (0, 0.05, [WINDOW]),
        (1, LONGEST, [AVATAR]),
        (0, None, []),
        (0, LONGEST, []),
    ],
)
def test_the_delay_for_the_voice_is_told_for_each_thing_that_obs_may_capture(
    outputs: int, to_screen: float | None, told: list[str]
) -> None:
    run = summary(outputs=outputs, to_screen=to_screen)
    advice = "set this audio delay in OBS, and what the camera takes by itself: "
    lines = [line for line in run.lines() if line.startswith("set this")]
    assert lines == [advice + each for each in told]


def test_a_window_that_is_far_behind_its_states_is_named_with_its_rate() -> None:
    (line,) = (line for line in summary(window_rate_hz=0.8).lines() if "window draws" in line)
    assert line.startswith("the window draws 0.8 pictures a second: make it smaller")
    assert slow_window(9.0, 10.0) == ""  # so few come from the camera
    assert slow_window(12.0, 30.0) == "" and slow_window(0.0, 30.0) == ""


def summary(
    *, outputs: int = 1, to_screen: float | None = 0.05, window_rate_hz: float = 30.0
) -> Summary:
    return Summary(
        source="demo",
        frames=31,
        faces=31,
        dropped=0,
        seconds=1.0,
        mirrored=False,
        latency=LatencyStatistics(0.02, 0.02, 0.02),
        latency_to_screen=None if to_screen is None else LatencyStatistics(*[to_screen] * 3),
        outputs=(("vmc 127.0.0.1:39539", 2),) * outputs,
        recordings=(),
        snapshot=None,
        recording_failed=False,
        interrupted=False,
        window_rate_hz=window_rate_hz,
    )


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
