"""What is wrong in something that arrived."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a strict receiver would stumble over.

    what:    the same for all of its kind, so that they can be counted.
    example: of this one.
    """

    what: str
    example: str = ""
