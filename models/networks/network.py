"""A network with what goes in and what comes out, by the names that its ONNX file uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output: its name and its shape without the first axis, the batch."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """What a network takes and gives; all tensors are float32 and begin with the batch axis."""

    name: str
    input: TensorSpec
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A loaded network. `module` takes the input and gives the tuple of outputs of `spec`."""

    spec: NetworkSpec
    module: nn.Module

    def run(self, array: Float) -> tuple[Float, ...]:
        """The outputs for (N, *spec.input.shape), computed by torch."""
        with torch.inference_mode():
            outputs: tuple[torch.Tensor, ...] = self.module(torch.tensor(array))
        return tuple(output.numpy() for output in outputs)
