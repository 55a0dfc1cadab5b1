"""Plain OSC: one address for each blendshape, for TouchDesigner, Blender, Max, Unity, Unreal.

    /face/tracked           i     1 while a face is seen
    /face/head/rot          fff   pitch (+ down), yaw (+ the person's left), roll (+ their right
                                  shoulder), degrees
    /face/head/quat         ffff  x y z w, +X the person's left, +Y up, +Z out of the face
    /face/head/pos          fff   metres, same axes, from the camera
    /face/eye/left, right   ff    yaw (+ the person's left), pitch (+ down), degrees
    /face/fps               f     states per second, averaged over about a second
    /face/<name>            f     0..1, the 52 ARKit names: /face/jawOpen
    /face/emotion/<name>    f     0..1, EMOCA's classes: /face/emotion/happy
    /face/valence, arousal  f     -1..1

The last two lines from the first state on that has an emotion, and 0 while there is none.
Types are only i and f and no message has more than four arguments: Unity's OscJack takes no more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.outputs.axes import UNCHANGED, AxisSettings
from app.outputs.datagrams import at_rest
from app.outputs.packets import Message, PreparedPackets
from engine.blendshapes import BLENDSHAPES
from engine.data import Emotion, FaceState
from engine.errors import SettingsError
from engine.geometry import euler_from_quaternion

PORT = 9009
"""Free on the usual machine: 9000 and 9001 are VRChat's and the Blender add-ons', 7000 to 8000
the examples' of extOSC, Max and TouchOSC, 10000 TouchDesigner's."""

REFRESH = 1.0  # seconds between complete frames in `only_changed`: a datagram may get lost

# Smallest changes worth a message in `only_changed`: degrees, quaternion, metres, rate, weight.
_ANGLE, _QUATERNION, _METRES, _RATE, _WEIGHT = 0.05, 0.0005, 0.0005, 0.5, 0.001


@dataclass(frozen=True, slots=True)
class OscSettings:
    """How plain OSC is sent.

    prefix:       what every address begins with; "" leaves /jawOpen, /head/rot, ...
    bundled:      the messages of a frame together; off for receivers that cannot unpack bundles.
    compact:      the 52 weights as one message /face/blendshapes, in the order of
                  `engine.blendshapes.BLENDSHAPES`, in place of 52 addresses.
    only_changed: leave out what has not changed; everything is sent once a second.
    query:        describe the addresses to programs that ask (OSCQuery), and announce that in the
                  local network.
    """

    prefix: str = "/face"
    bundled: bool = True
    compact: bool = False
    only_changed: bool = False
    query: bool = False
    axes: AxisSettings = UNCHANGED

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)*", self.prefix):
            raise SettingsError(
                f"bad OSC prefix {self.prefix!r}; expected a form like /face or /stage/anna: "
                "letters, digits and _ . - after each slash."
            )


@dataclass(frozen=True, slots=True)
class Node:
    """An address and what is sent there.

    kinds:   types of the arguments.
    extent:  lowest and highest value of each; None: there are none.
    meaning: for people.
    """

    address: str
    kinds: tuple[type[int] | type[float], ...]
    extent: tuple[float, float] | None
    meaning: str


class OscEncoder:
    """States to datagrams of plain OSC."""

    def __init__(self, settings: OscSettings) -> None:
        self._settings = settings
        self._rate = _Rate()
        self._prepare(())

    def _prepare(self, emotions: tuple[str, ...]) -> None:
        self._emotions = emotions
        self.nodes = layout(self._settings, emotions)
        """All addresses in the order in which they are sent."""
        self._packets = PreparedPackets(
            [Message(node.address, *node.kinds) for node in self.nodes],
            bundled=self._settings.bundled,
        )
        self._tolerance = np.array(
            [0.0]
            + [_ANGLE] * 3
            + [_QUATERNION] * 4
            + [_METRES] * 3
            + [_ANGLE] * 4
            + [_RATE]
            + [_WEIGHT] * len(BLENDSHAPES)
            + ([_WEIGHT] * (len(emotions) + 2) if emotions else [])
        )
        self.numbers = np.zeros_like(self._tolerance)
        """All arguments of the last state, in the order of `nodes`."""
        self._sent = np.zeros_like(self._tolerance)
        self._refreshed = -math.inf

    def encode(self, state: FaceState) -> Sequence[bytes | memoryview]:
        """The datagrams for a state, valid until the next call."""
        if state.emotion is not None and state.emotion.names != self._emotions:
            self._prepare(state.emotion.names)
        numbers = self.numbers = self._numbers(state)
        packets = self._packets.fill(numbers)
        if not self._settings.only_changed:
            return packets
        if abs(state.timestamp - self._refreshed) >= REFRESH:
            self._refreshed = state.timestamp
            self._sent = numbers
            return packets
        # Compared with what was sent, not with the state before: slow drift gets through.
        changed = np.abs(numbers - self._sent) > self._tolerance
        messages = np.unique(self._packets.owners[changed])
        resent = np.isin(self._packets.owners, messages)
        self._sent = np.where(resent, numbers, self._sent)
        return self._packets.only(messages.tolist())

    def farewell(self, last: FaceState) -> Sequence[bytes | memoryview]:
        """Not tracked, neutral; complete."""
        return self._packets.fill(self._numbers(at_rest(last)))

    def _numbers(self, state: FaceState) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array(
            [
                state.tracked,
                *map(math.degrees, euler_from_quaternion(state.head_rotation)),
                *state.head_rotation.tolist(),
                *state.head_position.tolist(),
                *map(math.degrees, state.gaze.ravel().tolist()),
                self._rate.update(state.timestamp),
                *state.weights.clip(0.0, 1.0).tolist(),
                *self._emotion(state.emotion),
            ]
        )

    def _emotion(self, emotion: Emotion | None) -> list[float]:
        if not self._emotions:
            return []
        if emotion is None:
            return [0.0] * (len(self._emotions) + 2)
        return [*emotion.scores.tolist(), emotion.valence, emotion.arousal]


class _Rate:
    """States per second, a moving average over about one second."""

    def __init__(self) -> None:
        self._timestamp: float | None = None
        self._interval = 0.0

    def update(self, timestamp: float) -> float:
        """The rate with this state; 0 until there are two."""
        elapsed = 0.0 if self._timestamp is None else timestamp - self._timestamp
        self._timestamp = timestamp
        if elapsed > 0.0:
            share = min(elapsed, 1.0) if self._interval else 1.0
            self._interval += share * (elapsed - self._interval)
        return 1.0 / self._interval if self._interval else 0.0


def layout(settings: OscSettings, emotions: tuple[str, ...] = ()) -> tuple[Node, ...]:
    """All addresses in the order in which they are sent. emotions: names of the classes, if any."""
    turn, unit = (-180.0, 180.0), (-1.0, 1.0)
    nodes: tuple[Node, ...] = (
        Node("/tracked", (int,), (0, 1), "1 while a face is seen"),
        Node("/head/rot", (float,) * 3, turn, "pitch, yaw, roll in degrees"),
        Node("/head/quat", (float,) * 4, unit, "rotation as quaternion x y z w"),
        Node("/head/pos", (float,) * 3, None, "position in metres"),
        Node("/eye/left", (float,) * 2, turn, "yaw, pitch in degrees"),
        Node("/eye/right", (float,) * 2, turn, "yaw, pitch in degrees"),
        Node("/fps", (float,), None, "states per second"),
    )
    if settings.compact:
        count = len(BLENDSHAPES)
        nodes += (Node("/blendshapes", (float,) * count, (0.0, 1.0), "the ARKit blendshapes"),)
    else:
        nodes += tuple(
            Node(f"/{name}", (float,), (0.0, 1.0), "ARKit blendshape") for name in BLENDSHAPES
        )
    if emotions:
        nodes += tuple(
            Node(f"/emotion/{name}", (float,), (0.0, 1.0), "probability of this emotion")
            for name in emotions
        )
        nodes += (
            Node("/valence", (float,), unit, "-1 unpleasant, 1 pleasant"),
            Node("/arousal", (float,), unit, "-1 calm, 1 excited"),
        )
    return tuple(replace(node, address=settings.prefix + node.address) for node in nodes)
