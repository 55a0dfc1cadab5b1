"""The tools of concurrency. No other module imports `threading`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, Self, TypeVar

from engine.closing import Closing

T = TypeVar("T")

Lock = threading.Lock  # for the few values that two threads change


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


class Backlog(Generic[T]):
    """Items that wait for another thread, in order, up to a limit."""

    def __init__(self, limit: int) -> None:
        """limit: of the sizes of all that waits, in whatever unit `offer` is told."""
        self._changed = threading.Condition()
        self._items: deque[tuple[T, int]] = deque()
        self._limit = limit
        self._size = 0

    def offer(self, item: T, size: int) -> bool:
        """Add the item; False if it would be too much. Never waits."""
        with self._changed:
            if self._size + size > self._limit:
                return False
            self._items.append((item, size))
            self._size += size
            self._changed.notify_all()
            return True

    def take(self, timeout: float) -> T | None:
        """The oldest item, or None if none came within `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._items, timeout):
                return None
            item, size = self._items.popleft()
            self._size -= size
            return item


class Worker(Closing):
    """A thread that repeats `step` until `step` returns False or the worker is stopped.

    Its failure is kept for `check`, which raises it in the caller's thread. `close` stops it and
    waits two seconds at most: a hung driver must not keep the program alive.
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

    @property
    def failure(self) -> BaseException | None:
        """What ended this worker, for who can go on without it."""
        return self._error

    def check(self) -> None:
        """Raise whatever ended this worker."""
        if self._error is not None:
            raise self._error

    def wait(self, timeout: float) -> bool:
        """True if the worker ended within `timeout` seconds."""
        return self._ended.wait(timeout)  # an interrupted Thread.join takes the thread for dead

    def start(self) -> None:
        """Once, as entering the `with` does."""
        self._thread.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def close(self) -> None:
        self._stop.set()
        if self._ended.wait(2.0):
            self._thread.join()


class Errands(Generic[T]):
    """A thread that makes one call after the other for somebody who must not wait for ever.

    A call that never returns keeps only this thread, which is left to itself; if the call does
    return one day, the thread ends in order.
    """

    def __init__(self, name: str) -> None:
        self._changed = threading.Condition()
        self._call: Callable[[], T | None] | None = None
        self._result: T | None = None
        self._error: BaseException | None = None
        self._last: Callable[[], None] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._call is not None or self._last is not None)
                    call = self._call
                if call is None:
                    break
                result: T | None = None
                error: BaseException | None = None
                try:
                    result = call()
                except BaseException as raised:
                    error = raised
                with self._changed:
                    self._call, self._result, self._error = None, result, error
                    self._changed.notify_all()
            assert self._last is not None
            self._last()
        finally:
            self._ended.set()

    @property
    def busy(self) -> bool:
        """Whether a call is under way."""
        with self._changed:
            return self._call is not None

    @property
    def running(self) -> bool:
        """False once the thread has ended."""
        return not self._ended.is_set()

    def start(self, call: Callable[[], T | None]) -> None:
        """Begin a call; the one before must be over. Once stopped, nothing begins any more."""
        with self._changed:
            assert self._call is None
            if self._last is not None:
                return
            self._call = call
            self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        """Whether the call is over within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._call is None, timeout)

    def result(self) -> T | None:
        """What the last call gave, the first time one asks; raises what it raised."""
        with self._changed:
            result, error = self._result, self._error
            self._result = self._error = None
        if error is not None:
            raise error
        return result

    def stop(self, last: Callable[[], None], timeout: float) -> bool:
        """After the present call make this last one, then end; whether that took `timeout` at most.

        May be called again, to wait once more. Called by the thread itself it does not wait.
        """
        with self._changed:
            self._last = self._last or last
            self._changed.notify_all()
        if threading.current_thread() is self._thread:
            return False
        if not self._ended.wait(timeout):
            return False
        self._thread.join()
        return True
