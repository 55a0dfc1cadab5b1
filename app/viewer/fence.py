"""Asks the graphics card whether it is done, without waiting for it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

COMMANDS_COMPLETE, FLUSH = 0x9117, 1  # GL_SYNC_GPU_COMMANDS_COMPLETE, GL_SYNC_FLUSH_COMMANDS_BIT
TIMED_OUT = 0x911B  # GL_TIMEOUT_EXPIRED

AddressOf = Callable[[str], int]


class Fence:
    """One fence in one OpenGL context: it is set, passed, and set again.

    ctypes frees Python's lock: a driver that draws with the processor may take its time.
    address_of: of an OpenGL function in that context.
    """

    def __init__(self, address_of: AddressOf) -> None:
        self._create = _function(
            address_of, "glFenceSync", ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint
        )
        self._ask = _function(
            address_of,
            "glClientWaitSync",
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_uint,
            ctypes.c_uint64,
        )
        self._delete = _function(address_of, "glDeleteSync", None, ctypes.c_void_p)
        self._sync: int | None = None

    @property
    def is_set(self) -> bool:
        return self._sync is not None

    def set(self) -> None:
        """Behind all that was drawn so far."""
        self._sync = self._create(COMMANDS_COMPLETE, 0)

    def passed(self) -> bool:
        """Whether all before it is done; it then is set no more."""
        if self._sync is None or self._ask(self._sync, FLUSH, 0) == TIMED_OUT:
            return False
        self.close()
        return True

    def close(self) -> None:
        if self._sync is not None:
            self._delete(self._sync)
            self._sync = None


def _function(address_of: AddressOf, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    return ctypes.CFUNCTYPE(result, *arguments)(address_of(name))
