"""What the window's panels say and where they stand; no window needed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from app.statistics import (
    LONGEST,
    LatencyStatistics,
    OutputStatistics,
    RecordingStatistics,
    Statistics,
)
from app.viewer import ViewerSettings
from app.viewer.bars import GROUP_GAP, GROUPS, rows_fitting
from app.viewer.help import help_area
from app.viewer.keys import HELP, Command, KeyPress, command_for
from app.viewer.layout import Rect, arrange
from app.viewer.notices import FIRST_REMARK, NO_FACE, NO_SOURCE, PAUSED, Notices
from app.viewer.orbit import Orbit
from app.viewer.overlay import beside_help, switches_on
from app.viewer.rates import DrawingStatistics, fitted, lines_of
from app.viewer.theme import FONT_SIZE, interface_scale
from engine.blendshapes import BLENDSHAPES
from engine.data import Emotion

SWITCHES = list(itertools.product([False, True], repeat=2))
SIZES = [(320, 240), (480, 360), (640, 900), (1280, 720), (1920, 1080), (3840, 2160), (400, 1200)]


STATISTICS = Statistics(
    source="demo",
    capture_rate_hz=29.97,
    state_rate_hz=30.0,
    latency=LatencyStatistics(0.008, 0.012, 0.020),
    dropped=4,
    outputs=(OutputStatistics("vmc 127.0.0.1:39539", 90.2),),
    recordings=(RecordingStatistics("take.csv", 1234),),
)
DRAWING = DrawingStatistics(rate_hz=60.0, gpu_seconds=0.0021, draw_calls=11, supersampling=2.0)


def test_every_blendshape_has_exactly_one_bar() -> None:
    shown = [index for group in GROUPS for row in group.rows for index in row.indices]
    assert sorted(shown) == list(range(len(BLENDSHAPES)))


def test_pairs_of_bars_are_the_right_and_the_left_of_the_same_shape() -> None:
    for row in itertools.chain.from_iterable(group.rows for group in GROUPS):
        if len(row.indices) == 2:
            right, left = (BLENDSHAPES[index] for index in row.indices)
            assert right.removesuffix("Right") == left.removesuffix("Left")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("wanted", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("aspect", [16 / 9, 4 / 3, 9 / 16, 3.5])
@pytest.mark.parametrize(("bars", "rates"), SWITCHES)
def test_panels_stay_inside_the_window_and_off_each_other(
    size: tuple[int, int], wanted: float, aspect: float, bars: bool, rates: bool
) -> None:
    em = FONT_SIZE * interface_scale(size, size, 1.0, wanted)
    layout = arrange(size, em, aspect=aspect, inset=True, bars=bars, rates=rates)
    panels = [panel for panel in (layout.inset, layout.rates, layout.bars) if panel is not None]
    assert len(panels) >= 1 + (bars or rates)
    for panel in [*panels, layout.notices]:
        assert panel.width > 0 and panel.height > 0
        assert panel.x >= 0 and panel.y >= 0
        assert panel.right <= size[0] + 1e-6 and panel.bottom <= size[1] + 1e-6
    for one, other in itertools.combinations(panels, 2):
        assert not one.overlaps(other)
    assert layout.inset is not None and not layout.notices.overlaps(layout.inset)


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((480, 360), 1.0),
        ((480, 360), 2.0),
        ((640, 480), 1.0),
        ((900, 900), 1.0),
        ((1280, 720), 1.0),
        ((1280, 720), 2.0),
        ((1920, 1080), 2.0),
    ],
)
@pytest.mark.parametrize("aspect", [16 / 9, 4 / 3, 9 / 16])
@pytest.mark.parametrize(("bars", "rates"), SWITCHES)
def test_no_panel_stands_before_the_face(
    size: tuple[int, int], wanted: float, aspect: float, bars: bool, rates: bool
) -> None:
    em = FONT_SIZE * interface_scale(size, size, 1.0, wanted)
    layout = arrange(size, em, aspect=aspect, inset=True, bars=bars, rates=rates)
    width, height = size
    camera = Orbit().camera(width / height, aside=0.5 - layout.figure_x / width)
    cheeks = ((0.075, 0.0), (-0.075, 0.0), (0.05, -0.08), (-0.05, -0.08))
    for x, y in (*cheeks, (0.0, 0.08), (0.0, -0.115)):  # brow, chin
        clip = camera.clip_from_world @ (x, y, 0.0, 1.0)
        point = Rect(
            (clip[0] / clip[3] + 1) / 2 * width, (1 - clip[1] / clip[3]) / 2 * height, 0.1, 0.1
        )
        assert 0 < point.x < width
        for panel in (layout.inset, layout.bars, layout.rates):
            assert panel is None or not panel.overlaps(point)


def test_rates_give_way_to_the_bars_only_where_there_is_no_room_for_both() -> None:
    def rates(size: tuple[int, int], *, bars: bool) -> Rect | None:
        return arrange(size, 16.0, aspect=4 / 3, inset=True, bars=bars, rates=True).rates

    assert rates((480, 360), bars=True) is None
    assert rates((480, 360), bars=False) is not None
    assert rates((640, 480), bars=True) is not None


@pytest.mark.parametrize("room", [3.0, 4.5, 8.0, 11.0, 14.9, 30.0])
def test_rates_that_do_not_fit_leave_out_whole_lines_and_say_how_many(room: float) -> None:
    lines = tuple(lines_of(STATISTICS, DRAWING))
    kept = fitted(lines, room)
    assert len(kept) <= room
    if room == 30.0:
        assert kept == lines
    else:
        values = [line for line in lines if not line.heading]
        shown = [line for line in kept[:-1] if not line.heading]
        assert shown == values[: len(shown)]
        assert kept[-1].label == f"and {len(values) - len(shown)} more"
        assert not (kept[:-1] and kept[-2].heading)


def test_bars_that_do_not_fit_end_with_a_whole_group() -> None:
    eyes, brows = (1 + len(group.rows) for group in GROUPS[:2])
    assert rows_fitting(eyes + 0.5) == eyes
    assert rows_fitting(eyes + brows) == eyes  # the gap before the title counts, too
    assert rows_fitting(eyes + brows + 0.5) == pytest.approx(eyes + brows + GROUP_GAP)
    assert rows_fitting(5.7) == 5.0


def test_panels_that_the_keys_would_cover_are_told_as_hidden() -> None:
    settings = ViewerSettings(inset=True, bars=True)
    for size, expected in (
        ((1920, 1080), frozenset[Command]()),
        ((480, 360), frozenset({Command.INSET, Command.BARS})),
    ):
        layout = arrange(size, 16.0, aspect=4 / 3, inset=True, bars=True, rates=False)
        left, hidden = beside_help(layout, help_area(size, 16.0), settings)
        assert hidden == expected
        assert (left.inset is None) == (Command.INSET in hidden)


def test_the_picture_in_the_corner_keeps_its_shape() -> None:
    for size in SIZES:
        for aspect in (16 / 9, 9 / 16):
            inset = arrange(size, 16.0, aspect=aspect, inset=True, bars=True, rates=True).inset
            assert inset is not None
            assert inset.width / inset.height == pytest.approx(aspect)


def test_panels_follow_the_desktop_scale_and_the_users() -> None:
    room = (4000, 3000)
    assert interface_scale(room, room, 1.0, 1.0) == 1.0
    assert interface_scale(room, room, 2.0, 1.0) == 2.0  # X11, Windows: points are pixels
    assert interface_scale(room, (8000, 6000), 2.0, 1.0) == 1.0  # macOS: a point is two pixels
    assert interface_scale(room, room, 1.5, 2.0) == 3.0


def test_a_small_window_makes_panels_smaller_rather_than_cut() -> None:
    assert interface_scale((480, 360), (480, 360), 1.0, 2.0) == 1.0
    assert interface_scale((320, 240), (320, 240), 1.0, 1.0) < 1.0
    assert interface_scale((1, 1), (1, 1), 1.0, 1.0) > 0.0


def test_every_key_of_the_help_panel_does_something() -> None:
    for line in itertools.chain.from_iterable(group.lines for group in HELP):
        key = line.caps[-1].lower()
        if key not in ("drag", "wheel", "1 – 4"):
            command = command_for(KeyPress(key, shift=len(line.caps) > 1))
            assert command is not None
            assert line.command in (None, command)


def test_shift_goes_back_through_the_looks() -> None:
    assert command_for(KeyPress("l")) is Command.NEXT_LOOK
    assert command_for(KeyPress("l", shift=True)) is Command.PREVIOUS_LOOK
    assert command_for(KeyPress("ä")) is None


def test_help_marks_what_is_on() -> None:
    settings = ViewerSettings(inset=False, bars=True)
    assert switches_on(settings, replace(STATISTICS, mirrored=True, paused=True)) == {
        Command.BARS,
        Command.MIRROR,
        Command.PAUSE,
    }


def test_a_missing_face_is_spoken_of_only_after_a_while() -> None:
    notices = Notices(started=0.0)
    for index in range(70):
        notices.observe(index / 30, frame_index=index, face=index < 9)
    assert _titles(notices, 1.9) == [FIRST_REMARK]
    notices.observe(2.4, frame_index=71, face=False)
    assert _titles(notices, 2.4) == [NO_FACE.title, FIRST_REMARK]
    notices.observe(2.5, frame_index=72, face=True)
    assert _titles(notices, 2.5) == [FIRST_REMARK]
    assert _titles(notices, 10.0) == ["No new pictures"]


def test_missing_pictures_are_spoken_of_within_a_second() -> None:
    notices = Notices(started=0.0)
    notices.observe(2.5, frame_index=72, face=True)
    assert _titles(notices, 3.2) == [FIRST_REMARK]
    assert _titles(notices, 3.4) == ["No new pictures", FIRST_REMARK]


def test_before_the_first_picture_the_source_is_named() -> None:
    (waiting, _) = Notices(started=0.0).current(3.0, "camera 0", quiet=False)
    assert waiting.title == "Waiting for the first picture"
    assert waiting.advice == "from camera 0"


def test_a_booth_invites_nobody_before_its_camera_is_there() -> None:
    notices = Notices(started=0.0)
    (waiting,) = notices.in_a_booth(0.1, face=False)
    assert waiting.title == "One moment, please"
    notices.observe(1.0, frame_index=0, face=False)
    (invitation,) = notices.in_a_booth(1.1, face=False)
    assert invitation.title == "Look at me!"
    assert notices.in_a_booth(1.1, face=True) == ()
    assert notices.in_a_booth(3.0, face=True) == (waiting,)


def test_a_source_that_cannot_be_opened_is_not_waited_for() -> None:
    notices = Notices(started=0.0)
    assert notices.current(9.0, "camera 0", quiet=False, unopened=True) == (NO_SOURCE,)
    notices.observe(9.0, frame_index=0, face=True)  # the old source goes on
    assert notices.current(9.5, "demo", quiet=False, unopened=True) == ()


def test_beside_the_panel_no_notice_asks_for_a_key_that_opens_it_or_for_a_letter() -> None:
    notices = Notices(started=0.0)
    found = list(notices.current(0.1, "camera 0", quiet=False, panel=True))
    found += notices.current(0.1, "camera 0", quiet=False, panel=True, unopened=True)
    notices.observe(0.2, frame_index=0, face=True)
    found += notices.current(0.3, "camera 0", quiet=False, panel=True, paused=True)
    assert [notice.title for notice in found] == ["No camera or video", "Paused"]
    assert not any("F2" in notice.advice or "P goes" in notice.advice for notice in found)


def test_what_is_wrong_with_the_pictures_is_a_warning_unless_others_capture_them() -> None:
    notices = Notices(started=0.0)
    notices.observe(9.9, frame_index=1, face=True)
    trouble = "Only 15 of 30 pictures a second: too dark?"
    (notice,) = notices.current(10.0, "camera 0", quiet=False, trouble=trouble)
    assert notice.title == trouble and notice.warning
    assert notices.current(10.0, "camera 0", quiet=True, trouble=trouble) == ()


def test_a_picture_that_others_capture_shows_only_answers_to_keys() -> None:
    notices = Notices(started=0.0)
    assert notices.current(3.0, "demo", quiet=True) == ()
    notices.say("Mirror on", 3.0)
    assert [notice.title for notice in notices.current(3.1, "demo", quiet=True)] == ["Mirror on"]


def test_rates_tell_how_far_to_delay_the_voice() -> None:
    screen = LatencyStatistics(0.043, 0.060, 0.100)
    sending = replace(STATISTICS, latency_to_screen=screen, latency=LatencyStatistics(0.02, 1, 1))
    lines = list(lines_of(sending, DRAWING))
    heading = [line.label for line in lines].index("Set this audio delay in OBS")
    told = [(line.label, line.value) for line in lines[heading + 1 : heading + 3]]
    assert told == [("for an avatar elsewhere", "20 ms"), ("for mien's own window", "43 ms")]


def test_a_window_gives_no_delay_for_the_voice_before_its_own_is_known() -> None:
    endless = replace(STATISTICS, latency_to_screen=LatencyStatistics(LONGEST, LONGEST, LONGEST))
    for statistics in (STATISTICS, endless):
        labels = [line.label for line in lines_of(statistics, DRAWING)]
        assert "for mien's own window" not in labels
    assert "over 10000 ms" in [line.value for line in lines_of(endless, DRAWING)]


def test_rates_tell_three_shares_of_both_latencies() -> None:
    screen = LatencyStatistics(0.043, 0.060, 0.100)
    lines = list(lines_of(replace(STATISTICS, latency_to_screen=screen), DRAWING))
    heading = [line.label for line in lines].index("Capture to screen")
    shares = [line.value for line in lines[heading + 1 : heading + 4]]
    assert shares == ["43.0 ms", "60.0 ms", "100.0 ms"]


def test_rates_tell_every_output_and_recording() -> None:
    values = {line.label: line.value for line in lines_of(STATISTICS, DRAWING)}
    assert values["camera"] == "30.0 /s"
    assert values["95 % below"] == "12.0 ms"
    assert values["GPU time"] == "2.1 ms"
    assert values["vmc 127.0.0.1:39539"] == "90 /s"
    assert values["take.csv"] == "1234"


def _titles(notices: Notices, now: float) -> list[str]:
    return [notice.title for notice in notices.current(now, "demo", quiet=False)]


def test_an_emotion_is_told_by_its_likeliest_class_where_there_is_one() -> None:
    emotion = Emotion(("neutral", "happy", "sad"), np.array([0.2, 0.7, 0.1]), 0.42, -0.3)
    told = [(line.label, line.value) for line in lines_of(STATISTICS, DRAWING, emotion)]
    at = told.index(("Emotion", ""))
    assert told[at + 1 : at + 4] == [("happy", "70 %"), ("valence", "+0.42"), ("arousal", "−0.30")]
    assert "Emotion" not in [line.label for line in lines_of(STATISTICS, DRAWING)]


def test_a_pause_is_told_for_as_long_as_it_lasts_instead_of_the_missing_face() -> None:
    notices = Notices(0.0)
    notices.observe(60.0, frame_index=0, face=False)
    assert notices.current(60.0, "demo", quiet=False) == (NO_FACE,)
    assert notices.current(60.0, "demo", quiet=False, paused=True) == (PAUSED,)
    assert notices.current(60.0, "demo", quiet=True, paused=True) == ()
