"""Networks without weights: of the same kind as those with them."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from models.networks.untrained import Name, untrained


@pytest.mark.parametrize("name", get_args(Name))
def test_every_network_is_there_without_its_weights(name: Name) -> None:
    network = untrained(name)
    outputs = network.run(np.zeros((1, *network.spec.input.shape), np.float32))
    given = [output.shape[1:] for output in outputs]
    assert given == [output.shape for output in network.spec.outputs]
    assert not network.module.training
