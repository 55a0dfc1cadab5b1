"""Variables of TensorFlow 1 checkpoints become state dicts of our modules.

Convolutions are stored as rows, columns, inputs, outputs, and linear layers as inputs, outputs;
torch wants the outputs first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.networks.state import State

Arrays = dict[str, NDArray[Any]]

_NORMALISATION = {
    "scale": "weight",
    "offset": "bias",
    "mean": "running_mean",
    "variance": "running_var",
}


class _Pair(NamedTuple):
    """A layer's name in TensorFlow and in torch."""

    variable: str
    parameter: str


def resnet_state(
    variables: State, scope: str, depths: tuple[int, int, int, int], *, into: str
) -> Arrays:
    """The state of a `ResNet` (as `encoder`) and its linear layer (as `fc`).

    scope: "exprCNN" or "shapeCNN"; all its variables are used up. Keys get the prefix `into`.
    Raises ModelError if one is missing, surplus, or has not as many axes as it should.
    """
    stored = _Scope(variables, scope)
    state: Arrays = {}
    for convolution, normalisation in _resnet_layers(depths):
        place = f"{into}encoder."
        weights = stored.take(f"{convolution.variable}/weights", axes=4)
        state[f"{place}{convolution.parameter}.weight"] = weights.transpose(3, 2, 0, 1)
        for name, leaf in _NORMALISATION.items():
            values = stored.take(f"{normalisation.variable}/{name}", axes=1)
            state[f"{place}{normalisation.parameter}.{leaf}"] = values
    linear = f"{scope}_fc1"
    state[f"{into}fc.weight"] = stored.take(f"{linear}/weights", axes=2).T
    state[f"{into}fc.bias"] = stored.take(f"{linear}/biases", axes=1)
    stored.check_empty()
    return state


def alexnet_state(variables: State, scope: str, *, into: str) -> Arrays:
    """The state of an `AlexNet`; as `resnet_state`. (Its biases are called "baises".)"""
    stored = _Scope(variables, scope)
    state: Arrays = {}
    for layer in ("conv1", "conv2", "conv3", "conv4", "conv5"):
        state[f"{into}{layer}.weight"] = stored.take(f"{layer}/W", axes=4).transpose(3, 2, 0, 1)
        state[f"{into}{layer}.bias"] = stored.take(f"{layer}/baises", axes=1)
    for layer in ("fc6", "fc7", "fc8"):
        state[f"{into}{layer}.weight"] = stored.take(f"{layer}/W", axes=2).T
        state[f"{into}{layer}.bias"] = stored.take(f"{layer}/baises", axes=1)
    stored.check_empty()
    return state


def _resnet_layers(depths: tuple[int, int, int, int]) -> Iterator[tuple[_Pair, _Pair]]:
    """Convolution and normalisation, one pair after the other.

    Caffe counts stages from 2. Blocks are called a, b, c where there are three, else a, b1, b2, …
    """
    yield _Pair("conv1", "conv1"), _Pair("bn_conv1", "bn1")
    for stage, depth in enumerate(depths, start=1):
        letters = "abc" if depth == 3 else ("a", *(f"b{index}" for index in range(1, depth)))
        for index, letter in enumerate(letters):
            block, place = f"{stage + 1}{letter}_branch", f"layer{stage}.{index}."
            if index == 0:
                yield (
                    _Pair(f"res{block}1", f"{place}downsample.0"),
                    _Pair(f"bn{block}1", f"{place}downsample.1"),
                )
            for number, branch in enumerate(("2a", "2b", "2c"), start=1):
                yield (
                    _Pair(f"res{block}{branch}", f"{place}conv{number}"),
                    _Pair(f"bn{block}{branch}", f"{place}bn{number}"),
                )


class _Scope:
    """The variables under one name, each taken once."""

    def __init__(self, variables: State, scope: str) -> None:
        self._scope = scope
        self._left = {
            name: array for name, array in variables.items() if name.startswith(f"{scope}/")
        }

    def take(self, name: str, *, axes: int) -> NDArray[Any]:
        full = f"{self._scope}/{name}"
        if full not in self._left:
            raise self._refusal(f"{full} is missing")
        array = np.asarray(self._left.pop(full))
        if array.ndim != axes:
            raise self._refusal(f"{full} has shape {array.shape}; expected {axes} axes")
        return array

    def check_empty(self) -> None:
        if self._left:
            raise self._refusal(f"{min(self._left)} is one of {len(self._left)} too many")

    def _refusal(self, fault: str) -> ModelError:
        return ModelError(
            f"These are not ExpNet's variables {self._scope}: {fault}. "
            f"Take the official, complete checkpoint."
        )
