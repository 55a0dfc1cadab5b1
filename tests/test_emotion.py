"""The emotion head on face states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.data import BfmCoefficients, Emotion, FlameCoefficients
from engine.emotion import CLASSES, PARTS, EmotionHead
from engine.errors import ModelError
from engine.runtime import RuntimeSettings, Session, open_session
from models.networks import emorec
from models.networks.emorec import EmorecConfig, build_emorec
from tests.states import face, random_flame
from tests.synthetic_networks import emorec_state

READS = ("shape", "expression", "jaw")  # what `emorec_onnx` reads


@pytest.fixture
def session(emorec_onnx: Path) -> Iterator[Session]:
    with open_session(emorec_onnx, RuntimeSettings(threads=1)) as opened:
        yield opened


@pytest.fixture
def flame(random: np.random.Generator) -> FlameCoefficients:
    return random_flame(random)


def test_a_state_gets_the_emotion_that_the_network_tells(
    session: Session, flame: FlameCoefficients
) -> None:
    config = EmorecConfig(READS, width=16)
    joined = np.concatenate((flame.shape[:100], flame.expression[:50], flame.jaw))
    log_scores, valence, arousal = build_emorec(emorec_state(config), config).run(
        joined.astype(np.float32)[None]
    )
    emotion = EmotionHead(session, READS).update(replace(face(), coefficients=flame)).emotion
    assert emotion is not None
    assert emotion.names == CLASSES[:8]
    assert emotion.scores == pytest.approx(np.exp(log_scores[0]), abs=1e-5)
    assert emotion.scores.sum() == pytest.approx(1.0, abs=1e-12)
    assert emotion.valence == pytest.approx(np.clip(valence[0, 0], -1, 1), abs=1e-5)
    assert emotion.arousal == pytest.approx(np.clip(arousal[0, 0], -1, 1), abs=1e-5)


def test_nothing_else_of_the_state_changes(session: Session, flame: FlameCoefficients) -> None:
    state = replace(face(), coefficients=flame)
    updated = EmotionHead(session, READS).update(state)
    for field in ("timestamp", "weights", "head_rotation", "gaze", "coefficients", "landmarks"):
        assert getattr(updated, field) is getattr(state, field)


def test_valence_and_arousal_stay_within_one(session: Session, flame: FlameCoefficients) -> None:
    head = EmotionHead(session, READS)
    strong = replace(flame, expression=np.full(100, 1e3))
    emotion = head.update(replace(face(), coefficients=strong)).emotion
    assert emotion is not None
    assert {abs(emotion.valence), abs(emotion.arousal)} == {1.0}
    assert emotion.scores.max() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "coefficients",
    [None, BfmCoefficients(np.zeros(99), np.zeros(29), np.zeros(3), np.zeros(3))],
)
def test_without_flames_coefficients_there_is_no_emotion(
    session: Session, coefficients: BfmCoefficients | None
) -> None:
    earlier = Emotion(("neutral",), np.ones(1), 0.0, 0.0)
    state = replace(face(), coefficients=coefficients, emotion=earlier)
    assert EmotionHead(session, READS).update(state).emotion is None


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("expression", "jaw"), "takes coefficients 153; expected coefficients 53"),
        (("expression", "detail"), "reads 'detail'; expected some of shape, expression"),
    ],
)
def test_parts_that_are_not_the_networks_are_refused(
    session: Session, parts: tuple[str, ...], words: str
) -> None:
    with pytest.raises(ModelError, match=f"{words}.*mien models add emorec"):
        EmotionHead(session, parts)


def test_another_network_is_refused(smirk_onnx: Path) -> None:
    with (
        open_session(smirk_onnx, RuntimeSettings(threads=1)) as session,
        pytest.raises(ModelError, match="takes image 3 224 224; expected coefficients 153"),
    ):
        EmotionHead(session, READS)


def test_the_head_and_its_network_count_the_same_numbers() -> None:
    assert emorec.SIZES == PARTS
    assert tuple(PARTS) == tuple(emorec.SIZES)
