"""What PyCUDA lacks, straight from the driver's library: CUDA graphs."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from engine.runtime.device import failed, no_driver

_THREAD_LOCAL = 1  # CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may go on calling CUDA


class Driver:
    """The driver's functions, on streams and graphs given as numbers."""

    def __init__(self) -> None:
        """Raises ModelError if there is no driver."""
        try:
            self._library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        except OSError as error:
            raise no_driver(error) from error

    def begin_capture(self, stream: int) -> None:
        """cuStreamBeginCapture."""
        self._call("cuStreamBeginCapture_v2", ctypes.c_void_p(stream), ctypes.c_int(_THREAD_LOCAL))

    def end_capture(self, stream: int) -> int:
        """cuStreamEndCapture, cuGraphInstantiate: the executable graph."""
        noted, graph = ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuStreamEndCapture", ctypes.c_void_p(stream), ctypes.byref(noted))
        try:
            self._call(
                "cuGraphInstantiateWithFlags", ctypes.byref(graph), noted, ctypes.c_ulonglong(0)
            )
        finally:
            self._call("cuGraphDestroy", noted)
        return graph.value or 0

    def launch(self, graph: int, stream: int) -> None:
        """cuGraphLaunch."""
        self._call("cuGraphLaunch", ctypes.c_void_p(graph), ctypes.c_void_p(stream))

    def free_graph(self, graph: int) -> None:
        """cuGraphExecDestroy."""
        self._call("cuGraphExecDestroy", ctypes.c_void_p(graph))

    def pop_context(self) -> None:
        """cuCtxPopCurrent: the calling thread's context is the former one again."""
        self._call("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))

    def _call(self, name: str, *arguments: Any) -> None:
        error = self._library[name](*arguments)
        if error != 0:
            raise failed(name, f"CUDA error {error}")
