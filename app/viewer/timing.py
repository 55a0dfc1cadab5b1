"""How long the GPU works on a frame, asked for so late that the answer never has to be waited for."""

from __future__ import annotations

import moderngl

FRAMES_BEHIND = 3  # a driver that queues deeper than this would have to be waited for


class GpuTimer:
    """Use as a context manager round a frame's draw calls."""

    def __init__(self, context: moderngl.Context) -> None:
        self._queries = [context.query(time=True) for _ in range(FRAMES_BEHIND)]
        self._frames = 0
        self.seconds: float | None = None

    def __enter__(self) -> GpuTimer:
        query = self._queries[self._frames % FRAMES_BEHIND]
        if self._frames >= FRAMES_BEHIND:
            self.seconds = query.elapsed * 1e-9
        query.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._queries[self._frames % FRAMES_BEHIND].__exit__(*exception)
        self._frames += 1
