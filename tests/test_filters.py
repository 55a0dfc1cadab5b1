import numpy as np
import pytest
from OneEuroFilter import OneEuroFilter as AuthorsFilter

from engine.filters import OneEuroFilter, OneEuroSettings, RotationOneEuroFilter
from engine.geometry import quaternion_from_euler, rotation_angle


def test_equals_the_authors_own_filter(random: np.random.Generator) -> None:
    ours = OneEuroFilter(OneEuroSettings(min_cutoff=1.0, beta=0.3, d_cutoff=2.0))
    theirs = AuthorsFilter(freq=60.0, mincutoff=1.0, beta=0.3, dcutoff=2.0)
    timestamp = 1.0  # the authors' port takes a timestamp of 0 for a missing one
    for noise in random.normal(scale=0.05, size=400):
        timestamp += random.uniform(0.01, 0.05)
        x = np.sin(timestamp * 3.0) + noise
        assert ours.update(np.array([x]), timestamp)[0] == pytest.approx(
            theirs(x, timestamp), abs=1e-9
        )


def test_first_sample_passes_unchanged_and_again_after_reset() -> None:
    signal = OneEuroFilter(OneEuroSettings(1.0, 0.0))
    assert signal.update(np.array([0.5]), 0.0) == [0.5]
    signal.update(np.array([0.9]), 0.1)
    signal.reset()
    assert signal.update(np.array([0.1]), 0.2) == [0.1]


def test_repeated_or_older_timestamp_changes_nothing() -> None:
    signal = OneEuroFilter(OneEuroSettings(1.0, 0.1))
    signal.update(np.array([0.0]), 1.0)
    assert signal.update(np.array([1.0]), 1.0) == [0.0]
    assert signal.update(np.array([1.0]), 0.5) == [0.0]
    assert 0.0 < signal.update(np.array([1.0]), 1.1)[0] < 1.0


@pytest.mark.parametrize("bad", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, 0.0)])
def test_impossible_parameters_are_refused(bad: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        OneEuroSettings(*bad)


def test_rotation_filter_ignores_the_sign_of_a_quaternion() -> None:
    settings = OneEuroSettings(2.0, 1.0)
    plain, flipped = RotationOneEuroFilter(settings), RotationOneEuroFilter(settings)
    for i in range(50):
        q = quaternion_from_euler(0.0, 0.01 * i, 0.3)
        a = plain.update(q, i / 30)
        b = flipped.update(q if i % 2 else -q, i / 30)
        assert rotation_angle(a, b) == pytest.approx(0.0, abs=1e-6)


def test_rotation_filter_follows_and_steadies(random: np.random.Generator) -> None:
    signal = RotationOneEuroFilter(OneEuroSettings(1.0, 0.0))
    raw = [quaternion_from_euler(*random.normal(scale=0.02, size=3)) for _ in range(200)]
    steady = [signal.update(q, i / 30) for i, q in enumerate(raw)]
    identity = np.array([0.0, 0.0, 0.0, 1.0])
    spread = [np.mean([rotation_angle(q, identity) for q in qs[50:]]) for qs in (raw, steady)]
    assert spread[1] < 0.5 * spread[0]
