"""What all outputs have in common: which states go out, and how an output ends."""

from __future__ import annotations

import logging
import math
from typing import Protocol

import numpy as np

from app.outputs.axes import AxisSettings, adjusted
from engine.closing import Closing
from engine.data import FaceState

_SENT = ("timestamp", "weights", "head_rotation", "head_position", "gaze")

log = logging.getLogger(__name__)


class Link(Protocol):
    """A protocol's way to its receivers. Never waits, never fails; all numbers are finite."""

    @property
    def datagrams(self) -> int:
        """How many were sent so far."""

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""

    def send(self, state: FaceState) -> None:
        """Called for every state."""

    def farewell(self, last: FaceState) -> None:
        """Called after the last state, if there was any: without it an avatar freezes as it was."""

    def close(self) -> None:
        """Release everything. Called once."""


class LiveOutput(Closing):
    """Sends states over a link, with its axes set right.

    name: "vmc 127.0.0.1:39539".
    """

    def __init__(self, name: str, link: Link, axes: AxisSettings) -> None:
        self.name = name
        self._link = link
        self._axes = axes
        self._last: FaceState | None = None
        self._refused = False
        self._closed = False

    @property
    def datagrams(self) -> int:
        """How many were sent so far."""
        return self._link.datagrams

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""
        return self._link.trouble

    def send(self, state: FaceState) -> None:
        """Never waits and never fails."""
        if not _finite(state):
            # Many receivers keep NaN for ever: rather let them hold the last face.
            if not self._refused:
                log.error(  # not the numbers themselves: they are somebody's face
                    "%s: not sent, numbers are not finite: %s",
                    self.name,
                    ", ".join(
                        name for name in _SENT if not np.isfinite(getattr(state, name)).all()
                    ),
                )
            self._refused = True
            return
        self._refused = False
        self._last = adjusted(state, self._axes)
        self._link.send(self._last)

    def close(self) -> None:
        """Say good-bye, if anything was ever sent, and release everything. May be called twice."""
        if self._closed:
            return
        self._closed = True
        if self._last is not None:
            self._link.farewell(self._last)
        self._link.close()


def _finite(state: FaceState) -> bool:
    # A sum is finite only if all its terms are; one sum costs less than one test per number.
    return math.isfinite(
        state.timestamp
        + np.add.reduce(state.weights)
        + sum(state.head_rotation.tolist())
        + sum(state.head_position.tolist())
        + np.add.reduce(state.gaze, axis=None)
    )
