"""The built-in clip is a ground truth: it was rendered from curves that lie beside it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.sources.demo import demo_path
from benchmarks.demo.curves import RATE, Curves, read_curves
from benchmarks.demo.performance import performance
from benchmarks.demo_truth import Tracked, correlation, track
from engine.blendshapes import INDEX
from engine.geometry import Array
from tests.faces import face_model

LEFT_EYE, RIGHT_EYE = 0, 1
PITCH, YAW, ROLL = 0, 1, 2


@pytest.fixture(scope="module")
def curves() -> Curves:
    return read_curves()


@pytest.fixture(scope="module")
def tracked() -> Tracked:
    return track(demo_path(), face_model())


def test_opencv_decodes_every_frame_of_the_clip(curves: Curves) -> None:
    clip = cv2.VideoCapture(str(demo_path()))
    frames = 0
    while clip.grab():
        assert clip.get(cv2.CAP_PROP_POS_MSEC) == pytest.approx(1000 * frames / RATE, abs=1.0)
        frames += 1
    assert clip.get(cv2.CAP_PROP_FPS) == RATE
    assert frames == curves.frame_count == 600
    clip.release()


def test_the_clip_is_small() -> None:
    assert demo_path().stat().st_size < 1_500_000


def test_the_curve_file_is_what_the_script_says(curves: Curves) -> None:
    script = performance()
    for written, said in (
        (curves.weights, script.weights),
        (curves.gaze, script.gaze),
        (curves.head, script.head),
        (curves.lean, script.lean),
    ):
        assert written == pytest.approx(said, abs=1e-4)


def test_the_clip_ends_where_it_begins(curves: Curves) -> None:
    """The step from the last frame to the first is no larger than its neighbours may be."""
    for curve in (curves.weights, curves.gaze.reshape(-1, 4), curves.head):
        assert np.abs(curve[-1] - curve[0]).max() < 0.05
    assert np.abs(curves.lean[-1] - curves.lean[0]).max() < 0.001


def test_a_face_is_found_in_every_frame(curves: Curves, tracked: Tracked) -> None:
    assert tracked.frames.tolist() == list(range(curves.frame_count))


@pytest.mark.parametrize(
    "name", ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight"]
)
def test_a_weight_follows_what_was_rendered(name: str, curves: Curves, tracked: Tracked) -> None:
    truth, seen = curves.weights[:, INDEX[name]], tracked.sent.weights[:, INDEX[name]]
    assert correlation(truth, seen) > 0.9


def test_a_crooked_smile_is_crooked_on_its_side(curves: Curves, tracked: Tracked) -> None:
    def lead(weights: Array) -> Array:
        left, right = INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]
        difference: Array = weights[:, left] - weights[:, right]
        return difference

    assert correlation(lead(curves.weights), lead(tracked.sent.weights)) > 0.6


@pytest.mark.parametrize("eye", [LEFT_EYE, RIGHT_EYE])
def test_each_eye_follows_to_the_sides(eye: int, curves: Curves, tracked: Tracked) -> None:
    assert correlation(curves.gaze[:, eye, 0], tracked.sent.gaze[:, eye, 0]) > 0.9


@pytest.mark.parametrize("axis", [PITCH, YAW, ROLL])
def test_the_head_turns_as_it_was_turned(axis: int, curves: Curves, tracked: Tracked) -> None:
    truth, seen = curves.head[:, axis], tracked.sent.head[:, axis]
    assert correlation(truth, seen) > 0.9
    assert 0.7 < np.polyfit(truth, seen, 1)[0] < 1.3


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_wink_is_of_the_eye_that_winks(side: str, curves: Curves, tracked: Tracked) -> None:
    other = "Right" if side == "Left" else "Left"

    def blink(weights: Array, side: str) -> Array:
        values: Array = weights[:, INDEX["eyeBlink" + side]]
        return values

    winks = (blink(curves.weights, side) > 0.9) & (blink(curves.weights, other) < 0.1)
    assert winks.sum() >= 5
    shut = blink(tracked.sent.weights, side)[winks]
    assert (shut > blink(tracked.sent.weights, other)[winks] + 0.15).all()
