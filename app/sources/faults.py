"""A schedule of camera faults, as a developer writes it: `unplug@3+2,hang@8,dark@12+5`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

from engine.errors import SourceError

FaultKind = Literal[
    "unplug",
    "replug",
    "hang",
    "freeze",
    "dark",
    "busy",
    "resize",
    "sleep",
    "corrupt",
    "error",
    "odd",
    "slow",
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)

_FAULT = re.compile(r"(\w+)@(\d+(?:\.\d+)?)(?:\+(\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    start, end: seconds since the camera was opened first; without an end it never ends by itself.

    unplug:  the camera is gone; at the end it is back.
    replug:  likewise, but the system gives it another number.
    hang:    a call that waits for a picture returns only at the end; the next opening is sound.
    freeze:  the same picture again and again, till the end or the next opening.
    dark:    half the pictures: each is exposed twice as long.
    busy:    another program has it: no picture, and it cannot be opened.
    resize:  the pictures have half their width and height.
    sleep:   the computer sleeps; then come four old pictures at once, then none till it is opened
             anew.
    corrupt: every second picture cannot be decoded, the others hold garbage below their middle.
    error:   every call that waits for a picture fails with an error of the system.
    odd:     the pictures are grey, have an alpha channel, 16 bit or no pixels, in turn.
    slow:    an opening returns only at the end, as Media Foundation's may after 12 s.
    """

    kind: FaultKind
    start: float
    end: float = math.inf

    def is_on(self, time: float) -> bool:
        """Whether it is happening."""
        return self.start <= time < self.end


def parse_faults(text: str) -> tuple[Fault, ...]:
    """FAULT@START[+SECONDS], with commas between. Raises SourceError."""
    return tuple(_parse_fault(part.strip()) for part in text.split(",") if part.strip())


def _parse_fault(text: str) -> Fault:
    match = _FAULT.fullmatch(text)
    kind = next((kind for kind in KINDS if match and kind == match[1]), None)
    if match is None or kind is None:
        raise SourceError(
            f"cannot read the fault {text!r}; expected FAULT@START[+SECONDS] such as unplug@3+2, "
            f"with one of {', '.join(KINDS)}."
        )
    start = float(match[2])
    return Fault(kind, start, start + float(match[3]) if match[3] else math.inf)
