"""FLAME's, SMIRK's and the Basel model's files, read without chumpy, scipy and MATLAB."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.bfm import bfm_arrays
from models.checkpoints.flame import (
    dense,
    eyelid_array,
    flame_arrays,
    landmark_arrays,
    mediapipe_arrays,
    read_model_pickle,
)
from models.checkpoints.mat import read_mat
from models.checkpoints.npy import read_npy, read_npz
from tests import face_models
from tests.official_files import flame_pickle, write_flame_download

DATA = Path(__file__).parent / "data" / "checkpoints"
MAT = (DATA / "bfm_v7.mat").read_bytes()


def pickled(values: object) -> dict[object, object]:
    return read_model_pickle(io.BytesIO(pickle.dumps(values, protocol=2)))


def test_chumpys_and_scipys_objects_become_arrays() -> None:
    with (DATA / "flame_chumpy.pkl").open("rb") as file:
        values = read_model_pickle(file)
    with np.load(DATA / "flame_chumpy_expected.npz") as expected:
        assert {"v_template", "J_regressor", "shapedirs_select"} <= set(expected.files)
        for name in expected.files:
            assert np.array_equal(dense(values[name]), expected[name]), name


def test_the_model_becomes_what_its_head_reads() -> None:
    arrays, expected = flame_arrays(pickled(flame_pickle())), face_models.flame_arrays()
    assert set(arrays) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(arrays[name], values, rtol=1e-7, atol=1e-9)


def test_smirks_assets_become_what_the_head_reads(tmp_path: Path) -> None:
    folder = write_flame_download(tmp_path)
    with (folder / "landmark_embedding.npy").open("rb") as file:
        landmarks = landmark_arrays(read_npy(file))
    for name, values in face_models.flame_landmark_arrays().items():
        assert np.array_equal(landmarks[name], values), name
    assert landmarks["full_faces"].shape == (68,)
    with (folder / "mediapipe_landmark_embedding.npz").open("rb") as file:
        points = mediapipe_arrays(file)
    for name, values in face_models.flame_mediapipe_arrays().items():
        assert np.array_equal(points[name], values), name
    with (folder / "l_eyelid.npy").open("rb") as file:
        assert np.array_equal(eyelid_array(file), face_models.flame_eyelid_arrays()["left"])


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("kintree_table", np.zeros((2, 24), np.uint32), "24 joints; expected FLAME's 5"),
        ("kintree_table", np.array([[0, 1, 2, 3, 4]] * 2, np.uint32), "parents"),
        ("shapedirs", np.zeros((399, 3, 150)), r"shape \(399, 3, 150\); expected \(399, 3, 400\)"),
        ("v_template", np.full((399, 3), 80.0), "beyond 10"),
        ("v_template", np.full((399, 3), np.nan), "beyond 10"),
        ("v_template", np.zeros(3), "shape"),
        ("weights", np.full((399, 5), 0.3), "add up to 1"),
        ("f", np.full((10, 3), 399), "outside of 0 to 398"),
        ("f", np.full((10, 3), -1), "outside of 0 to 398"),
        ("f", np.zeros((10, 3)), "float64"),
        ("posedirs", None, "no 'posedirs'"),
        ("posedirs", "text", "array is expected"),
    ],
)
def test_another_model_is_refused(key: str, value: object, complaint: str) -> None:
    values = flame_pickle()
    if value is None:
        del values[key]
    else:
        values[key] = value
    with pytest.raises(ModelError, match=complaint):
        flame_arrays(pickled(values))


@pytest.mark.parametrize(
    ("old", "with_what"),
    [(b"indptr", b"indptx"), (b"_shape", b"_shapx"), (b"csc_matrix", b"bsr_matrix")],
)
def test_a_damaged_sparse_matrix_is_refused(old: bytes, with_what: bytes) -> None:
    data = (DATA / "flame_chumpy.pkl").read_bytes()
    assert old in data
    values = read_model_pickle(io.BytesIO(data.replace(old, with_what)))
    with pytest.raises(ModelError):
        dense(values["J_regressor"])


def test_the_basel_model_is_scaled_and_counts_from_0() -> None:
    arrays = bfm_arrays(MAT)
    with np.load(DATA / "bfm_expected.npz") as expected:
        for name, prefix, size in (("shape", "shape", 99), ("expression", "exp", 29)):
            basis = expected[f"{prefix}PC"] * expected[f"{prefix}EV"].ravel()
            assert np.array_equal(arrays[f"{name}_mean"].ravel(), expected[f"{prefix}MU"].ravel())
            assert np.array_equal(arrays[f"{name}_basis"], basis.reshape(-1, 3, size))
        assert np.array_equal(arrays["faces"], expected["faces"] - 1)
    assert read_mat(MAT)["BFM"]["note"] is None  # texts are nobody's business


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (MAT[:-9], "damaged or cut off|far too large|cut off"),
        (MAT[:130], "holds nothing"),
        (b"MATLAB 7.3 MAT-file" + MAT[19:], "version 7.3"),
        (MAT.replace(b"IM", b"MI", 1), "little-endian"),
        (b"", "no .mat file"),
    ],
)
def test_another_mat_file_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        bfm_arrays(data)


def test_a_mat_file_damaged_anywhere_never_does_more_than_refuse() -> None:
    for place in range(len(MAT)):
        damaged = bytearray(MAT)
        damaged[place] ^= 0x55
        try:
            bfm_arrays(bytes(damaged))
        except ModelError as error:
            assert "\n" not in str(error)


def npy(array: NDArray[np.generic]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def change(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new.ljust(len(old)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:9],
        change(b"(4, 3)", b"(9999999999, 3)"),
        change(b"(4, 3)", b"(-4, 3)"),
        change(b"(4, 3)", b"(4.0, 3)"),
        change(b"'<f8'", b"'<M8'"),
        change(b"'<f8'", b"'<U2'"),
        change(b"'descr'", b"'other'"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ModelError):
        read_npy(io.BytesIO(damage(npy(np.zeros((4, 3))))))


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_files_are_what_numpy_reads(order: str) -> None:
    array = np.asarray(np.arange(12.0).reshape(3, 4), order=order)  # type: ignore[call-overload]
    found = read_npy(io.BytesIO(npy(array)))
    assert isinstance(found, np.ndarray) and np.array_equal(found, array)


def test_headers_of_python_2_are_read() -> None:
    data = npy(np.arange(4.0)).replace(b"(4,)", b"(4L,)").replace(b"      \n", b"     \n", 1)
    found = read_npy(io.BytesIO(data))
    assert isinstance(found, np.ndarray) and found.tolist() == [0, 1, 2, 3]


def test_npz_files_are_what_numpy_reads_and_pickles_in_them_are_refused() -> None:
    file = io.BytesIO()
    np.savez_compressed(file, a=np.arange(3), b=np.eye(2))
    found = read_npz(io.BytesIO(file.getvalue()))
    assert found["a"].tolist() == [0, 1, 2] and found["b"].tolist() == [[1, 0], [0, 1]]
    file = io.BytesIO()
    np.savez(file, a=np.array({}, object))
    with pytest.raises(ModelError, match="O"):
        read_npz(io.BytesIO(file.getvalue()))
