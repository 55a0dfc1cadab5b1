"""Networks computed by TensorRT: a plan on the card, its buffers, and a graph that replays it.

Everything is bound once for a size of the first input: pinned memory here, memory on the card, one
stream that computes and one that uploads. A run copies, launches and waits; it allocates nothing.
There are two sets of buffers, so that the next picture goes up while this one is computed.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.closing import Closing
from engine.errors import ModelError
from engine.runtime import Tensor
from engine.runtime.device import Bytes, Device, open_device
from engine.runtime.engine import Engine, TensorRtEngine
from engine.runtime.flavour import NAMES, load_tensorrt
from engine.runtime.plan import compiled_path
from engine.runtime.plan_card import read_card

ALIGNMENT = 256  # bytes, of every tensor's address


def open_plan(path: Path) -> PlanSession:
    """Load a plan that was built on, or for, this machine. Raises ModelError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"cannot load the plan {path}: {error.strerror}; expected a TensorRT plan. "
            "Build it: python build_trt.py"
        ) from error
    card = read_card(path)
    tensorrt = load_tensorrt("auto" if card is None else card.key.flavour)
    if card is not None and card.key.version != tensorrt.version:
        raise ModelError(
            f"cannot use the plan {path.name}: it was built by {NAMES[card.key.flavour]} "
            f"{card.key.version}; expected {tensorrt.version}. Build it again: python build_trt.py"
        )
    with ExitStack() as opening:
        device = open_device()
        opening.callback(device.close)
        with device.current():
            engine = TensorRtEngine(tensorrt, content, name=path.name, compiled=compiled_path(path))
        session = PlanSession(device, engine, name=tensorrt.name)
        opening.pop_all()
    return session


class PlanSession(Closing):
    """See `engine.runtime.Session`. One thread at a time; any thread."""

    def __init__(self, device: Device, engine: Engine, *, name: str) -> None:
        """Takes device and engine over; if it raises ModelError, only the engine is closed.

        name: of TensorRT and its version.
        """
        self._device, self._engine, self._name = device, engine, name
        self._slots: list[_Slot] = []
        self._turn = 0
        self._expected: NDArray[Any] | None = None
        self._is_open, self._is_running = True, False
        with device.current(), ExitStack() as opening:
            opening.callback(engine.close)
            self._streams = _Streams(
                _opened(opening, device.open_stream, device.close_stream),
                _opened(opening, device.open_stream, device.close_stream),
                _opened(opening, device.open_event, device.close_event),
                _opened(opening, device.open_event, device.close_event),
            )
            self._closing = opening.pop_all()

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What the network takes, in the order of `run`."""
        return self._engine.inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """What the network gives, in the order of `run`."""
        return self._engine.outputs

    @property
    def device(self) -> str:
        """Where it is computed, in words for people."""
        return f"{self._device.gpu.name}, {self._name}"

    @property
    def engine_ms(self) -> float:
        """Milliseconds that the card took for the last run, the upload of its first input apart."""
        with self._device.current():
            return self._device.milliseconds(self._streams.started, self._streams.ended)

    def expect(self, array: NDArray[Any]) -> None:
        """Begin to bring the first input of the next run to the card; returns at once."""
        with self._device.current():
            self._upload(array)

    def run(self, *arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The outputs for these inputs. They are the caller's until the run after the next."""
        self.submit(*arrays)
        return self.collect()

    def submit(self, *arrays: NDArray[Any]) -> None:
        """Begin a run; `collect` ends it. In between, `expect` may bring the next first input."""
        first, *others = arrays
        if self._is_running:
            self.collect()
        with self._device.current():
            if self._expected is not first:
                self._upload(first)
            slot = self._slots[self._turn]
            slot.submit(others)
            self._turn = 1 - self._turn
            self._expected, self._is_running = None, True

    def collect(self) -> tuple[NDArray[Any], ...]:
        """Wait for the run that was submitted last, and give its outputs."""
        with self._device.current():
            self._device.synchronize(self._streams.compute)
        self._is_running = False
        return self._slots[1 - self._turn].outputs

    def close(self) -> None:
        """Wait for the card and release everything. May be called twice."""
        if not self._is_open:
            return
        self._is_open = False
        with suppress(ModelError):  # a card that has failed waits for nothing, and frees nothing
            with self._device.current(), self._closing:
                self._release_slots()
        with suppress(ModelError):
            self._device.close()

    def _upload(self, first: NDArray[Any]) -> None:
        if not self._slots or self._slots[0].shape != first.shape:
            self._bind(first.shape)
        self._slots[self._turn].upload(first)
        self._expected = first

    def _bind(self, shape: tuple[int, ...]) -> None:
        """Buffers, contexts and graphs for this shape of the first input."""
        self._check(shape)
        self._release_slots()
        for _ in range(2):
            self._slots.append(_Slot(self._device, self._engine, self._streams, shape))
        self._engine.keep_compiled()

    def _check(self, shape: tuple[int, ...]) -> None:
        tensor = self._engine.inputs[0]
        sizes = zip(shape, tensor.shape, strict=False)
        if len(shape) != len(tensor.shape) or any(s != t for s, t in sizes if t is not None):
            raise ModelError(
                f"the plan cannot take {tensor.name} of the shape {shape}; "
                f"expected {tensor.shape}. Build the plan again: python build_trt.py"
            )

    def _release_slots(self) -> None:
        with ExitStack() as releasing:
            for slot in self._slots:
                releasing.callback(slot.close)
            self._slots.clear()
            self._device.synchronize(self._streams.compute)
            self._device.synchronize(self._streams.uploads)


@dataclass(frozen=True, slots=True)
class _Streams:
    """compute, uploads: streams. started, ended: events around the last run."""

    compute: int
    uploads: int
    started: int
    ended: int


class _Slot:
    """One set of buffers with what computes on it.

    shape: of the first input. outputs: views of the pinned memory that results are copied to.
    """

    def __init__(
        self, device: Device, engine: Engine, streams: _Streams, shape: tuple[int, ...]
    ) -> None:
        self.shape = shape
        self._device, self._streams = device, streams
        self._graph: int | None = None
        with ExitStack() as opening:
            self._context = engine.open_context()
            opening.callback(self._context.close)
            self._uploaded = _opened(opening, device.open_event, device.close_event)
            self._inputs = [
                self._input(opening, tensor, shape if index == 0 else _sizes(tensor))
                for index, tensor in enumerate(engine.inputs)
            ]
            self._bind_outputs(opening, engine.outputs)
            self._warm_up(opening, captures=engine.captures)
            self._closing = opening.pop_all()

    def upload(self, first: NDArray[Any]) -> None:
        # The memory may still be read by an upload whose picture nobody wanted after all.
        self._device.synchronize(self._streams.uploads)
        pinned = self._inputs[0]
        np.copyto(pinned.values, first, casting="no")
        self._device.upload(pinned.address, pinned.memory, self._streams.uploads)
        self._device.record(self._uploaded, self._streams.uploads)

    def submit(self, others: list[NDArray[Any]]) -> None:
        for pinned, array in zip(self._inputs[1:], others, strict=True):
            np.copyto(pinned.values, array, casting="no")
        compute = self._streams.compute
        self._device.wait(compute, self._uploaded)
        self._device.record(self._streams.started, compute)
        if self._graph is None:
            self._enqueue()
        else:
            self._device.launch(self._graph, compute)
        self._device.record(self._streams.ended, compute)

    def close(self) -> None:
        self._closing.close()

    def _enqueue(self) -> None:
        compute = self._streams.compute
        for pinned in self._inputs[1:]:
            self._device.upload(pinned.address, pinned.memory, compute)
        self._context.enqueue(compute)
        self._device.download(self._results, self._results_address, compute)

    def _warm_up(self, opening: ExitStack, *, captures: bool) -> None:
        """The first run compiles and loads kernels, which a capture must not contain."""
        for pinned in self._inputs:
            pinned.values.fill(0)
        first = self._inputs[0]
        self._device.upload(first.address, first.memory, self._streams.compute)
        self._enqueue()
        self._device.synchronize(self._streams.compute)
        if not captures:
            return
        self._device.begin_capture(self._streams.compute)
        try:
            self._enqueue()
        except ModelError:
            with suppress(ModelError):  # of a capture that cannot be ended either
                self._device.free_graph(self._device.end_capture(self._streams.compute))
            raise
        self._graph = self._device.end_capture(self._streams.compute)
        opening.callback(self._device.free_graph, self._graph)

    def _input(self, opening: ExitStack, tensor: Tensor, shape: tuple[int, ...]) -> _Pinned:
        size = prod(shape) * tensor.dtype.itemsize
        memory = _pinned(opening, self._device, size)
        address = self._device.allocate(size)
        opening.callback(self._device.free, address)
        self._context.bind(tensor.name, shape, address)
        return _Pinned(memory, memory.view(tensor.dtype).reshape(shape), address)

    def _bind_outputs(self, opening: ExitStack, tensors: tuple[Tensor, ...]) -> None:
        """All outputs lie in one block, so that one copy brings them."""
        starts, size = [], 0
        for tensor in tensors:
            starts.append(size)
            size += prod(_sizes(tensor)) * tensor.dtype.itemsize
            size += -size % ALIGNMENT
        self._results = _pinned(opening, self._device, size)
        self._results_address = self._device.allocate(size)
        opening.callback(self._device.free, self._results_address)
        views = []
        for tensor, start in zip(tensors, starts, strict=True):
            shape = _sizes(tensor)
            self._context.bind(tensor.name, shape, self._results_address + start)
            part = self._results[start : start + prod(shape) * tensor.dtype.itemsize]
            views.append(part.view(tensor.dtype).reshape(shape))
        self.outputs: tuple[NDArray[Any], ...] = tuple(views)


@dataclass(frozen=True, slots=True, eq=False)
class _Pinned:
    """An input: pinned memory, the same as an array, and its address on the card."""

    memory: Bytes
    values: NDArray[Any]
    address: int


def _sizes(tensor: Tensor) -> tuple[int, ...]:
    sizes = tuple(size for size in tensor.shape if size is not None)
    if len(sizes) != len(tensor.shape):
        raise ModelError(
            f"the plan leaves the size of {tensor.name} open: {tensor.shape}; expected fixed sizes "
            "but for the first input. Build the plan again: python build_trt.py"
        )
    return sizes


def _opened(opening: ExitStack, open_it: Any, close_it: Any) -> int:
    number: int = open_it()
    opening.callback(close_it, number)
    return number


def _pinned(opening: ExitStack, device: Device, size: int) -> Bytes:
    memory = device.pinned(size)
    opening.callback(device.free_pinned, memory)
    return memory
