"""A source that is exchanged while it is read, with real folders of pictures."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pytest

from app.selected_source import SelectedSource
from app.sources import SourceSettings
from engine.data import Frame
from engine.errors import SourceError


def pictures(folder: Path, level: int) -> SourceSettings:
    folder.mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((8, 8, 3), level, np.uint8))
    return SourceSettings(spec=str(folder), pace="fast", loop=True)


def read(source: SelectedSource, count: int) -> list[Frame]:
    frames = [source.read() for _ in range(count)]
    return [frame for frame in frames if frame is not None]


def test_over_an_exchange_time_and_numbers_go_on_growing(tmp_path: Path) -> None:
    dark, light = pictures(tmp_path / "dark", 10), pictures(tmp_path / "light", 200)
    with SelectedSource(dark) as source:
        before = read(source, 6)
        source.select(light)
        frames = before + read(source, 6)
        assert source.settings == light and source.name == "light"
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [10] * 6 + [200] * 6
    assert [frame.index for frame in frames] == list(range(12))
    assert np.all(np.diff([frame.timestamp for frame in frames]) >= 0.0)


def test_a_source_that_cannot_be_opened_leaves_the_old_one_and_a_line(tmp_path: Path) -> None:
    dark = pictures(tmp_path / "dark", 10)
    with SelectedSource(dark) as source:
        source.select(replace(dark, spec=str(tmp_path / "none.mp4")))
        assert "none.mp4: No such file" in source.fault and "\n" not in source.fault
        assert source.settings == dark and len(read(source, 3)) == 3
        source.select(dark)
        assert source.fault == ""


def test_without_any_source_it_waits_for_one_if_it_forgives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    none = SourceSettings(spec=str(tmp_path / "none.mp4"))
    with pytest.raises(SourceError):
        SelectedSource(none)
    with SelectedSource(none, forgiving=True) as source:
        assert source.read() is None and not source.ended and source.fault
        assert caplog.messages == [f"{source.fault} Waiting for it."]
        source.select(pictures(tmp_path / "dark", 10))
        assert len(read(source, 3)) == 3


def test_one_that_is_opened_after_the_end_is_closed(tmp_path: Path) -> None:
    dark = pictures(tmp_path / "dark", 10)
    source = SelectedSource(dark)
    source.close()
    source.select(dark)
    source.close()
    assert source.ended


class Fickle:
    """A source whose reading does what it is told, one thing after the other."""

    def __init__(self, does: list[Frame | Exception | None], *, live: bool = True) -> None:
        self._does = does
        self.name, self.trouble, self.stuck = "Fickle", "", False
        self.frame_count: int | None = None
        self.live, self.ended, self.closed = live, False, False

    def read(self) -> Frame | None:
        """The next."""
        done = self._does.pop(0)
        if isinstance(done, Exception):
            raise done
        return done

    def close(self) -> None:
        """Which fails."""
        self.closed = True
        raise OSError("no such device")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def picture(timestamp: float, index: int = 0) -> Frame:
    return Frame(np.zeros((8, 8, 3), np.uint8), timestamp, 0.0, index)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[Fickle | SourceError]:
    """What opening finds, one after the other."""
    offers: list[Fickle | SourceError] = []

    def open_next(settings: SourceSettings, own_camera: str) -> Fickle:
        offer = offers.pop(0)
        if isinstance(offer, SourceError):
            raise offer
        return offer

    monkeypatch.setattr("app.selected_source.open_source", open_next)
    monkeypatch.setattr("app.selected_source.PAUSE", 0.0)
    monkeypatch.setattr("app.selected_source.RETRY_PERIOD", 0.0)
    return offers


@pytest.mark.parametrize(
    "fault", [OSError("gone"), cv2.error("bad"), RuntimeError("x"), SourceError("y")]
)
def test_a_live_source_that_raises_is_waited_for(
    fault: Exception, offered: list[Fickle | SourceError], caplog: pytest.LogCaptureFixture
) -> None:
    offered.append(Fickle([picture(1.0), fault, fault, picture(1.2, 1)]))
    source = SelectedSource(SourceSettings())
    with caplog.at_level(logging.WARNING):
        frames = [source.read() for _ in range(4)]
    assert [frame is None for frame in frames] == [False, True, True, False]
    assert len(caplog.messages) == 2 and caplog.messages[1] == "Fickle is back"


def test_a_live_source_that_goes_on_raising_is_opened_anew(
    offered: list[Fickle | SourceError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.selected_source.FAILING", -1.0)
    broken, sound = Fickle([OSError("gone")]), Fickle([picture(1.0)])
    offered += [broken, SourceError("cannot open it: busy."), sound]
    source = SelectedSource(SourceSettings())
    assert source.read() is None and broken.closed
    assert source.read() is None and "busy" in source.fault
    assert source.read() is None and source.fault == ""
    assert source.read() is not None


def test_a_recording_that_breaks_off_is_one_line(offered: list[Fickle | SourceError]) -> None:
    offered.append(Fickle([OSError("Stale file handle")], live=False))
    with pytest.raises(SourceError, match="cannot read Fickle on: Stale file handle"):
        SelectedSource(SourceSettings()).read()


def test_a_camera_that_is_busy_at_the_start_is_there_as_soon_as_it_is_free(
    offered: list[Fickle | SourceError],
) -> None:
    offered += [SourceError("busy"), SourceError("busy"), Fickle([picture(1.0)])]
    source = SelectedSource(SourceSettings(), forgiving=True)
    assert source.fault == "busy"
    assert [source.read() is None for _ in range(3)] == [True, True, False]
    assert source.fault == ""


def test_timestamps_go_on_whatever_a_sources_clock_does(
    offered: list[Fickle | SourceError],
) -> None:
    """A clock that was set back does not make time stand still till it has caught up."""
    stamps = (1.0, 1.1, 7200.0, 7200.1, 2.0, 2.1, float("nan"), -1e9, -1e9 + 0.1)
    offered.append(Fickle([picture(stamp, index) for index, stamp in enumerate(stamps)]))
    source = SelectedSource(SourceSettings())
    frames = read(source, len(stamps))
    steps = np.diff([frame.timestamp for frame in frames])
    assert np.all(np.isfinite(steps)) and np.all(steps >= 0.0)
    assert steps[4] == pytest.approx(0.1) and steps[-1] == pytest.approx(0.1, abs=1e-5)
    assert source.time() >= frames[-1].timestamp


def test_a_picture_without_pixels_is_none(offered: list[Fickle | SourceError]) -> None:
    empty = Frame(np.zeros((0, 8, 3), np.uint8), 0.0, 0.0, 0)
    offered.append(Fickle([empty, picture(1.0)]))
    source = SelectedSource(SourceSettings())
    assert source.read() is None and source.read() is not None
