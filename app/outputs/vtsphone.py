"""VTube Studio's iPhone app, as its "3rd Party PC Clients" know it: VBridger, VSeeFace, VNyan.
https://github.com/DenchiSoft/VTubeStudioBlendshapeUDPReceiverTest

A client asks once a second, and is sent JSON at the ports that it names for as long as it says.
HOST:PORT is where mien waits for clients; 0.0.0.0 lets those of other computers in.

Rotation x, y, z are yaw, pitch, roll: degrees in our own signs (+ the person's left, + down, +
their right shoulder). Position is in centimetres, +x to the person's right. Eyes: x pitch, y yaw.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.network import Address, DatagramListener, DatagramSender, resolve
from app.outputs.axes import UNCHANGED, AxisSettings
from app.outputs.datagrams import at_rest
from engine.blendshapes import BLENDSHAPES, pascal_case
from engine.data import FaceState
from engine.geometry import euler_from_quaternion

PORT = 21412

_SHORTEST, _LONGEST = 0.5, 10.0  # seconds that a request may last
_MOST_PORTS = 32  # of a request, and of all clients together
_MOST_REQUESTS = 16  # read per state

_VECTOR = '{"x":%.3f,"y":%.3f,"z":%.3f}'
_TEXT = (
    '{"Timestamp":%d,"Hotkey":-1,"FaceFound":%s,'
    f'"Rotation":{_VECTOR},"Position":{_VECTOR},"EyeLeft":{_VECTOR},"EyeRight":{_VECTOR},'
    '"BlendShapes":['
    + ",".join(f'{{"k":"{pascal_case(name)}","v":%g}}' for name in BLENDSHAPES)
    + "]}"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VtsPhoneSettings:
    """How the iPhone app's data are sent."""

    axes: AxisSettings = UNCHANGED


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    ports:   at which it listens.
    seconds: how long it is to be sent to without asking again.
    """

    ports: tuple[int, ...]
    seconds: float
    client: str


def encode(state: FaceState, timestamp: float) -> bytes:
    """The JSON of one state. timestamp: seconds since 1970."""
    pitch, yaw, roll = map(math.degrees, euler_from_quaternion(state.head_rotation))
    x, y, z = state.head_position.tolist()
    (left_yaw, left_pitch), (right_yaw, right_pitch) = state.gaze.tolist()
    text = _TEXT % (
        int(timestamp * 1000.0),
        "true" if state.tracked else "false",
        *(yaw, pitch, roll),
        *(-100.0 * x, 100.0 * y, 100.0 * z),
        *(math.degrees(left_pitch), math.degrees(left_yaw), 0.0),
        *(math.degrees(right_pitch), math.degrees(right_yaw), 0.0),
        *(round(weight, 3) for weight in state.weights.clip(0.0, 1.0).tolist()),
    )
    return text.encode("ascii")


def request_from(datagram: bytes) -> Request | None:
    """A client's request, or None if it is none. Some clients call the time sendForSeconds."""
    try:
        message = json.loads(datagram)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("messageType") != "iOSTrackingDataRequest":
        return None
    ports, client = message.get("ports"), message.get("sentBy", "")
    seconds = message.get("time", message.get("sendForSeconds", _LONGEST))
    if not isinstance(ports, list) or not 1 <= len(ports) <= _MOST_PORTS:
        return None
    if not all(type(port) is int and 1 <= port <= 65535 for port in ports):
        return None
    if not isinstance(seconds, int | float):
        return None
    if isinstance(seconds, float) and math.isnan(seconds):
        return None
    return Request(tuple(ports), min(_LONGEST, max(_SHORTEST, seconds)), ascii(client)[1:-1][:64])


@dataclass(slots=True)
class _Client:
    """One port that is sent to."""

    sender: DatagramSender
    until: float  # seconds of the clock


class VtsPhoneLink:
    """Sends to those who asked lately."""

    def __init__(
        self,
        listener: DatagramListener,
        *,
        name: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener = listener
        self._name = name
        self._clock = clock
        self._clients: dict[tuple[str, int], _Client] = {}  # by host and port
        self._sent_to_the_gone = 0

    @property
    def datagrams(self) -> int:
        """How many were sent so far."""
        return self._sent_to_the_gone + sum(c.sender.sent for c in self._clients.values())

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""
        return "" if self._clients else "Nobody has asked for it so far"

    def send(self, state: FaceState) -> None:
        """Hear who asks, forget who no longer does, then send to all."""
        now = self._clock()
        self._hear(now)
        for place in [place for place, client in self._clients.items() if client.until < now]:
            self._dismiss(place)
        self._send(state)

    def farewell(self, last: FaceState) -> None:
        """No face, neutral."""
        self._send(at_rest(last))

    def close(self) -> None:
        """Release the ports."""
        self._listener.close()
        for place in list(self._clients):
            self._dismiss(place)

    def _send(self, state: FaceState) -> None:
        if self._clients:
            datagram = encode(state, time.time())
            for client in self._clients.values():
                client.sender.send((datagram,))

    def _hear(self, now: float) -> None:
        for _ in range(_MOST_REQUESTS):
            heard = self._listener.read()
            if heard is None:
                return
            datagram, host = heard
            request = request_from(datagram)
            if request is None or ipaddress.ip_address(host).is_global:
                continue  # nobody outside may make us send to somebody
            for port in request.ports:
                self._admit(host, port, request, until=now + request.seconds)

    def _admit(self, host: str, port: int, request: Request, *, until: float) -> None:
        client = self._clients.get((host, port))
        if client is not None:
            client.until = until
        elif len(self._clients) < _MOST_PORTS:
            sender = DatagramSender(resolve(host, port), name=f"{self._name}, {host}:{port}")
            self._clients[host, port] = _Client(sender, until)
            log.info(
                "%s: %s asks from %s:%d", self._name, request.client or "a program", host, port
            )

    def _dismiss(self, place: tuple[str, int]) -> None:
        client = self._clients.pop(place)
        self._sent_to_the_gone += client.sender.sent
        client.sender.close()


def open_link(address: Address, *, name: str) -> VtsPhoneLink:
    """Waits for clients at the address; raises OutputError if it is not ours or taken."""
    return VtsPhoneLink(DatagramListener(address), name=name)
