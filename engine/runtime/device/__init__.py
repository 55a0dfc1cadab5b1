"""The graphics card as the runtime needs it: memory, streams, events, graphs.

Two packages give access to CUDA's driver: cuda-bindings (wheels for Windows and Linux) and PyCUDA
(compiled at installation). Either serves; both use the card's primary context, which TensorRT and
others in this process share. `recording.py` is a card of ordinary memory that notes its calls.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card.

    capability: its compute capability. driver: CUDA version of the driver, such as 13.0.
    """

    name: str
    capability: tuple[int, int]
    driver: str


class Device(Protocol):
    """One card. Addresses, streams, events and graphs are numbers that it gives out.

    Every call but `close` is made inside `current()`. Uploads, downloads, records, waits and
    launches return at once and happen in the order of their stream. All raise ModelError.
    """

    @property
    def gpu(self) -> Gpu: ...

    def current(self) -> AbstractContextManager[None]:
        """The card's context belongs to the calling thread inside the `with`."""
        ...

    def pinned(self, size: int) -> Bytes:
        """(size,) host memory that the card reads and writes by itself."""
        ...

    def free_pinned(self, memory: Bytes) -> None: ...

    def allocate(self, size: int) -> int:
        """Address of so many bytes on the card."""
        ...

    def free(self, address: int) -> None: ...

    def open_stream(self) -> int: ...

    def close_stream(self, stream: int) -> None: ...

    def open_event(self) -> int: ...

    def close_event(self, event: int) -> None: ...

    def upload(self, address: int, memory: Bytes, stream: int) -> None:
        """Copy pinned memory to the card; it must not change before the copy is done."""
        ...

    def download(self, memory: Bytes, address: int, stream: int) -> None:
        """Copy from the card into pinned memory."""
        ...

    def record(self, event: int, stream: int) -> None:
        """The event happens when the stream has come this far."""
        ...

    def wait(self, stream: int, event: int) -> None:
        """What the stream is given from here on waits for the event."""
        ...

    def milliseconds(self, start: int, end: int) -> float:
        """Between two events that have happened."""
        ...

    def synchronize(self, stream: int) -> None:
        """Return when the stream has done everything."""
        ...

    def begin_capture(self, stream: int) -> None:
        """What the stream is given from here on is noted, not done."""
        ...

    def end_capture(self, stream: int) -> int:
        """The graph of what was noted."""
        ...

    def launch(self, graph: int, stream: int) -> None:
        """Do all of the graph."""
        ...

    def free_graph(self, graph: int) -> None: ...

    def close(self) -> None:
        """Give the context back. May be called twice."""
        ...


def open_device() -> Device:
    """The first card, through whichever package is installed. Raises ModelError."""
    from engine.runtime.device.driver import Driver

    Driver()  # without a driver there is no need to load packages, which takes a while
    reasons = []
    for name, opener in _OPENERS:
        try:
            return opener()
        except ImportError as error:
            reasons.append(f"{name}: {str(error).splitlines()[0]}")
    raise ModelError(
        f"cannot reach the graphics card ({'; '.join(reasons)}); expected one of these packages. "
        "Install it: pip install cuda-bindings"
    )


def find_gpu() -> Gpu | None:
    """The first card, or None if there is none that can be used here."""
    try:
        device = open_device()
    except ModelError:
        return None
    gpu = device.gpu
    device.close()
    return gpu


def driver_version(number: int) -> str:
    """13000 is 13.0."""
    return f"{number // 1000}.{number % 1000 // 10}"


def no_driver(reason: Any) -> ModelError:
    """No NVIDIA driver on this machine."""
    told = str(reason).splitlines()[0].rstrip(". ")
    return ModelError(
        f"cannot reach the graphics card: {told}; expected an NVIDIA card with its driver. "
        "Install the driver, or use --runtime onnx."
    )


def failed(call: str, error: str) -> ModelError:
    """A call of the driver failed."""
    if "OUT_OF_MEMORY" in error:
        return ModelError(
            f"the graphics card has no memory left ({call}: {error}); expected some hundred MB. "
            "Close another program, or use --runtime onnx."
        )
    return ModelError(
        f"the graphics card failed ({call}: {error}); expected success. "
        "Start the program again, or use --runtime onnx."
    )


def _bindings() -> Device:
    from engine.runtime.device.cuda_bindings import BindingsDevice

    return BindingsDevice()


def _pycuda() -> Device:
    from engine.runtime.device.py_cuda import PyCudaDevice

    return PyCudaDevice()


# PyCUDA first: who has compiled it wants it.
_OPENERS: tuple[tuple[str, Callable[[], Device]], ...] = (
    ("pycuda", _pycuda),
    ("cuda-bindings", _bindings),
)
