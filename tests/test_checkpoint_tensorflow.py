"""TensorFlow's own Saver wrote the files in tests/data/checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from models.checkpoints import tensorflow
from models.checkpoints.crc32c import crc32c, masked
from tests.synthetic_networks import tensorflow_weights

DATA = Path(__file__).parent / "data" / "checkpoints"
V1 = (DATA / "tf_tiny_v1.ckpt").read_bytes()
INDEX = (DATA / "tf_tiny_v2.ckpt.index").read_bytes()
NUMBERS = (DATA / "tf_tiny_v2.ckpt.data-00000-of-00001").read_bytes()


def read_v2(index: bytes, numbers: bytes) -> tensorflow.Variables:
    entries, shards = tensorflow.read_index(index)
    assert shards == 1
    return tensorflow.read_variables(entries, {0: numbers})


def test_both_versions_give_every_variable() -> None:
    for variables in (tensorflow.read_v1(V1), read_v2(INDEX, NUMBERS)):
        assert len(variables) == 47
        assert int(variables.pop("global_step")) == 16000
        for name, values in variables.items():
            assert np.array_equal(values, tensorflow_weights(name, values.shape)), name
            assert values.dtype == np.float32


def test_the_versions_are_told_apart_and_tell_their_shapes() -> None:
    assert tensorflow.is_v1(V1) and not tensorflow.is_v1(INDEX)
    shapes = {name: values.shape for name, values in read_v2(INDEX, NUMBERS).items()}
    assert tensorflow.variable_shapes(V1) == tensorflow.variable_shapes(INDEX) == shapes


def test_crc32c_is_the_published_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720, the usual check value
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert masked(0) == 0xA282EAD8


@pytest.mark.parametrize("size", [0, 7, 131_071, 131_072, 200_003])
def test_crc32c_of_long_data_is_that_of_single_bytes(size: int) -> None:
    data = np.random.PCG64(size).random_raw(size // 8 + 1).tobytes()[:size]
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    assert crc32c(data) == crc ^ 0xFFFFFFFF


def test_a_flipped_bit_is_found_wherever_it_matters() -> None:
    for place in range(0, len(NUMBERS), 7):
        damaged = bytearray(NUMBERS)
        damaged[place] ^= 4
        with pytest.raises(ModelError, match="checksum"):
            read_v2(INDEX, bytes(damaged))
    for table, read in ((INDEX, tensorflow.read_index), (V1, tensorflow.read_v1)):
        for place in range(0, len(table) // 2, 11):
            damaged = bytearray(table)
            damaged[place] ^= 4
            with pytest.raises(ModelError):
                read(bytes(damaged))


def test_tables_cut_off_at_either_end_are_refused() -> None:
    for table in (INDEX, V1):
        for place in range(1, len(table), 13):
            for part in (table[:place], table[place:]):
                with pytest.raises(ModelError):
                    tensorflow.variable_shapes(part)
    with pytest.raises(ModelError, match="cut off"):
        read_v2(INDEX, NUMBERS[:-1])
