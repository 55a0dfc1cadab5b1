"""Calibration on a rendered person, whose truth is known: one eye winks, the other stays open."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.viewer.look import Look
from app.viewer.snapshot import offscreen_context
from benchmarks.calibration import (
    APART,
    UNCALIBRATED,
    Camera,
    Moment,
    apart,
    calibrated,
    gesture,
    lids,
    talk,
)
from benchmarks.rendered_face import RenderedFace, weights_of
from engine.blendshapes import BLENDSHAPES
from engine.calibration import CalibrationSettings
from engine.calibration.winks import BLINKS
from engine.chain import Chain
from engine.landmarker import open_landmarker
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings
from engine.steadiness import SmootherSettings
from tests.faces import face_model

pytestmark = pytest.mark.gl
RATE = 6.0  # pictures a second: drawing them is what takes the time
BALD = Look(identity="tomas", skin="beige", hair="bald")


@pytest.fixture(scope="module")
def person(
    face_networks: Path,
) -> Iterator[tuple[Chain, Camera, CalibrationSettings]]:
    """Somebody who has followed the guide."""
    landmarker = open_landmarker(face_model(), face_networks, RuntimeSettings())
    regressor = MediaPipeRegressor(landmarker)
    chain = Chain(regressor, SmootherSettings(), CalibrationSettings())
    with (
        offscreen_context() as context,
        closing(regressor),
        RenderedFace(context, BALD, (320, 240)) as face,
    ):
        camera = Camera(face, RATE)
        yield chain, camera, calibrated(chain, camera, RATE)


@pytest.mark.parametrize(("degrees", "rate"), [(-15, RATE), (15, RATE), (0, 30.0)])
@pytest.mark.parametrize("closed", [0, 1])
def test_a_wink_closes_one_eye_and_opens_the_other_also_of_a_turned_head(
    person: tuple[Chain, Camera, CalibrationSettings], closed: int, degrees: float, rate: float
) -> None:
    chain, camera, calibration = person
    camera.rate = rate
    name = ("left wink", "right wink")[closed]
    both, moments = lids(chain, camera, gesture(name, degrees, rate), calibration, UNCALIBRATED)
    for sent in both:
        held = sent[[moment.settled for moment in moments]]
        assert len(held)
        assert held[:, closed].min() >= 0.8
        assert held[:, 1 - closed].max() <= 0.1


@pytest.mark.parametrize("rate", [RATE, 30.0])
def test_blinks_are_no_winks(
    person: tuple[Chain, Camera, CalibrationSettings], rate: float
) -> None:
    chain, camera, calibration = person
    camera.rate = rate
    (sent,), moments = lids(chain, camera, gesture("blink", 0.0, rate), calibration)
    assert sent[[moment.settled for moment in moments]].min() >= 0.8
    assert apart(sent) == 0


def test_talk_is_no_winks(person: tuple[Chain, Camera, CalibrationSettings]) -> None:
    chain, camera, calibration = person
    camera.rate = RATE
    both, _ = lids(chain, camera, talk(RATE, 4.0), calibration, UNCALIBRATED)
    for sent in both:
        assert np.ptp(sent[:, 0]) > APART, "no blink was seen"
        assert apart(sent) == 0


def test_a_face_that_turns_far_aside_is_followed_without_a_jump(
    person: tuple[Chain, Camera, CalibrationSettings],
) -> None:
    """40 degrees to both sides and back in four seconds; it is at rest."""
    chain, camera, _ = person
    camera.rate = 15.0
    chain.adopt(UNCALIBRATED)
    turns = math.radians(40.0) * np.sin(np.linspace(0.0, 2.0 * np.pi, 60))
    states = [chain.update(camera.frame(Moment(weights_of(), yaw))) for yaw in turns.tolist()]
    assert all(state.landmarks is not None for state in states)
    seen = [i for i, name in enumerate(BLENDSHAPES) if not name.startswith("eyeLook")]
    weights = np.array([state.weights for state in states])[:, seen]
    assert np.abs(np.diff(weights, axis=0)).max() < 0.35
    assert apart(np.array([state.weights[list(BLINKS)] for state in states])) == 0
