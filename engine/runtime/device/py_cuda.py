"""The card through PyCUDA."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import pycuda.driver as cuda

from engine.runtime.device import Bytes, Gpu, driver_version, failed, no_driver
from engine.runtime.device.driver import Driver

T = TypeVar("T")


class PyCudaDevice:
    """See `Device`. PyCUDA frees by its objects, which are kept under the numbers given out."""

    def __init__(self) -> None:
        """Take the first card's primary context. Raises ModelError."""
        try:
            cuda.init()
            device = cuda.Device(0)
        except cuda.Error as error:
            raise no_driver(f"its driver does not start, {error}") from error
        self._gpu = Gpu(
            name=device.name(),
            capability=device.compute_capability(),
            driver=driver_version(cuda.get_driver_version()),
        )
        self._driver = Driver()
        # The primary context, shared with whoever else uses the card in this process.
        self._context: Any = _called("cuDevicePrimaryCtxRetain", device.retain_primary_context)
        self._held = dict[int, Any]()

    @property
    def gpu(self) -> Gpu:
        """The card."""
        return self._gpu

    @contextmanager
    def current(self) -> Iterator[None]:
        """See `Device`."""
        _called("cuCtxPushCurrent", self._context.push)
        try:
            yield
        finally:
            _called("cuCtxPopCurrent", cuda.Context.pop)

    def pinned(self, size: int) -> Bytes:
        """See `Device`."""
        memory: Bytes = _called("cuMemHostAlloc", cuda.pagelocked_empty, size, np.uint8)
        return memory

    def free_pinned(self, memory: Bytes) -> None:
        """See `Device`."""
        base: Any = memory.base
        _called("cuMemFreeHost", base.free)

    def allocate(self, size: int) -> int:
        """See `Device`."""
        memory = _called("cuMemAlloc", cuda.mem_alloc, size)
        return self._hold(int(memory), memory)

    def free(self, address: int) -> None:
        """See `Device`."""
        _called("cuMemFree", self._held.pop(address).free)

    def open_stream(self) -> int:
        """See `Device`."""
        stream = _called("cuStreamCreate", cuda.Stream)
        return self._hold(int(stream.handle), stream)

    def close_stream(self, stream: int) -> None:
        """See `Device`."""
        del self._held[stream]

    def open_event(self) -> int:
        """See `Device`."""
        event = _called("cuEventCreate", cuda.Event)
        return self._hold(id(event), event)

    def close_event(self, event: int) -> None:
        """See `Device`."""
        del self._held[event]

    def upload(self, address: int, memory: Bytes, stream: int) -> None:
        """See `Device`."""
        stream_object = self._held[stream]
        _called("cuMemcpyHtoDAsync", cuda.memcpy_htod_async, address, memory, stream_object)

    def download(self, memory: Bytes, address: int, stream: int) -> None:
        """See `Device`."""
        stream_object = self._held[stream]
        _called("cuMemcpyDtoHAsync", cuda.memcpy_dtoh_async, memory, address, stream_object)

    def record(self, event: int, stream: int) -> None:
        """See `Device`."""
        _called("cuEventRecord", self._held[event].record, self._held[stream])

    def wait(self, stream: int, event: int) -> None:
        """See `Device`."""
        _called("cuStreamWaitEvent", self._held[stream].wait_for_event, self._held[event])

    def milliseconds(self, start: int, end: int) -> float:
        """See `Device`."""
        return float(_called("cuEventElapsedTime", self._held[start].time_till, self._held[end]))

    def synchronize(self, stream: int) -> None:
        """See `Device`."""
        _called("cuStreamSynchronize", self._held[stream].synchronize)

    def begin_capture(self, stream: int) -> None:
        """See `Device`."""
        self._driver.begin_capture(stream)

    def end_capture(self, stream: int) -> int:
        """See `Device`."""
        return self._driver.end_capture(stream)

    def launch(self, graph: int, stream: int) -> None:
        """See `Device`."""
        self._driver.launch(graph, stream)

    def free_graph(self, graph: int) -> None:
        """See `Device`."""
        self._driver.free_graph(graph)

    def close(self) -> None:
        """See `Device`."""
        self._held.clear()
        context, self._context = self._context, None
        if context is not None:
            # PyCUDA releases a context in another thread only while it is current there, and then
            # leaves it current.
            _called("cuCtxPushCurrent", context.push)
            _called("cuDevicePrimaryCtxRelease", context.detach)
            self._driver.pop_context()

    def _hold(self, number: int, thing: Any) -> int:
        self._held[number] = thing
        return number


def _called(name: str, function: Callable[..., T], *arguments: Any) -> T:
    try:
        return function(*arguments)
    except cuda.Error as error:
        raise failed(name, _short(error)) from error


def _short(error: Exception) -> str:
    """PyCUDA tells "cuMemAlloc failed: out of memory"."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"CUDA_ERROR_OUT_OF_MEMORY, {text}" if isinstance(error, cuda.MemoryError) else text
