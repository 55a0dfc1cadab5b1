"""Pickles are read as data: nothing in them runs, and none costs more than it weighs."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from models.checkpoints.inert import PLAIN_NAMES, Instance, Names, Persistent
from models.checkpoints.pickled import unpickle
from models.checkpoints.pickled_arrays import NUMPY_NAMES, array_from, object_of

NAMES = Names(PLAIN_NAMES | NUMPY_NAMES, packages=("chumpy",))


def read(data: bytes) -> object:
    return unpickle(io.BytesIO(data), NAMES)


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_are_what_they_were(protocol: int) -> None:
    data = {
        "text": "ä",
        "numbers": [1, -(2**70), 2.5, True, None],
        "bytes": b"\x00\xff",
        "pair": (1, (2, 3, 4, 5)),
        7: OrderedDict(a=1),
        ("flat", 1): {},
    }
    assert read(pickle.dumps(data, protocol=protocol)) == data


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
        np.arange(3, dtype=">f4"),
        np.zeros((0, 2)),
        np.array(5, np.uint8),
    ],
)
def test_arrays_are_what_they_were(array: np.ndarray, protocol: int) -> None:
    found = array_from(read(pickle.dumps(array, protocol=protocol)))
    assert np.array_equal(found, array) and found.dtype == array.dtype


def test_a_dictionary_that_numpy_saved_is_found(tmp_path: Path) -> None:
    wrapped = read(pickle.dumps(np.array({"a": 1}, object)))
    assert object_of(wrapped) == {"a": 1}


@pytest.mark.parametrize("protocol", range(6))
def test_a_call_is_refused_by_its_name_and_not_made(protocol: int, tmp_path: Path) -> None:
    marker = tmp_path / "it ran"
    data = pickle.dumps([Calls(os.mkdir, str(marker))], protocol=protocol)
    with pytest.raises(ModelError, match=r"calls for '(posix|nt)\.mkdir'"):
        read(data)
    assert not marker.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"(cos\nsystem\nS'true'\no.",
        b"(S'true'\nios\nsystem\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
        b"\x80\x02cos\nsystem\n)\x81.",
    ],
)
def test_every_way_to_name_a_function_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match=r"'os\.system'"):
        read(data)


@pytest.mark.parametrize("name", ["chumpyx.ch", "numpy.load", "builtins.getattr", "torch.load"])
def test_only_names_on_the_list_pass(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    with pytest.raises(ModelError, match=name):
        read(f"c{module}\n{attribute}\n.".encode())


def test_what_a_known_name_would_build_stays_inert() -> None:
    value = read(b"\x80\x02cchumpy.ch\nCh\n)\x81}(X\x01\x00\x00\x00xK\x05ub.")
    assert isinstance(value, Instance)
    assert (value.kind, value.state) == ("chumpy.ch.Ch", {"x": 5})


def test_what_lies_beside_a_pickle_is_listed() -> None:
    found: list[Persistent] = []
    unpickle(
        io.BytesIO(b"\x80\x02(X\x01\x00\x00\x00ax.".replace(b"x.", b"tQ.")),
        NAMES,
        persistents=found,
    )
    assert [one.identity for one in found] == [("a",)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x02",
        b"\x80\x02.",
        b"\x80\x02}q\x00h\x07.",  # a place in memory that was never filled
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"few.",  # 4 EiB announced
        b"\x80\x02}r\xff\xff\xff\x7fh\x00.",  # a memory of 2 billion places asked for
        b"\x80\x02}()" + b"\x85" * 100_000 + b"Nu.",  # a key whose hash would overflow C's stack
        b"\x80\x02}(]Nu.",  # a key that cannot be one
        b"\x80\x02K\x01K\x02\x81.",  # an instance of a number
        b"\x80\x02}K\x01a.",  # an element for a dictionary
        b"\x80\x02K\x01}b.",  # a state for a number
        b"\x80\x02e.",  # a mark that is not there
        b"\x82\x01.",  # an extension code
        b"\x80\x05\x97.",  # a buffer outside of the file
        b"I" + b"9" * 5000 + b"\n.",
        b"<html>no pickle</html>",
    ],
)
def test_a_damaged_pickle_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(ModelError) as refusal:
        read(data)
    assert "\n" not in str(refusal.value)


def test_a_length_that_no_memory_has_is_refused_in_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "long.pkl"
    path.write_bytes(b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"few.")
    with path.open("rb") as file, pytest.raises(ModelError, match="only 4 remain"):
        unpickle(file, NAMES)


def test_a_pickle_cut_off_anywhere_is_refused() -> None:
    data = pickle.dumps({"a": np.arange(3.0), "b": ["x", 2.5]}, protocol=2)
    for end in range(len(data)):
        with pytest.raises(ModelError):
            read(data[:end])


def test_nested_lists_may_be_deep() -> None:
    assert read(b"\x80\x02" + b"]" * 10_000 + b"a" * 9_999 + b".") is not None


@pytest.mark.parametrize(
    ("old", "with_what"),
    [
        (b"K\x02K\x03", b"K\x02K\x04"),
        (b"f8", b"O8"),
        (b"f8", b"f1"),
        (b"K\x02K\x03", b"K\xffK\xff"),
    ],
)
def test_an_array_that_contradicts_itself_is_refused(old: bytes, with_what: bytes) -> None:
    data = pickle.dumps(np.zeros((2, 3)), protocol=2)
    assert old in data
    with pytest.raises(ModelError):
        array_from(read(data.replace(old, with_what)))


def test_every_opcode_of_python_is_followed_or_refused() -> None:
    for opcode in pickletools.opcodes:
        data = opcode.code.encode("latin-1") + b"\x00" * 9 + b"\n0\n."
        try:
            read(data)
        except ModelError:
            continue
