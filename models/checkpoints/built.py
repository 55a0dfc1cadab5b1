"""A network that was made of official files."""

from __future__ import annotations

from dataclasses import dataclass

from models.checkpoints.archive import Member
from models.networks.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A network, and what it was made of.

    variant: which release, for people. parts: of the emotion head: what it reads, in order.
    notes:   what a user should know about it.
    """

    network: Network
    variant: str
    sources: tuple[Member, ...]
    parts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
