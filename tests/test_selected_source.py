"""A source that is exchanged while it is read, with real folders of pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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


def test_without_any_source_it_waits_for_one_if_it_forgives(tmp_path: Path) -> None:
    none = SourceSettings(spec=str(tmp_path / "none.mp4"))
    with pytest.raises(SourceError):
        SelectedSource(none)
    with SelectedSource(none, forgiving=True) as source:
        assert source.read() is None and not source.ended and source.fault
        source.select(pictures(tmp_path / "dark", 10))
        assert len(read(source, 3)) == 3


def test_one_that_is_opened_after_the_end_is_closed(tmp_path: Path) -> None:
    dark = pictures(tmp_path / "dark", 10)
    source = SelectedSource(dark)
    source.close()
    source.select(dark)
    source.close()
    assert source.ended
