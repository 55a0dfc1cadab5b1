"""NVIDIA's driver and what could run networks on it. None of it is needed."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from typing import Protocol

from app.doctor.finding import Finding, Verdict

RUNTIMES = ("tensorrt", "tensorrt-rtx", "onnxruntime", "onnxruntime-gpu", "pycuda", "cuda-bindings")
NAME_SIZE = 256


class Driver(Protocol):
    """The part of CUDA's driver interface that tells what is there."""

    def start(self) -> int:
        """CUDA's error number; 0 is success."""

    def device_names(self) -> tuple[str, ...]:
        """Names of the cards. Only after a successful start."""


class CudaDriver:
    """The installed driver. Raises OSError if there is none."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")

    def start(self) -> int:
        """cuInit."""
        return int(self._library.cuInit(0))

    def device_names(self) -> tuple[str, ...]:
        """cuDeviceGetCount, cuDeviceGetName."""
        count = ctypes.c_int()
        self._library.cuDeviceGetCount(ctypes.byref(count))
        name = ctypes.create_string_buffer(NAME_SIZE)
        names = []
        for number in range(count.value):
            self._library.cuDeviceGetName(name, NAME_SIZE, number)
            names.append(name.value.decode("utf-8", "replace"))
        return tuple(names)


def cuda_driver() -> CudaDriver | None:
    """The installed driver, or None."""
    try:
        return CudaDriver()
    except OSError:
        return None


def probe_gpu(driver: Driver | None, installed: Mapping[str, str]) -> list[Finding]:
    """The card, and the runtimes installed for it."""
    runtimes = [f"{name} {installed[name]}" for name in RUNTIMES if name in installed]
    text = ", ".join(runtimes) or "none installed; faces are tracked on the processor"
    card = _probe_driver(driver)
    if runtimes and card.verdict is not Verdict.OK and any("tensorrt" in name for name in runtimes):
        runtime = Finding(
            Verdict.WARN,
            "runtimes",
            text,
            "TensorRT needs an NVIDIA card with its driver; everything else works without.",
        )
    else:
        runtime = Finding(Verdict.OK if runtimes else Verdict.NOTE, "runtimes", text)
    return [card, runtime]


def _probe_driver(driver: Driver | None) -> Finding:
    if driver is None:
        return Finding(Verdict.NOTE, "GPU", "no NVIDIA driver; none is needed")
    error = driver.start()
    if error != 0:
        return Finding(
            Verdict.WARN,
            "GPU",
            f"NVIDIA's driver does not start (CUDA error {error})",
            "Restart the computer, or install the driver again; tracking works without it.",
        )
    names = driver.device_names()
    if not names:
        return Finding(Verdict.NOTE, "GPU", "an NVIDIA driver, but no card")
    return Finding(Verdict.OK, "GPU", ", ".join(names))
