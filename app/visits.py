"""A demo booth: visitors come and go. Each is a stranger to the next, and nobody is kept."""

from __future__ import annotations

from dataclasses import replace

from engine.chain import Chain
from engine.data import FaceState
from engine.idle import Idling

GONE = 3.0  # s without a face after which a visitor has left


class Visits:
    """Forgets each visitor, and lets the head idle while nobody is there.

    count: of visitors so far.
    """

    def __init__(self, chain: Chain) -> None:
        self.count = 0
        self._chain = chain
        self._stranger = chain.calibration  # what is known of somebody who has just come
        self._seen: float | None = None  # timestamp at which a face was seen last
        self._present = False
        self._idling = Idling()

    def update(self, state: FaceState) -> FaceState:
        """The state to show: always a living face. Timestamps must not go back."""
        now = state.timestamp
        if state.landmarks is not None:
            self._seen = now
            self.count += not self._present
            self._present = True
        if self._present and self._seen is not None and now - self._seen > GONE:
            self._present = False
            self._chain.forget(self._stranger)
        shown = self._idling.update(state)
        return replace(shown, tracked=True) if self._idling.share > 0.0 else shown
