"""A booth's clock that runs so many times as fast, put into its interpreter from outside."""

from __future__ import annotations

import os
from pathlib import Path

SITE_CUSTOMIZE = """
import os, sys, threading, time

SPEED = float(os.environ["MIEN_BENCHMARK_SPEED"])
OPENS = float(os.environ["MIEN_BENCHMARK_OPENS"])
REFRESH = 0.1  # s of the machine's time
sleep, wait = time.sleep, threading.Condition.wait


def faster(clock, start=None):
    start = clock() if start is None else start
    return lambda: start + (clock() - start) * SPEED


if "--watched" in sys.orig_argv:  # the watchdog waits as long as a start takes on this machine
    time.time, time.monotonic = faster(time.time, OPENS), faster(time.monotonic)
    time.perf_counter, threading._time = faster(time.perf_counter), time.monotonic
    time.sleep = lambda seconds: sleep(seconds / SPEED)
    threading.Condition.wait = lambda self, timeout=None: wait(
        self, None if timeout is None else timeout / SPEED
    )


    def leave_the_machine_its_time():
        while not hasattr(sys.modules.get("app.viewer.window"), "Window"):
            sleep(0.05)
        sys.modules["app.meter"].STUCK *= SPEED  # depends on the machine, not on the booth
        glfw = sys.modules["app.viewer.window"].glfw
        swap = glfw.swap_buffers

        def swap_at_a_refresh(window):  # which Xvfb has not: the window would take all there is
            swap(window)
            sleep(REFRESH)

        glfw.swap_buffers = swap_at_a_refresh
        wait_events = glfw.wait_events_timeout
        glfw.wait_events_timeout = lambda seconds: wait_events(seconds / SPEED)

    threading.Thread(target=leave_the_machine_its_time, daemon=True).start()
"""


def fast_clock(folder: Path, speed: float, opens: float) -> dict[str, str]:
    """What the environment of `mien run --kiosk` has to say; writes `folder`.

    opens: Unix time at which the fast clock says the same as the machine's.
    """
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SITE_CUSTOMIZE)
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    return {
        "MIEN_BENCHMARK_SPEED": str(speed),
        "MIEN_BENCHMARK_OPENS": repr(opens),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
