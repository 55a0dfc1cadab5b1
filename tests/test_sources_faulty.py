"""Cameras as they fail in the real world: noticed within a second, back within two."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.sources import SourceSettings, open_source
from app.sources.camera import open_camera
from app.sources.capture import Image, VideoCapture
from app.sources.faults import KINDS, Fault, parse_faults
from app.sources.faulty import FaultyCamera
from app.sources.live import HANGING_LIMIT, LiveSource
from app.sources.pulse import Pulse, Stillness
from engine.data import Frame
from engine.errors import SourceError
from tests.faces import write_video

CLIP = Path(__file__).parent / "data" / "sources" / "steady.mp4"

GONE = "camera Faulty Camera gives no pictures; waiting for it to come back"
BACK = "camera Faulty Camera is back"


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds


class Rig:
    """A faulty camera read for a while; everything on one clock of its own."""

    def __init__(self, faults: str) -> None:
        self.clock = Clock()
        self.camera = FaultyCamera(
            CLIP, parse_faults(faults), clock=self.clock, sleep=self.clock.sleep
        )
        self.settings = SourceSettings("faulty")
        self.reads: list[tuple[float, Frame | None]] = []

    def read(self, seconds: float, *, hangs: float = 1.2, limit: float = 0.0) -> LiveSource:
        """Read for so long; `reads` holds when each read began and what it gave."""
        source = LiveSource(
            "camera Faulty Camera",
            self._reopen(),
            hangs=hangs,
            limit=limit,
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        with source:
            while self.camera.time() < seconds:
                began = self.camera.time()
                self.reads.append((began, source.read()))
        return source

    def _reopen(self) -> Callable[[], VideoCapture]:
        from app.sources.camera import reopening

        (camera,) = before = self.camera.list_cameras()
        return reopening(  # type: ignore[return-value]  # a Capture is all that is asked
            camera,
            before,
            self.settings,
            list_cameras=self.camera.list_cameras,
            open_device=self.camera.open_device,
        )

    def arrivals(self) -> list[float]:
        """When pictures came, seconds since the camera was opened first."""
        return [frame.arrived - 100.0 for _, frame in self.reads if frame is not None]

    def silence(self) -> float:
        """The longest time without a picture."""
        return float(np.diff([0.0, *self.arrivals(), self.camera.time()]).max())

    def first_after(self, moment: float) -> float:
        """How long after `moment` the next picture came."""
        return next(arrived for arrived in self.arrivals() if arrived >= moment) - moment


@pytest.mark.parametrize("length", [3.0, 4.1])
@pytest.mark.parametrize("kind", ["unplug", "replug", "busy"])
def test_a_lost_camera_tracks_again_within_a_second_of_its_return(
    kind: str, length: float, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(f"{kind}@2+{length}")
    with caplog.at_level(logging.WARNING):
        rig.read(9.0)
    assert rig.first_after(2.0 + length) < 1.0
    assert [m for m in caplog.messages] == [GONE, BACK]
    stamps = [frame.timestamp for _, frame in rig.reads if frame]
    indices = [frame.index for _, frame in rig.reads if frame]
    assert np.all(np.diff(stamps) > 0) and indices == list(range(len(indices)))


def test_loss_is_told_within_a_second(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig("unplug@2")
    with caplog.at_level(logging.WARNING):
        rig.read(3.0)
    assert caplog.messages == [GONE]


def test_after_a_sleep_the_dead_device_is_opened_anew(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig("sleep@2+3600")
    with caplog.at_level(logging.WARNING):
        rig.read(3606.0)
    assert rig.first_after(3602.5) < 1.5 and rig.arrivals()[-1] > 3605.0
    assert caplog.messages == [GONE, BACK]  # and no word of the dark


def test_half_the_rate_is_told_once_within_a_second_with_both_rates(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = Rig("dark@3+3,dark@8+1")
    with caplog.at_level(logging.WARNING):
        source = rig.read(4.0)
        assert source.trouble == "Only 15 of 30 pictures a second: too dark?"
    (message,) = caplog.messages
    assert "gives 15 of 30 pictures a second: too dark?" in message
    caplog.clear()
    rig = Rig("dark@3+3,dark@8+1")
    with caplog.at_level(logging.WARNING):
        assert rig.read(11.0).trouble == ""  # there is light again
    assert len(caplog.messages) == 1


def test_half_the_rate_is_told_again_after_a_minute_of_light(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        Rig("dark@3+3,dark@40+3,dark@110+3").read(115.0)
    assert sum("too dark?" in message for message in caplog.messages) == 2


def test_the_world_goes_on_while_the_camera_is_away() -> None:
    def last_picture(faults: str) -> Image:
        rig = Rig(faults)
        rig.read(1.9)
        frame = next(frame for _, frame in reversed(rig.reads) if frame is not None)
        return frame.image[:-1]  # the last row holds the noise

    assert np.array_equal(last_picture("unplug@0.5+1"), last_picture(""))


def test_a_frozen_camera_is_told_and_opened_anew_within_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        Rig("freeze@2").read(3.0)
    assert len(caplog.messages) == 1
    caplog.clear()
    rig = Rig("freeze@2")
    with caplog.at_level(logging.WARNING):
        source = rig.read(6.0)
    (message,) = caplog.messages
    assert "one and the same picture" in message
    assert rig.silence() < 0.2 and source.trouble == ""
    images = [frame.image for at, frame in rig.reads if frame is not None and at > 3.0]
    assert not np.array_equal(images[-1], images[-2])


class Still:
    """A virtual camera that shows one picture, 30 times a second; or another after `slide` s."""

    def __init__(self, clock: Clock, slide: float = 1e9) -> None:
        self._clock, self._slide = clock, slide
        self.rate: float | None = 30.0
        self.frame_count: int | None = None
        self.fourcc, self.position = "", 0.0

    def grab(self) -> bool:
        """Wait for it."""
        self._clock.sleep(1 / 30)
        return True

    def picture(self) -> Image:
        """It."""
        return np.full((48, 64, 3), int(self._clock() / self._slide) % 256, np.uint8)

    def close(self) -> None:
        """Nothing is held."""


def test_a_picture_that_never_moves_is_shown_all_the_same_and_opened_anew_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, opened = Clock(), []

    def open_capture() -> Still:
        opened.append(clock())
        return Still(clock)

    with caplog.at_level(logging.WARNING):
        with LiveSource("Still", open_capture, clock=clock, sleep=clock.sleep) as source:
            frames = [source.read() for _ in range(900)]
    assert len(opened) == 2 and sum(frame is None for frame in frames) == 1
    assert len(caplog.messages) == 1 and "stands still" in source.trouble


def test_a_slide_show_is_not_opened_anew_for_every_slide() -> None:
    clock, opened = Clock(), []

    def open_capture() -> Still:
        opened.append(clock())
        return Still(clock, slide=5.0)

    with LiveSource("Slides", open_capture, clock=clock, sleep=clock.sleep) as source:
        for _ in range(50 * 30):
            source.read()
    assert len(opened) == 2


def test_a_stream_may_stand_still_and_have_any_rate(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.WARNING):
        with LiveSource(
            "Still", lambda: Still(clock), camera=False, clock=clock, sleep=clock.sleep
        ) as source:
            assert all(source.read() is not None for _ in range(200))
    assert caplog.messages == [] and source.trouble == ""


def test_another_resolution_and_broken_pictures_are_no_loss(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = Rig("resize@2+2,corrupt@5+2")
    with caplog.at_level(logging.WARNING):
        rig.read(9.0)
    sizes = {frame.image.shape for _, frame in rig.reads if frame is not None}
    assert sizes == {(48, 64, 3), (24, 32, 3)}
    assert rig.silence() < 0.2
    assert GONE not in caplog.messages


def test_a_hanging_driver_is_given_up_and_lets_go_when_it_returns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    threads = threading.active_count()
    camera = FaultyCamera(CLIP, parse_faults("hang@0.2+1.0"))  # on the real clock
    with caplog.at_level(logging.WARNING):
        source = LiveSource(
            "camera Faulty Camera",
            lambda: camera.open_device(camera.list_cameras()[0], SourceSettings()),
            hangs=0.3,
        )
        with source:
            last = started = time.perf_counter()
            longest = 0.0
            while camera.time() < 1.6:
                began = time.perf_counter()
                frame = source.read()
                assert time.perf_counter() - began < 1.0
                if frame is not None:
                    longest, last = max(longest, frame.arrived - last), frame.arrived
    assert longest < 1.05 and last - started > 1.4  # it went on while the old call still hung
    assert caplog.messages[0] == GONE
    assert threading.active_count() == threads


def test_drivers_that_never_return_cost_a_few_threads_at_most(
    caplog: pytest.LogCaptureFixture,
) -> None:
    released = threading.Event()
    clock = Clock()

    class Hanging(Still):
        def grab(self) -> bool:
            clock.sleep(2.0)
            released.wait()
            return False

    before = threading.active_count()
    with caplog.at_level(logging.WARNING):
        source = LiveSource(
            "Cam", lambda: Hanging(clock), hangs=0.0, clock=clock, sleep=clock.sleep
        )
        for _ in range(20):
            assert source.read() is None
        assert threading.active_count() - before <= HANGING_LIMIT
        released.set()
        source.close()
    assert sum("hangs in its driver" in message for message in caplog.messages) == 1


class Pulled(Still):
    """Gives two pictures, then is pulled; a real file stands for the device's handle."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._left = 2
        self._video = VideoCapture(str(CLIP), cv2.CAP_FFMPEG)

    def grab(self) -> bool:
        self._left -= 1
        self._clock.sleep(0.3)
        return self._left >= 0 and self._video.grab()

    def close(self) -> None:
        self._video.close()


def test_an_opening_that_never_ends_is_given_up_and_tried_again() -> None:
    """As Media Foundation and busy devices do it."""
    released, clock, opened = threading.Event(), Clock(), 0

    def open_capture() -> Still:
        nonlocal opened
        opened += 1
        if opened == 2:
            clock.sleep(31.0)
            released.wait()
        return Pulled(clock) if opened == 1 else Still(clock)

    with LiveSource("Cam", open_capture, clock=clock, sleep=clock.sleep) as source:
        while opened < 3:
            began = time.perf_counter()
            source.read()
            assert time.perf_counter() - began < 2.0
        assert source.read() is not None
        released.set()


def handles() -> int:
    """Open files, sockets and pipes of this process."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.exists() else 0


def test_a_thousand_plug_cycles_leak_neither_thread_nor_handle() -> None:
    clock = Clock()
    opened = 0

    def open_capture() -> Pulled:
        nonlocal opened
        opened += 1
        if opened % 2:
            return Pulled(clock)
        raise SourceError("camera Cam is not plugged in.")

    with LiveSource("Cam", open_capture, clock=clock, sleep=clock.sleep) as source:
        source.read()
        threads, files = threading.active_count(), handles()
        while opened < 2001:
            source.read()
    assert threading.active_count() <= threads
    assert handles() <= files


def test_the_limit_takes_every_second_picture_and_decodes_no_other() -> None:
    rig = Rig("")
    rig.read(3.0, limit=15.0)
    assert np.diff(rig.arrivals()) == pytest.approx(2 / 30, abs=1e-6)


def test_a_rate_is_no_rate_over_a_stall() -> None:
    pulse = Pulse(30.0)
    for second in (0.0, 3600.0):
        for picture in range(15):
            pulse.update(second + picture / 30)
    assert pulse.rate is None and not pulse.slow


def test_darkness_that_makes_30_of_60_is_noticed_from_the_start() -> None:
    pulse = Pulse(60.0)
    for picture in range(31):
        pulse.update(picture / 30)
    assert pulse.slow and pulse.now == pytest.approx(30.0) and pulse.usual == 60.0


def test_darkness_is_noticed_where_the_driver_tells_no_rate() -> None:
    pulse = Pulse(None)
    for picture in range(90):
        pulse.update(picture / 60)
    for picture in range(1, 31):
        pulse.update(89 / 60 + picture / 30)
    assert pulse.slow and pulse.usual == pytest.approx(60.0)


def test_jitter_is_no_usual_rate() -> None:
    pulse = Pulse(30.0)
    for picture in range(200):
        pulse.update(picture / 31.5)
    assert pulse.usual == 30.0


def test_a_driver_that_only_repeats_the_wish_is_not_believed(tmp_path: Path) -> None:
    """DirectShow; the others tell what was agreed on."""
    path = str(write_video(tmp_path / "clip.avi", rate=60.0))
    capture = VideoCapture(path, cv2.CAP_FFMPEG)
    assert capture.rate == 60.0
    capture._backend = cv2.CAP_DSHOW
    assert capture.rate == 30.0
    capture.close()


FAULTS = (OSError, RuntimeError, ValueError, MemoryError, SystemError, cv2.error)


class Broken(Still):
    """Raises at one of its doors, in everything it can."""

    def __init__(self, clock: Clock, door: str, fault: type[Exception]) -> None:
        super().__init__(clock)
        self._door, self._fault = door, fault

    def grab(self) -> bool:
        if self._door == "grab":
            raise self._fault("I/O error")
        return super().grab()

    def picture(self) -> Image:
        if self._door == "picture":
            raise self._fault("corrupt JPEG")
        if self._door == "text":
            return "no picture"  # type: ignore[return-value]
        return super().picture()

    def close(self) -> None:
        raise self._fault("no such device")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("door", ["grab", "picture", "text"])
def test_whatever_a_driver_raises_is_a_missing_picture_and_the_camera_is_opened_anew(
    door: str, fault: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    clock, opened = Clock(), 0

    def open_capture() -> Still:
        nonlocal opened
        opened += 1
        if opened == 2:
            raise fault("busy")
        return Broken(clock, door, fault) if opened == 1 else Still(clock)

    with caplog.at_level(logging.WARNING):
        source = LiveSource("Cam", open_capture, camera=False, clock=clock, sleep=clock.sleep)
        with source:
            frames = [source.read() for _ in range(200)]
    assert frames[-1] is not None and opened == 3
    assert caplog.messages[0] == "Cam gives no pictures; waiting for it to come back"


def test_a_driver_that_raises_at_the_first_opening_is_one_line() -> None:
    def open_capture() -> Still:
        raise RuntimeError("no such device")

    with pytest.raises(SourceError, match="cannot open Cam: no such device"):
        LiveSource("Cam", open_capture)


def test_a_camera_that_cannot_even_be_closed_is_opened_anew_and_waits_for_nobody() -> None:
    released, clock, opened = threading.Event(), Clock(), 0

    class Clinging(Pulled):
        def close(self) -> None:
            released.wait()
            super().close()

    def open_capture() -> Still:
        nonlocal opened
        opened += 1
        return Clinging(clock) if opened == 1 else Still(clock)

    before = threading.active_count()
    with LiveSource("Cam", open_capture, camera=False, clock=clock, sleep=clock.sleep) as source:
        frames = [source.read() for _ in range(60)]
        assert frames[-1] is not None and opened == 2 and not source.stuck
        released.set()
    while threading.active_count() > before:
        pass


class Mad:
    """A driver that does everything wrong at random, on a clock of its own."""

    def __init__(self, clock: Clock, random: np.random.Generator) -> None:
        self._clock, self._random = clock, random
        self.rate: float | None = (None, 30.0, 0.0, float("nan"))[int(random.integers(4))]
        self.frame_count: int | None = None
        self.fourcc, self.position = "", 0.0
        self.sane = False

    def _maybe(self, share: float) -> bool:
        return not self.sane and self._random.random() < share

    def grab(self) -> bool:
        """Wait: not at all, for a picture's time, or for hours."""
        if self._maybe(0.05):
            raise FAULTS[int(self._random.integers(len(FAULTS)))]("fault")
        pause = 1 / 30
        if self._maybe(0.05):
            pause = float(self._random.choice([0.0, 0.3, 0.7, 2.0, 7200.0]))
        self._clock.sleep(pause)
        return not self._maybe(0.1)

    def picture(self) -> Image:
        """An array of any kind, or none."""
        kinds = (np.uint8, np.bool_, np.int32, np.float16, np.float64, np.complex64, np.object_)
        shapes = ((4, 6, 3), (4, 6), (4, 6, 4), (6, 4, 3), (4, 6, 2), (0, 6, 3), (7,), (2, 2, 2, 2))
        if self.sane:
            return self._random.integers(0, 256, (4, 6, 3), np.uint8)
        if self._maybe(0.05):
            return None  # type: ignore[return-value]
        if self._maybe(0.05):
            raise FAULTS[int(self._random.integers(len(FAULTS)))]("fault")
        kind = kinds[int(self._random.integers(len(kinds)))]
        shape = shapes[int(self._random.integers(len(shapes)))]
        return self._random.integers(0, 2, shape).astype(kind)  # type: ignore[return-value]

    def close(self) -> None:
        """Or not."""
        if self._maybe(0.3):
            raise OSError("no such device")


@pytest.mark.parametrize("seed", range(30))
def test_after_any_madness_of_a_driver_a_sound_one_gives_pictures_again(seed: int) -> None:
    random, clock = np.random.default_rng(seed), Clock()
    last: list[Mad] = []
    calm = False

    def open_capture() -> Mad:
        if not calm and random.random() < 0.3:
            raise FAULTS[int(random.integers(len(FAULTS)))]("busy")
        last[:] = [Mad(clock, random)]
        last[0].sane = calm
        return last[0]

    before = threading.active_count()
    while not last:
        with contextlib.suppress(SourceError):
            source = LiveSource("Mad", open_capture, clock=clock, sleep=clock.sleep)
    with source:
        frames = [source.read() for _ in range(300)]
        calm = last[0].sane = True
        healed = clock()
        while (frame := source.read()) is None:
            assert clock() - healed < 2.0
        frames.append(frame)
    came = [frame for frame in frames if frame is not None]
    assert [frame.index for frame in came] == list(range(len(came)))
    assert np.all(np.diff([frame.timestamp for frame in came]) >= 0.0)
    assert threading.active_count() <= before


def test_noise_of_a_single_pixel_is_life() -> None:
    stillness = Stillness()
    image = np.zeros((48, 64, 3), np.uint8)
    for count in range(90):
        image = image.copy()
        image[47, 63, 2] = count
        assert not stillness.update(image, count / 30)


def test_the_faulty_camera_is_a_source_by_its_name() -> None:
    with open_source(SourceSettings(f"faulty:{CLIP}?unplug@30+1, hang@40")) as source:
        assert source.live and source.name == "camera Faulty Camera"
        assert source.read() is not None
    with open_source(SourceSettings(f"faulty:{CLIP}")) as source:
        assert source.read() is not None


def test_every_kind_of_fault_can_be_written() -> None:
    text = ",".join(f"{kind}@1.5+2" for kind in KINDS)
    assert parse_faults(text) == tuple(Fault(kind, 1.5, 3.5) for kind in KINDS)
    assert parse_faults("hang@3")[0].is_on(1e9)


@pytest.mark.parametrize("text", ["burn@3", "hang", "hang@", "hang@x", "hang@3+", "hang@-1", "@3"])
def test_a_fault_that_cannot_be_read_is_named_in_one_line(text: str) -> None:
    with pytest.raises(SourceError, match="cannot read the fault") as caught:
        open_source(SourceSettings(f"faulty:{CLIP}?{text}"))
    assert "\n" not in str(caught.value)


def test_a_missing_file_of_a_faulty_camera_is_named() -> None:
    with pytest.raises(SourceError, match=r"none\.mp4"):
        open_source(SourceSettings("faulty:none.mp4?hang@1"))


@pytest.mark.parametrize("spec", ["faulty:", "faulty:?", "faulty:?hang@1"])
def test_a_faulty_camera_without_a_file_says_what_it_wants(spec: str) -> None:
    with pytest.raises(SourceError, match=r"names no file; expected faulty:FILE\?FAULTS"):
        open_source(SourceSettings(spec))


def test_a_camera_is_opened_as_every_other_one() -> None:
    camera = FaultyCamera(CLIP, ())
    with open_camera(
        SourceSettings("faulty"), list_cameras=camera.list_cameras, open_device=camera.open_device
    ) as source:
        assert source.read() is not None
