"""Ownership of GPU objects: what is opened is put on a stack, closing the stack releases it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol, TypeVar


class Releasable(Protocol):
    def release(self) -> None: ...


Thing = TypeVar("Thing", bound=Releasable)


def owned(stack: ExitStack, thing: Thing) -> Thing:
    """The thing itself; released when the stack closes, the newest first."""
    stack.callback(thing.release)
    return thing
