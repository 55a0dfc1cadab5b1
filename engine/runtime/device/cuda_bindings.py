"""The card through cuda-bindings, NVIDIA's own interface to the driver."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from cuda.bindings import driver as cuda

from engine.runtime.device import Bytes, Gpu, driver_version, failed, no_driver

_MAJOR = cuda.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
_MINOR = cuda.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR
# Other threads may go on calling CUDA while this one captures.
_CAPTURE = cuda.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
_NON_BLOCKING = cuda.CUstream_flags.CU_STREAM_NON_BLOCKING


class BindingsDevice:
    """See `Device`."""

    def __init__(self) -> None:
        """Take the first card's primary context. Raises ModelError."""
        try:
            (error,) = cuda.cuInit(0)
        except RuntimeError as missing:  # cuda-pathfinder: there is no driver library
            raise no_driver(missing) from missing
        if error != cuda.CUresult.CUDA_SUCCESS:
            raise no_driver(f"its driver does not start, {error.name}")
        self._device = _result("cuDeviceGet", cuda.cuDeviceGet(0))
        name = _result("cuDeviceGetName", cuda.cuDeviceGetName(256, self._device))
        self._gpu = Gpu(
            name=name.split(b"\0")[0].decode("utf-8", "replace"),
            capability=(self._attribute(_MAJOR), self._attribute(_MINOR)),
            driver=driver_version(_result("cuDriverGetVersion", cuda.cuDriverGetVersion())),
        )
        self._context = _result(
            "cuDevicePrimaryCtxRetain", cuda.cuDevicePrimaryCtxRetain(self._device)
        )
        self._is_open = True

    @property
    def gpu(self) -> Gpu:
        """The card."""
        return self._gpu

    @contextmanager
    def current(self) -> Iterator[None]:
        """See `Device`."""
        _check("cuCtxPushCurrent", cuda.cuCtxPushCurrent(self._context))
        try:
            yield
        finally:
            _result("cuCtxPopCurrent", cuda.cuCtxPopCurrent())

    def pinned(self, size: int) -> Bytes:
        """See `Device`."""
        address = int(_result("cuMemHostAlloc", cuda.cuMemHostAlloc(size, 0)))
        return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))

    def free_pinned(self, memory: Bytes) -> None:
        """See `Device`."""
        _check("cuMemFreeHost", cuda.cuMemFreeHost(memory.ctypes.data))

    def allocate(self, size: int) -> int:
        """See `Device`."""
        return int(_result("cuMemAlloc", cuda.cuMemAlloc(size)))

    def free(self, address: int) -> None:
        """See `Device`."""
        _check("cuMemFree", cuda.cuMemFree(address))

    def open_stream(self) -> int:
        """See `Device`."""
        return int(_result("cuStreamCreate", cuda.cuStreamCreate(_NON_BLOCKING)))

    def close_stream(self, stream: int) -> None:
        """See `Device`."""
        _check("cuStreamDestroy", cuda.cuStreamDestroy(stream))

    def open_event(self) -> int:
        """See `Device`."""
        return int(_result("cuEventCreate", cuda.cuEventCreate(0)))

    def close_event(self, event: int) -> None:
        """See `Device`."""
        _check("cuEventDestroy", cuda.cuEventDestroy(event))

    def upload(self, address: int, memory: Bytes, stream: int) -> None:
        """See `Device`."""
        copied = cuda.cuMemcpyHtoDAsync(address, memory.ctypes.data, memory.nbytes, stream)
        _check("cuMemcpyHtoDAsync", copied)

    def download(self, memory: Bytes, address: int, stream: int) -> None:
        """See `Device`."""
        copied = cuda.cuMemcpyDtoHAsync(memory.ctypes.data, address, memory.nbytes, stream)
        _check("cuMemcpyDtoHAsync", copied)

    def record(self, event: int, stream: int) -> None:
        """See `Device`."""
        _check("cuEventRecord", cuda.cuEventRecord(event, stream))

    def wait(self, stream: int, event: int) -> None:
        """See `Device`."""
        _check("cuStreamWaitEvent", cuda.cuStreamWaitEvent(stream, event, 0))

    def milliseconds(self, start: int, end: int) -> float:
        """See `Device`."""
        return float(_result("cuEventElapsedTime", cuda.cuEventElapsedTime(start, end)))

    def synchronize(self, stream: int) -> None:
        """See `Device`."""
        _check("cuStreamSynchronize", cuda.cuStreamSynchronize(stream))

    def begin_capture(self, stream: int) -> None:
        """See `Device`."""
        _check("cuStreamBeginCapture", cuda.cuStreamBeginCapture(stream, _CAPTURE))

    def end_capture(self, stream: int) -> int:
        """See `Device`."""
        noted = _result("cuStreamEndCapture", cuda.cuStreamEndCapture(stream))
        try:
            return int(_result("cuGraphInstantiate", cuda.cuGraphInstantiate(noted, 0)))
        finally:
            _check("cuGraphDestroy", cuda.cuGraphDestroy(noted))

    def launch(self, graph: int, stream: int) -> None:
        """See `Device`."""
        _check("cuGraphLaunch", cuda.cuGraphLaunch(graph, stream))

    def free_graph(self, graph: int) -> None:
        """See `Device`."""
        _check("cuGraphExecDestroy", cuda.cuGraphExecDestroy(graph))

    def close(self) -> None:
        """See `Device`."""
        if self._is_open:
            self._is_open = False
            _check("cuDevicePrimaryCtxRelease", cuda.cuDevicePrimaryCtxRelease(self._device))

    def _attribute(self, attribute: Any) -> int:
        return int(
            _result("cuDeviceGetAttribute", cuda.cuDeviceGetAttribute(attribute, self._device))
        )


def _check(call: str, result: tuple[Any, ...]) -> None:
    error = result[0]
    if error != cuda.CUresult.CUDA_SUCCESS:
        raise failed(call, error.name)


def _result(call: str, result: tuple[Any, Any]) -> Any:
    _check(call, result)
    return result[1]
