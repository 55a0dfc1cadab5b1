"""`mien listen`: shows what other programs send, and whether left is left in it."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

from app.commands.arguments import positive_float
from app.commands.run import INTERRUPTED
from app.listening import PROTOCOLS, ListeningPlace, parse_place, protocols_of
from app.listening.check import Check
from app.listening.display import complaint_lines, page, short_line
from app.listening.screen import Screen
from app.listening.traffic import Traffic
from app.listening.verdict import verdict_lines
from app.network import DatagramListener, DatagramSender, resolve
from app.outputs import DEFAULT_HOST
from engine.errors import OutputError, SettingsError

_EVERYBODY = "0.0.0.0"
_POLL = 0.005  # seconds between two looks at the port
_PAGE_PERIOD = 0.1  # seconds between two drawings
_LINE_PERIOD = 1.0  # seconds between two lines where there is no terminal
_ASK_PERIOD = 1.0  # seconds between two requests
_MOST_AT_ONCE = 256  # datagrams read before the next drawing
_HINT_AFTER = 3.0  # seconds


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "listen", help="show what arrives by a protocol", description=__doc__
    )
    parser.add_argument(
        "place",
        metavar="PROTOCOL[:PORT]",
        help=f"what to listen to: {', '.join(PROTOCOLS)}",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="lead through a few movements and say whether left is left and which axis is "
        "inverted; the exit code is 1 if anything is",
    )
    parser.add_argument("--seconds", metavar="S", type=positive_float, help="end after S seconds")
    parser.add_argument(
        "--ask",
        metavar="HOST",
        help="ask the phone there for its data (ifacialmocap; vtsphone, where it is this machine "
        "unless given)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Show it until the end. Raises OutputError if nothing arrived, or the port is taken."""
    place = parse_place(arguments.place)
    traffic = Traffic()
    check = Check() if arguments.check else None
    with ExitStack() as opened:
        listener = _open_listener(place)
        opened.callback(listener.close)
        asker = _open_asker(place, arguments.ask, listener.port)
        if asker is not None:
            opened.callback(asker.close)
        session = _Session(place, listener, asker, traffic, check)
        screen = opened.enter_context(Screen(sys.stdout)) if sys.stdout.isatty() else None
        interrupted = session.listen(screen, arguments.seconds)
    if traffic.understood == 0:
        raise OutputError(_nothing_understood(place, traffic, session.last))
    print(short_line(traffic, session.ended))
    print("\n".join(complaint_lines(traffic) or ["nothing to complain about"]))
    code = 0 if check is None else _report(check, place)
    return INTERRUPTED if interrupted else code


class _Session:
    """Reads, judges and shows until the time is over or the check is."""

    def __init__(
        self,
        place: ListeningPlace,
        listener: DatagramListener,
        asker: DatagramSender | None,
        traffic: Traffic,
        check: Check | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._listener = listener
        self._asker = asker
        self._traffic = traffic
        self._check = check
        self._clock = clock
        self._started = clock()
        self._told = 0  # results of the check
        self._prompt = ""
        self.last = b""
        """The newest datagram."""
        self.ended = self._started

    def listen(self, screen: Screen | None, seconds: float | None) -> bool:
        """Until the end; whether Ctrl-C was it. screen: None where there is no terminal."""
        try:
            self._listen(screen, seconds)
        except KeyboardInterrupt:
            return True
        return False

    def _listen(self, screen: Screen | None, seconds: float | None) -> None:
        period = _LINE_PERIOD if screen is None else _PAGE_PERIOD
        drawn = asked = -math.inf
        while True:
            now = self.ended = self._clock()
            if self._asker is not None and now - asked >= _ASK_PERIOD:
                asked = now
                assert self._place.protocol.request is not None
                self._asker.send((self._place.protocol.request(self._listener.port),))
            self._read(now)
            if now - drawn >= period:
                drawn = now
                self._show(screen, now)
            if self._check is not None:
                self._judge(self._check, now, aloud=screen is None)
                if self._check.is_over:
                    return
            if seconds is not None and now - self._started >= seconds:
                return
            time.sleep(_POLL)

    def _read(self, now: float) -> None:
        for _ in range(_MOST_AT_ONCE):
            arrived = self._listener.read()
            if arrived is None:
                return
            self.last, host = arrived
            reading = self._place.protocol.decode(self.last)
            self._traffic.add(reading, len(self.last), host, now)

    def _judge(self, check: Check, now: float, *, aloud: bool) -> None:
        if self._traffic.is_arriving(now) and self._traffic.tracked is not False:
            check.update(self._traffic.values, now)
        else:
            check.interrupted()
        if not aloud:
            return
        for result in check.results[self._told :]:
            print(f"  {result.line}", flush=True)
        self._told = len(check.results)
        if check.prompt != self._prompt and self._traffic.values:
            self._prompt = check.prompt
            if check.prompt:
                print(f"> {check.prompt}", flush=True)

    def _show(self, screen: Screen | None, now: float) -> None:
        if screen is None:
            print(f"{now - self._started:6.1f} s  {short_line(self._traffic, now)}", flush=True)
            return
        place = self._place
        lines = [f"mien listen: {place.protocol.name} at port {self._listener.port} · Ctrl-C ends"]
        if self._traffic.datagrams == 0 and now - self._started > _HINT_AFTER:
            lines.append(_what_to_do(place, self._listener.port))
        elif self._traffic.datagrams and self._traffic.understood == 0:
            lines.append(_nothing_understood(place, self._traffic, self.last))
        if self._check is not None:
            lines += ["", f"> {self._check.prompt}"]
            lines += [f"  {result.line}" for result in self._check.results]
            lines.append("")
        screen.draw([*lines, *page(self._traffic, now, screen.width)])


def _open_listener(place: ListeningPlace) -> DatagramListener:
    if place.protocol.asked:  # it is told where we are
        return DatagramListener(resolve(_EVERYBODY, 0))
    try:
        return DatagramListener(resolve(_EVERYBODY, place.port))
    except OutputError as error:
        name = place.protocol.name
        other = place.port + 20 if place.port <= 65000 else place.port - 20
        raise OutputError(
            f"{error} It may be the avatar's own program; another one is "
            f"`mien listen {name}:{other}` with `mien run --output {name}::{other}`."
        ) from error


def _open_asker(place: ListeningPlace, host: str | None, port: int) -> DatagramSender | None:
    """To a sender that wants to be asked."""
    protocol = place.protocol
    if protocol.request is None:
        if host is not None:
            raise SettingsError(
                f"--ask {host} with {protocol.name}: expected ifacialmocap or vtsphone; senders of "
                f"{protocol.name} are not asked. Leave it out."
            )
        return None
    if host is None and not protocol.asked:
        return None
    address = resolve(host or DEFAULT_HOST, place.port)
    return DatagramSender(address, name=f"{protocol.name} {address.host}:{place.port}")


def _what_to_do(place: ListeningPlace, port: int) -> str:
    if place.protocol.asked:
        return (
            f"Start the sender (`mien run --output {place.protocol.name}`), give its address with "
            f"--ask HOST, let UDP through to port {place.port} there."
        )
    return (
        f"Start the sender, let it send to this computer's address and port {port}, let UDP port "
        f"{port} through this computer's firewall."
    )


def _nothing_understood(place: ListeningPlace, traffic: Traffic, last: bytes) -> str:
    """One line; which protocol it may be instead."""
    name, port = place.protocol.name, place.port
    if traffic.datagrams == 0:
        where = f"from port {port}" if place.protocol.asked else f"at port {port}"
        return f"nothing arrived {where}; expected {name}. {_what_to_do(place, port)}"
    others = protocols_of(last)
    advice = (
        f"It looks like {' or '.join(others)}: try `mien listen {others[0]}:{port}`."
        if others
        else "Set the sender to this protocol."
    )
    return (
        f"{traffic.datagrams} datagrams arrived at port {port}, none was understood; expected "
        f"{name}. {advice}"
    )


def _report(check: Check, place: ListeningPlace) -> int:
    print()
    for result in check.results:
        print(result.line)
    if not check.is_over:
        print(f"The check was not finished: {len(check.results)} of {len(check.steps)} steps.")
        return 1
    print("\n".join(verdict_lines(check.results, place.protocol.name)))
    return 0 if check.passed else 1
