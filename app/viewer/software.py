"""OpenGL on the processor: how it is kept from taking the processor from the tracker.

Mesa's llvmpipe draws in the thread that calls, and moderngl holds Python's lock meanwhile: every
other thread would stand still for a whole draw (0.1–0.2 s measured). Mesa can take the calls
over in a thread of its own; then only waiting for it is left, which needs no lock.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

NICENESS = 15  # of drawing threads: they take what tracking leaves
NAMES = ("llvmpipe", "softpipe", "swiftshader", "gdi")


def is_software(renderer: str) -> bool:
    """Whether OpenGL of this name (GL_RENDERER) runs on the processor."""
    return any(name in renderer.lower() for name in NAMES)


def prepare_mesa() -> None:
    """Ask Mesa to draw in threads of its own. Before the first context; the user's values stay.

    Mesa's drivers for graphics cards know the first setting too; other drivers read none of them.
    """
    os.environ.setdefault("mesa_glthread", "true")
    os.environ.setdefault("MESA_DEBUG", "silent")  # it would announce the line above on stderr
    os.environ.setdefault("LP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) - 1)))


def threads() -> frozenset[int]:
    """This process's threads, where the system lets each have a priority of its own."""
    if sys.platform != "linux":
        return frozenset()
    return frozenset(int(name) for name in os.listdir("/proc/self/task"))


def let_others_first(yielding: Iterable[int]) -> None:
    """These threads get the processor only when nobody else wants it."""
    for thread in yielding:
        try:
            os.setpriority(os.PRIO_PROCESS, thread, NICENESS)
        except OSError:  # it has ended meanwhile
            continue
