"""Which camera is meant, what it offers, how it is opened, and the table of `mien cameras`."""

from __future__ import annotations

import argparse
import errno
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest

from app.commands import cameras as command
from app.sources.camera import open_camera, open_camera_device, reopening
from app.sources.capture import VideoCapture, name_from_fourcc
from app.sources.devices import Camera, find_again, find_camera, list_cameras
from app.sources.source import SourceSettings
from app.sources.v4l2 import Mode, list_modes, modes_from_driver
from engine.errors import SourceError

DATA = Path(__file__).parent / "data" / "sources"

LAPTOP = Camera(0, "Integrated Webcam", "/dev/video0", cv2.CAP_V4L2)
C920 = Camera(2, "HD Pro Webcam C920", "/dev/video2", cv2.CAP_V4L2)
OBS = Camera(4, "OBS Virtual Camera", "/dev/video4", cv2.CAP_V4L2)
CAMERAS = (LAPTOP, C920, OBS)


@pytest.mark.parametrize(
    ("spec", "camera"),
    [
        ("0", LAPTOP),
        ("2", C920),
        ("c920", C920),
        ("obs virtual camera", OBS),
        ("INTEGRATED", LAPTOP),
        ("/dev/video4", OBS),
    ],
)
def test_a_camera_is_found_by_number_path_or_part_of_its_name(spec: str, camera: Camera) -> None:
    assert find_camera(spec, CAMERAS) is camera


def test_the_whole_name_wins_over_a_longer_one() -> None:
    short = Camera(1, "Webcam", None, 0)
    assert find_camera("webcam", (LAPTOP, C920, short)) is short


def test_an_ambiguous_name_lists_the_candidates_with_their_numbers() -> None:
    with pytest.raises(SourceError) as caught:
        find_camera("webcam", CAMERAS)
    message = str(caught.value)
    assert "0 (Integrated Webcam), 2 (HD Pro Webcam C920)" in message
    assert "OBS" not in message


@pytest.mark.parametrize("spec", ["7", "brio"])
def test_an_unknown_camera_lists_what_is_there(spec: str) -> None:
    with pytest.raises(SourceError) as caught:
        find_camera(spec, CAMERAS)
    assert spec in str(caught.value)
    assert all(str(camera) in str(caught.value) for camera in CAMERAS)


def test_without_any_camera_the_demo_is_offered() -> None:
    with pytest.raises(SourceError, match=r"no camera found.*--source demo"):
        find_camera("0", ())


def c920(number: int) -> Camera:
    """A camera of the same name at that place."""
    return Camera(number, C920.name, f"/dev/video{number}", cv2.CAP_V4L2)


def test_a_replugged_camera_is_found_under_another_number() -> None:
    assert find_again(C920, CAMERAS, CAMERAS) is C920
    assert find_again(C920, CAMERAS, (LAPTOP, c920(3))) == c920(3)
    assert find_again(C920, CAMERAS, (LAPTOP, OBS)) is None
    other_at_its_place = Camera(2, "Capture Card", "/dev/video2", cv2.CAP_V4L2)
    assert find_again(C920, CAMERAS, (other_at_its_place, c920(3))) == c920(3)


def test_one_of_two_cameras_of_a_name_keeps_its_rank_and_is_not_taken_for_the_other() -> None:
    before = (c920(2), c920(4))
    assert find_again(c920(4), before, (c920(2),)) is None
    assert find_again(c920(4), before, (c920(4),)) == c920(4)
    assert find_again(c920(4), before, (c920(3), c920(5))) == c920(5)


class Plug:
    """The computer's cameras, each of them a clip of 12 pictures."""

    def __init__(self, *cameras: Camera) -> None:
        self.cameras = cameras
        self.opened: list[Camera] = []

    def list(self) -> tuple[Camera, ...]:
        """What is plugged in."""
        return self.cameras

    def open(self, camera: Camera, settings: SourceSettings) -> VideoCapture:
        """Open one."""
        self.opened.append(camera)
        return VideoCapture(str(DATA / "steady.mp4"), cv2.CAP_FFMPEG)


def test_an_opened_camera_gives_pictures_under_its_name() -> None:
    plug = Plug(*CAMERAS)
    settings = SourceSettings("c920")
    with open_camera(settings, list_cameras=plug.list, open_device=plug.open) as source:
        frame = source.read()
    assert frame is not None and frame.image.shape == (48, 64, 3)
    assert source.name == "camera HD Pro Webcam C920"
    assert plug.opened == [C920]


def test_a_lost_camera_is_reopened_under_its_new_number() -> None:
    plug = Plug(C920)
    settings = SourceSettings("2")
    reopen = reopening(C920, plug.list(), settings, list_cameras=plug.list, open_device=plug.open)
    reopen().close()
    plug.cameras = (LAPTOP,)
    with pytest.raises(SourceError, match="not plugged in"):
        reopen()
    moved = Camera(3, C920.name, "/dev/video3", cv2.CAP_V4L2)
    plug.cameras = (LAPTOP, moved)
    reopen().close()
    assert plug.opened == [C920, moved]


def test_a_camera_that_opens_but_gives_nothing_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "video99").write_text("")
    silent = Camera(99, "Ghost", str(tmp_path / "video99"), cv2.CAP_V4L2)
    with pytest.raises(SourceError, match=r"99 \(Ghost\).*another program"):
        open_camera_device(silent, SourceSettings())


@pytest.mark.skipif(sys.platform != "linux", reason="device files are Linux's")
def test_a_camera_without_permission_says_which_group(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.write_text("")
    device.chmod(0)
    guarded = Camera(0, "Guarded", str(device), cv2.CAP_V4L2)
    with as_nobody(), pytest.raises(SourceError, match=r"no permission.*usermod -aG video"):
        open_camera_device(guarded, SourceSettings())


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may open everything, so it steps down for a moment."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_listing_cameras_works_on_any_machine() -> None:
    numbers = [camera.number for camera in list_cameras()]
    assert numbers == sorted(numbers)


ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0xC0405602, 0xC02C564A, 0xC034564B
"""ioctl numbers as gcc makes them from linux/videodev2.h."""


class Driver:
    """The kernel's side of the three ioctls: MJPG 1280×720 and 640×480, YUYV with a size range."""

    sizes = ((1280, 720, (30, 15)), (640, 480, (60,)))

    def ioctl(self, request: int, structure: bytearray) -> None:
        """Fill in the entry that `structure` asks for."""
        mjpg, yuyv = (int.from_bytes(name, "little") for name in (b"MJPG", b"YUYV"))
        (index,) = struct.unpack_from("=I", structure, 0)
        (pixels,) = struct.unpack_from("=I", structure, 4)
        if request == ENUM_FMT and pixels == 1 and index < 2:  # pixels: the buffer type here
            struct.pack_into("=I", structure, 44, (mjpg, yuyv)[index])
        elif request == ENUM_FRAMESIZES and pixels == mjpg and index < 2:
            struct.pack_into("=III", structure, 8, 1, *self.sizes[index][:2])
        elif request == ENUM_FRAMESIZES and pixels == yuyv and index == 0:
            struct.pack_into("=I6I", structure, 8, 3, 160, 1920, 2, 120, 1080, 2)
        elif request == ENUM_FRAMEINTERVALS and pixels == mjpg:
            width, _ = struct.unpack_from("=II", structure, 8)
            rates = next(rates for size, _, rates in self.sizes if size == width)
            if index >= len(rates):
                raise OSError(errno.EINVAL, "no more")
            struct.pack_into("=III", structure, 16, 1, 1, rates[index])
        elif request == ENUM_FRAMEINTERVALS and index == 0:
            struct.pack_into("=I6I", structure, 16, 3, 1, 25, 1, 5, 1, 1)
        else:
            raise OSError(errno.EINVAL, "no more")


def test_modes_are_read_as_the_kernel_lays_them_out() -> None:
    assert list(modes_from_driver(Driver().ioctl)) == [
        Mode("MJPG", 1280, 720, (30.0, 15.0)),
        Mode("MJPG", 640, 480, (60.0,)),
        Mode("YUYV", 1920, 1080, (25.0, 5.0)),
        Mode("YUYV", 160, 120, (25.0, 5.0)),
    ]


def test_what_is_no_camera_has_no_modes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert list_modes(tmp_path / "file") == ()
    with pytest.raises(SourceError, match="No such file"):
        list_modes(tmp_path / "gone")


def test_the_table_is_aligned_and_names_each_camera_once() -> None:
    def modes_of(camera: Camera) -> tuple[Mode, ...]:
        if camera is OBS:
            raise SourceError("it is busy.")
        return tuple(modes_from_driver(Driver().ioctl))[:2] if camera is C920 else ()

    assert command.cameras_table(CAMERAS, modes_of).splitlines() == [
        "id  name                format  size      pictures/s",
        "0   Integrated Webcam   tells no formats",
        "2   HD Pro Webcam C920  MJPG    1280×720  30 15",
        "                        MJPG    640×480   60",
        "4   OBS Virtual Camera  it is busy.",
    ]


def test_the_command_without_a_camera_is_one_line_that_offers_the_demo() -> None:
    if not list_cameras():
        with pytest.raises(SourceError, match=r"^no camera found.*demo"):
            command.run(argparse.Namespace())


def test_the_command_has_its_place_on_the_command_line() -> None:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers(dest="command"))
    assert parser.parse_args(["cameras"]).command == "cameras"


def test_picture_formats_have_four_letters_or_none() -> None:
    assert name_from_fourcc(cv2.VideoWriter.fourcc(*"MJPG")) == "MJPG"
    assert name_from_fourcc(0) == name_from_fourcc(-1) == name_from_fourcc(1) == ""
