"""A face model's coefficients as ARKit blendshapes, by the movement that both mean.

The free head's 52 actions are carried onto the face model's vertices. There a picture's
coefficients are a displacement, and the weights are the actions' shares in it: the most probable w
within 0..1, given

    what the model shows     Q'S f = Q'A w + noise,  Q an orthonormal basis of all that it can show
    noise                    coefficients waver, and actions fit another surface only so well
    before any picture       weights are near 0, and most of them exactly there

Comparing within the model's span matters: an action of which the model can show a third would
otherwise never be read as more than a third. All but the numbers f and the solution is constant,
so a picture costs a small product and a warm-started search. benchmarks/retarget.py measures it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.box_least_squares import BoxLeastSquares
from engine.data import BfmCoefficients, Coefficients, FaceState, FlameCoefficients
from engine.face_motion import FaceMotion, bfm_motion, carried, flame_motion, flame_numbers
from models.heads.bfm import BfmHead
from models.heads.flame import FlameHead

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is held probable; figures for other values: benchmarks/retarget.py.

    number_noise: of a number, as a share of how far the actions move it.
    mismatch:     of an action and what the model shows for it, as a share of the median action.
    weight:       their standard deviation about 0, before the bounds.
    sparsity:     how much likelier 0 is than 1 besides, as a natural logarithm; not of actions
                  that are one of the model's own numbers.
    within_span:  compare only what the model can show at all.
    """

    number_noise: float = 0.02
    mismatch: float = 0.12
    weight: float = 2.0
    sparsity: float = 3.0
    within_span: bool = True


USUAL_EXPRESSIONS = 50  # that SMIRK, DECA and EMOCA give of FLAME's 100


class Source(Enum):
    """Where a weight comes from while a face model's regressor runs."""

    MODEL = "the face model"
    EYELIDS = "the face model if its regressor sees lids (SMIRK), else the landmarker"
    LANDMARKER = "the landmarker"


def _source_of(name: str) -> Source:
    if name.startswith("eyeBlink"):
        return Source.EYELIDS
    if name.startswith("eye") or name in ("cheekPuff", "tongueOut"):
        return Source.LANDMARKER
    return Source.MODEL


SOURCES: MappingProxyType[str, Source] = MappingProxyType(
    {name: _source_of(name) for name in BLENDSHAPES}
)
"""Of each of BLENDSHAPES. FLAME and BFM have no tongue, no puffed cheeks and no line of sight, and
their regressors hardly see lids squint or widen."""

INVISIBLE = tuple(name for name in BLENDSHAPES if name.startswith("eyeLook") or name == "tongueOut")
"""Actions that explain none of the model's movement. The others do, even where their weights are
then taken from the landmarker: a squint is no raised cheek."""


class Retarget:
    """One face model's coefficients to weights. Keeps only where the last search ended."""

    def __init__(
        self,
        head: FlameHead | BfmHead,
        *,
        eyelids: bool = False,
        assumptions: Assumptions = Assumptions(),
    ) -> None:
        """eyelids: whether the coefficients' eyelids say something; of the regressors, SMIRK's do.

        FLAME takes half a second; any other mesh is registered first, which takes some more.
        Raises ModelError if it resembles no face.
        """
        self._head = head
        self._eyelids = eyelids
        self._assumptions = assumptions
        self.carried = carried(head)
        visible = [INDEX[name] for name in BLENDSHAPES if name not in INVISIBLE]
        known = (Source.MODEL, Source.EYELIDS) if eyelids else (Source.MODEL,)
        self._visible = np.array(visible)
        self._solved = np.array(
            [place for place, k in enumerate(visible) if SOURCES[BLENDSHAPES[k]] in known]
        )
        self._replaced = self._visible[self._solved]
        self._expressions = USUAL_EXPRESSIONS
        self._prepare()

    @property
    def actions(self) -> Array:
        """(52, V, 3): what each weight means on the head's vertices, in its unit of length."""
        return self._motion.actions.offsets

    def update(self, state: FaceState) -> FaceState:
        """The state with the weights that its coefficients mean; without any, as it came.

        Raises TypeError if they are another model's.
        """
        if state.coefficients is None:
            return state
        numbers = self._numbers(state.coefficients)  # may prepare for more of them
        solved = self._search.solve(self._aim_from_numbers @ numbers + self._aim_at_rest)
        weights = state.weights.copy()
        weights[self._replaced] = solved[self._solved]
        # mouthClose closes the lips of an opened jaw; beyond that it would cross them.
        close, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
        weights[close] = min(weights[close], weights[jaw])
        return replace(state, weights=weights)

    def _numbers(self, coefficients: Coefficients) -> Array:
        if isinstance(coefficients, FlameCoefficients) and isinstance(self._head, FlameHead):
            if coefficients.expression[self._expressions :].any():
                self._expressions = len(coefficients.expression)
                self._prepare()
            return flame_numbers(coefficients, self._expressions, eyelids=self._eyelids)
        if isinstance(coefficients, BfmCoefficients) and isinstance(self._head, BfmHead):
            return coefficients.expression
        raise TypeError(f"{type(coefficients).__name__} for a {type(self._head).__name__}")

    def _prepare(self) -> None:
        head = self._head
        if isinstance(head, FlameHead):
            self._motion = flame_motion(
                head, self.carried, self._expressions, eyelids=self._eyelids
            )
        else:
            self._motion = bfm_motion(head, self.carried)
        matrix, self._aim_from_numbers, self._aim_at_rest = normal_equations(
            self._motion, self._visible, self._assumptions
        )
        self._search = BoxLeastSquares(matrix)


def normal_equations(
    motion: FaceMotion, visible: NDArray[np.integer], assumptions: Assumptions
) -> tuple[Array, Array, Array]:
    """H (n, n), G (n, N), g0 (n,): the n visible weights minimise ½ w'Hw - (G f + g0)'w."""
    weights = motion.actions.weights
    counted = np.flatnonzero(weights)
    scale = np.sqrt(weights[counted] / weights.sum())[:, None, None]

    def rows(field: Array) -> Array:
        """(3 K, M) of a field (V, 3, M)."""
        flat: Array = (field[counted] * scale).reshape(3 * len(counted), -1)
        return flat

    actions = rows(motion.actions.offsets[visible].transpose(1, 2, 0))
    moved = rows(motion.offsets)
    span = _orthonormal(
        moved if assumptions.within_span else np.concatenate([moved, actions], axis=1)
    )
    seen_actions, seen_moves = span.T @ actions, span.T @ moved
    # How far each number goes: what the actions ask of it. Its noise is a share of that.
    asked = np.linalg.lstsq(seen_moves, seen_actions, rcond=1e-6)[0]
    squares = (asked**2).sum(axis=1)
    alike = motion.units[:, None] == motion.units
    wavering = seen_moves * (
        assumptions.number_noise * np.sqrt(alike @ squares / alike.sum(axis=1))
    )
    mismatch = assumptions.mismatch * float(np.median(np.linalg.norm(actions, axis=0)))
    noise = wavering @ wavering.T + mismatch**2 * np.eye(len(wavering))
    trusted = np.linalg.solve(noise, seen_actions).T
    matrix = trusted @ seen_actions + np.eye(len(visible)) / assumptions.weight**2
    rest = trusted @ (span.T @ rows(motion.constant[:, :, None])[:, 0])
    rest -= assumptions.sparsity * ~motion.sure[visible]
    return matrix, trusted @ seen_moves, rest


def _orthonormal(columns: Array) -> Array:
    """(R, r): an orthonormal basis of what the columns (R, D) span."""
    lengths = np.linalg.norm(columns, axis=0)
    left, sizes, _ = np.linalg.svd(columns[:, lengths > 0] / lengths[lengths > 0], False)
    kept: Array = left[:, sizes > 1e-6 * sizes[0]]
    return kept
