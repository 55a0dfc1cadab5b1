"""The clocks of recordings: growing timestamps, pictures when they are due, late ones left out."""

from __future__ import annotations

import pytest

from app.sources.playback import MediaClock, Playback


class Watch:
    """A clock that moves only by sleeping and by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def read(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self.now += seconds


def playback_on(watch: Watch) -> Playback:
    """A playback in real time on that watch."""
    return Playback("realtime", clock=watch.read, sleep=watch.sleep)


def test_timestamps_start_at_zero_wherever_the_file_does() -> None:
    clock = MediaClock(0.1)
    assert [clock.update(position) for position in (5.0, 5.1, 5.25)] == pytest.approx(
        [0.0, 0.1, 0.25]
    )


def test_repeated_or_absent_positions_still_give_growing_timestamps() -> None:
    clock = MediaClock(0.1)
    times = [clock.update(position) for position in (0.0, 0.0, 0.0, 0.5, 0.4)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.5, 0.6])


def test_a_new_round_goes_on_one_period_later() -> None:
    clock = MediaClock(0.1)
    times = [clock.update(position) for position in (1.0, 1.1)]
    clock.restart()
    times += [clock.update(position) for position in (1.0, 1.1)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_pictures_come_when_they_are_due() -> None:
    watch = Watch()
    playback = playback_on(watch)
    shown = []
    for timestamp in (0.0, 0.1, 0.4):
        assert playback.wait(timestamp)
        shown.append(watch.now)
        watch.now += 0.03  # whatever else there is to do
    assert shown == pytest.approx([100.0, 100.1, 100.4])


def test_the_fast_pace_never_waits_and_leaves_nothing_out() -> None:
    watch = Watch()
    playback = Playback("fast", clock=watch.read, sleep=watch.sleep)
    for timestamp in (0.0, 50.0, 100.0):
        watch.now += 10.0
        assert not playback.is_late(timestamp, 0.1)
        assert playback.wait(timestamp)
    assert watch.slept == []


def test_a_wait_ends_after_a_second_so_that_the_program_can_stop() -> None:
    watch = Watch()
    playback = playback_on(watch)
    assert playback.wait(0.0)
    assert [playback.wait(2.5), playback.wait(2.5), playback.wait(2.5)] == [False, False, True]
    assert watch.slept == pytest.approx([1.0, 1.0, 0.5])


def test_pictures_more_than_a_period_late_are_left_out_to_keep_the_pace() -> None:
    watch = Watch()
    playback = playback_on(watch)
    playback.wait(0.0)
    watch.now += 0.35
    late = [playback.is_late(timestamp, 0.1) for timestamp in (0.1, 0.2, 0.3, 0.4)]
    assert late == [True, True, False, False]


def test_a_machine_too_slow_for_a_file_still_shows_one_picture_in_eleven() -> None:
    watch = Watch()
    playback = playback_on(watch)
    playback.wait(0.0)
    shown = 0
    for number in range(1, 111):
        watch.now += 1.0  # s to decode a picture of 0.1 s
        shown += not playback.is_late(number * 0.1, 0.1)
    assert shown == 10


def test_after_a_sleep_of_the_machine_the_file_goes_on_where_it_was() -> None:
    watch = Watch()
    playback = playback_on(watch)
    playback.wait(0.0)
    watch.now += 3600.0
    numbers = range(1, 200)
    shown = [number for number in numbers if not playback.is_late(number * 0.1, 0.1)]
    assert shown[0] == 11 and len(shown) == 189
