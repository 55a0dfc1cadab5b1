"""Shared fixtures: seeded random numbers, numpy floating faults raised."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261121)


@pytest.fixture(autouse=True)
def floating_faults_raised() -> Iterator[None]:
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        yield
