"""torch itself says what its files hold."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import ModelError
from models.checkpoints.torch_file import read_tensors
from tests.official_files import write_lightning

CONTENT = {
    "net": {
        "weight": torch.arange(12.0).reshape(3, 4).t(),
        "part": torch.arange(10.0)[2:8:2],
        "half": torch.ones(3, dtype=torch.float16),
        "count": torch.tensor(5),
        "parameter": torch.nn.Parameter(torch.eye(2)),
        "none": torch.zeros(0, 3),
    },
    "optimiser": {"state": {0: {"step": torch.tensor(1.0)}}, "groups": [{"lr": 1e-4}]},
    "step": 7,
}


def saved(content: object, *, zipped: bool = True) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    return io.BytesIO(file.getvalue())


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_are_what_torch_reads(zipped: bool) -> None:
    found = read_tensors(saved(CONTENT, zipped=zipped))
    state = CONTENT["net"]
    assert isinstance(state, dict)
    assert set(found) == {*(f"net.{key}" for key in state), "optimiser.state.0.step"}
    for key, tensor in state.items():
        array = found[f"net.{key}"].read()
        expected = tensor.detach().numpy()
        assert np.array_equal(array, expected) and array.dtype == expected.dtype, key
        assert found[f"net.{key}"].shape == expected.shape


def test_a_lightning_checkpoint_is_read_though_torch_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_lightning(tmp_path / "a.ckpt", {"net.weight": np.ones((2, 2))}, monkeypatch)
    monkeypatch.undo()
    with pytest.raises(Exception, match="pytorch_lightning"):
        torch.load(path, weights_only=True)
    with path.open("rb") as file:
        assert read_tensors(file)["state_dict.net.weight"].read().tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_cut_off_anywhere_is_refused(zipped: bool) -> None:
    data = saved(CONTENT, zipped=zipped).getvalue()
    for end in range(0, len(data), 97):
        with pytest.raises(ModelError):
            for tensor in read_tensors(io.BytesIO(data[:end])).values():
                tensor.read()


def test_a_flipped_bit_among_the_numbers_is_found() -> None:
    data = bytearray(saved({"w": torch.full((64,), 0.5)}).getvalue())
    data[data.index(np.full(64, 0.5, np.float32).tobytes()) + 10] ^= 1
    tensor = read_tensors(io.BytesIO(bytes(data)))["w"]
    with pytest.raises(ModelError, match="Bad CRC-32"):
        tensor.read()


def test_compressed_entries_are_refused_before_they_are_unpacked() -> None:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(saved({"w": torch.ones(2)})) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    with pytest.raises(ModelError, match="claim more bytes"):
        read_tensors(io.BytesIO(packed.getvalue()))


def test_a_tensor_larger_than_its_storage_is_refused() -> None:
    tensor = read_tensors(saved({"w": torch.ones(1).expand(1000, 1000)}))["w"]
    assert tensor.shape == (1000, 1000)
    with pytest.raises(ModelError, match="has 1 numbers in the file"):
        tensor.read()


def test_numbers_of_an_unknown_kind_are_refused() -> None:
    tensor = read_tensors(saved({"w": torch.ones(2, dtype=torch.bfloat16)}))["w"]
    with pytest.raises(ModelError, match="bfloat16"):
        tensor.read()
    with pytest.raises(ModelError, match=r"calls for 'torch\._utils\._rebuild_sparse_tensor'"):
        read_tensors(saved({"w": torch.eye(2).to_sparse()}))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no file of torch at all"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        read_tensors(io.BytesIO(data))
