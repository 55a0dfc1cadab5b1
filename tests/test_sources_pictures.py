"""Folders of pictures and single pictures, of every kind that programs save."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.sources import SourceSettings, open_source
from app.sources.capture import Image
from app.sources.pictures import image_from_file
from engine.errors import SourceError

RAMP = np.repeat(np.arange(0, 240, 4, dtype=np.uint8)[None, :], 40, axis=0)  # (40, 60) grey
COLOUR = np.dstack([RAMP, RAMP // 2, 255 - RAMP])  # (40, 60, 3) BGR


def saved(path: Path, image: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Path:
    """`path`, after writing the image there."""
    assert cv2.imwrite(str(path), image)
    return path


def loaded(path: Path) -> Image:
    """The picture as the source gives it."""
    image = image_from_file(path)
    assert image is not None
    return image


def folder_of(folder: Path, *names: str) -> Path:
    """A folder whose picture `name` is flat grey of 10 times its place."""
    for place, name in enumerate(names):
        saved(folder / name, np.full((4, 6, 3), 10 * place, np.uint8))
    return folder


def greys_of(folder: Path, **settings: object) -> list[int]:
    """The grey of every picture in the order of playing."""
    chosen = SourceSettings(str(folder), pace="fast", **settings)  # type: ignore[arg-type]
    greys = []
    with open_source(chosen) as source:
        while (frame := source.read()) is not None and len(greys) < 10:
            greys.append(int(frame.image[0, 0, 0]))
    return greys


def test_numbers_in_names_order_a_folder(tmp_path: Path) -> None:
    folder_of(tmp_path, "face1.png", "Face2.PNG", "face10.png", "face11.jpeg")
    assert greys_of(tmp_path) == [0, 10, 20, 30]


def test_a_folder_plays_at_its_rate_once(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.png", "b.bmp", "c.webp", "d.tif")
    settings = SourceSettings(str(tmp_path), pace="fast", picture_rate=10.0)
    with open_source(settings) as source:
        assert source.name == tmp_path.name and source.frame_count == 4 and not source.live
        frames = [source.read() for _ in range(4)]
        assert source.read() is None and source.ended
    assert [frame.timestamp for frame in frames if frame] == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_a_looping_folder_and_a_looping_picture_go_on(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.png", "b.png", "c.png")
    assert greys_of(tmp_path, loop=True) == [0, 10, 20, 0, 10, 20, 0, 10, 20, 0]
    assert greys_of(tmp_path / "b.png", loop=True) == [10] * 10
    assert greys_of(tmp_path / "b.png") == [10]


def test_other_files_and_hidden_ones_are_no_pictures(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.png", ".b.png")
    (tmp_path / "notes.txt").write_text("hello")
    assert greys_of(tmp_path) == [0]


def test_a_broken_picture_is_left_out_with_one_line_and_keeps_its_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder_of(tmp_path, "1.png", "2.png", "3.png")
    (tmp_path / "2.png").write_text("no picture")
    settings = SourceSettings(str(tmp_path), pace="fast", picture_rate=10.0, loop=True)
    with caplog.at_level(logging.WARNING), open_source(settings) as source:
        frames = [source.read() for _ in range(5)]
    times = [frame.timestamp for frame in frames if frame is not None]
    assert times == pytest.approx([0.0, 0.2, 0.3, 0.5, 0.6])
    assert caplog.messages == ["2.png is left out: it cannot be read as a picture"]


def test_no_pictures_or_only_broken_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no picture in it"):
        open_source(SourceSettings(str(tmp_path)))
    (tmp_path / "a.png").write_text("hello")
    (tmp_path / "b.jpg").write_text("hello")
    with pytest.raises(SourceError, match="not one picture"):
        open_source(SourceSettings(str(tmp_path)))
    with pytest.raises(SourceError, match=r"a\.png.*not one picture"):
        open_source(SourceSettings(str(tmp_path / "a.png")))
    (tmp_path / "c.png").write_bytes(b"")
    with pytest.raises(SourceError, match="empty"):
        open_source(SourceSettings(str(tmp_path / "c.png")))


def test_pictures_of_different_sizes_play(tmp_path: Path) -> None:
    saved(tmp_path / "1.png", np.zeros((1, 1, 3), np.uint8))
    saved(tmp_path / "2.png", np.zeros((30, 20, 3), np.uint8))
    with open_source(SourceSettings(str(tmp_path), pace="fast")) as source:
        frames = [source.read(), source.read()]
    assert [frame.image.shape for frame in frames if frame] == [(1, 1, 3), (30, 20, 3)]


@pytest.mark.parametrize("name", ["x.png", "x.bmp", "x.tif"])
def test_lossless_pictures_come_unchanged(name: str, tmp_path: Path) -> None:
    np.testing.assert_array_equal(loaded(saved(tmp_path / name, COLOUR)), COLOUR)


@pytest.mark.parametrize("name", ["x.jpg", "x.webp"])
def test_compressed_pictures_come_nearly_unchanged(name: str, tmp_path: Path) -> None:
    image = loaded(saved(tmp_path / name, COLOUR))
    assert np.abs(image.astype(int) - COLOUR).max() < 16


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    image = loaded(saved(tmp_path / "x.png", RAMP))
    np.testing.assert_array_equal(image, np.dstack([RAMP] * 3))


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_sixteen_bits_become_eight(name: str, tmp_path: Path) -> None:
    deep = COLOUR.astype(np.uint16) * 257
    np.testing.assert_array_equal(loaded(saved(tmp_path / name, deep)), COLOUR)
    deep_grey = RAMP.astype(np.uint16) * 257
    np.testing.assert_array_equal(loaded(saved(tmp_path / f"grey_{name}", deep_grey))[..., 0], RAMP)


def test_floating_point_pictures_become_eight_bits(tmp_path: Path) -> None:
    image = loaded(saved(tmp_path / "x.tif", COLOUR.astype(np.float32) / 255))
    assert np.abs(image.astype(int) - COLOUR).max() <= 4  # OpenCV 4 compresses them with a loss


def test_transparency_shows_white(tmp_path: Path) -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, 20:40], alpha[:, 40:] = 128, 255
    image = loaded(saved(tmp_path / "x.png", np.dstack([COLOUR, alpha]))).astype(int)
    assert np.all(image[:, :20] == 255)
    half = (COLOUR[:, 20:40].astype(int) * 128 + 255 * 127) / 255
    assert np.abs(image[:, 20:40] - half).max() <= 1
    np.testing.assert_array_equal(image[:, 40:], COLOUR[:, 40:])


def test_a_photograph_taken_sideways_stands_upright(tmp_path: Path) -> None:
    """Exif orientation 6: the picture's top is at the right of the stored one."""
    path = saved(tmp_path / "x.jpg", COLOUR)
    tiff = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + bytes(4)
    exif = b"\xff\xe1" + (8 + len(tiff)).to_bytes(2, "big") + b"Exif\0\0" + tiff
    data = path.read_bytes()
    path.write_bytes(data[:2] + exif + data[2:])
    image = loaded(path)
    assert image.shape == (60, 40, 3)
    assert np.abs(image.astype(int) - np.rot90(COLOUR, -1)).max() < 16


def test_an_enormous_picture_is_scaled_down(tmp_path: Path) -> None:
    wide = np.zeros((100, 9000), np.uint8)
    assert loaded(saved(tmp_path / "x.png", wide)).shape == (46, 4096, 3)


def test_foreign_letters_in_names_are_read(tmp_path: Path) -> None:
    (tmp_path / "Gesichter ü 顔").mkdir()
    path = saved(tmp_path / "x.png", COLOUR).rename(tmp_path / "Gesichter ü 顔" / "ä.png")
    assert greys_of(path.parent) == [0]


def test_an_undecodable_picture_prints_nothing(tmp_path: Path) -> None:
    whole = saved(tmp_path / "x.png", COLOUR).read_bytes()
    (tmp_path / "x.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "y.jpg").write_text("no picture")
    script = (
        "import sys, pathlib; from app.sources.pictures import image_from_file\n"
        "print(*[image_from_file(pathlib.Path(name)) for name in sys.argv[1:]])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "x.png"), str(tmp_path / "y.jpg")],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("None None\n", "")
