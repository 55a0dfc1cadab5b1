"""A link that answers to nobody: each state becomes datagrams for one receiver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from app.network import DatagramSender
from engine.blendshapes import BLENDSHAPES
from engine.data import FaceState
from engine.geometry import IDENTITY_ROTATION


class Encoder(Protocol):
    """A protocol's bytes: no sockets, no clocks. All numbers of the states are finite."""

    def encode(self, state: FaceState) -> Sequence[bytes | memoryview]:
        """The datagrams for a state, in order, valid until the next call."""

    def farewell(self, last: FaceState) -> Sequence[bytes | memoryview]:
        """The datagrams after the last state: without them an avatar freezes as it was."""


class DatagramLink:
    """Sends states through an encoder to a receiver, which may be absent."""

    def __init__(self, encoder: Encoder, sender: DatagramSender) -> None:
        self._encoder = encoder
        self._sender = sender

    @property
    def datagrams(self) -> int:
        """How many were sent so far."""
        return self._sender.sent

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""
        return self._sender.trouble

    def send(self, state: FaceState) -> None:
        """Send the state's datagrams."""
        self._sender.send(self._encoder.encode(state))

    def farewell(self, last: FaceState) -> None:
        """Send the last datagrams."""
        self._sender.send(self._encoder.farewell(last))

    def close(self) -> None:
        """Release the socket."""
        self._sender.close()


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
        emotion=None,
    )
