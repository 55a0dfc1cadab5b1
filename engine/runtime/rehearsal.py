"""An engine without a GPU: ONNX Runtime computes what TensorRT would, on a `RecordingDevice`.

So that the order of calls, the buffers and the results of `PlanSession` can be seen on any machine.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.runtime import Session, Tensor
from engine.runtime.device.recording import RecordingDevice
from engine.runtime.engine import Context


class RehearsalEngine:
    """See `Engine`.

    contexts: how many are open. kept: how often what was compiled was kept.
    """

    def __init__(self, session: Session, device: RecordingDevice, *, captures: bool) -> None:
        """Takes the session over. captures: as full TensorRT does; False: as TensorRT-RTX."""
        self.session, self.device = session, device
        self.contexts = self.kept = 0
        self.is_open = True
        self._captures = captures

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """See `Engine`."""
        return self.session.inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """See `Engine`."""
        return self.session.outputs

    @property
    def captures(self) -> bool:
        """See `Engine`."""
        return self._captures

    def open_context(self) -> Context:
        """See `Engine`."""
        self.contexts += 1
        self.device.calls.append("open context")
        return RehearsalContext(self)

    def keep_compiled(self) -> None:
        """See `Engine`."""
        self.kept += 1

    def close(self) -> None:
        """See `Engine`."""
        if self.is_open and self.contexts:
            raise ModelError(f"the engine was closed before {self.contexts} of its contexts")
        self.is_open = False
        self.device.calls.append("close engine")
        self.session.close()


class RehearsalContext:
    """See `Context`."""

    def __init__(self, engine: RehearsalEngine) -> None:
        self._engine = engine
        self._places: dict[str, tuple[int, tuple[int, ...]]] = {}
        self._is_open = True

    def bind(self, name: str, shape: tuple[int, ...], address: int) -> None:
        """See `Context`."""
        self._engine.device.calls.append(f"bind {name}")
        self._places[name] = address, shape

    def enqueue(self, stream: int) -> None:
        """See `Context`."""
        self._engine.device.calls.append("enqueue")
        self._engine.device.give(stream, self._compute)

    def close(self) -> None:
        """See `Context`."""
        if self._is_open:
            self._is_open = False
            self._engine.contexts -= 1
            self._engine.device.calls.append("close context")

    def _compute(self) -> None:
        engine = self._engine
        results = engine.session.run(*(self._array(tensor) for tensor in engine.inputs))
        for tensor, result in zip(engine.outputs, results, strict=True):
            self._array(tensor)[...] = result

    def _array(self, tensor: Tensor) -> NDArray[Any]:
        address, shape = self._places[tensor.name]
        size = prod(shape) * tensor.dtype.itemsize
        return np.asarray(
            self._engine.device.memory(address, size).view(tensor.dtype).reshape(shape)
        )
