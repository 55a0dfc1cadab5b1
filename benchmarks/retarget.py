"""How well weights come back from a face model's coefficients: tables in Markdown.

    python -m benchmarks.retarget TEMPLATE.obj [--eyelids FOLDER] [--seed N]

TEMPLATE.obj is a neutral head of FLAME's topology (SMIRK's assets/head_template.obj), FOLDER has
SMIRK's l_eyelid.npy and r_eyelid.npy. Expressions and jaw are made up (`synthetic_flame`), since
FLAME's own are nobody's to hand round; they are not the actions.

Round trip: weights -> the actions' displacement -> the coefficients that show it best, through the
model's exact skinning -> weights. Of those that come from the model (`SOURCES`):

error:    mean absolute error over 200 random faces: 1 to 8 weights, the jaw open in half of them.
worst:    the largest mean error of one weight.
leakage:  what a one-sided weight of 1 gives its mirror image: mean, largest.
alone:    what comes back of a weight of 1 alone: mean, smallest.
noise:    s.d. of the weights under noise in the coefficients (0.05 in expressions, 0.005 rad in the
          jaw, 0.02 in lids).
rest:     share of the squared displacement of random coefficients that the weights leave: an
          expression that no action makes should be seen all the same.
plain:    error and noise of the plain projection: unbounded least squares, cut at 0 and 1 for the
          error.

Another person's actions: the model's expressions come from actions that are off by half of every
offset, smoothly, while the retargeting knows the free head's: as with a real face model.

Time of `update`: on a path of 600 smooth frames.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic_flame import Kind, read_obj, synthetic_flame
from engine.blendshapes import BLENDSHAPES, INDEX, MIRRORED
from engine.data import Coefficients, FaceState, FlameCoefficients
from engine.face_motion import flame_motion
from engine.retarget import INVISIBLE, SOURCES, Assumptions, Retarget, Source
from models.heads.correspondence import carried_actions, flame_correspondence
from models.heads.flame import FlameHead
from models.heads.free import limited_weights, load_free_head
from models.heads.mesh import triangles_of

Array = NDArray[np.float64]

FACES, NOISY_FACES, NOISES, FRAMES = 200, 40, 10, 600
EXPRESSION_NOISE, JAW_NOISE, EYELID_NOISE = 0.05, 0.005, 0.02
STEPS = 6  # of the search for the coefficients
DISTORTION, WAVE = 0.5, 0.06  # share of an offset; m
ABLATIONS = (
    ("ours", Assumptions()),
    ("not within the span", Assumptions(within_span=False)),
    ("no sparsity", Assumptions(sparsity=0.0)),
    ("no noise in the numbers", Assumptions(number_noise=0.0)),
    ("more noise in the numbers", Assumptions(number_noise=0.05)),
    ("actions fit exactly", Assumptions(mismatch=0.001)),
)
MODEL_NAMES = [name for name in BLENDSHAPES if SOURCES[name] is not Source.LANDMARKER]
MODEL = np.array([INDEX[name] for name in MODEL_NAMES])
VISIBLE = np.array([INDEX[name] for name in BLENDSHAPES if name not in INVISIBLE])


@dataclass(frozen=True, slots=True)
class Figures:
    error: float
    worst: float
    worst_name: str
    leakage: float
    most_leakage: float
    alone: float
    least_alone: float
    noise: float
    unexplained: float
    plain_error: float
    plain_noise: float

    def __str__(self) -> str:
        """The cells of a table's row."""
        return (
            f"{self.error:.4f} | {self.worst:.3f} {self.worst_name} | "
            f"{self.leakage:.4f}, {self.most_leakage:.3f} | "
            f"{self.alone:.2f}, {self.least_alone:.2f} | {self.noise:.4f} | "
            f"{self.unexplained:.2f} | {self.plain_error:.4f}, {self.plain_noise:.4f}"
        )


class Shower:
    """Finds the coefficients by which a head shows displacements best."""

    def __init__(self, head: FlameHead, retarget: Retarget, expressions: int) -> None:
        self.head, self.expressions = head, expressions
        motion = flame_motion(head, retarget.carried, expressions, eyelids=True)
        self.seen = np.flatnonzero(motion.actions.weights > 0)
        moved = motion.offsets[self.seen]
        self._solve = np.linalg.pinv(moved.reshape(-1, moved.shape[2]), rcond=1e-6)

    def coefficients(self, displacement: Array) -> FlameCoefficients:
        """Of a displacement (V, 3)."""
        numbers = np.zeros(len(self._solve))
        for _ in range(STEPS):
            shown = self.head.vertices(self.of(numbers)) - self.head.template
            numbers += self._solve @ (displacement - shown)[self.seen].ravel()
        return self.of(numbers)

    def of(self, numbers: Array) -> FlameCoefficients:
        expression = np.zeros(100)
        expression[: self.expressions] = numbers[: self.expressions]
        return FlameCoefficients(
            shape=np.zeros(300),
            expression=expression,
            rotation=np.zeros(3),
            neck=np.zeros(3),
            jaw=numbers[self.expressions : self.expressions + 3].copy(),
            eyelids=numbers[self.expressions + 3 :].copy(),
            camera=np.array([7.0, 0.0, 0.0]),
        )


def state_of(coefficients: Coefficients, weights: Array) -> FaceState:
    """As it comes from the smoother, with the landmarker's weights."""
    return FaceState(
        timestamp=0.0,
        tracked=True,
        confidence=1.0,
        weights=weights,
        head_rotation=np.array([0.0, 0.0, 0.0, 1.0]),
        head_position=np.zeros(3),
        gaze=np.zeros((2, 2)),
        landmarks=None,
        image_size=(640, 480),
        coefficients=coefficients,
    )


def random_weights(random: np.random.Generator) -> Array:
    weights = np.zeros(len(BLENDSHAPES))
    chosen = random.choice(VISIBLE, random.integers(1, 9), replace=False)
    weights[chosen] = random.uniform(0, 1, len(chosen))
    if random.random() < 0.5:
        weights[INDEX["jawOpen"]] = random.uniform(0, 1)
    return limited_weights(weights).astype(np.float64)


def figures(
    head: FlameHead, retarget: Retarget, actions: Array, expressions: int, seed: int
) -> Figures:
    """actions: (52, V, 3): what the weights do to the person, seen through the model."""
    random = np.random.default_rng(seed)
    shower = Shower(head, retarget, expressions)

    def there(weights: Array) -> FlameCoefficients:
        return shower.coefficients(np.tensordot(weights, actions, 1))

    def back(coefficients: FlameCoefficients, landmarkers: Array) -> Array:
        return retarget.update(state_of(coefficients, landmarkers)).weights

    faces = [random_weights(random) for _ in range(FACES)]
    shown = [there(weights) for weights in faces]
    errors = np.abs([back(c, weights) - weights for c, weights in zip(shown, faces, strict=True)])[
        :, MODEL
    ].mean(axis=0)

    leaked, alone = [], []
    for index in MODEL:
        if BLENDSHAPES[index] == "mouthClose":  # never alone: it closes an opened jaw
            continue
        weights = np.zeros(len(BLENDSHAPES))
        weights[index] = 1.0
        returned = back(there(weights), weights)
        alone.append(returned[index])
        if MIRRORED[index] != index:
            leaked.append(returned[MIRRORED[index]])

    flat = retarget.actions[VISIBLE][:, shower.seen].reshape(len(VISIBLE), -1)
    project = np.linalg.pinv(flat.T)
    model_rows = np.searchsorted(VISIBLE, MODEL)

    def projected(coefficients: FlameCoefficients) -> Array:
        moved = head.vertices(coefficients) - head.template
        return (project @ moved[shower.seen].ravel())[model_rows]

    plain_errors = [
        np.abs(np.clip(projected(c), 0.0, 1.0) - weights[MODEL])
        for c, weights in zip(shown, faces, strict=True)
    ]
    ours, plain = [], []
    for coefficients, weights in zip(shown[:NOISY_FACES], faces, strict=False):
        noisy = [_with_noise(coefficients, expressions, random) for _ in range(NOISES)]
        ours.append(np.std([back(c, weights)[MODEL] for c in noisy], axis=0, ddof=1))
        plain.append(np.std([projected(c) for c in noisy], axis=0, ddof=1))
    unexplained = []
    for _ in range(NOISY_FACES):
        numbers = np.zeros(expressions + 5)
        numbers[:expressions] = random.normal(0.0, 1.0, expressions)
        coefficients = shower.of(numbers)
        moved = (head.vertices(coefficients) - head.template)[shower.seen]
        explained = np.tensordot(
            back(coefficients, np.zeros(len(BLENDSHAPES))), retarget.actions[:, shower.seen], 1
        )
        unexplained.append(((moved - explained) ** 2).sum() / (moved**2).sum())
    return Figures(
        error=float(errors.mean()),
        worst=float(errors.max()),
        worst_name=MODEL_NAMES[int(errors.argmax())],
        leakage=float(np.mean(leaked)),
        most_leakage=float(np.max(leaked)),
        alone=float(np.mean(alone)),
        least_alone=float(np.min(alone)),
        noise=float(np.mean(ours)),
        unexplained=float(np.mean(unexplained)),
        plain_error=float(np.mean(plain_errors)),
        plain_noise=float(np.mean(plain)),
    )


def times(head: FlameHead, retarget: Retarget, random: np.random.Generator) -> Array:
    """(FRAMES,) seconds of `update`, over a path through random coefficients."""
    phases = random.uniform(0, 2 * np.pi, 55)
    speeds = random.uniform(0.02, 0.3, 55)  # rad a frame
    path = np.sin(phases + speeds * np.arange(FRAMES)[:, None])
    states = []
    for row in path:
        expression = np.zeros(100)
        expression[:50] = row[:50]
        coefficients = FlameCoefficients(
            shape=np.zeros(300),
            expression=expression,
            rotation=np.zeros(3),
            neck=np.zeros(3),
            jaw=np.array([0.15 + 0.15 * row[50], 0.02 * row[51], 0.01 * row[52]]),
            eyelids=np.maximum(row[53:], 0.0),
            camera=np.array([7.0, 0.0, 0.0]),
        )
        states.append(state_of(coefficients, np.zeros(len(BLENDSHAPES))))
    taken = np.empty(FRAMES)
    for i, state in enumerate(states):
        start = time.perf_counter()
        retarget.update(state)
        taken[i] = time.perf_counter() - start
    return taken


def distorted(actions: Array, places: Array, random: np.random.Generator, share: float) -> Array:
    """Another person's actions, as symmetrical: offsets off by about `share` of their lengths.

    Neighbours err alike: by plane waves through the places (V, 3) m, WAVE long or longer.
    """
    sides = np.where(places[:, :1] < 0, [-1.0, 1.0, 1.0], 1.0)
    changed = actions.copy()
    for index, mirror in enumerate(MIRRORED):
        if mirror < index:
            continue
        waves = random.normal(0.0, 2 * np.pi / WAVE / np.sqrt(3), (3, 3))
        phases = random.uniform(0, 2 * np.pi, 3)
        field = sides * np.sin(places * sides @ waves + phases) * np.sqrt(2 / 3)
        for one in {index, mirror}:
            changed[one] += share * np.linalg.norm(actions[one], axis=1, keepdims=True) * field
    return changed


def _with_noise(
    coefficients: FlameCoefficients, expressions: int, random: np.random.Generator
) -> FlameCoefficients:
    expression = coefficients.expression.copy()
    expression[:expressions] += random.normal(0.0, EXPRESSION_NOISE, expressions)
    return replace(
        coefficients,
        expression=expression,
        jaw=coefficients.jaw + random.normal(0.0, JAW_NOISE, 3),
        eyelids=coefficients.eyelids + random.normal(0.0, EYELID_NOISE, 2),
    )


class Bench:
    """One template, and everything that is measured on it."""

    def __init__(self, template: Path, eyelids: Path | None, seed: int) -> None:
        self.seed = seed
        self.template, self.faces = read_obj(template)
        self.eyelids = None
        if eyelids is not None:
            sides = [np.load(eyelids / f"{side}_eyelid.npy") for side in "lr"]
            self.eyelids = np.stack(sides)
        free = load_free_head().subdivided()
        correspondence = flame_correspondence()
        self.places = correspondence.places.on(
            free.positions.astype(np.float64), triangles_of(free.quads)
        )
        self.places[correspondence.trust == 0] = np.nan
        self.carried = carried_actions(free, correspondence, self.template)

    def head(self, actions: Array, kind: Kind = "mixtures", expressions: int = 50) -> FlameHead:
        return synthetic_flame(
            self.template,
            self.faces,
            actions,
            self.places,
            np.random.default_rng(self.seed),
            kind=kind,
            expressions=expressions,
            eyelids=self.eyelids,
        )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retarget")
    parser.add_argument("template", type=Path)
    parser.add_argument("--eyelids", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    bench = Bench(chosen.template, chosen.eyelids, chosen.seed)
    places = np.nan_to_num(bench.places)
    others = distorted(bench.carried, places, np.random.default_rng(chosen.seed + 1), DISTORTION)
    mixtures = bench.head(bench.carried)
    cases = [
        ("mixtures, 50", mixtures, None, 50),
        ("mixtures, 100", bench.head(bench.carried, expressions=100), None, 100),
        ("bumps, 50", bench.head(bench.carried, kind="bumps"), None, 50),
        ("another person's actions, 50", bench.head(others), others, 50),
    ]
    print("| expressions | assumptions | error | worst | leakage | alone | noise | rest | plain |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, head, actions, expressions in cases:
        for words, assumptions in ABLATIONS:
            retarget = Retarget(head, eyelids=True, assumptions=assumptions)
            meant = retarget.actions if actions is None else _with_own(actions, retarget)
            row = figures(head, retarget, meant, expressions, chosen.seed)
            print(f"| {name} | {words} | {row} |", flush=True)
    for words, numbers in turned_jaw(mixtures):
        print(f"\n{words}: {numbers}", end="")
    taken = times(mixtures, Retarget(mixtures, eyelids=True), np.random.default_rng(chosen.seed))
    median, late = np.median(taken) * 1e6, np.quantile(taken, 0.99) * 1e6
    print(f"\nupdate: {median:.0f} us median, {late:.0f} us at the 99th percentile")
    return 0


def turned_jaw(head: FlameHead) -> list[tuple[str, str]]:
    """What the plainest movements of FLAME's own give, weights above 0.01."""
    retarget = Retarget(head, eyelids=True)
    shower = Shower(head, retarget, 50)
    rows = []
    for words, place, value in (
        ("jaw 0.1 rad", 50, 0.1),
        ("jaw 0.2 rad", 50, 0.2),
        ("jaw 0.36 rad", 50, 0.36),
        ("jaw 0.05 rad to the left", 51, 0.05),
        ("left eyelid 1", 53, 1.0),
        ("both eyelids 0.5", slice(53, 55), 0.5),
    ):
        numbers = np.zeros(55)
        numbers[place] = value
        state = state_of(shower.of(numbers), np.zeros(len(BLENDSHAPES)))
        weights = retarget.update(state).weights
        large = [f"{BLENDSHAPES[k]} {weights[k]:.2f}" for k in np.flatnonzero(weights > 0.01)]
        rows.append((words, ", ".join(large)))
    return rows


def _with_own(actions: Array, retarget: Retarget) -> Array:
    """The actions, but jaw and lids as the model's own: they are FLAME's in everybody."""
    own = [INDEX[n] for n in ("jawOpen", "jawLeft", "jawRight", "eyeBlinkLeft", "eyeBlinkRight")]
    changed = actions.copy()
    changed[own] = retarget.actions[own]
    return changed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
