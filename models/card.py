"""What stands beside an installed model: where it came from, and what it must compute."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError

FORMAT = 1
CELLS = 8  # a side, in the pictures that networks are tested with

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file by its name, its size and its sha256 (hexadecimal)."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Inputs that can be made again, and what torch computed from them.

    shape:   (N, …) of the input, made by `self_test_input`.
    scale:   the input's values are 0..scale.
    outputs: for each output of the network its name and (N, size) numbers.
    """

    seed: int
    shape: tuple[int, ...]
    scale: float
    outputs: tuple[tuple[str, tuple[tuple[float, ...], ...]], ...]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One installed model.

    name:      as `mien models` lists it. variant: which of its releases, for people.
    sources:   the files it was made of.
    file:      the file that was made, in the models folder.
    parts:     of the emotion head alone: the coefficients it reads, in their order.
    self_test: of a network; None for a face model.
    """

    name: str
    variant: str
    sources: tuple[StoredFile, ...]
    file: StoredFile
    parts: tuple[str, ...] = ()
    self_test: SelfTest | None = None

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> ModelCard:
        """Read it. Raises ModelError if it is missing or damaged."""
        try:
            values = json.loads(path.read_text("utf-8"))
            if values.pop("format") != FORMAT:
                raise ValueError("another version of mien wrote it")
            test = values.pop("self_test")
            return cls(
                name=values["name"],
                variant=values["variant"],
                sources=tuple(StoredFile(**source) for source in values["sources"]),
                file=StoredFile(**values["file"]),
                parts=tuple(values["parts"]),
                self_test=None if test is None else _self_test(test),
            )
        except OSError as error:
            raise ModelError(
                f"cannot read {path}: {error.strerror}; expected the card of an installed model. "
                "Add the model: mien models add"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"cannot use {path}: {type(error).__name__}: {error}; expected the card that mien "
                "wrote. Add the model again: mien models add"
            ) from error


def self_test_input(test: SelfTest) -> Float:
    """The input: noise; for pictures, cells of colour and noise.

    PCG64's raw stream is the same in every numpy (NEP 19).
    """
    count = int(np.prod(test.shape))
    fine = _uniform(test.seed, count).reshape(test.shape)
    if len(test.shape) == 4:
        images, channels, height, width = test.shape
        cells = _uniform(test.seed + 1, images * channels * CELLS * CELLS)
        cells = cells.reshape(images, channels, CELLS, CELLS)
        rows, columns = (np.arange(size) * CELLS // size for size in (height, width))
        fine = 0.7 * cells[:, :, rows][:, :, :, columns] + 0.3 * fine
    return (test.scale * fine).astype(np.float32)


def self_test_error(test: SelfTest, outputs: dict[str, NDArray[Any]]) -> float:
    """The largest difference from what torch computed, in units of 1 or, where that is more, of
    the output's largest value. Infinite if an output is missing or of another shape.
    """
    worst = 0.0
    for name, rows in test.outputs:
        expected = np.array(rows)
        found = outputs.get(name)
        if found is None or found.shape != expected.shape or not np.isfinite(found).all():
            return float("inf")
        unit = max(1.0, float(np.abs(expected).max()))
        worst = max(worst, float(np.abs(found - expected).max()) / unit)
    return worst


def _uniform(seed: int, count: int) -> NDArray[np.float64]:
    """float64 in [0, 1)."""
    raw = np.random.PCG64(seed).random_raw(count)
    return np.asarray((raw >> np.uint64(11)) * 2.0**-53, np.float64)


def _self_test(values: dict[str, Any]) -> SelfTest:
    return SelfTest(
        seed=int(values["seed"]),
        shape=tuple(map(int, values["shape"])),
        scale=float(values["scale"]),
        outputs=tuple(
            (name, tuple(tuple(map(float, row)) for row in rows))
            for name, rows in values["outputs"]
        ),
    )
