"""GPU time of a frame, asked for so late that the answer never has to be waited for."""

from __future__ import annotations

import moderngl

FRAMES_BEHIND = 3  # a driver that queues deeper than this would have to be waited for
LARGEST = 2**32 - 1  # nanoseconds: where the driver's 32-bit answer stops


class GpuTimer:
    """`seconds` is the time of a frame some frames ago; None until one is known."""

    def __init__(self, context: moderngl.Context) -> None:
        self._queries = [context.query(time=True) for _ in range(FRAMES_BEHIND)]
        self._frames = 0
        self.seconds: float | None = None

    def next_frame(self) -> moderngl.Query:
        """The query to put round the frame's draw calls, with `with`."""
        query = self._queries[self._frames % FRAMES_BEHIND]
        if self._frames >= FRAMES_BEHIND:
            nanoseconds = query.elapsed
            if nanoseconds < LARGEST:  # Mesa's very first query answers with nonsense
                self.seconds = nanoseconds * 1e-9
        self._frames += 1
        return query
