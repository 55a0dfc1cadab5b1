"""Writes head.npz: small integers, LZMA, no time stamps, so that equal input gives equal bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.free_head.wheel import Array
from models.heads.free import DELTA_STEP, POSITION_STEP

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip entry can say


def write_npz(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, values in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(values), allow_pickle=False)
            entry = zipfile.ZipInfo(name + ".npy", EPOCH)
            entry.compress_type = zipfile.ZIP_LZMA
            archive.writestr(entry, buffer.getvalue())


def packed_positions(positions: Array) -> NDArray[np.int16]:
    """(3, V): one coordinate after the other compresses better than points."""
    return np.round(positions.T / POSITION_STEP).astype(np.int16)


def packed_share(values: Array) -> NDArray[np.uint8]:
    return np.round(values.clip(0, 1) * 255).astype(np.uint8)


def packed_targets(
    prefix: str, targets: list[Array], smallest: float
) -> dict[str, NDArray[np.generic]]:
    """Sparse targets; offsets whose every coordinate is below `smallest` metres are dropped."""
    starts, vertices, deltas = [0], [], []
    for offsets in targets:
        moved = np.flatnonzero(np.abs(offsets).max(axis=1) >= smallest)
        vertices.append(np.diff(moved, prepend=0))
        deltas.append(np.round(offsets[moved].T / DELTA_STEP).astype(np.int16))
        starts.append(starts[-1] + len(moved))
    return {
        prefix + "_starts": np.array(starts, np.int32),
        prefix + "_vertex_steps": np.concatenate(vertices).astype(np.uint16),
        prefix + "_deltas": np.concatenate(deltas, axis=1),
    }
