"""A deserialised plan, ready to be given its tensors' addresses and to run on a stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.errors import ModelError
from engine.runtime import Tensor
from engine.runtime.cropping import FRAME
from engine.runtime.flavour import NAMES, TensorRt
from engine.whole_files import replace_file


class Engine(Protocol):
    """A network on the card. All calls are made while the card's context is current.

    inputs, outputs: its tensors; free sizes of inputs are None.
    captures:        whether our CUDA graph may hold a run. False: it makes and replays its own.
    """

    @property
    def inputs(self) -> tuple[Tensor, ...]: ...

    @property
    def outputs(self) -> tuple[Tensor, ...]: ...

    @property
    def captures(self) -> bool: ...

    def open_context(self) -> Context:
        """A way to run it: shapes and addresses of its own."""
        ...

    def keep_compiled(self) -> None:
        """Keep on disk what was compiled for this card, so that the next start is quicker."""
        ...

    def close(self) -> None:
        """Release it, after its contexts. May be called twice."""
        ...


class Context(Protocol):
    """One way to run an engine."""

    def bind(self, name: str, shape: tuple[int, ...], address: int) -> None:
        """Give an input its shape, and any tensor its memory. Raises ModelError."""
        ...

    def enqueue(self, stream: int) -> None:
        """Let the stream compute the outputs. Raises ModelError."""
        ...

    def close(self) -> None:
        """Release it. May be called twice."""
        ...


class TensorRtEngine:
    """See `Engine`."""

    def __init__(
        self, tensorrt: TensorRt, plan: bytes, *, name: str, compiled: Path | None
    ) -> None:
        """Read a plan; raises ModelError if it is of another version or card.

        name:     of the plan, for messages.
        compiled: where TensorRT-RTX keeps what it compiles for this card; None: nowhere.
        """
        trt = tensorrt.module
        self._tensorrt, self._name, self._compiled = tensorrt, name, compiled
        self._runtime: Any = trt.Runtime(tensorrt.messages.logger)
        self._is_rtx = tensorrt.flavour == "rtx"
        if self._is_rtx:
            validity, faults = self._runtime.get_engine_validity(plan)
            if validity == trt.EngineValidity.INVALID:
                raise self._unusable(told_faults(trt, faults) or tensorrt.messages.take())
        self._engine: Any = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise self._unusable(tensorrt.messages.take())
        tensors = [
            (
                self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT,
                Tensor(
                    name,
                    tuple(None if n < 0 else int(n) for n in self._engine.get_tensor_shape(name)),
                    np.dtype(trt.nptype(self._engine.get_tensor_dtype(name))),
                ),
            )
            for name in map(self._engine.get_tensor_name, range(self._engine.num_io_tensors))
        ]
        inputs = (tensor for is_input, tensor in tensors if is_input)
        self._inputs = tuple(sorted(inputs, key=lambda tensor: tensor.name != FRAME))
        self._outputs = tuple(tensor for is_input, tensor in tensors if not is_input)
        self._config: Any = None
        self._cache: Any = None
        if self._is_rtx:
            self._set_runtime_up()

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """See `Engine`."""
        return self._inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """See `Engine`."""
        return self._outputs

    @property
    def captures(self) -> bool:
        """TensorRT-RTX captures and replays graphs itself."""
        return not self._is_rtx

    def open_context(self) -> Context:
        """See `Engine`."""
        context = (
            self._engine.create_execution_context(self._config)
            if self._is_rtx
            else self._engine.create_execution_context()
        )
        if context is None:
            raise self._failed("cannot make a context of")
        return TensorRtContext(context, self)

    def keep_compiled(self) -> None:
        """See `Engine`. A disk that takes nothing costs the next start some seconds, no more."""
        if self._compiled is None or self._cache is None:
            return
        content = bytes(self._cache.serialize())
        try:
            if not self._compiled.is_file() or self._compiled.read_bytes() != content:
                replace_file(self._compiled, content)
        except OSError:
            self._compiled = None

    def close(self) -> None:
        """See `Engine`."""
        self._config = self._cache = None
        self._engine = None
        self._runtime = None

    def failed(self, what: str) -> ModelError:
        """TensorRT returned no success, its reason is in its messages."""
        return self._failed(what)

    def _set_runtime_up(self) -> None:
        trt = self._tensorrt.module
        config = self._engine.create_runtime_config()
        config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        # Kernels for the frame's size are compiled before the first picture, not beside it: lazily
        # specialised ones would change under a captured graph.
        strategy = trt.DynamicShapesKernelSpecializationStrategy
        config.dynamic_shapes_kernel_specialization_strategy = strategy.EAGER
        cache = config.create_runtime_cache()
        if self._compiled is not None and self._compiled.is_file():
            cache.deserialize(
                self._compiled.read_bytes()
            )  # False: of another card, it is rewritten
            self._tensorrt.messages.take()
        config.set_runtime_cache(cache)
        self._config, self._cache = config, cache

    def _unusable(self, reason: str) -> ModelError:
        return ModelError(
            f"cannot use the plan {self._name}: {reason}; expected one for this card and "
            f"{self._tensorrt.name}. Build it again (python build_trt.py), or use --runtime onnx."
        )

    def _failed(self, what: str) -> ModelError:
        return ModelError(
            f"{NAMES[self._tensorrt.flavour]} {what} {self._name}: "
            f"{self._tensorrt.messages.take()}; expected success. "
            "Build the plan again, or use --runtime onnx."
        )


class TensorRtContext:
    """See `Context`."""

    def __init__(self, context: Any, engine: TensorRtEngine) -> None:
        self._context, self._engine = context, engine
        self._input_names = {tensor.name for tensor in engine.inputs}

    def bind(self, name: str, shape: tuple[int, ...], address: int) -> None:
        """See `Context`."""
        if name in self._input_names and not self._context.set_input_shape(name, shape):
            raise self._engine.failed(f"refuses the shape {shape} of {name} for")
        if not self._context.set_tensor_address(name, address):
            raise self._engine.failed(f"refuses the memory of {name} for")

    def enqueue(self, stream: int) -> None:
        """See `Context`."""
        if not self._context.execute_async_v3(stream):
            raise self._engine.failed("cannot run")

    def close(self) -> None:
        """See `Context`."""
        self._context = None


def told_faults(trt: Any, faults: int) -> str:
    """The names of the bits in TensorRT-RTX's diagnosis."""
    members = trt.EngineInvalidityDiagnostics.__members__
    named = [name for name, member in members.items() if int(faults) & int(member)]
    return ", ".join(named).lower().replace("_", " ")
