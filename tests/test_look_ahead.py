"""Smoothing that looks ahead: without lag, steadier than live, and never losing a blink."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import smoothing
from benchmarks.shipped import LIDS, looked_ahead, smoothed
from engine import look_ahead
from engine.blendshapes import INDEX
from engine.data import FlameCoefficients, Observation
from engine.geometry import Array, quaternion_from_euler, rotation_angle
from engine.look_ahead import LookAhead, Sighting
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings
from tests.faces import observation

RATE = 30.0
SIZE = (640, 480)


def through(seen: list[Observation | None], rate: float = RATE) -> list[Sighting]:
    """What comes out for one picture after the other."""
    ahead, done = LookAhead(SmootherSettings()), []
    for i, one in enumerate(seen):
        done += ahead.update(Sighting(i / rate, SIZE, one))
    return done + ahead.finish()


def found(sightings: list[Sighting]) -> list[Observation]:
    return [one.observation for one in sightings if one.observation is not None]


def jaws(count: int, random: np.random.Generator) -> list[Observation | None]:
    noise = random.normal(0.3, 0.02, count)
    return [observation(i / RATE, jawOpen=float(noise[i])) for i in range(count)]


@pytest.fixture(scope="module")
def figures() -> dict[str, smoothing.Figures]:
    """At 30 pictures a second, by name, all on the same signals."""

    def lids(samples: Array, timestamps: Array) -> Array:
        return smoothed(samples, timestamps, LIDS)

    def lids_ahead(samples: Array, timestamps: Array) -> Array:
        return looked_ahead(samples, timestamps, LIDS)

    return {
        "live": smoothing.measure(smoothed, lids, 30, 0, uneven=True),
        "offline": smoothing.measure(looked_ahead, lids_ahead, 30, 0, uneven=True),
    }


def test_it_is_steadier_than_live_at_rest(figures: dict[str, smoothing.Figures]) -> None:
    for noise in ("rest_white", "rest_ar1", "rest_t3"):
        assert getattr(figures["offline"], noise) < 0.9 * getattr(figures["live"], noise)


def test_slow_movement_does_not_come_late(figures: dict[str, smoothing.Figures]) -> None:
    assert figures["live"].ramp_lag_ms > 10.0
    assert abs(figures["offline"].ramp_lag_ms) < 10.0
    assert abs(figures["offline"].talk_lag_ms) < 1.0


def test_a_blink_is_as_deep_as_live_and_steps_do_not_overshoot(
    figures: dict[str, smoothing.Figures],
) -> None:
    assert figures["offline"].blink >= figures["live"].blink - 0.001
    assert figures["offline"].overshoot <= figures["live"].overshoot
    assert figures["offline"].talk_gain == pytest.approx(1.0, abs=0.02)


def test_every_picture_comes_out_once_and_in_order(random: np.random.Generator) -> None:
    seen = jaws(700, random)
    seen[100] = seen[400] = None
    done = through(seen)
    assert [one.timestamp for one in done] == [i / RATE for i in range(700)]
    assert [i for i, one in enumerate(done) if one.observation is None] == [100, 400]


def test_no_more_waits_than_a_few_seconds(random: np.random.Generator) -> None:
    ahead, waiting = LookAhead(SmootherSettings()), 0
    for i, one in enumerate(jaws(900, random)):
        waiting += 1 - len(ahead.update(Sighting(i / RATE, SIZE, one)))
        assert waiting <= (look_ahead.BLOCK + look_ahead.AHEAD) * RATE + 1


def test_blocks_leave_no_seams(
    random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = jaws(900, random)
    in_blocks = np.array([one.weights for one in found(through(seen))])
    monkeypatch.setattr(look_ahead, "BLOCK", 1000.0)
    at_once = np.array([one.weights for one in found(through(seen))])
    assert np.abs(in_blocks - at_once).max() < 0.004  # the noise is 0.02


def test_a_turning_head_does_not_come_late() -> None:
    seen = [
        replace(observation(i / RATE), head_rotation=quaternion_from_euler(0.0, i / 300, 0.0))
        for i in range(240)
    ]
    done = found(through(list(seen)))
    for here, there in zip(seen[30:-30], done[30:-30], strict=True):
        assert rotation_angle(here.head_rotation, there.head_rotation) < 0.002


def test_coefficients_are_steadied_without_lag(random: np.random.Generator) -> None:
    flame = FlameCoefficients(
        *(np.zeros(n) for n in (300, 100, 3, 3, 3, 2)), camera=np.array([8.0, 0.0, 0.0])
    )
    crop = np.array([[1.5, 0.0, 100.0], [0.0, 1.5, 50.0]])
    noise = random.normal(0.0, 0.05, (300, 100))
    seen = [
        replace(
            observation(i / RATE),
            coefficients=replace(flame, expression=noise[i], jaw=np.array([i / 1000, 0.0, 0.0])),
            image_from_crop=crop,
        )
        for i in range(300)
    ]
    coefficients = [one.coefficients for one in found(through(list(seen)))]
    flames = [one for one in coefficients if isinstance(one, FlameCoefficients)]
    assert len(flames) == 300
    assert np.std([one.expression for one in flames]) < 0.25 * noise.std()
    jaw = np.array([one.jaw[0] for one in flames])
    assert jaw[30:-30] == pytest.approx(np.arange(300)[30:-30] / 1000, abs=0.003)


def test_a_face_that_comes_back_is_not_mixed_with_the_one_before() -> None:
    """After longer than the smoother holds a lost face."""
    seen = [observation(i / RATE, jawOpen=0.1 if i < 60 else 0.9) for i in range(120)]
    with_gap = [one if not 45 <= i < 60 else None for i, one in enumerate(seen)]
    done = [one.observation for one in through(with_gap)]
    assert [one is None for one in done] == [one is None for one in with_gap]
    weights = [one.weights[INDEX["jawOpen"]] for one in done if one is not None]
    assert weights == pytest.approx([0.1] * 45 + [0.9] * 60)


def test_nothing_in_nothing_out() -> None:
    assert LookAhead(SmootherSettings()).finish() == []


def test_without_filtering_the_state_is_what_was_regressed(random: np.random.Generator) -> None:
    smoother = Smoother(SmootherSettings(filtering=False))
    for seen in jaws(20, random):
        assert seen is not None
        state = smoother.update(seen, timestamp=seen.timestamp, image_size=SIZE)
        assert state.weights is seen.weights and state.head_rotation is seen.head_rotation
    lost = smoother.update(None, timestamp=5.0, image_size=SIZE)
    assert not lost.tracked and lost.weights.max() == 0.0
