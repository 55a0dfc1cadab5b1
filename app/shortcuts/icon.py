"""Our icon in the forms that Windows and macOS want. Both are folders of PNG files."""

from __future__ import annotations

import struct
from importlib import resources

import cv2
import numpy as np

ICO_SIZES = (16, 32, 48, 256)
ICNS_KINDS = ((b"ic11", 32), (b"ic12", 64), (b"ic07", 128), (b"ic08", 256))  # PNG, as Pillow writes


def icon_png() -> bytes:
    """256×256, with an alpha channel."""
    return (resources.files("models") / "assets" / "icon.png").read_bytes()


def ico(png: bytes) -> bytes:
    """Windows' .ico: a directory of 16 bytes an entry, then PNG files (since Windows Vista)."""
    pictures = [scaled(png, size) for size in ICO_SIZES]
    header = struct.pack("<HHH", 0, 1, len(pictures))
    place = len(header) + 16 * len(pictures)
    for size, picture in zip(ICO_SIZES, pictures, strict=True):
        side = size % 256  # 0 stands for 256
        header += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(picture), place)
        place += len(picture)
    return header + b"".join(pictures)


def icns(png: bytes) -> bytes:
    """macOS' .icns: each picture after its kind and length, big-endian, both counted in."""
    entries = b""
    for kind, size in ICNS_KINDS:
        picture = scaled(png, size)
        entries += kind + struct.pack(">I", len(picture) + 8) + picture
    return b"icns" + struct.pack(">I", len(entries) + 8) + entries


def scaled(png: bytes, size: int) -> bytes:
    """The same picture, size×size."""
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    if image.shape[0] != size:
        image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".png", image)[1].tobytes())
