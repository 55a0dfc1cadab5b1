"""Recognised files to networks. Needs torch, as models/networks does."""

from __future__ import annotations

from collections.abc import Sequence

from models.checkpoints.built import Built
from models.checkpoints.emoca import build_emoca_of, build_emorec_of
from models.checkpoints.expnet import build_expnet_of
from models.checkpoints.recognition import Kind, Recognised
from models.checkpoints.selection import arrays_of, only_member
from models.networks.deca import build_deca
from models.networks.smirk import build_smirk


def build_network(name: str, found: Sequence[Recognised]) -> Built:
    """The network of that name out of the files, of which it takes what it needs.

    Raises ModelError if something is missing, ambiguous or wrong.
    """
    match name:
        case "smirk":
            member = only_member(found, Kind.SMIRK)
            return Built(build_smirk(arrays_of(member, "smirk_encoder.")), "SMIRK", (member,))
        case "deca":
            member = only_member(found, Kind.DECA)
            return Built(build_deca(arrays_of(member, "E_flame.")), "DECA", (member,))
        case "emoca":
            return build_emoca_of(found)
        case "emorec":
            return build_emorec_of(found)
        case "expnet":
            return build_expnet_of(found)
    raise ValueError(f"no network {name!r}")
