from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.coefficient_smoother import HALF_CROP
from engine.data import BfmCoefficients, Coefficients, FaceState, FlameCoefficients
from engine.geometry import IDENTITY_ROTATION, Array, rotation_angle, turned
from engine.smoother import Smoother
from engine.steadiness import ChannelSettings, SmootherSettings
from tests.faces import observation

RATE = 30.0
SETTINGS = SmootherSettings()
CROP = np.array([[1.5, 0.0, 100.0], [0.0, 1.5, 50.0]])
FLAME = FlameCoefficients(
    shape=np.full(300, 0.5),
    expression=np.full(100, 1.0),
    rotation=np.array([0.1, 0.2, 0.0]),
    neck=np.zeros(3),
    jaw=np.array([0.2, 0.0, 0.0]),
    eyelids=np.array([0.1, 0.1]),
    camera=np.array([8.0, 0.01, 0.02]),
)
BFM = BfmCoefficients(
    shape=np.full(99, 0.5),
    expression=np.full(29, 1.0),
    rotation=np.array([0.1, 0.2, 0.0]),
    translation=np.array([5.0, -3.0, 1500.0]),
)


def states(
    smoother: Smoother,
    seen: list[Coefficients | None],
    crops: list[Array] | None = None,
    start: int = 0,
) -> list[FaceState]:
    """One state a thirtieth of a second; None: no face in the picture."""
    result = []
    for i, one in enumerate(seen):
        timestamp = (start + i) / RATE
        face = None
        if one is not None:
            crop = CROP if crops is None else crops[i]
            face = replace(observation(timestamp), coefficients=one, image_from_crop=crop)
        result.append(smoother.update(face, timestamp=timestamp, image_size=(640, 480)))
    return result


def flames(some: list[FaceState]) -> list[FlameCoefficients]:
    return [one.coefficients for one in some if isinstance(one.coefficients, FlameCoefficients)]


def origin_in_picture(seen: FlameCoefficients, crop: Array) -> Array:
    """Where the head model's origin is drawn, as upstream projects it."""
    scale, x, y = seen.camera
    return crop @ [HALF_CROP * (1.0 + scale * x), HALF_CROP * (1.0 - scale * y), 1.0]


@pytest.mark.parametrize("field", ["expression", "jaw", "eyelids", "rotation"])
def test_noise_of_coefficients_at_rest_shrinks(random: np.random.Generator, field: str) -> None:
    value = getattr(FLAME, field)
    noisy = [
        replace(FLAME, **{field: value + random.normal(scale=0.02, size=value.shape)})
        for _ in range(240)
    ]
    smooth = flames(states(Smoother(SETTINGS), list(noisy)))
    spread = [np.std([getattr(c, field) for c in cs[60:]], axis=0).max() for cs in (noisy, smooth)]
    assert spread[1] < 0.5 * spread[0]


def test_noise_of_bfms_coefficients_at_rest_shrinks(random: np.random.Generator) -> None:
    noisy = [
        replace(
            BFM,
            expression=BFM.expression + random.normal(scale=0.05, size=29),
            translation=BFM.translation + random.normal(scale=3.0, size=3),
        )
        for _ in range(240)
    ]
    smooth = [s.coefficients for s in states(Smoother(SETTINGS), list(noisy))]
    for field in ("expression", "translation"):
        spread = [
            np.std([getattr(c, field) for c in cs[60:]], axis=0).mean() for cs in (noisy, smooth)
        ]
        assert spread[1] < 0.5 * spread[0]


def test_a_jaw_that_opens_fast_is_followed_at_once(random: np.random.Generator) -> None:
    angles = np.append(np.full(90, 0.05), np.full(10, 0.45)) + random.normal(scale=0.005, size=100)
    seen = [replace(FLAME, jaw=np.array([angle, 0.0, 0.0])) for angle in angles]
    smooth = flames(states(Smoother(SETTINGS), list(seen)))
    assert smooth[90].jaw[0] == pytest.approx(angles[90], abs=0.01)


def test_rotation_crosses_half_a_turn_like_any_angle() -> None:
    angles = np.pi + np.arange(-30, 30) * 0.02
    seen = [replace(FLAME, rotation=np.array([0.0, angle, 0.0])) for angle in angles]
    smooth = flames(states(Smoother(SETTINGS), list(seen)))
    away = [
        rotation_angle(turned(IDENTITY_ROTATION, a.rotation), turned(IDENTITY_ROTATION, b.rotation))
        for a, b in zip(seen, smooth, strict=True)
    ]
    assert max(away) < 0.15


def test_a_still_face_stays_where_it_is_in_the_picture_while_its_crop_moves() -> None:
    steps = np.arange(40)
    crops = [np.array([[1.5, 0.0, 100.0 + 3.0 * i], [0.0, 1.5, 50.0 + i]]) for i in steps]
    here = origin_in_picture(FLAME, CROP)
    seen = []
    for crop in crops:
        x, y = ((here - crop[:, 2]) / 1.5 / HALF_CROP - 1.0) / FLAME.camera[0]
        seen.append(replace(FLAME, camera=np.array([FLAME.camera[0], x, -y])))
    smooth = states(Smoother(SETTINGS), list(seen), crops)
    for state, crop in zip(smooth, crops, strict=True):
        assert state.image_from_crop is not None
        assert state.image_from_crop.tolist() == crop.tolist()
        (flame,) = flames([state])
        assert origin_in_picture(flame, crop) == pytest.approx(here, abs=1e-6)
        assert flame.camera[0] == pytest.approx(FLAME.camera[0])


def test_jitter_of_the_camera_shrinks_in_the_picture(random: np.random.Generator) -> None:
    seen = [
        replace(FLAME, camera=FLAME.camera + random.normal(size=3) * (0.05, 0.001, 0.001))
        for _ in range(240)
    ]
    smooth = flames(states(Smoother(SETTINGS), list(seen)))
    places = [
        np.std([origin_in_picture(one, CROP) for one in some[60:]], axis=0).max()
        for some in (seen, smooth)
    ]
    assert places[1] < 0.5 * places[0]


def test_lids_close_at_once_and_open_smoothly() -> None:
    lids = [0.0] * 60 + [1.0] * 3 + [0.0] * 6
    seen = [replace(FLAME, eyelids=np.array([lid, lid])) for lid in lids]
    smooth = np.array([one.eyelids for one in flames(states(Smoother(SETTINGS), list(seen)))])
    assert smooth[60] == pytest.approx([1.0, 1.0], abs=0.04)
    assert np.diff(smooth, axis=0).min() == pytest.approx(-SETTINGS.lid_opening / RATE)


@pytest.mark.parametrize("face", [FLAME, BFM])
def test_a_lost_face_eases_to_its_own_neutral_and_comes_back_without_a_jump(
    face: Coefficients,
) -> None:
    there: list[Coefficients | None] = [face] * 30
    away: list[Coefficients | None] = [None] * 45
    result = states(Smoother(SETTINGS), there + away + there)
    strengths, turns = [], []
    for state in result:
        assert state.coefficients is not None and state.image_from_crop is not None
        assert state.coefficients.shape.tolist() == face.shape.tolist()
        strengths.append(float(state.coefficients.expression[0]))
        turns.append(float(np.linalg.norm(state.coefficients.rotation)))
    assert strengths[29] == strengths[-1] == pytest.approx(1.0)
    assert strengths[74] == turns[74] == 0.0 and not result[74].tracked
    assert max(np.abs(np.diff(strengths))) < 0.3 and max(np.abs(np.diff(turns))) < 0.1
    lost = result[74].coefficients
    if isinstance(lost, FlameCoefficients):
        assert not lost.jaw.any() and not lost.eyelids.any()
        assert lost.camera == pytest.approx(FLAME.camera)


def test_another_persons_shape_is_approached_without_a_jump_and_then_is_that_very_array() -> None:
    other = replace(FLAME, shape=np.linspace(-2.0, 2.0, 300))
    smooth = flames(states(Smoother(SETTINGS), [FLAME] * 5 + [other] * 150))
    steps = [np.abs(b.shape - a.shape).max() for a, b in pairwise(smooth)]
    assert max(steps) < 0.2
    assert smooth[0].shape is FLAME.shape and smooth[-1].shape is other.shape


def test_another_regressors_coefficients_are_shown_at_once() -> None:
    smoother = Smoother(SETTINGS)
    states(smoother, [FLAME] * 10)
    (state,) = states(smoother, [BFM], start=10)
    assert isinstance(state.coefficients, BfmCoefficients)
    assert state.coefficients.expression == pytest.approx(BFM.expression)
    (state,) = states(smoother, [FLAME], start=11)
    assert isinstance(state.coefficients, FlameCoefficients)
    assert state.coefficients.jaw == pytest.approx(FLAME.jaw)


def test_without_a_regressor_any_more_there_are_no_coefficients() -> None:
    smoother = Smoother(SETTINGS)
    states(smoother, [FLAME] * 3)
    state = smoother.update(observation(0.1), timestamp=0.1, image_size=(640, 480))
    assert state.coefficients is None and state.image_from_crop is None


def test_a_camera_of_no_size_is_left_as_it_is() -> None:
    nothing = replace(FLAME, camera=np.zeros(3))
    smooth = flames(states(Smoother(SETTINGS), [nothing] * 3))
    assert smooth[-1].camera.tolist() == [0.0, 0.0, 0.0]


def test_one_kind_can_be_quicker_than_the_others(random: np.random.Generator) -> None:
    settings = SmootherSettings(channels=(ChannelSettings("jaw", quickness=1.0),))
    noise = random.normal(scale=0.02, size=(300, 2))
    seen = [
        replace(FLAME, jaw=np.array([0.3 + a, 0, 0]), eyelids=np.full(2, 0.3 + b)) for a, b in noise
    ]
    smooth = flames(states(Smoother(settings), list(seen)))[90:]
    jaw, lids = (np.std([getattr(c, name)[0] for c in smooth]) for name in ("jaw", "eyelids"))
    assert jaw > 1.5 * lids


def test_same_coefficients_give_the_same_output_bit_for_bit(random: np.random.Generator) -> None:
    seen = [replace(FLAME, expression=random.normal(size=100)) for _ in range(50)]
    one, two = (flames(states(Smoother(SETTINGS), list(seen))) for _ in range(2))
    assert all(np.array_equal(a.expression, b.expression) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("model", [FLAME, BFM])
def test_coefficients_that_are_no_numbers_are_passed_over(model: Coefficients) -> None:
    broken = replace(model, expression=np.full_like(model.expression, np.nan))
    shown = states(Smoother(SETTINGS), [model] * 10 + [broken] + [model] * 5)
    for state in shown:
        assert state.coefficients is not None
        assert state.coefficients.expression == pytest.approx(model.expression)
