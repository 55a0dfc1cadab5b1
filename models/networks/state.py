"""The arrays of a checkpoint enter a module, all of them and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.errors import ModelError

State = Mapping[str, NDArray[Any]]

_UNUSED = "num_batches_tracked"  # a counter of the training, present or not


def under(prefix: str, state: State) -> dict[str, NDArray[Any]]:
    """The entries whose key begins with `prefix`, without it."""
    start = len(prefix)
    return {key[start:]: value for key, value in state.items() if key.startswith(prefix)}


def loaded(build: Callable[[], nn.Module], state: State, *, name: str) -> nn.Module:
    """The module in inference mode, its parameters and buffers taken from `state`.

    Raises ModelError if an entry is missing, surplus, of another shape, or not finite.
    """
    with torch.device("meta"):  # shapes only: nothing is initialised to be overwritten
        module = build()
    expected = module.state_dict()
    needed = {key for key in expected if not key.endswith(_UNUSED)}
    given = {key for key in state if not key.endswith(_UNUSED)}
    if missing := sorted(needed - given):
        raise _refusal(name, f"{_count(missing)} missing of {len(needed)} entries")
    if surplus := sorted(given - needed):
        raise _refusal(name, f"{_count(surplus)} too many; expected {len(needed)} entries")
    tensors = {key: torch.zeros((), dtype=torch.int64) for key in expected if key not in needed}
    for key in sorted(needed):
        array = np.asarray(state[key])
        shape = tuple(expected[key].shape)
        if array.shape != shape:
            raise _refusal(name, f"{key} has shape {array.shape}; expected {shape}")
        if array.dtype.kind != "f":
            raise _refusal(name, f"{key} holds {array.dtype}; expected floating-point numbers")
        tensors[key] = torch.tensor(array, dtype=torch.float32)
        if not all(bool(torch.isfinite(end)) for end in torch.aminmax(tensors[key])):
            raise _refusal(name, f"{key} holds values that are no numbers; expected finite ones")
    module.load_state_dict(tensors, strict=True, assign=True)
    return module.eval().requires_grad_(False)


def _count(keys: list[str]) -> str:
    return f"{keys[0]} is" if len(keys) == 1 else f"{keys[0]} and {len(keys) - 1} more are"


def _refusal(name: str, fault: str) -> ModelError:
    return ModelError(
        f"These are not the weights of {name}: {fault}. Take the official, complete file."
    )
