import os
import signal
import threading
import time

import pytest

from app.threads import Errands, Latest, Worker


def test_the_newest_item_replaces_an_unseen_one_and_that_is_counted() -> None:
    box: Latest[int] = Latest()
    for i in range(3):
        box.put(i)
    assert box.overwritten == 2
    assert box.take(0.0) == 2
    assert box.take(0.0) is None  # seen already
    assert box.peek() == 2


def test_an_offer_waits_until_the_last_item_is_taken() -> None:
    box: Latest[int] = Latest()
    assert box.offer(1, 0.0)
    assert not box.offer(2, 0.0)
    assert box.take(0.0) == 1
    assert box.offer(2, 0.0)
    assert box.overwritten == 0


def test_every_offered_item_arrives_in_order() -> None:
    box: Latest[int] = Latest()
    rest = iter(range(200))
    refused: list[int] = []

    def give() -> bool:
        item = refused.pop() if refused else next(rest, None)
        if item is None:
            return False
        if not box.offer(item, 0.01):
            refused.append(item)
        return True

    got: list[int | None] = []
    with Worker(give):
        while len(got) < 200:
            got.append(box.take(1.0))
    assert got == list(range(200))


def test_a_workers_failure_is_raised_where_it_is_checked() -> None:
    def fail() -> bool:
        raise ZeroDivisionError("in the thread")

    with Worker(fail) as worker:
        assert worker.wait(1.0)
        with pytest.raises(ZeroDivisionError, match="in the thread"):
            worker.check()


def test_a_worker_ends_by_itself_or_when_the_with_is_left() -> None:
    before = threading.active_count()
    with Worker(lambda: False) as done:
        assert done.wait(1.0) and not done.running
    with Worker(lambda: True) as busy:
        assert busy.running
    assert not busy.running
    assert threading.active_count() == before


def test_a_hung_driver_does_not_keep_the_program() -> None:
    release = threading.Event()
    started = time.perf_counter()
    with Worker(release.wait):  # type: ignore[arg-type]  # returns bool, takes an optional limit
        pass
    assert time.perf_counter() - started < 5.0
    release.set()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupted_wait_does_not_take_the_worker_for_ended() -> None:
    finish = threading.Event()

    def step() -> bool:
        return finish.wait(5.0) and False

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    with Worker(step) as worker:
        with pytest.raises(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            worker.wait(5.0)
        signal.signal(signal.SIGALRM, before)
        assert worker.running
        finish.set()
        assert worker.wait(5.0)


def test_an_errand_gives_its_result_once_or_raises_what_it_raised() -> None:
    errands: Errands[int] = Errands("test")
    errands.start(lambda: 7)
    assert errands.wait(1.0) and not errands.busy
    assert errands.result() == 7 and errands.result() is None

    def fail() -> int:
        raise ValueError("no")

    errands.start(fail)
    assert errands.wait(1.0)
    with pytest.raises(ValueError, match="no"):
        errands.result()
    assert errands.stop(lambda: None, 1.0) and not errands.running


def test_an_errand_that_hangs_is_waited_for_no_longer_than_asked_and_ends_in_order() -> None:
    returned, calls = threading.Event(), []
    errands: Errands[None] = Errands("test")

    def hang() -> None:
        returned.wait()
        calls.append("returned")

    errands.start(hang)
    assert not errands.wait(0.01) and errands.busy
    assert not errands.stop(lambda: calls.append("last"), 0.01) and errands.running
    returned.set()
    assert errands.stop(lambda: calls.append("never"), 1.0)
    assert calls == ["returned", "last"]


def test_a_stopped_errand_begins_nothing() -> None:
    errands: Errands[int] = Errands("test")
    errands.stop(lambda: None, 1.0)
    errands.start(lambda: 7)
    assert errands.wait(0.0) and errands.result() is None
