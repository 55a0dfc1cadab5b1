"""Calibration on a rendered person, whose truth is known: one eye winks, the other stays open."""

from __future__ import annotations

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
    apart,
    calibrated,
    gesture,
    lids,
    talk,
)
from benchmarks.rendered_face import RenderedFace
from engine.calibration import CalibrationSettings
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


@pytest.mark.parametrize("degrees", [-15, 15])
@pytest.mark.parametrize("closed", [0, 1])
def test_a_wink_of_a_turned_head_closes_one_eye_and_opens_the_other(
    person: tuple[Chain, Camera, CalibrationSettings], closed: int, degrees: float
) -> None:
    chain, camera, calibration = person
    name = ("left wink", "right wink")[closed]
    both, moments = lids(chain, camera, gesture(name, degrees, RATE), calibration, UNCALIBRATED)
    for sent in both:
        held = sent[[moment.settled for moment in moments]]
        assert len(held)
        assert held[:, closed].min() >= 0.8
        assert held[:, 1 - closed].max() <= 0.1


def test_blinks_and_talk_are_no_winks(person: tuple[Chain, Camera, CalibrationSettings]) -> None:
    chain, camera, calibration = person
    (sent,), moments = lids(chain, camera, gesture("blink", 0.0, RATE), calibration)
    assert sent[[moment.settled for moment in moments]].min() >= 0.8
    assert apart(sent) == 0
    both, _ = lids(chain, camera, talk(RATE, 4.0), calibration, UNCALIBRATED)
    for sent in both:
        assert np.ptp(sent[:, 0]) > APART, "no blink was seen"
        assert apart(sent) == 0
