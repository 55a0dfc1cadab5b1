from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.retarget import Shower, random_weights, state_of
from benchmarks.synthetic_flame import synthetic_flame
from engine.blendshapes import BLENDSHAPES, INDEX, MIRRORED
from engine.data import BfmCoefficients, FaceState, FlameCoefficients
from engine.errors import ModelError
from engine.retarget import INVISIBLE, SOURCES, Retarget, Source
from models.heads.bfm import BfmHead
from models.heads.flame import FlameHead
from tests.face_people import Person, other_person
from tests.heads import weights as weights_of

Array = NDArray[np.float64]

EXPRESSIONS = 50
MODEL = np.array([INDEX[n] for n in BLENDSHAPES if SOURCES[n] is not Source.LANDMARKER])
VISIBLE = np.array([INDEX[n] for n in BLENDSHAPES if n not in INVISIBLE])
LANDMARKER = np.linspace(0.1, 0.9, len(BLENDSHAPES))  # its weights: no two alike


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A made-up FLAME, its retargeting, and the way from weights to coefficients."""

    head: FlameHead
    retarget: Retarget
    shower: Shower

    def coefficients(self, weights: Array) -> FlameCoefficients:
        return self.shower.coefficients(np.tensordot(weights, self.retarget.actions, 1))

    def weights(self, coefficients: FlameCoefficients) -> Array:
        return self.retarget.update(state_of(coefficients, LANDMARKER)).weights


def person() -> Person:
    return other_person("tomas", (0.0, 1.5, 0.03))


@pytest.fixture(scope="module")
def smirk() -> Model:
    """FLAME with eyelids, as SMIRK drives it. Its expressions are made of the person's own actions,
    the retargeting only knows the average head's."""
    tomas = person()
    lids = tomas.actions[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]]
    head = synthetic_flame(
        tomas.vertices,
        tomas.faces,
        tomas.actions,
        tomas.places,
        np.random.default_rng(3),
        expressions=EXPRESSIONS,
        eyelids=lids,
    )
    retarget = Retarget(head, eyelids=True)
    return Model(head, retarget, Shower(head, retarget, EXPRESSIONS))


@pytest.fixture
def resting(smirk: Model) -> FlameCoefficients:
    return smirk.shower.of(np.zeros(EXPRESSIONS + 5))


def test_weights_come_back_from_the_coefficients_that_show_them(
    smirk: Model, random: np.random.Generator
) -> None:
    errors = []
    for _ in range(40):
        weights = random_weights(random)
        errors.append(np.abs(smirk.weights(smirk.coefficients(weights)) - weights)[MODEL])
    assert np.mean(errors) <= 0.03


def test_one_side_does_not_move_the_other(smirk: Model) -> None:
    leaked = []
    for index in MODEL[np.array(MIRRORED)[MODEL] != MODEL]:
        one = np.eye(len(BLENDSHAPES))[index]
        leaked.append(smirk.weights(smirk.coefficients(one))[MIRRORED[index]])
    assert len(leaked) > 20
    assert np.mean(leaked) <= 0.01


def test_the_mirrored_face_has_mirrored_weights(smirk: Model, random: np.random.Generator) -> None:
    for _ in range(10):
        weights = random_weights(random)
        here = smirk.weights(smirk.coefficients(weights))
        there = smirk.weights(smirk.coefficients(weights[list(MIRRORED)]))[list(MIRRORED)]
        assert np.abs(here - there)[MODEL].mean() < 0.02


def test_weights_are_steadier_than_the_plain_projection(
    smirk: Model, random: np.random.Generator
) -> None:
    seen = smirk.shower.seen
    project = np.linalg.pinv(smirk.retarget.actions[VISIBLE][:, seen].reshape(len(VISIBLE), -1).T)
    face = smirk.coefficients(random_weights(random))
    ours, plain = [], []
    for _ in range(60):
        expression = face.expression.copy()
        expression[:EXPRESSIONS] += random.normal(0.0, 0.05, EXPRESSIONS)
        noisy = replace(face, expression=expression)
        ours.append(smirk.weights(noisy)[MODEL])
        moved = smirk.head.vertices(noisy) - smirk.head.template
        plain.append(project @ moved[seen].ravel())
    assert np.std(ours, axis=0).mean() <= np.std(plain, axis=0).mean()


def test_the_neutral_face_has_no_weights(smirk: Model, resting: FlameCoefficients) -> None:
    assert (smirk.weights(resting)[MODEL] < 1e-3).all()


@pytest.mark.parametrize(("angle", "opened"), [(0.1, 0.28), (0.2, 0.55), (0.36, 1.0)])
def test_the_jaws_turn_is_jaw_open_and_nothing_else(
    smirk: Model, resting: FlameCoefficients, angle: float, opened: float
) -> None:
    weights = smirk.weights(replace(resting, jaw=np.array([angle, 0.0, 0.0])))
    assert weights[INDEX["jawOpen"]] == pytest.approx(opened, abs=0.02)
    others = [index for index in MODEL if BLENDSHAPES[index] != "jawOpen"]
    assert weights[others].max() < 0.03


@pytest.mark.parametrize(("turn", "side"), [(0.05, "Left"), (-0.05, "Right")])
def test_the_jaw_goes_to_its_own_side(
    smirk: Model, resting: FlameCoefficients, turn: float, side: str
) -> None:
    weights = smirk.weights(replace(resting, jaw=np.array([0.0, turn, 0.0])))
    assert weights[INDEX["jaw" + side]] > 0.3
    assert weights[MIRRORED[INDEX["jaw" + side]]] < 0.01


@pytest.mark.parametrize("side", [0, 1])
def test_a_closed_lid_is_a_blink(smirk: Model, resting: FlameCoefficients, side: int) -> None:
    weights = smirk.weights(replace(resting, eyelids=np.eye(2)[side]))
    blinks = weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]]
    assert blinks[side] >= 0.95
    assert blinks[1 - side] < 0.01


def test_a_smile_is_a_smile_on_both_sides(smirk: Model) -> None:
    weights = smirk.weights(smirk.coefficients(weights_of(mouthSmile=0.8)))
    assert (weights[[INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] > 0.65).all()


def test_what_the_model_cannot_see_stays_the_landmarkers(
    smirk: Model, resting: FlameCoefficients
) -> None:
    kept = [INDEX[name] for name in BLENDSHAPES if SOURCES[name] is Source.LANDMARKER]
    names = {BLENDSHAPES[index] for index in kept}
    assert {"tongueOut", "cheekPuff", "eyeLookUpLeft", "eyeWideRight", "eyeSquintLeft"} <= names
    np.testing.assert_array_equal(smirk.weights(resting)[kept], LANDMARKER[kept])


def test_without_lids_in_the_coefficients_blinks_are_the_landmarkers(
    smirk: Model, resting: FlameCoefficients, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = smirk.retarget.carried
    monkeypatch.setattr("engine.retarget.carried", lambda head: carried)  # registering takes 2 s
    deca = Retarget(smirk.head)
    weights = deca.update(state_of(replace(resting, eyelids=np.ones(2)), LANDMARKER)).weights
    blinks = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    np.testing.assert_array_equal(weights[blinks], LANDMARKER[blinks])
    assert weights[INDEX["jawOpen"]] < 0.01


def test_every_blendshape_has_a_source_and_both_sides_the_same() -> None:
    assert tuple(SOURCES) == BLENDSHAPES
    for name, mirror in zip(BLENDSHAPES, MIRRORED, strict=True):
        assert SOURCES[name] is SOURCES[BLENDSHAPES[mirror]]


def test_a_state_without_coefficients_comes_back_as_it_is(smirk: Model, state: FaceState) -> None:
    assert smirk.retarget.update(state) is state


def test_wild_coefficients_give_weights_within_bounds(
    smirk: Model, resting: FlameCoefficients, random: np.random.Generator
) -> None:
    for size in (1.0, 30.0, 1000.0):
        for _ in range(10):
            wild = replace(
                resting,
                expression=random.normal(0.0, size, 100),
                jaw=random.normal(0.0, size, 3),
                eyelids=random.normal(0.0, size, 2),
            )
            weights = smirk.weights(wild)
            assert ((weights >= 0) & (weights <= 1)).all()
            assert weights[INDEX["mouthClose"]] <= weights[INDEX["jawOpen"]]


def test_nothing_that_is_handed_in_changes(smirk: Model, random: np.random.Generator) -> None:
    given = smirk.coefficients(random_weights(random))
    expression, weights = given.expression.copy(), LANDMARKER.copy()
    after = smirk.retarget.update(state_of(given, weights))
    np.testing.assert_array_equal(given.expression, expression)
    np.testing.assert_array_equal(weights, LANDMARKER)
    assert after.coefficients is given


def test_another_models_coefficients_are_refused(smirk: Model) -> None:
    zeros = BfmCoefficients(np.zeros(99), np.zeros(29), np.zeros(3), np.zeros(3))
    with pytest.raises(TypeError, match="BfmCoefficients for a FlameHead"):
        smirk.retarget.update(replace(smirk_state(smirk), coefficients=zeros))


def smirk_state(model: Model) -> FaceState:
    return state_of(model.shower.of(np.zeros(EXPRESSIONS + 5)), LANDMARKER)


@pytest.fixture
def state(smirk: Model) -> FaceState:
    return replace(smirk_state(smirk), coefficients=None)


def test_coefficients_beyond_the_fiftieth_count(
    smirk: Model, random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = smirk.retarget.carried
    monkeypatch.setattr("engine.retarget.carried", lambda head: carried)
    tomas = person()
    head = synthetic_flame(
        tomas.vertices, tomas.faces, tomas.actions, tomas.places, random, expressions=80
    )
    retarget = Retarget(head, eyelids=True)
    whole = Model(head, retarget, Shower(head, retarget, 80))
    weights = weights_of(mouthSmile=0.8, browInnerUp=0.6)
    coefficients = whole.coefficients(weights)
    assert np.abs(coefficients.expression[50:]).max() > 0.01
    assert np.abs(whole.weights(coefficients) - weights)[MODEL].mean() < 0.02


def test_bfms_coefficients_become_weights_too() -> None:
    noor = other_person("noor", (0.0, 0.0, 0.09))
    names = ("jawOpen", "mouthSmile", "mouthPucker", "browInnerUp", "browDown", "mouthFrown")
    shown = np.array([np.tensordot(weights_of(**{n: 1.0}), noor.actions, 1) for n in names])
    basis = np.zeros((len(noor.vertices), 3, 29))
    basis[:, :, : len(names)] = shown.transpose(1, 2, 0)
    head = BfmHead(
        shape_mean=noor.vertices * 1e6,
        expression_mean=np.zeros_like(noor.vertices),
        shape_basis=np.zeros((len(noor.vertices), 3, 99)),
        expression_basis=basis * 1e6,
        faces=noor.faces,
    )
    retarget = Retarget(head)
    for column, name in enumerate(names):
        expression = 0.8 * np.eye(29)[column]
        coefficients = BfmCoefficients(np.zeros(99), expression, np.zeros(3), np.zeros(3))
        weights = retarget.update(state_of(coefficients, LANDMARKER)).weights
        meant = weights_of(**{name: 0.8})
        assert np.abs(weights - meant)[MODEL].mean() < 0.03, name
        assert weights[meant > 0].min() > 0.5, name


def test_a_mesh_that_resembles_no_face_is_refused_in_one_line() -> None:
    x, y = (c.ravel() * 2e3 for c in np.meshgrid(np.arange(-30, 30), np.arange(-30, 30)))
    corner = np.arange(59 * 59) // 59 * 60 + np.arange(59 * 59) % 59
    plate = BfmHead(
        shape_mean=np.column_stack([x, y, np.zeros_like(x)]),
        expression_mean=np.zeros((len(x), 3)),
        shape_basis=np.zeros((len(x), 3, 99)),
        expression_basis=np.zeros((len(x), 3, 29)),
        faces=np.column_stack([corner, corner + 60, corner + 1]),  # seen from behind
    )
    with pytest.raises(
        ModelError, match=r"none of its 3600 vertices fits a face; expected"
    ) as caught:
        Retarget(plate)
    assert "\n" not in str(caught.value)
