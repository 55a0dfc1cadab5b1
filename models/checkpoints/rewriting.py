"""Rewrites a network so that it is quicker to compute and gives the same numbers."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.checkpoints.tflite import Network, Operator, Tensor

LANES = 16  # channels that a processor computes at once, whether they are needed or not

LAYER_NORMALISATION = "LAYER_NORMALISATION"
"""No operator of the schema: of a value over its last axis, with a gain, and with an epsilon."""

_NORMALISING = (  # (x - mean) / sqrt(variance + epsilon) · gain, as TensorFlow writes it
    *("MEAN", "NEG", "SQUARED_DIFFERENCE", "MEAN", "ADD", "RSQRT"),
    *("MUL", "MUL", "MUL", "ADD"),
)
_NARROW_PRELU = ("CONV_2D", "PRELU", "DEPTHWISE_CONV_2D", "CONV_2D")


def rewritten(network: Network) -> Network:
    """The same network in fewer or cheaper steps."""
    writer = _Rewriter(network)
    for operator in network.operators:
        writer.add(operator)
    return Network(
        tensors=tuple(writer.tensors),
        operators=tuple(writer.operators),
        inputs=network.inputs,
        outputs=network.outputs,
    )


class _Rewriter:
    """Takes operators one by one and replaces the last ones when they are a known sequence."""

    def __init__(self, network: Network) -> None:
        self.tensors = list(network.tensors)
        self.operators: list[Operator] = []
        self._uses = Counter(tensor for step in network.operators for tensor in step.inputs)

    def add(self, operator: Operator) -> None:
        self.operators.append(operator)
        if self._ends_with(_NARROW_PRELU) and self._is_narrow_chain(self.operators[-4:]):
            self.operators[-4:] = self._without_prelu(*self.operators[-4:])
        if self._ends_with(_NORMALISING):
            self.operators[-10:] = [self._normalisation(*self.operators[-10:])]

    def _ends_with(self, kinds: tuple[str, ...]) -> bool:
        return tuple(operator.kind for operator in self.operators[-len(kinds) :]) == kinds

    def _is_narrow_chain(self, chain: list[Operator]) -> bool:
        """Few channels, and each step takes the one before, which nobody else does."""
        return (
            self.tensors[chain[0].output].shape[3] < LANES
            and not any(operator.relu for operator in chain[:3])
            and all(
                later.inputs[0] == earlier.output and self._uses[earlier.output] == 1
                for earlier, later in itertools.pairwise(chain)
            )
        )

    def _without_prelu(
        self, first: Operator, prelu: Operator, depthwise: Operator, last: Operator
    ) -> list[Operator]:
        """PRelu(x) = Relu(x) - slope · Relu(-x), where computing -x beside x costs nothing.

        The depthwise convolution scales the second half, the one behind it adds the halves up.
        """
        slope = self._constant(prelu.inputs[1]).reshape(-1)
        weights, bias = (self._constant(tensor) for tensor in first.inputs[1:3])
        both = self._convolution(
            first, first.inputs[0], np.concatenate([weights, -weights]), np.append(bias, -bias)
        )
        weights, bias = (self._constant(tensor) for tensor in depthwise.inputs[1:3])
        scaled = self._convolution(
            depthwise,
            both.output,
            np.concatenate([weights, -slope * weights], axis=3),
            np.append(bias, np.zeros_like(bias)),
        )
        weights = self._constant(last.inputs[1])
        summing = self._new_tensor(np.concatenate([weights, weights], axis=3))
        return [
            replace(both, relu=True),
            scaled,
            replace(last, inputs=(scaled.output, summing, last.inputs[2])),
        ]

    def _convolution(
        self, like: Operator, source: int, weights: NDArray[Any], bias: NDArray[Any]
    ) -> Operator:
        """A convolution with other channels, into a value of its own."""
        shape = (*self.tensors[like.output].shape[:3], len(bias))
        self.tensors.append(Tensor(f"{self.tensors[like.output].name}, both", shape, None))
        output = len(self.tensors) - 1
        inputs = (source, self._new_tensor(weights), self._new_tensor(bias))
        return replace(like, inputs=inputs, output=output)

    def _normalisation(self, *steps: Operator) -> Operator:
        mean, epsilon, gain, last = steps[0], steps[4], steps[6], steps[9]
        return Operator(
            kind=LAYER_NORMALISATION,
            inputs=(mean.inputs[0], gain.inputs[1], epsilon.inputs[1]),
            output=last.output,
            relu=False,
            options=None,
        )

    def _constant(self, tensor: int) -> NDArray[Any]:
        constant = self.tensors[tensor].constant
        assert constant is not None, "weights of a network are known"
        return constant

    def _new_tensor(self, constant: NDArray[Any]) -> int:
        self.tensors.append(Tensor("", constant.shape, constant))
        return len(self.tensors) - 1
