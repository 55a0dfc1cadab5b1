"""An output that answers to nobody: each state becomes datagrams for one receiver."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from app.network import DatagramSender
from app.outputs.axes import AxisSettings, adjusted
from engine.blendshapes import BLENDSHAPES
from engine.data import FaceState
from engine.geometry import IDENTITY_ROTATION

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """A protocol's bytes: no sockets, no clocks. All numbers of the states are finite."""

    def encode(self, state: FaceState) -> Sequence[bytes | memoryview]:
        """The datagrams for a state, in order, valid until the next call."""

    def farewell(self, last: FaceState) -> Sequence[bytes | memoryview]:
        """The datagrams after the last state: without them an avatar freezes as it was."""


class DatagramOutput:
    """Sends states through an encoder to a receiver, which may be absent.

    name: "vmc 127.0.0.1:39539".
    """

    def __init__(
        self, name: str, encoder: Encoder, sender: DatagramSender, axes: AxisSettings
    ) -> None:
        self.name = name
        self._encoder = encoder
        self._sender = sender
        self._axes = axes
        self._last: FaceState | None = None
        self._refused = False

    @property
    def datagrams(self) -> int:
        """How many were sent so far."""
        return self._sender.sent

    def send(self, state: FaceState) -> None:
        """Never waits and never fails."""
        if not _finite(state):
            # Many receivers keep NaN for ever: rather let them hold the last face.
            if not self._refused:
                log.error(
                    "%s: not sent, a number of this state is not finite: %s", self.name, state
                )
            self._refused = True
            return
        self._refused = False
        state = adjusted(state, self._axes)
        self._last = state
        self._sender.send(self._encoder.encode(state))

    def close(self) -> None:
        """Say good-bye, if anything was ever sent, and release the socket. May be called twice."""
        if self._last is not None:
            self._sender.send(self._encoder.farewell(self._last))
            self._last = None
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def at_rest(state: FaceState) -> FaceState:
    """No face, neutral, looking straight ahead, where the head was last."""
    return replace(
        state,
        tracked=False,
        confidence=0.0,
        weights=np.zeros(len(BLENDSHAPES)),
        head_rotation=IDENTITY_ROTATION,
        gaze=np.zeros((2, 2)),
        landmarks=None,
    )


def _finite(state: FaceState) -> bool:
    # A sum is finite only if all its terms are; one sum costs less than one test per number.
    return math.isfinite(
        state.timestamp
        + np.add.reduce(state.weights)
        + sum(state.head_rotation.tolist())
        + sum(state.head_position.tolist())
        + np.add.reduce(state.gaze, axis=None)
    )
