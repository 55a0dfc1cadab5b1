"""OSCQuery: the addresses of plain OSC described to programs that ask, such as TouchDesigner.
https://github.com/Vidvox/OSCQueryProposal

mien only sends, so every address can be read and none written; OSC_IP and OSC_PORT say where the
stream goes. Values are those of the last state. There is no LISTEN: the stream itself is that.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from app.network import Address, own_address_towards
from app.network.json_server import Answer, JsonServer
from app.network.mdns import Announcement, Service
from app.outputs.datagrams import DatagramLink
from app.outputs.osc import Node, OscEncoder
from app.threads import Latest, Worker
from engine.data import FaceState
from engine.errors import OutputError

KIND = "_oscjson._tcp.local."
_PAUSE = 0.2  # seconds between looks whether the output was closed
_READ = 1  # ACCESS of a value that can only be read
_ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION")

log = logging.getLogger(__name__)


class Description:
    """The tree of addresses."""

    def __init__(self, target: Address) -> None:
        self._host_info = {
            "NAME": service_name(target),
            "OSC_IP": target.host,
            "OSC_PORT": int(target.sockaddr[1]),
            "OSC_TRANSPORT": "UDP",
            "EXTENSIONS": {"ACCESS": True, "VALUE": True, "RANGE": True, "DESCRIPTION": True},
        }

    def answer(self, request: str, nodes: Sequence[Node], values: Sequence[float]) -> Answer:
        """To a path with an attribute or none: /face/jawOpen?VALUE.

        nodes: the addresses; values: the arguments of all of them, in order.
        """
        path, _, attribute = request.partition("?")
        if attribute == "HOST_INFO":
            return 200, self._host_info
        node: dict[str, Any] | None = self._tree(nodes, values)
        for part in unquote(path).strip("/").split("/"):
            if part and node is not None:
                node = node.get("CONTENTS", {}).get(part)
        if node is None:
            return 404, None
        if not attribute:
            return 200, node
        if attribute not in _ATTRIBUTES:
            return 400, None
        return (200, {attribute: node[attribute]}) if attribute in node else (204, None)

    def _tree(self, nodes: Sequence[Node], values: Sequence[float]) -> dict[str, Any]:
        root: dict[str, Any] = {"FULL_PATH": "/", "ACCESS": 0, "CONTENTS": {}}
        start = 0
        for node in nodes:
            branch, path = root, ""
            for part in node.address.strip("/").split("/"):
                path += f"/{part}"
                contents = branch.setdefault("CONTENTS", {})
                branch = contents.setdefault(part, {"FULL_PATH": path, "ACCESS": 0})
            end = start + len(node.kinds)
            branch |= _described(node, values[start:end])
            start = end
        return root


def service_name(target: Address) -> str:
    """What people choose by, where several streams are announced."""
    return f"mien-{target.sockaddr[1]}"


def _described(node: Node, values: Sequence[float]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "TYPE": "".join("i" if kind is int else "f" for kind in node.kinds),
        "ACCESS": _READ,
        "VALUE": [kind(value) for kind, value in zip(node.kinds, values, strict=True)],
        "DESCRIPTION": node.meaning,
    }
    if node.extent is not None:
        low, high = node.extent
        described["RANGE"] = [{"MIN": low, "MAX": high} for _ in node.kinds]
    return described


@dataclass(frozen=True, slots=True)
class _Sent:
    """The last state: its addresses and all their arguments, in order."""

    nodes: tuple[Node, ...]
    values: list[float]


class DescribedLink:
    """Sends plain OSC, and describes it to those who ask."""

    def __init__(
        self,
        link: DatagramLink,
        encoder: OscEncoder,
        target: Address,
        *,
        name: str,
    ) -> None:
        """Raises OutputError if no port can be had."""
        self._link = link
        self._encoder = encoder
        self._name = name
        self._sent: Latest[_Sent] = Latest(_Sent(encoder.nodes, encoder.numbers.tolist()))
        description = Description(target)
        own = own_address_towards(target)
        self._stack = ExitStack()

        def answer(request: str) -> Answer:
            sent = self._sent.peek()
            assert sent is not None
            return description.answer(request, sent.nodes, sent.values)

        self._server = JsonServer(own, answer)
        self._stack.callback(self._server.close)
        self._announcement = Announcement(
            KIND, Service(service_name(target), own.host, self._server.port)
        )
        self._stack.callback(self._announcement.close)
        self._stack.enter_context(Worker(self._announce))
        self._worker = self._stack.enter_context(Worker(self._serve))

    @property
    def port(self) -> int:
        """Where it is described, over HTTP."""
        return self._server.port

    @property
    def datagrams(self) -> int:
        """How many were sent so far."""
        return self._link.datagrams

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""
        return self._link.trouble

    def send(self, state: FaceState) -> None:
        """Send the state's datagrams."""
        self._worker.check()  # a bug there is not to pass unseen
        self._link.send(state)
        self._sent.put(_Sent(self._encoder.nodes, self._encoder.numbers.tolist()))

    def farewell(self, last: FaceState) -> None:
        """Send the last datagrams."""
        self._link.farewell(last)

    def close(self) -> None:
        """Take the announcement back and release everything."""
        self._stack.close()
        self._link.close()

    def _announce(self) -> bool:
        try:
            self._announcement.make()
        except OutputError as error:
            log.warning("%s: %s", self._name, error)
        else:
            log.info("%s: described at port %d", self._name, self._server.port)
        return False

    def _serve(self) -> bool:
        self._server.serve(_PAUSE)
        return True
