"""A demo booth: visitors come and go. Each is a stranger to the next, and nobody is kept."""

from __future__ import annotations

from engine.chain import Chain
from engine.data import FaceState
from engine.idle import idle

GONE = 3.0  # s without a face after which a visitor has left
ATTRACT = 5.0  # s without a face after which the head begins to live by itself
WAKE, YIELD = 1.5, 0.5  # s in which it begins, and gives way to a visitor


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
        self._before: float | None = None
        self._idled = 0.0  # s of idling so far
        self._share = 0.0

    def update(self, state: FaceState) -> FaceState:
        """The state to show; timestamps must not go back."""
        now = state.timestamp
        elapsed = 0.0 if self._before is None else now - self._before
        self._before = now
        if self._seen is None:
            self._seen = now - ATTRACT  # the head lives from the start
        if state.landmarks is not None:
            self._seen = now
            self.count += not self._present
            self._present = True
        absent = now - self._seen
        if self._present and absent > GONE:
            self._present = False
            self._chain.adopt(self._stranger)
        change = elapsed / WAKE if absent > ATTRACT else -elapsed / YIELD
        self._share = min(1.0, max(0.0, self._share + change))
        self._idled += elapsed
        return idle(state, self._idled, self._share)
