"""Curves that fade one thing into another."""

from __future__ import annotations

import numpy as np

from benchmarks.free_head.wheel import Array


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 at `low`, 1 at `high`, without a kink at either."""
    share = ((value - low) / (high - low)).clip(0, 1)
    return np.asarray(share * share * (3 - 2 * share))
