"""Recognised files to networks. Needs torch, as models/networks does."""

from __future__ import annotations

from collections.abc import Sequence

from models.checkpoints.built import Built
from models.checkpoints.emoca import build_emoca_of, build_emorec_of
from models.checkpoints.expnet import build_expnet_of
from models.checkpoints.recognition import Kind, Recognised
from models.checkpoints.selection import arrays_of, half_precision_notes, only_member
from models.networks.deca import build_deca
from models.networks.smirk import build_smirk


def build_network(name: str, found: Sequence[Recognised]) -> Built:
    """The network of that name out of the files, of which it takes what it needs.

    Raises ModelError if something is missing, ambiguous or wrong.
    """
    match name:
        case "smirk":
            member = only_member(found, Kind.SMIRK)
            state = arrays_of(member, "smirk_encoder.")
            notes = half_precision_notes(state)
            return Built(build_smirk(state), "SMIRK", (member,), notes=notes)
        case "deca":
            member = only_member(found, Kind.DECA)
            state = arrays_of(member, "E_flame.")
            return Built(build_deca(state), "DECA", (member,), notes=half_precision_notes(state))
        case "emoca":
            return build_emoca_of(found)
        case "emorec":
            return build_emorec_of(found)
        case "expnet":
            return build_expnet_of(found)
    raise ValueError(f"no network {name!r}")
