"""All live outputs of a run; each may be switched on or off while states are sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.outputs import Output, OutputSettings, open_output
from app.threads import Lock
from engine.closing import Closing
from engine.data import FaceState
from engine.errors import OutputError


@dataclass(frozen=True, slots=True, eq=False)
class Destination:
    """One receiver.

    output: None: it is off, or cannot be opened.
    fault:  why not.
    sent:   datagrams before it was switched off last.
    """

    settings: OutputSettings
    output: Output | None
    fault: str = ""
    sent: int = 0

    @property
    def trouble(self) -> str:
        """Why nothing arrives, as far as is known."""
        return "" if self.output is None else self.output.trouble

    @property
    def datagrams(self) -> int:
        """How many were sent so far."""
        return self.sent + (0 if self.output is None else self.output.datagrams)


class Destinations(Closing):
    """`send` and `switch` may be called by different threads.

    forgiving: an output that cannot be opened at the start is off, and its fault tells why.
    """

    def __init__(self, outputs: Sequence[OutputSettings], *, forgiving: bool = False) -> None:
        """Opens all outputs or none; raises OutputError, unless it forgives."""
        self._lock = Lock()
        self._all: tuple[Destination, ...] = ()
        for settings in outputs:
            self._switch_on(settings)
            opened = self._find(settings)
            if opened is not None and opened.fault and not forgiving:
                self.close()
                raise OutputError(opened.fault)

    @property
    def every(self) -> tuple[Destination, ...]:
        """Every receiver that was asked for so far, in that order."""
        return self._all

    def send(self, state: FaceState) -> bool:
        """To all that are on; whether there was any."""
        with self._lock:
            for destination in self._all:
                if destination.output is not None:
                    destination.output.send(state)
            return any(destination.output is not None for destination in self._all)

    def switch(self, settings: OutputSettings, *, on: bool) -> None:
        """Begin or stop sending to this receiver. May take seconds: a host's name is looked up."""
        before = self._find(settings)
        is_on = before is not None and before.output is not None
        if on and not is_on:
            self._switch_on(settings)
        elif before is not None and not on:
            self._put(Destination(settings, None, sent=before.datagrams))
            if before.output is not None:  # nobody sends over it any more
                before.output.close()
            self._put(Destination(settings, None, sent=before.datagrams))  # the good-bye, too

    def forget(self, settings: OutputSettings) -> None:
        """Stop sending to this receiver; it is not listed any more."""
        self.switch(settings, on=False)
        with self._lock:
            self._all = tuple(d for d in self._all if d.settings != settings)

    def only(self, outputs: Sequence[OutputSettings]) -> None:
        """Send to these receivers and to no others; those are not listed any more."""
        for destination in self._all:
            if destination.settings not in outputs:
                self.forget(destination.settings)
        for settings in outputs:
            self.switch(settings, on=True)

    def close(self) -> None:
        """Say good-bye to all receivers. May be called twice."""
        for destination in self._all:
            if destination.output is not None:
                destination.output.close()

    def _switch_on(self, settings: OutputSettings) -> None:
        before = self._find(settings)
        sent = 0 if before is None else before.sent
        try:
            self._put(Destination(settings, open_output(settings), sent=sent))
        except OutputError as error:
            self._put(Destination(settings, None, str(error), sent))

    def _find(self, settings: OutputSettings) -> Destination | None:
        return next((d for d in self._all if d.settings == settings), None)

    def _put(self, destination: Destination) -> None:
        """In its old place, or at the end."""
        with self._lock:
            settings = destination.settings
            if any(d.settings == settings for d in self._all):
                self._all = tuple(destination if d.settings == settings else d for d in self._all)
            else:
                self._all = (*self._all, destination)
