"""Whether two ways of computing a network agree: fixed inputs, and how far outputs may differ.

An output is judged by its own spread, the root mean square of its changes from input to input: an
error that is small beside the number but not beside its changes would be seen in the face.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.runtime import Session, Tensor
from engine.runtime.cropping import FRAME
from engine.runtime.plan_card import OutputCheck, Precision

EXAMPLES = 4
FRAME_SIZE = (1280, 720)
# Of the spread. Measured on SMIRK and DECA with synthetic weights, 2026-11-21: fp16 up to 0.044.
SHARES = {"fp16": 0.15, "fp32": 0.01}
ROUNDING = {"fp16": 2.0**-10, "fp32": 2.0**-20}  # of the numbers themselves, whatever their spread
LEAST = 0.1  # numbers smaller than this are rounded as if they were this large

Arrays = tuple[NDArray[Any], ...]


def example_inputs(tensors: Sequence[Tensor]) -> list[Arrays]:
    """Fixed inputs: blurred pictures, crops within them, else numbers from 0 to 1."""
    numbers = np.random.Generator(np.random.PCG64(20))
    return [tuple(_example(tensor, numbers) for tensor in tensors) for _ in range(EXAMPLES)]


def outputs_for(session: Session, inputs: Sequence[Arrays]) -> list[Arrays]:
    """What a session gives for each of the inputs."""
    return [tuple(array.copy() for array in session.run(*arrays)) for arrays in inputs]


def agreement(
    names: Sequence[str],
    expected: Sequence[Arrays],
    found: Sequence[Arrays],
    precision: Precision,
) -> tuple[OutputCheck, ...]:
    """One check per output, of the outputs for the same inputs."""
    checks = []
    for index, name in enumerate(names):
        reference = np.stack([arrays[index] for arrays in expected]).astype(np.float64)
        candidate = np.stack([arrays[index] for arrays in found]).astype(np.float64)
        spread = _rms(reference - reference.mean(axis=0))
        size = max(_rms(reference), LEAST)
        tolerance = SHARES[precision] * spread + ROUNDING[precision] * size
        checks.append(OutputCheck(name, _rms(candidate - reference), spread, tolerance))
    return tuple(checks)


def demand_agreement(what: str, checks: Sequence[OutputCheck], advice: str) -> None:
    """Raises ModelError if a check did not pass."""
    for check in checks:
        if not check.passed:
            raise ModelError(
                f"{what} computes {check.name} wrongly: off by {check.error:.2g} from ONNX "
                f"Runtime; expected at most {check.tolerance:.2g}. {advice}"
            )


def _example(tensor: Tensor, numbers: np.random.Generator) -> NDArray[Any]:
    if tensor.name == FRAME:
        picture = 255 * _blurred(FRAME_SIZE, numbers)
        return np.ascontiguousarray(picture.transpose(1, 2, 0).astype(np.uint8))
    if tensor.shape == (2, 3):
        return _crop(numbers)
    shape = tuple(1 if size is None else size for size in tensor.shape)
    if len(shape) == 4 and shape[1] == 3:
        return _blurred((shape[3], shape[2]), numbers)[None].astype(tensor.dtype)
    return numbers.random(shape).astype(tensor.dtype)


def _blurred(size: tuple[int, int], numbers: np.random.Generator) -> NDArray[np.float64]:
    """(3, height, width) 0..1: soft patches with a little noise, as pictures have."""
    width, height = size
    patches = cv2.resize(numbers.random((9, 16, 3)), size, interpolation=cv2.INTER_LINEAR)
    picture = 0.9 * patches + 0.1 * numbers.random((height, width, 3))
    return np.asarray(picture.transpose(2, 0, 1))


def _crop(numbers: np.random.Generator) -> NDArray[np.float32]:
    """Some square part of the frame, turned a little; it may reach over the edge."""
    scale, angle = numbers.uniform(1.0, 2.5), numbers.uniform(-0.3, 0.3)
    x, y = numbers.uniform(0.1, 0.6) * np.array(FRAME_SIZE)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, x], [sin, cos, y]], dtype=np.float32)


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
