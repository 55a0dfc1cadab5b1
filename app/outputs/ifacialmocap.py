"""iFacialMocap: the text of the iPhone app of that name. https://www.ifacialmocap.com/for-developer

    trackingStatus-1|eyeBlink_L-12|...|=head#pitch,yaw,roll,x,y,z|rightEye#p,y,0|leftEye#p,y,0|

Weights are whole per cent, angles degrees in our own signs (+ down, + the person's left, + their
right shoulder), positions metres. Version 2 writes & for the - before a number. Nearly all
receivers take what comes to their port; those that first ask the phone for it find mien in its
place: by UDP, or with a TCP connection, which mien then opens to them.
"""

from __future__ import annotations

import ipaddress
import logging
import math
from dataclasses import dataclass
from typing import Literal, get_args

from app.network import Address, DatagramListener, DatagramSender, StreamSender, is_own, resolve
from app.outputs.axes import UNCHANGED, AxisSettings
from app.outputs.datagrams import at_rest
from engine.blendshapes import BLENDSHAPES
from engine.data import FaceState
from engine.errors import OutputError, SettingsError
from engine.geometry import euler_from_quaternion

PORT = 49983
TCP_PORT = 49986  # where a receiver that asks for TCP waits for the phone

Version = Literal[1, 2]
Answer = Literal["auto", "always", "never"]

_ASK = "iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
_ASK_TCP = "iFacialMocap_UDPTCP_sahuasouryya9218sauhuiayeta91555dy3719"
_STOP_TCP = "iFacialMocap_UDPTCPSTOP_sahuasouryya9218sauhuiayeta91555dy3719"
_END_TCP = b"___iFacialMocap"

_MOST_GUESTS = 8
_MOST_REQUESTS = 16  # read per state

_WHOLE_NAMES = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")  # directions, not sides

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IFacialMocapSettings:
    """How iFacialMocap is sent.

    version: 1, which all receivers understand, or 2; a receiver that asks gets what it asks for.
    answer:  whether to listen at port 49983 for receivers that ask. "auto": unless the receiver is
             on this machine, where the port is its own.
    """

    version: Version = 1
    answer: Answer = "auto"
    axes: AxisSettings = UNCHANGED

    def __post_init__(self) -> None:
        if self.version not in get_args(Version):
            raise SettingsError(f"iFacialMocap version is {self.version}; expected 1 or 2.")
        if self.answer not in get_args(Answer):
            raise SettingsError(
                f"unknown iFacialMocap answer {self.answer!r}; expected one of "
                f"{', '.join(get_args(Answer))}."
            )


def encode(state: FaceState, version: Version) -> bytes:
    """The text of one state."""
    pitch, yaw, roll = map(math.degrees, euler_from_quaternion(state.head_rotation))
    (left_yaw, left_pitch), (right_yaw, right_pitch) = state.gaze.tolist()
    text = _TEXTS[version] % (
        state.tracked,
        *(round(100.0 * weight) for weight in state.weights.clip(0.0, 1.0).tolist()),
        *(pitch, yaw, roll),
        *state.head_position.tolist(),
        *(math.degrees(right_pitch), math.degrees(right_yaw)),
        *(math.degrees(left_pitch), math.degrees(left_yaw)),
    )
    return text.encode("ascii")


def shape_name(name: str) -> str:
    """`mouthSmileLeft` -> `mouthSmile_L`."""
    if name in _WHOLE_NAMES:
        return name
    if name.endswith("Left"):
        return name.removesuffix("Left") + "_L"
    if name.endswith("Right"):
        return name.removesuffix("Right") + "_R"
    return name


def _text(mark: str) -> str:
    # A receiver drops the first and the last field: they must not be shapes.
    shapes = "".join(f"{shape_name(name)}{mark}%d|" for name in BLENDSHAPES)
    return (
        f"trackingStatus{mark}%d|{shapes}hapihapi{mark}0|"
        "=head#%.3f,%.3f,%.3f,%.4f,%.4f,%.4f|rightEye#%.3f,%.3f,0|leftEye#%.3f,%.3f,0|"
    )


_TEXTS: dict[Version, str] = {1: _text("-"), 2: _text("&")}


@dataclass(slots=True)
class _Receiver:
    """One that gets every state."""

    sender: DatagramSender | StreamSender
    version: Version

    def send(self, state: FaceState) -> None:
        text = encode(state, self.version)
        match self.sender:
            case DatagramSender():
                self.sender.send((text,))
            case StreamSender():
                self.sender.send(text + _END_TCP)


class IFacialMocapLink:
    """Sends to the target, if there is one, and to those who ask."""

    def __init__(
        self,
        settings: IFacialMocapSettings,
        target: Address | None,
        listener: DatagramListener | None,
        *,
        name: str,
        port: int = PORT,
        tcp_port: int = TCP_PORT,
    ) -> None:
        """port, tcp_port: of those who ask."""
        self._name = name
        self._listener = listener
        self._ports = port, tcp_port
        self._target = None if target is None else target.host
        self._receivers: dict[str, _Receiver] = {}  # by host, the earliest first
        self._sent_to_the_gone = 0
        if target is not None:
            sender = DatagramSender(target, name=name)
            self._receivers[target.host] = _Receiver(sender, settings.version)

    @property
    def datagrams(self) -> int:
        """How many were sent so far, messages over TCP among them."""
        sent = sum(receiver.sender.sent for receiver in self._receivers.values())
        return self._sent_to_the_gone + sent

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""
        return next((r.sender.trouble for r in self._receivers.values() if r.sender.trouble), "")

    def send(self, state: FaceState) -> None:
        """Hear who asks, then send to all."""
        self._hear()
        for receiver in self._receivers.values():
            receiver.send(state)

    def farewell(self, last: FaceState) -> None:
        """Not tracked, neutral."""
        for receiver in self._receivers.values():
            receiver.send(at_rest(last))

    def close(self) -> None:
        """Release port and connections."""
        if self._listener is not None:
            self._listener.close()
        for receiver in self._receivers.values():
            receiver.sender.close()

    def _hear(self) -> None:
        for _ in range(_MOST_REQUESTS if self._listener is not None else 0):
            assert self._listener is not None
            request = self._listener.read()
            if request is None:
                return
            datagram, host = request
            text, _, options = datagram.decode("ascii", "replace").strip().partition("|")
            version: Version = 2 if "sendDataVersion=v2" in options else 1
            if ipaddress.ip_address(host).is_global:
                continue  # nobody outside may make us send to somebody
            if text == _ASK:
                self._admit(host, version, over_tcp=False)
            elif text == _ASK_TCP:
                self._admit(host, version, over_tcp=True)
            elif text == _STOP_TCP:
                self._dismiss(host)

    def _admit(self, host: str, version: Version, *, over_tcp: bool) -> None:
        known = self._receivers.get(host)
        if known is not None and isinstance(known.sender, StreamSender) == over_tcp:
            known.version = version
            return
        if known is not None:
            self._dismiss(host)
        guests = [guest for guest in self._receivers if guest != self._target]
        if len(guests) >= _MOST_GUESTS:
            self._dismiss(guests[0])
        port, tcp_port = self._ports
        name = f"{self._name}, {host}"
        sender: DatagramSender | StreamSender
        if over_tcp:
            sender = StreamSender(resolve(host, tcp_port), name=name)
        else:
            sender = DatagramSender(resolve(host, port), name=name)
        self._receivers[host] = _Receiver(sender, version)
        log.info("%s: %s asked for version %d", self._name, host, version)

    def _dismiss(self, host: str) -> None:
        gone = self._receivers.pop(host, None)
        if gone is not None:
            self._sent_to_the_gone += gone.sender.sent
            gone.sender.close()


def open_link(settings: IFacialMocapSettings, address: Address, *, name: str) -> IFacialMocapLink:
    """Ready to send to the address; to 0.0.0.0 means: only to those who ask.

    Raises OutputError only if that is wanted and the port is taken.
    """
    everybody = resolve("0.0.0.0", PORT)
    port = int(address.sockaddr[1])
    if address.is_everybody:
        listener = DatagramListener(everybody)
        return IFacialMocapLink(settings, None, listener, name=name, port=port)
    if settings.answer == "never" or (settings.answer == "auto" and is_own(address)):
        return IFacialMocapLink(settings, address, None, name=name, port=port)
    try:
        answering = DatagramListener(everybody)
    except OutputError as error:
        log.warning("%s: sends, but cannot answer: %s", name, error)
        return IFacialMocapLink(settings, address, None, name=name, port=port)
    return IFacialMocapLink(settings, address, answering, name=name, port=port)
