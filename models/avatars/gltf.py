"""Reads a glTF 2.0 file: pygltflib its document, this file its arrays and pictures."""

from __future__ import annotations

import base64
import json
import struct
import urllib.parse
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError

DAMAGE = (  # what reading raises over a document whose parts are missing, of wrong kinds or absurd
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    cv2.error,
    struct.error,
)
WORDS: tuple[tuple[type[Exception], str], ...] = (  # for those of DAMAGE, the first that fits
    (json.JSONDecodeError, "its description is not JSON"),
    (UnicodeError, "its description is not text"),
    (IndexError, "it points to a piece that is not there"),
    (LookupError, "a piece is missing, or of an unknown kind"),
    (AttributeError, "a number, text or list where something else should be"),
    (TypeError, "a number, text or list where something else should be"),
    (MemoryError, "more than fits into memory"),
    (ArithmeticError, "numbers too large to compute with"),
    (RecursionError, "pieces within pieces without end"),
    (ValueError, "numbers that are too few, too many or none"),
    (struct.error, "a piece is cut off"),
    (cv2.error, "a picture that makes no sense"),
)
LARGEST_FILE = 1 << 30  # bytes
MOST_ELEMENTS = 1 << 23  # of one array
LARGEST_PICTURE = 8192 * 8192  # pixels
LARGEST_SIDE = 2048  # a head on a screen shows no more
LARGEST = {5120: 127, 5121: 255, 5122: 32767, 5123: 65535, 5125: 2**32 - 1}  # of KINDS
UNDERSTOOD = frozenset(  # extensions without which a file cannot be shown as it is meant
    {
        "EXT_texture_webp",
        "KHR_materials_emissive_strength",
        "KHR_materials_unlit",
        "KHR_mesh_quantization",
        "KHR_texture_transform",
        "VRM",
        "VRMC_vrm",
        "VRMC_materials_mtoon",
        "VRMC_springBone",
    }
)
OPTIONAL = ("KHR_materials_", "VRMC_")  # what these add may be left out, even if a file requires it
COMPRESSED = frozenset(
    {"KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression"}
)
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
KINDS: dict[int, np.dtype[Any]] = {
    5120: np.dtype("<i1"),
    5121: np.dtype("<u1"),
    5122: np.dtype("<i2"),
    5123: np.dtype("<u2"),
    5125: np.dtype("<u4"),
    5126: np.dtype("<f4"),
}


class GltfError(ValueError):
    """What makes no sense in a file, in words for a person."""


class GltfFile:
    """An open document: `document` is pygltflib's, its numbers are not checked.

    Methods raise ModelError, or one of DAMAGE where the document makes no sense.
    """

    def __init__(self, path: Path) -> None:
        import pygltflib  # its import takes tenths of a second, and few bring an avatar

        self.path = path
        content = _content(path)
        with warnings.catch_warnings():  # pygltflib warns of what it leaves out
            warnings.simplefilter("ignore")
            if content[:4] == b"glTF":
                self.document: Any = pygltflib.GLTF2.load_from_bytes(content)
            else:
                self.document = pygltflib.GLTF2.gltf_from_json(content.decode())
        self._buffers: dict[int, bytes] = {}
        self._arrays: dict[int, NDArray[Any]] = {}
        _refuse_other_version(path, self.document.asset)
        _refuse_unknown(path, self.document.extensionsRequired or [])

    def array(self, number: int) -> NDArray[Any]:
        """(count, width) of an accessor, sparse values filled in; normalised ones as float32."""
        if number not in self._arrays:
            self._arrays[number] = self._read(self.document.accessors[_index(number)])
        return self._arrays[number]

    def picture(self, number: int) -> NDArray[np.uint8] | None:
        """(H, W, 4) RGBA of an image, row 0 at the top; None if it cannot be decoded."""
        image = self.document.images[_index(number)]
        if image.bufferView is not None:
            view = self.document.bufferViews[_index(image.bufferView)]
            start, length = view.byteOffset or 0, view.byteLength
            data = self._buffer(view.buffer)[start : start + length]
        else:
            data = self._from_uri(image.uri)
        return _decoded(data)

    def _read(self, accessor: Any) -> NDArray[Any]:
        kind, width = KINDS[accessor.componentType], WIDTHS[accessor.type]
        values: NDArray[Any]
        count = accessor.count
        if not 0 <= count <= MOST_ELEMENTS:
            raise GltfError(f"an array of {count} elements")
        if accessor.bufferView is None:
            values = np.zeros((count, width), kind)
        else:
            values = self._numbers(accessor.bufferView, accessor.byteOffset, kind, width, count)
        if accessor.sparse is not None:
            sparse = accessor.sparse
            places = self._numbers(
                sparse.indices.bufferView,
                sparse.indices.byteOffset,
                KINDS[sparse.indices.componentType],
                1,
                sparse.count,
            )
            values = values.copy()
            values[places[:, 0]] = self._numbers(
                sparse.values.bufferView, sparse.values.byteOffset, kind, width, sparse.count
            )
        if accessor.normalized and kind.kind in "iu":
            values = np.maximum(values.astype(np.float32) / LARGEST[accessor.componentType], -1.0)
        return values

    def _numbers(
        self, view_number: int, offset: int | None, kind: np.dtype[Any], width: int, count: int
    ) -> NDArray[Any]:
        """A view into the buffer."""
        view = self.document.bufferViews[_index(view_number)]
        start, offset = view.byteOffset or 0, offset or 0
        stride = view.byteStride or kind.itemsize * width
        if min(start, offset, count) < 0 or not kind.itemsize * width <= stride <= 252:
            raise GltfError(f"an array at {start} + {offset} with steps of {stride} bytes")
        data = self._buffer(view.buffer)[start : start + view.byteLength]
        if count == 0:
            return np.zeros((0, width), kind)
        if offset + (count - 1) * stride + kind.itemsize * width > len(data):
            raise GltfError("an array that reaches beyond its data")
        return np.ndarray(
            (count, width), kind, buffer=data, offset=offset, strides=(stride, kind.itemsize)
        )

    def _buffer(self, number: int) -> bytes:
        if number not in self._buffers:
            uri = self.document.buffers[_index(number)].uri
            data = self._from_uri(uri) if uri else self.document.binary_blob()
            if data is None:
                raise GltfError("there is no data in it")
            self._buffers[number] = data
        return self._buffers[number]

    def _from_uri(self, uri: str) -> bytes:
        """A data URI's bytes, or those of a file beside this one."""
        if uri.startswith("data:"):
            return base64.b64decode(uri.partition(",")[2])
        if urllib.parse.urlsplit(uri).scheme or Path(uri).is_absolute():
            raise ModelError(
                f"avatar {self.path}: it refers to {uri[:80]}; expected files beside it. "
                "Export it as .glb, which is one file."
            )
        return _content(self.path.parent / urllib.parse.unquote(uri), part_of=self.path)


def damaged(path: Path, error: BaseException) -> ModelError:
    """One line about what one of DAMAGE says."""
    if isinstance(error, GltfError):
        words = " ".join(str(error).split())[:120]
    else:
        words = next(said for kind, said in WORDS if isinstance(error, kind))
    return ModelError(
        f"avatar {path}: damaged or not glTF: {words}; expected a .vrm, .glb or .gltf file of "
        "glTF 2.0. Export it again, or download it again."
    )


def _content(path: Path, *, part_of: Path | None = None) -> bytes:
    whole = f"avatar {part_of or path}"
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError(f"{whole}: {path.name} is larger than 1 GiB. Export it smaller.")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(
            f"{whole}: cannot read {path.name}: {reason}; expected a .vrm, .glb or .gltf file. "
            "Check the path."
        ) from error
    if part_of is not None:
        return content
    if content[:4] == b"glTF":
        version, length = struct.unpack_from("<II", content.ljust(12, b"\0"), 4)
        if version != 2:
            raise ModelError(f"{whole}: glTF {version}; expected glTF 2. Export it anew.")
        if length > len(content):
            raise ModelError(
                f"{whole}: cut off: {len(content)} of {length} bytes. Download or export it again."
            )
    elif content.lstrip()[:1] != b"{":
        raise ModelError(
            f"{whole}: not a glTF file; expected .vrm, .glb or .gltf. Convert it, for instance "
            "with Blender: File, Export, glTF 2.0."
        )
    return content


def _refuse_other_version(path: Path, asset: Any) -> None:
    """In a .gltf it stands in the text alone."""
    version = " ".join(str(asset.version).split())[:20]
    if version.split(".")[0] != "2":
        raise ModelError(f"avatar {path}: glTF {version}; expected glTF 2. Export it anew.")


def _refuse_unknown(path: Path, required: list[str]) -> None:
    for name in required:
        if name in COMPRESSED:
            raise ModelError(
                f"avatar {path}: its meshes are compressed ({name}), which mien does not read. "
                "Export it again with compression switched off."
            )
        if name not in UNDERSTOOD and not name.startswith(OPTIONAL):
            raise ModelError(
                f"avatar {path}: it requires the extension {name}, which mien does not know. "
                "Export it without."
            )


def _index(number: Any) -> int:
    """As an index that does not count from the end."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise GltfError(f"it points to the piece {str(number)[:40]}")
    return number


def _decoded(data: bytes) -> NDArray[np.uint8] | None:
    size = _picture_size(data)
    if size is None or size[0] * size[1] > LARGEST_PICTURE:
        return None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        return None
    if image.dtype == np.uint16:
        image = (image // 257).astype(np.uint8)
    longest = max(image.shape[:2])
    if longest > LARGEST_SIDE:
        scale = LARGEST_SIDE / longest
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    channels = 1 if image.ndim == 2 else image.shape[2]
    order = {1: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}[channels]
    return np.ascontiguousarray(cv2.cvtColor(image, order), np.uint8)


def _picture_size(data: bytes) -> tuple[int, int] | None:
    """As a PNG, JPEG or WebP says before it is decoded: a few bytes may ask for gigabytes."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return 16383, 4096  # the most that matters: WebP has no side above 16383
    at = 2 if data[:2] == b"\xff\xd8" else len(data)
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + (0 if marker in (0xFF, 0x01) else struct.unpack_from(">H", data, at + 2)[0])
    return None
