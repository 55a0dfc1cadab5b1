"""The networks without their weights: what torch takes for them does not depend on these."""

from __future__ import annotations

from typing import Literal

from models.networks import deca, emoca, expnet, smirk
from models.networks.network import Network

Name = Literal["smirk", "deca", "emoca", "expnet"]


def untrained(name: Name) -> Network:
    """The architecture as torch initialises it, in inference mode."""
    match name:
        case "smirk":
            network = Network(smirk.SPEC, smirk.Smirk())
        case "deca":
            network = Network(deca.SPEC, deca.Deca())
        case "emoca":
            network = Network(emoca.SPEC, emoca.Emoca(jaw=False, global_pose=False))
        case "expnet":
            network = Network(expnet.SPEC, expnet.ExpNet())
    network.module.eval().requires_grad_(False)
    return network
