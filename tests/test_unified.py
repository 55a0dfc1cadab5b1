"""Unified Expressions: which names there are, and which shape moves which."""

from __future__ import annotations

import numpy as np
import pytest

from app.outputs.unified import UNIFIED, unified_values
from engine.data import FaceState
from tests.states import T0, face, random_face


def unified(state: FaceState) -> dict[str, float]:
    values = unified_values(state, np.array([0.0, 0.0, -0.5]))
    return dict(zip(UNIFIED, values, strict=True))


def moved(**shapes: float) -> dict[str, float]:
    """What differs from a neutral face."""
    neutral = unified(face())
    return {n: v for n, v in unified(face(**shapes)).items() if v != pytest.approx(neutral[n])}


def test_every_name_is_there_once_and_none_is_unknown() -> None:
    assert len(set(UNIFIED)) == len(UNIFIED) == 144
    sided = [name for name in UNIFIED if name.endswith("Left") and name not in ("JawLeft",)]
    assert all(name.removesuffix("Left") + "Right" in UNIFIED for name in sided)


def test_a_neutral_face_is_zero_but_for_open_eyes() -> None:
    assert {name: value for name, value in unified(face()).items() if value} == {
        **dict.fromkeys(("EyeOpenLeft", "EyeOpenRight", "EyeOpen"), 1.0),
        **dict.fromkeys(("EyeLidLeft", "EyeLidRight", "EyeLid"), 0.75),
    }


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"jawOpen": 0.5}, {"JawOpen": 0.5}),
        ({"jawLeft": 0.5}, {"JawLeft": 0.5, "JawX": -0.5}),
        ({"jawForward": 0.5}, {"JawForward": 0.5, "JawZ": 0.5}),
        ({"mouthClose": 0.5}, {"MouthClosed": 0.5}),
        ({"tongueOut": 0.5}, {"TongueOut": 0.5}),
        (
            {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "mouthFrownLeft": 0.4},
            {
                **dict.fromkeys(("MouthCornerPullLeft", "MouthCornerPullRight"), 1.0),
                **dict.fromkeys(("MouthCornerSlantLeft", "MouthCornerSlantRight"), 1.0),
                **dict.fromkeys(("MouthSmileLeft", "MouthSmileRight"), 1.0),
                **dict.fromkeys(("MouthFrownLeft", "MouthSadLeft"), 0.4),
                **dict.fromkeys(("MouthCornerYLeft", "SmileFrownLeft", "SmileSadLeft"), 0.6),
                **dict.fromkeys(("MouthCornerYRight", "SmileFrownRight", "SmileSadRight"), 1.0),
                **dict.fromkeys(("MouthCornerY", "SmileFrown", "SmileSad"), 0.8),
            },
        ),
        (
            {"browDownLeft": 0.8},
            {
                **dict.fromkeys(("BrowPinchLeft", "BrowLowererLeft", "BrowDownLeft"), 0.8),
                **{"BrowDown": 0.4, "BrowExpressionLeft": -0.8, "BrowExpression": -0.4},
            },
        ),
        (
            {"eyeBlinkRight": 1.0},
            {
                **{"EyeOpenRight": 0.0, "EyeOpen": 0.5, "EyeClosedRight": 1.0, "EyeClosed": 0.5},
                **{"EyeLidRight": 0.0, "EyeLid": 0.375},
            },
        ),
        (
            {"eyeWideLeft": 1.0},
            {"EyeWideLeft": 1.0, "EyeWide": 1.0, "EyeLidLeft": 1.0, "EyeLid": 0.875},
        ),
        (
            {"mouthRight": 0.5},
            dict.fromkeys(
                ("MouthUpperRight", "MouthLowerRight", "MouthX", "MouthUpperX", "MouthLowerX"), 0.5
            ),
        ),
        (
            {"mouthUpperUpLeft": 1.0},
            {
                **{"MouthUpperUpLeft": 1.0, "MouthUpperDeepenLeft": 1.0},
                **{"MouthUpperUp": 0.5, "MouthOpen": 0.25},
            },
        ),
    ],
)
def test_shapes_move_their_names_and_no_other(
    shapes: dict[str, float], expected: dict[str, float]
) -> None:
    assert moved(**shapes) == pytest.approx(expected)


def test_gaze_is_right_and_up_and_one_is_45_degrees() -> None:
    # Left eye: 45° to the person's left, 20° down. Right eye: 35° to their right, 10° up.
    sent = unified(face(gaze=np.radians([[45.0, 20.0], [-35.0, -10.0]])))
    assert (sent["EyeLeftX"], sent["EyeLeftY"]) == pytest.approx((-1.0, -0.3640), abs=1e-4)
    assert (sent["EyeRightX"], sent["EyeRightY"]) == pytest.approx((0.7002, 0.1763), abs=1e-4)
    assert sent["EyeX"] == pytest.approx((sent["EyeLeftX"] + sent["EyeRightX"]) / 2, abs=1e-4)


def test_head_turns_and_moves_as_vrcfacetracking_counts() -> None:
    sent = unified(face(rotation=T0, position=(0.1, 0.2, -0.6)))
    turned = [sent[f"Head/{angle}"] for angle in ("Yaw", "Pitch", "Roll")]
    assert turned == pytest.approx([-0.2222, 0.1111, -0.0556], abs=1e-4)  # protocols.md §0
    assert [sent[f"Head/Pos{axis}"] for axis in "XYZ"] == pytest.approx([-0.2, 0.4, -0.2])


def test_values_are_never_out_of_range() -> None:
    rng = np.random.default_rng(10)
    for _ in range(50):
        state = random_face(rng)
        wild = face(
            weights=state.weights * 4 - 1, rotation=state.head_rotation, gaze=state.gaze * 10
        )
        assert all(-1.0 <= value <= 1.0 for value in unified(wild).values())
