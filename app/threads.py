"""The two tools of concurrency. No other module imports `threading`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """A one-slot mailbox between two threads: the newest item is the only interesting one."""

    def __init__(self, item: T | None = None) -> None:
        self._changed = threading.Condition()
        self._item = item
        self._unseen = False
        self._overwritten = 0

    def put(self, item: T) -> None:
        """Replace the item; never waits."""
        with self._changed:
            self._overwritten += self._unseen
            self._item, self._unseen = item, True
            self._changed.notify_all()

    def offer(self, item: T, timeout: float) -> bool:
        """Put the item once the last one has been taken; False if that took over `timeout` s."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._unseen, timeout):
                return False
            self._item, self._unseen = item, True
            self._changed.notify_all()
            return True

    def take(self, timeout: float) -> T | None:
        """The newest unseen item, or None if none came within `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._unseen, timeout):
                return None
            self._unseen = False
            self._changed.notify_all()
            return self._item

    def peek(self) -> T | None:
        """The newest item, seen or not. Never waits."""
        with self._changed:
            return self._item

    @property
    def overwritten(self) -> int:
        """How many items were replaced before anybody took them."""
        with self._changed:
            return self._overwritten


class Worker:
    """A thread that repeats `step` until `step` returns False or the worker is stopped.

    Its failure is kept for `check`, which raises it in the caller's thread. Leaving the `with`
    stops the thread and waits two seconds at most: a hung driver must not keep the program alive.
    """

    def __init__(self, step: Callable[[], bool]) -> None:
        self._step = step
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=step.__name__, daemon=True)

    def _run(self) -> None:
        try:
            while not self._stop.is_set() and self._step():
                pass
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()

    @property
    def running(self) -> bool:
        """False once `step` has returned False or failed."""
        return not self._ended.is_set()

    def check(self) -> None:
        """Raise whatever ended this worker."""
        if self._error is not None:
            raise self._error

    def wait(self, timeout: float) -> bool:
        """True if the worker ended within `timeout` seconds."""
        return self._ended.wait(timeout)  # an interrupted Thread.join takes the thread for dead

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._ended.wait(2.0):
            self._thread.join()
