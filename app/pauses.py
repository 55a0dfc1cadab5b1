"""Python's own pauses, which hold up what is to be sent."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HANDING_OVER = 0.0005  # s after which a thread that computes lets another one of ours compute


@contextmanager
def spared_pauses() -> Iterator[None]:
    """Within it threads wait less for each other, and less is searched for garbage.

    A thread asks ten times a picture for Python's lock, and waits 5 ms each time where another one
    computes. What was loaded so far stays, so that searching it is time lost. The rest is so little
    that it is searched whole each time: otherwise garbage that outlives a search waits for 100,000
    objects more, which is days, and a booth grows by 5 MB an hour meanwhile.
    """
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(HANDING_OVER)
    gc.collect()
    gc.freeze()
    gc.collect()  # Python takes what this finds for all there is
    gc.set_threshold(thresholds[0], 1, 1)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        sys.setswitchinterval(interval)
