"""The crop of a face from picture to picture, steadied.

A regressor's every output shakes with its crop. So at rest the crop stays where it is, though the
landmarks jitter; when the face moves it goes along at once.
"""

from __future__ import annotations

import numpy as np

from engine.filters import FilterBank
from engine.regressors.crops import CropBox

LEAST_JITTER = 0.003  # of the crop's size: less is not worth following
CAUTION = 2.0  # there is room around the face, so steady before quick
FIRST_JITTER = 5.0  # times LEAST_JITTER, before any is known: landmarks jitter little


class CropFilter:
    """Centre and size of one crop; distances are measured in its own size."""

    def __init__(self) -> None:
        steady = np.full(3, CAUTION)
        self._bank = FilterBank(
            np.full(3, LEAST_JITTER), steady, np.full(3, np.inf), start=FIRST_JITTER
        )
        self._box: CropBox | None = None

    @property
    def follows(self) -> bool:
        """Whether there is a crop from which the next one is steadied."""
        return self._box is not None

    def update(self, box: CropBox, timestamp: float) -> CropBox:
        """The crop to take where `box` is asked for."""
        old = self._box
        if old is None:
            self._bank.restart(timestamp)
            self._box = box
        else:
            away = np.array([box.x - old.x, box.y - old.y, box.size - old.size]) / old.size
            x, y, size = (self._bank.update(away, timestamp) * old.size).tolist()
            self._box = CropBox(old.x + x, old.y + y, old.size + size)
        return self._box

    def restart(self) -> None:
        """The next crop is taken as it comes."""
        self._box = None
