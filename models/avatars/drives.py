"""What moves which morph target: a face's 52 weights, by names, expressions or presets.

Where a file knows an ARKit shape, as an expression or as a morph target, that shape is used; the
presets of VRM stand in for the parts of the face for which there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.vrm_expressions import VRM1, preset_weights
from models.avatars.gltf import GltfError
from models.avatars.names import arkit_name, preset_name
from models.avatars.vrm import GROUPS, Bind, Expression, LookAt, Vrm

Floats = NDArray[np.float64]
Place = tuple[int, int]  # a morph target: its mesh, its number there

PRESETS = (*VRM1, "blink")
INPUTS = {name: number for number, name in enumerate((*BLENDSHAPES, *PRESETS))}
MOUTH, BLINKS, LOOKS, EMOTIONS = VRM1[:5], ("blinkLeft", "blinkRight"), VRM1[7:11], VRM1[11:]
STANDS_FOR = {  # an ARKit shape that makes these presets needless
    "jawOpen": MOUTH,
    "eyeBlinkLeft": (*BLINKS, "blink"),
    "mouthSmileLeft": EMOTIONS,
    "eyeLookOutLeft": LOOKS,
}
PARTS = (  # of a face: how its ARKit shapes begin, and the presets that do for them
    ("mouth", ("jaw", "mouth", "tongue"), MOUTH),
    ("lids", ("eyeBlink", "eyeSquint", "eyeWide"), (*BLINKS, "blink")),
    ("brows", ("brow",), EMOTIONS),
    ("cheeks and nose", ("cheek", "nose"), EMOTIONS),
)
FEW = 8  # missing shapes that are named one by one
MEMBERS = ((*BLINKS, "blink"), LOOKS, MOUTH)  # of GROUPS


@dataclass(frozen=True, slots=True, eq=False)
class Drives:
    """E expressions that T morph targets follow.

    inputs: (E,) which of INPUTS each is. binary: (E,) all or nothing. mix: (T, E) weights.
    overrides: (E, 3) by how much GROUPS fade. groups: (E, 3) which of them each belongs to.
    resting: (T,) weights that a file has by itself. looks: the gaze moves expressions (VRM), so.
    arkit, presets: names of what is driven, in order.
    """

    inputs: NDArray[np.int64]
    binary: NDArray[np.bool_]
    mix: Floats
    overrides: Floats
    groups: NDArray[np.bool_]
    resting: Floats
    looks: LookAt | None
    arkit: tuple[str, ...]
    presets: tuple[str, ...]

    def target_weights(self, weights: NDArray[np.floating], gaze: NDArray[np.floating]) -> Floats:
        """(T,) of a face. weights: (52,) 0..1. gaze: (2, 2) radians as in FaceState."""
        presets = preset_weights([float(weight) for weight in weights])
        if self.looks is not None:
            presets[7:11] = _looks(self.looks, gaze)
        blink = (presets[5] + presets[6]) / 2.0
        strength: Floats = np.array([*weights, *presets, blink], np.float64)[self.inputs]
        strength = np.where(self.binary, (strength > 0.5).astype(np.float64), strength)
        for group in range(len(GROUPS)):
            fading = float((self.overrides[:, group] * strength).max(initial=0.0))
            strength = np.where(self.groups[:, group], strength * (1.0 - fading), strength)
        mixed: Floats = self.resting + self.mix @ strength
        return mixed


def wanted_targets(
    vrm: Vrm | None, names: dict[Place, str], resting: dict[Place, float]
) -> tuple[Place, ...]:
    """The morph targets that a face may move, or that a file moves by itself.

    names, resting: of all morph targets, as target_names gives them.
    """
    said = () if vrm is None else vrm.expressions
    bound = {
        (bind.mesh, bind.target)
        for expression in said
        if expression.arkit is not None or expression.preset in PRESETS
        for bind in expression.binds
    }
    return tuple(
        place
        for place, name in names.items()
        if place in bound or arkit_name(name) or preset_name(name) or resting[place] != 0.0
    )


def drives_of(
    vrm: Vrm | None,
    targets: dict[Place, int],
    names: dict[Place, str],
    resting: Floats,
    *,
    still: frozenset[Place],
    eyes_turn: bool,
) -> Drives:
    """targets: number of each morph target. names: of those. resting: (T,).

    still: morph targets in which nothing moves: they are as good as none.
    eyes_turn: there are bones that the gaze turns.
    """
    said = [] if vrm is None else [e for e in vrm.expressions if _moves(e, targets, still)]
    names = {place: name for place, name in names.items() if place not in still}
    found = list(_arkit(said, names))
    arkit = {e.arkit for e in found}
    spared = {preset for shape, stood in STANDS_FOR.items() if shape in arkit for preset in stood}
    looks = None if vrm is None else vrm.look_at
    by_shapes = looks is not None and looks.by == "expression"
    if eyes_turn and not by_shapes:
        spared.update(LOOKS)
    presets = [e for e in said if e.preset is not None and e.arkit is None]
    presets = [*presets, *_by_name(names, {e.preset for e in presets})]
    have = {e.preset for e in presets}
    if {"blinkLeft", "blinkRight"} <= have:
        spared.add("blink")
    found += [e for e in presets if e.preset in PRESETS and e.preset not in spared]
    mix = np.zeros((len(targets), len(found)))
    for column, expression in enumerate(found):
        for bind in expression.binds:
            if (bind.mesh, bind.target) in targets:
                mix[targets[bind.mesh, bind.target], column] += bind.weight
    if not np.isfinite(mix).all():
        raise GltfError("an expression without weight")
    keys = [expression.arkit or expression.preset or "" for expression in found]
    return Drives(
        inputs=np.array([INPUTS[key] for key in keys], np.int64),
        binary=np.array([expression.binary for expression in found], bool),
        mix=mix,
        overrides=np.array([e.overrides for e in found]).reshape(-1, len(GROUPS)),
        groups=np.array([[key in group for group in MEMBERS] for key in keys], bool).reshape(
            -1, len(GROUPS)
        ),
        resting=np.where(mix.any(axis=1), 0.0, resting),
        looks=looks if by_shapes and not spared.intersection(LOOKS) else None,
        arkit=tuple(name for name in BLENDSHAPES if name in arkit),
        presets=tuple(name for name in PRESETS if name in set(keys)),
    )


def lacking(arkit: tuple[str, ...], presets: tuple[str, ...]) -> list[str]:
    """What of a face does not move: shapes if they are few, else the parts they belong to.

    Not the gaze: bones may do for its shapes.
    """
    found: list[str] = []
    absent: list[str] = []
    for part, begins, stand_in in PARTS:
        shapes = [name for name in BLENDSHAPES if name.startswith(begins)]
        missing = [name for name in shapes if name not in arkit]
        if not missing or set(presets) & set(stand_in):
            continue
        absent += missing
        whole = len(missing) == len(shapes)
        found.append(part if whole else f"{part} ({len(missing)} of {len(shapes)} shapes)")
    few = [name for name in BLENDSHAPES if name in absent]
    return few if len(few) <= FEW else found


def _moves(expression: Expression, targets: dict[Place, int], still: frozenset[Place]) -> bool:
    places = {(bind.mesh, bind.target) for bind in expression.binds}
    return any(place in targets and place not in still for place in places)


def _arkit(said: list[Expression], names: dict[Place, str]) -> Iterator[Expression]:
    """Expressions that are ARKit shapes, then morph targets that are, where no expression is."""
    had = set()
    for expression in said:
        if expression.arkit in INDEX:
            had.add(expression.arkit)
            yield replace(expression, preset=None)
    for place, spelled in names.items():
        name = arkit_name(spelled)
        if name is not None and name not in had:
            yield _single(place, arkit=name)


def _by_name(names: dict[Place, str], had: Iterable[str | None]) -> Iterator[Expression]:
    """Morph targets that are called as a preset is, where no expression is that preset."""
    for place, spelled in names.items():
        name = preset_name(spelled)
        if name is not None and name not in had:
            yield _single(place, preset=name)


def _single(place: Place, *, arkit: str | None = None, preset: str | None = None) -> Expression:
    return Expression(arkit, preset, False, (0.0, 0.0, 0.0), (Bind(*place, 1.0),))


def _looks(look_at: LookAt, gaze: NDArray[np.floating]) -> list[float]:
    """Up, down, left, right: as far as the file says for both eyes' mean direction."""
    yaw, pitch = (float(angle) for angle in gaze.mean(axis=0))
    sideways = look_at.outer.of(abs(yaw))
    return [
        look_at.up.of(max(-pitch, 0.0)),
        look_at.down.of(max(pitch, 0.0)),
        sideways if yaw > 0 else 0.0,
        sideways if yaw < 0 else 0.0,
    ]
