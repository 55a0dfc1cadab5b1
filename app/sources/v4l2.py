"""What a camera offers, as Linux tells it (Video4Linux2). Asking does not switch the camera on.

Structures and numbers: linux/videodev2.h, ioctls VIDIOC_ENUM_FMT, _FRAMESIZES, _FRAMEINTERVALS.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import SourceError

VIDEO_CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
DISCRETE = 1  # otherwise a smallest, a largest and a step
ENTRY_LIMIT = 500  # a driver that never says "no more" must not hang us

FORMAT = struct.Struct("=III32sI16x")  # index, type, flags, description, pixelformat
SIZE = struct.Struct("=III6I8x")  # index, pixelformat, type, width height | min max step twice
INTERVAL = struct.Struct("=IIIII6I8x")  # index, pixelformat, width, height, type, fractions

Ioctl = Callable[[int, bytearray], None]  # fills the structure; OSError: there is no such entry


@dataclass(frozen=True, slots=True)
class Mode:
    """One way in which a camera can send pictures: format, pixels, pictures per second."""

    fourcc: str
    width: int
    height: int
    rates: tuple[float, ...]


def list_modes(path: Path) -> tuple[Mode, ...]:
    """Modes of the camera at /dev/video…, as the driver orders them.

    Raises SourceError if it cannot be opened. Linux only.
    """
    if sys.platform != "linux":
        return ()
    import fcntl  # no such module elsewhere

    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        raise SourceError(f"cannot open {path}: {error.strerror}.") from error
    try:

        def ioctl(request: int, structure: bytearray) -> None:
            fcntl.ioctl(device, request, structure)

        return tuple(modes_from_driver(ioctl))
    finally:
        os.close(device)


def modes_from_driver(ioctl: Ioctl) -> Iterator[Mode]:
    """Every format with every size with its rates, highest rate first."""
    for fields in _entries(ioctl, 2, FORMAT, VIDEO_CAPTURE, 0, bytes(32), 0):
        pixels = fields[4]
        fourcc = struct.pack("=I", pixels & 0x7FFFFFFF).decode("latin-1").strip()
        for _, _, kind, *extent in _entries(ioctl, 74, SIZE, pixels, 0, *[0] * 6):
            if kind == DISCRETE:
                sizes = [(extent[0], extent[1])]
            else:
                sizes = [(extent[1], extent[4]), (extent[0], extent[3])]
            for width, height in sizes:
                rates = _rates(ioctl, pixels, width, height)
                yield Mode(fourcc, width, height, rates)
            if kind != DISCRETE:
                break


def _rates(ioctl: Ioctl, pixels: int, width: int, height: int) -> tuple[float, ...]:
    rates: set[float] = set()
    for entry in _entries(ioctl, 75, INTERVAL, pixels, width, height, 0, *[0] * 6):
        kind, fractions = entry[4], entry[5:]
        count = 1 if kind == DISCRETE else 2
        for place in range(count):
            seconds, parts = fractions[2 * place], fractions[2 * place + 1]
            if seconds:
                rates.add(parts / seconds)
        if kind != DISCRETE:
            break
    return tuple(sorted(rates, reverse=True))


def _entries(
    ioctl: Ioctl, number: int, layout: struct.Struct, *fields: int | bytes
) -> Iterator[tuple[int, ...]]:
    request = 3 << 30 | layout.size << 16 | ord("V") << 8 | number  # _IOWR('V', number, layout)
    for index in range(ENTRY_LIMIT):
        structure = bytearray(layout.pack(index, *fields))
        try:
            ioctl(request, structure)
        except OSError:  # EINVAL: the list is over; ENOTTY: not a camera
            return
        yield layout.unpack(structure)
