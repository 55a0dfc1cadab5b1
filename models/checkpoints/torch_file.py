"""Files of torch.save, read without torch: the zip kind (since 1.6) and the older stream.

`torch.load(weights_only=True)` refuses EMOCA's file, which names a class of Lightning's; here every
name is inert (models/checkpoints/pickled.py), so that more names may pass.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.damage import ARCHIVE_DAMAGE, brief
from models.checkpoints.inert import (
    PLAIN_NAMES,
    Global,
    Instance,
    Names,
    Persistent,
)
from models.checkpoints.pickled import unpickle
from models.checkpoints.pickled_arrays import NUMPY_NAMES

LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # the pickle of torch's magic number
ZIP_START = b"PK\x03\x04"
MAX_DEPTH = 6  # of dictionaries in dictionaries

_DTYPES = {
    "Float": "float32",
    "Double": "float64",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
}
_MAX_EMPTY = 1 << 20  # the largest size of an axis beside one of no size
_REBUILD = "torch._utils._rebuild_tensor_v2"
_PARAMETER = "torch._utils._rebuild_parameter"
_NESTED = "torch.storage._load_from_bytes"  # how a tensor is pickled by anything but torch.save

TENSOR_NAMES = frozenset(
    {_REBUILD, _PARAMETER, _NESTED, "torch.Size", "torch.device"}
    | {f"torch.{name}Storage" for name in _DTYPES}
    | {f"torch.{name}" for name in (*_DTYPES.values(), "half", "float", "double", "long", "int")}
)
_NAMES = Names(
    PLAIN_NAMES | NUMPY_NAMES | TENSOR_NAMES | {"argparse.Namespace", "typing.Any"},
    packages=(  # what trainings leave beside the weights; the last two are EMOCA's own
        *("pytorch_lightning", "lightning", "lightning_fabric", "omegaconf", "pathlib"),
        *("gdl", "inferno"),
    ),
)
Storages = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file. dtype: its name, `float32`; read: gives the numbers."""

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], NDArray[Any]]


def is_torch_zip(names: list[str]) -> bool:
    """Whether these are the entries of the zip kind."""
    return any(name == "data.pkl" or name.endswith("/data.pkl") for name in names)


def read_tensors(file: BinaryIO) -> dict[str, Tensor]:
    """Every tensor in the file's dictionaries under its dotted name; `state_dict.net.0.weight`.

    Raises ModelError.
    """
    root, storages = _opened(file)
    if not isinstance(root, dict):
        raise ModelError("it holds no dictionary of tensors")
    return dict(_named_tensors(root, "", storages, MAX_DEPTH))


def tensor_array(value: object) -> NDArray[Any]:
    """The numbers of a tensor that was pickled by something else than torch.save.

    Raises ModelError.
    """
    match value:
        case Instance(
            kind="torch._utils._rebuild_tensor_v2",
            arguments=(
                Instance(kind="torch.storage._load_from_bytes", arguments=(bytes() as data,)),
                *rest,
            ),
        ):
            storage, storages = _opened(io.BytesIO(data))
            tensor = _tensor(Instance(_REBUILD, (storage, *rest)), storages)
            if tensor is not None:
                return tensor.read()
    raise ModelError("its pickle holds no tensor where one is expected")


def is_tensor(value: object) -> bool:
    """Whether the value stands for a tensor."""
    return isinstance(value, Instance) and value.kind == _REBUILD


def _opened(file: BinaryIO) -> tuple[object, Storages]:
    try:
        start = file.read(len(LEGACY_START))
        file.seek(0)
        if start.startswith(ZIP_START):
            return _zip(file)
        if start == LEGACY_START:
            return _stream(file)
    except ARCHIVE_DAMAGE as error:
        raise ModelError(f"it is damaged or cut off ({brief(error)})") from error
    raise ModelError("it is no file of torch.save")


def _zip(file: BinaryIO) -> tuple[object, Storages]:
    archive = zipfile.ZipFile(file)
    entries = {info.filename: info for info in archive.infolist()}
    (pickle_name, *others) = [name for name in entries if is_torch_zip([name])] or [""]
    if not pickle_name or others:
        raise ModelError("it is no file of torch.save: one data.pkl is expected in it")
    folder = pickle_name.removesuffix("data.pkl")
    size = file.seek(0, io.SEEK_END)
    if sum(info.file_size for info in entries.values()) > size or any(
        info.compress_type != zipfile.ZIP_STORED for info in entries.values()
    ):  # torch never compresses; whoever did may have packed gigabytes of zeros
        raise ModelError("its entries claim more bytes than the file has")
    if f"{folder}byteorder" in entries and archive.read(f"{folder}byteorder") == b"big":
        raise ModelError("it was written by a big-endian machine, which is not supported")

    def storage(key: str) -> bytes:
        if f"{folder}data/{key}" not in entries:
            raise ModelError(f"the storage {key!r:.40} is missing in it")
        try:
            return archive.read(f"{folder}data/{key}")  # checks the CRC
        except ARCHIVE_DAMAGE as error:
            raise ModelError(f"the storage {key!r:.40} is damaged ({brief(error)})") from error

    with archive.open(pickle_name) as stream:
        content = io.BytesIO(stream.read())
    return unpickle(content, _NAMES), storage


def _stream(file: BinaryIO) -> tuple[object, Storages]:
    """torch < 1.6: magic, version, system, the object, the storages' keys, then the storages."""
    _, version, _ = (unpickle(file, _NAMES) for _ in range(3))
    if version != 1001:
        raise ModelError(f"its format's version is {version!s:.20}; expected 1001")
    persistents: list[Persistent] = []
    root = unpickle(file, _NAMES, persistents=persistents)
    keys = unpickle(file, _NAMES)
    item_sizes = {key: np.dtype(dtype).itemsize for dtype, key, _ in map(_storage, persistents)}
    if not isinstance(keys, list) or set(keys) != set(item_sizes):
        raise ModelError("its list of storages is damaged")
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    places: dict[str, tuple[int, int]] = {}
    for key in keys:
        file.seek(here)
        (count,) = struct.unpack("<q", file.read(8))
        places[key] = (here + 8, count * item_sizes[key])
        here += 8 + count * item_sizes[key]
        if count < 0 or here > end:
            raise ModelError("it is cut off: a storage reaches behind its end")

    def storage(key: str) -> bytes:
        start, size = places[key]
        file.seek(start)
        return file.read(size)

    return root, storage


def _named_tensors(
    values: dict[object, object], prefix: str, storages: Storages, depth: int
) -> Iterator[tuple[str, Tensor]]:
    for key, value in values.items():
        name = f"{prefix}{key if isinstance(key, str | int) else '?'}"
        tensor = _tensor(value, storages)
        if tensor is not None:
            yield name, tensor
        elif isinstance(value, dict) and depth > 0:
            yield from _named_tensors(value, f"{name}.", storages, depth - 1)


def _tensor(value: object, storages: Storages) -> Tensor | None:
    """None if the value is something else. Raises ModelError if it is a damaged tensor."""
    if isinstance(value, Instance) and value.kind == _PARAMETER and value.arguments:
        value = value.arguments[0]
    if not isinstance(value, Instance) or value.kind != _REBUILD:
        return None
    match value.arguments:
        case (storage, int() as offset, tuple() as shape, tuple() as strides, *_):
            dtype, key, count = _storage(storage)
        case _:
            raise ModelError("its pickle has a damaged tensor")
    if not all(isinstance(size, int) for size in (*shape, *strides)):
        raise ModelError("its pickle has a damaged tensor")

    def read() -> NDArray[Any]:
        if dtype == "bfloat16":
            raise ModelError("it holds numbers of type bfloat16; expected float32")
        if (
            len(shape) != len(strides)
            or min((*shape, *strides, offset), default=0) < 0
            or prod(shape) > count
            or (prod(shape) and offset + _reach(shape, strides) >= count)
            or (not prod(shape) and max(shape) > _MAX_EMPTY)
        ):
            raise ModelError(f"a tensor of shape {shape!s:.60} has {count} numbers in the file")
        numbers = np.frombuffer(storages(key), np.dtype(dtype).newbyteorder("<"))
        if len(numbers) < count:
            raise ModelError(f"the storage {key!r:.40} has {len(numbers)} numbers, not {count}")
        steps = [stride * numbers.itemsize for stride in strides]
        view = np.lib.stride_tricks.as_strided(numbers[offset:], shape, steps, writeable=False)
        return np.ascontiguousarray(view).reshape(shape)

    return Tensor(shape, dtype, read)


def _reach(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    return sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def _storage(value: object) -> tuple[str, str, int]:
    """Type, key and count of numbers of a storage."""
    match value:
        case Persistent(
            identity=("storage", Global(name=kind), str() as key, _, int() as count, *view)
        ):
            dtype = _DTYPES.get(kind.removeprefix("torch.").removesuffix("Storage"))
            if dtype is not None and view in ([], [None]):
                return dtype, key, count
    raise ModelError("its pickle has a damaged or unknown storage")
