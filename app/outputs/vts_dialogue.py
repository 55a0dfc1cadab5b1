"""The dialogue with VTube Studio: connect, be allowed, learn the inputs, send, connect again.

It is held in a thread of its own, which takes the newest state from a mailbox: `send` never waits.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from app.network import Address, DatagramListener, is_own, resolve
from app.network.websocket import WebSocket
from app.outputs.datagrams import at_rest
from app.outputs.vts import API, CUSTOM, PORT, Input, VtsEncoder, VtsSettings
from app.outputs.vts_replies import Refusal, inputs_from, reply_from
from app.outputs.vts_token import LONGEST, TokenFile
from app.threads import Latest, Worker
from engine.data import FaceState
from engine.errors import OutputError

BROADCAST_PORT = 47779  # where VTube Studio says every two seconds that it is there

RETRY = 2.0  # seconds between attempts to connect
REPEAT = 0.5  # seconds; VTube Studio forgets an input that is not sent for one
PATIENCE = 5.0  # seconds for an answer
PERMISSION_PATIENCE = 300.0  # seconds for a person to press a button

_MOST_UNANSWERED = 3  # requests on their way
_PLUGIN = {"pluginName": "mien", "pluginDeveloper": "mien maintainers"}

_REFUSED, _UNKNOWN_INPUT, _INPUT_TAKEN = 50, 453, 454

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class End:
    """Instead of a state: there will be no more."""


class Ended(Exception):  # noqa: N818  # no error: leaves the dialogue, wherever it stands
    """The output was closed."""


class VtsLink:
    """Keeps up the dialogue with one VTube Studio."""

    def __init__(
        self,
        settings: VtsSettings,
        address: Address,
        token: TokenFile,
        broadcasts: DatagramListener | None,
        *,
        name: str,
        retry: float = RETRY,
    ) -> None:
        """broadcasts: of VTube Studio, by which another port than the usual one is found."""
        self._settings = settings
        self._address = address
        self._port = int(address.sockaddr[1])
        self._token = token
        self._broadcasts = broadcasts
        self._name = name
        self._retry = retry
        self._sent = 0
        self._requests = 0
        self._said = ""
        self._taken: set[str] = set()  # inputs that another plugin sends
        self._orders: Latest[FaceState | End] = Latest()
        self._stack = ExitStack()
        if broadcasts is not None:
            self._stack.callback(broadcasts.close)
        self._worker = self._stack.enter_context(Worker(self._hold_dialogue))

    @property
    def datagrams(self) -> int:
        """How many requests with values were sent so far."""
        return self._sent

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""
        return self._said

    def send(self, state: FaceState) -> None:
        """Leave the state for the dialogue to take."""
        self._worker.check()  # a bug there is not to pass unseen
        self._orders.put(state)

    def farewell(self, last: FaceState) -> None:
        """No face, neutral."""
        self._orders.put(at_rest(last))

    def close(self) -> None:
        """End the dialogue, once the last state has been taken."""
        if not self._orders.offer(End(), timeout=1.0):
            self._orders.put(End())
        self._stack.close()

    def _hold_dialogue(self) -> bool:
        """One connection from beginning to end; False after `close`."""
        try:
            try:
                with closing(self._connect()) as socket:
                    self._get_permission(socket)
                    while True:
                        self._inject(socket, self._learn_inputs(socket))
            except Refusal as refusal:
                if refusal.number == _REFUSED:
                    self._say("the button was not Allow; start mien again to be asked again")
                    self._drain(float("inf"))
                self._say(f"VTube Studio says: {refusal}")
            except OSError as error:
                log.debug("%s: %s", self._name, error)
                self._say(self._reason() or "VTube Studio does not answer; is it running?")
            self._drain(self._retry)
        except Ended:
            return False
        return True

    def _connect(self) -> WebSocket:
        return WebSocket(self._address.host, self._port, timeout=1.0)

    def _reason(self) -> str | None:
        """Why nobody answers, if VTube Studio says so; finds its port, if it was changed."""
        states = list(self._broadcast_states())
        active = [port for port, is_active in states if is_active]
        if active and self._address.sockaddr[1] == PORT:
            self._port = self._port if self._port in active else active[-1]
        if states and not active:
            return 'VTube Studio\'s API is off: switch on "Allow Plugin API access" there'
        return None

    def _broadcast_states(self) -> Iterator[tuple[int, bool]]:
        """Port, and whether the API is on, of each VTube Studio of that host."""
        while self._broadcasts is not None and (heard := self._broadcasts.read()) is not None:
            datagram, host = heard
            try:
                reply = reply_from(datagram.decode("utf-8", "replace"))
            except ConnectionError:
                continue
            port, is_active = reply.data.get("port"), reply.data.get("active")
            if (
                reply.kind == "VTubeStudioAPIStateBroadcast"
                and isinstance(port, int)
                and 1 <= port <= 65535
                and (host == self._address.host or self._is_ours(host))
            ):
                yield port, is_active is True

    def _is_ours(self, host: str) -> bool:
        return is_own(self._address) and is_own(resolve(host, 0))

    def _get_permission(self, socket: WebSocket) -> None:
        token = self._token.read()
        if token is not None:
            if self._is_allowed(socket, token):
                return
            self._token.forget()
        self._say("VTube Studio now asks whether mien may send to it: press Allow there")
        data = self._ask(
            socket, "AuthenticationTokenRequest", _PLUGIN, patience=PERMISSION_PATIENCE
        )
        token = data.get("authenticationToken")
        if not isinstance(token, str) or not 0 < len(token) <= LONGEST:
            raise ConnectionError("no token")
        self._token.write(token)
        if not self._is_allowed(socket, token):
            raise ConnectionError("its own token is not accepted")

    def _is_allowed(self, socket: WebSocket, token: str) -> bool:
        data = self._ask(socket, "AuthenticationRequest", _PLUGIN | {"authenticationToken": token})
        return data.get("authenticated") is True

    def _learn_inputs(self, socket: WebSocket) -> list[Input]:
        """What there is, with what we add."""
        inputs = list(inputs_from(self._ask(socket, "InputParameterListRequest", {})))
        names = {one.name for one in inputs}
        for name in CUSTOM if self._settings.custom else ():
            if name in names:
                continue
            try:
                self._ask(
                    socket,
                    "ParameterCreationRequest",
                    {
                        "parameterName": name,
                        "explanation": "ARKit blendshape, sent by mien.",
                        "min": 0,
                        "max": 1,
                        "defaultValue": 0,
                    },
                )
            except Refusal as refusal:
                self._say(f"VTube Studio does not create the input {name}: {refusal}")
            else:
                inputs.append(Input(name, 0.0, 1.0))
        return [one for one in inputs if one.name not in self._taken]

    def _inject(self, socket: WebSocket, inputs: list[Input]) -> None:
        """Send states; returns when the inputs are to be learned again."""
        log.info("%s: connected, %d inputs", self._name, len(inputs))
        self._said = ""
        encoder = VtsEncoder(inputs)
        state: FaceState | None = None
        is_new = False
        unanswered = 0
        sent_at = answered_at = time.monotonic()
        while True:
            order = self._orders.take(REPEAT / 2.0)
            if isinstance(order, FaceState):
                state, is_new = order, True
            now = time.monotonic()
            is_due = is_new or now - sent_at >= REPEAT
            is_end = isinstance(order, End)
            if state is not None and is_due and (unanswered < _MOST_UNANSWERED or is_end):
                self._requests += 1
                socket.send(encoder.encode(state, self._requests))
                self._sent += 1
                if not unanswered:
                    answered_at = now
                is_new, sent_at, unanswered = False, now, unanswered + 1
            if is_end:
                raise Ended
            while (text := socket.read(0.0)) is not None:
                unanswered, answered_at = max(0, unanswered - 1), now
                try:
                    reply_from(text).check()
                except Refusal as refusal:
                    if self._has_learned(refusal, inputs):
                        return
            if unanswered and now - answered_at > PATIENCE:
                raise TimeoutError("no answer")

    def _has_learned(self, refusal: Refusal, inputs: list[Input]) -> bool:
        """Whether the next list of inputs will be another one."""
        self._say(f"VTube Studio says: {refusal}")
        if refusal.number == _UNKNOWN_INPUT:
            return True
        if refusal.number != _INPUT_TAKEN:
            return False
        words = set(str(refusal).replace('"', " ").replace("'", " ").replace(",", " ").split())
        taken = {one.name for one in inputs} & words
        self._taken |= taken
        return bool(taken)

    def _ask(
        self,
        socket: WebSocket,
        kind: str,
        data: dict[str, Any],
        *,
        patience: float = PATIENCE,
    ) -> dict[str, Any]:
        """The answer's data. Raises Refusal, OSError or Ended."""
        self._requests += 1
        number = str(self._requests)
        socket.send(json.dumps({**API, "requestID": number, "messageType": kind, "data": data}))
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if isinstance(self._orders.take(0.0), End):
                raise Ended
            text = socket.read(0.1)
            if text is not None:
                reply = reply_from(text)
                if reply.request == number:
                    return reply.check()
        raise TimeoutError("no answer")

    def _drain(self, seconds: float) -> None:
        """Let so much time pass, with the states that come in it."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0.0:
            if isinstance(self._orders.take(min(left, 1.0)), End):
                raise Ended

    def _say(self, what: str) -> None:
        """One line for each condition."""
        if what != self._said:
            self._said = what
            log.warning("%s: %s", self._name, what)


def open_link(settings: VtsSettings, address: Address, token: TokenFile, *, name: str) -> VtsLink:
    """The dialogue begins at once, and waits for VTube Studio if it is not there."""
    broadcasts: DatagramListener | None
    try:
        broadcasts = DatagramListener(resolve("0.0.0.0", BROADCAST_PORT), shared=True)
    except OutputError:
        broadcasts = None  # another plugin keeps it for itself: the port is the usual one
    return VtsLink(settings, address, token, broadcasts, name=name)
