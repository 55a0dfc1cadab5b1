"""Asks VRChat which parameters the avatar has (OSCQuery), again and again, in a thread of its own.
https://github.com/vrchat-community/osc/wiki/OSCQuery
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Protocol

from app.network import DatagramSender
from app.network.http import read_json
from app.network.mdns import Service, ServiceWatch
from app.outputs.vrchat import (
    PARAMETERS,
    Parameter,
    VrchatSettings,
    avatar_parameters,
    open_encoder,
)
from app.threads import Latest, Worker
from engine.data import FaceState

KIND = "_oscjson._tcp.local."
PROGRAMS = ("VRChat-Client-", "ChilloutVR-GameClient")  # as their announcements begin

PAUSE = 2.0  # seconds between questions: an avatar changes seldom
TIMEOUT = 1.0  # seconds for an answer
PATIENCE = 15.0  # seconds until it is said that nobody is there

_DEEPEST = 16  # levels of an avatar's parameters

log = logging.getLogger(__name__)


class Watch(Protocol):
    """Where the programs are looked for."""

    def services(self) -> list[Service]:
        """Those that are there."""

    def close(self) -> None:
        """Stop watching."""


class VrchatLink:
    """Sends what the avatar of the moment has."""

    def __init__(
        self,
        sender: DatagramSender,
        watch: Watch,
        *,
        name: str,
        osc_port: int,
        settings: VrchatSettings,
        pause: float = PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """osc_port: by which the right program is told from others on this machine."""
        self._sender = sender
        self._watch = watch
        self._name = name
        self._osc_port = osc_port
        self._settings = settings
        self._pause = pause
        self._clock = clock
        self._started = clock()
        self._said_nobody = False
        self._said_other_port = False
        self._parameters: Latest[tuple[Parameter, ...]] = Latest(())
        self._hurry: Latest[bool] = Latest()
        self._encoder = open_encoder((), settings)
        self._stack = ExitStack()
        self._stack.callback(sender.close)
        self._stack.callback(watch.close)
        self._worker = self._stack.enter_context(Worker(self._ask_and_pause))

    @property
    def datagrams(self) -> int:
        """How many were sent so far."""
        return self._sender.sent

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""
        return self._sender.trouble

    def send(self, state: FaceState) -> None:
        """Send what has changed."""
        self._worker.check()  # a bug there is not to pass unseen
        parameters = self._parameters.take(0.0)
        if parameters is not None:
            self._encoder = open_encoder(parameters, self._settings)
        self._sender.send(self._encoder.encode(state))

    def farewell(self, last: FaceState) -> None:
        """Nothing is tracked."""
        self._sender.send(self._encoder.farewell(last))

    def close(self) -> None:
        """Stop asking and release everything."""
        self._hurry.put(True)
        self._stack.close()

    def _ask_and_pause(self) -> bool:
        described = self._describe_avatar()
        if described is not None:
            parameters = avatar_parameters(described)
            if parameters != self._parameters.peek():
                self._parameters.put(parameters)
                log.info("%s: the avatar has %d parameters for us", self._name, len(parameters))
        elif not self._said_nobody and self._clock() - self._started > PATIENCE:
            self._said_nobody = True
            log.warning(
                "%s: no VRChat was found, only eyes are sent; is OSC switched on there? "
                'Otherwise set parameters = "blind" in [vrchat] of the profile',
                self._name,
            )
        return self._hurry.take(self._pause) is None

    def _describe_avatar(self) -> list[tuple[str, str]] | None:
        """Address and type of each of its parameters, or None if nobody answers."""
        for service in self._watch.services():
            if not service.name.startswith(PROGRAMS):
                continue
            try:
                if not self._is_target(service):
                    continue
                root = PARAMETERS.rstrip("/")
                tree = read_json(service.host, service.port, root, timeout=TIMEOUT)
            except OSError as error:
                log.debug("%s: %s does not answer: %s", self._name, service.name, error)
                continue
            return list(_leaves(tree))
        return None

    def _is_target(self, service: Service) -> bool:
        host_info = read_json(service.host, service.port, "/?HOST_INFO", timeout=TIMEOUT)
        port = host_info.get("OSC_PORT") if isinstance(host_info, dict) else None
        if port is None or port == self._osc_port:
            return True
        if not self._said_other_port:
            self._said_other_port = True
            log.warning(
                "%s: %s listens at port %s instead; for that one write vrchat::%s",
                *(self._name, service.name, port, port),
            )
        return False


def _leaves(node: object, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Address and type of all nodes that have one. What is not as it should be is passed over."""
    if not isinstance(node, dict) or depth > _DEEPEST:
        return
    address, kind, contents = node.get("FULL_PATH"), node.get("TYPE"), node.get("CONTENTS")
    if isinstance(address, str) and isinstance(kind, str):
        yield address, kind
    if isinstance(contents, dict):
        for child in contents.values():
            yield from _leaves(child, depth + 1)


def open_link(
    settings: VrchatSettings, sender: DatagramSender, *, name: str, port: int
) -> VrchatLink:
    """Ready to send: eyes at once, the avatar's parameters as soon as VRChat has told them."""
    return VrchatLink(sender, ServiceWatch(KIND), name=name, osc_port=port, settings=settings)
