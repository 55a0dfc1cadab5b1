"""EMOCA's emotion head: the face's coefficients to a class, valence and arousal.

It was trained on what EMOCA gives; of other FLAME regressors it reads the same numbers, which mean
nearly the same. The Basel Face Model's coefficients tell it nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.closing import Closing
from engine.data import Emotion, FaceState, FlameCoefficients
from engine.errors import ModelError
from engine.runtime import Session

CLASSES = (  # AffectNet's order; heads of eight classes lack the last
    "neutral",
    "happy",
    "sad",
    "surprise",
    "fear",
    "disgust",
    "anger",
    "contempt",
    "none",
)
PARTS = {"shape": 100, "expression": 50, "rotation": 3, "jaw": 3}  # how many numbers of each


class EmotionHead(Closing):
    """The head's session, fed with the coefficients of each state.

    The session takes `coefficients` (N, n) and gives `log_scores` (N, 8 or 9), the logarithms of
    the classes' probabilities, `valence` (N, 1) and `arousal` (N, 1).
    """

    def __init__(self, session: Session, parts: tuple[str, ...]) -> None:
        """parts: what the n numbers are, in their order; names of `PARTS`.

        Raises ModelError if the session is no such head or takes another count of numbers.
        """
        unknown = [part for part in parts if part not in PARTS]
        if unknown:
            raise _refusal(f"reads {unknown[0]!r}; expected some of {', '.join(PARTS)}")
        expected = sum(PARTS[part] for part in parts)
        taken = [(tensor.name, *tensor.shape[1:]) for tensor in session.inputs]
        given = {tensor.name: tensor.shape[1:] for tensor in session.outputs}
        if taken != [("coefficients", expected)]:
            raise _refusal(f"takes {_listed(taken)}; expected coefficients {expected}")
        wanted = [{"log_scores": (count,), "valence": (1,), "arousal": (1,)} for count in (8, 9)]
        if given not in wanted:
            outputs = _listed((name, *shape) for name, shape in given.items())
            raise _refusal(f"gives {outputs}; expected log_scores 8 or 9, valence 1, arousal 1")
        self._session = session
        self._parts = parts
        self._order = [list(given).index(name) for name in ("log_scores", "valence", "arousal")]

    def update(self, state: FaceState) -> FaceState:
        """The state with its emotion; None where it has no coefficients of FLAME."""
        if not isinstance(state.coefficients, FlameCoefficients):
            return replace(state, emotion=None)
        parts = [getattr(state.coefficients, part)[: PARTS[part]] for part in self._parts]
        code = np.concatenate(parts).astype(np.float32)[None]
        outputs = self._session.run(code)
        log_scores, valence, arousal = (outputs[index][0].astype(float) for index in self._order)
        scores = np.exp(log_scores)
        emotion = Emotion(
            names=CLASSES[: len(scores)],
            scores=scores / scores.sum(),
            valence=_within_one(valence),
            arousal=_within_one(arousal),
        )
        return replace(state, emotion=emotion)

    def close(self) -> None:
        """Release the session. May be called twice."""
        self._session.close()


def _within_one(value: NDArray[np.float64]) -> float:
    """-1..1: the head's last layer is linear and may overshoot."""
    return float(np.clip(value[0], -1.0, 1.0))


def _listed(tensors: Iterable[tuple[str | int | None, ...]]) -> str:
    """Names and sizes, for people."""
    return ", ".join(" ".join(str(word) for word in tensor) for tensor in tensors)


def _refusal(fault: str) -> ModelError:
    return ModelError(f"The emotion head {fault}. Add it again: mien models add emorec")
