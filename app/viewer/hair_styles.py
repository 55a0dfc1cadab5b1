"""Hair styles: how long, how steep and which way hairs grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.viewer.skull import along_surface

Floats = NDArray[np.float64]

CROWN = np.array([0.012, 0.115, -0.125])  # the whorl


@dataclass(frozen=True, slots=True)
class Style:
    """How a head of hair grows.

    strands, points: how many, and points of each (an odd number).
    half_width:      metres.
    length:          metres, of roots (S, 3) in head space.
    comb:            (S, 3) direction in which hairs lie, of roots and outward normals.
    hairline:        share of the length that hairs have at the hairline.
    lift:            0 lies flat, 1 stands up, at the root.
    obedience:       how soon hairs turn from the lift to the comb, a step.
    weight:          how much a hair falls in a centimetre.
    hold:            0..1, how firmly it keeps to its height above the skin, a step.
    curl, waves:     metres, radius of curls and turns along a hair.
    clump:           0..1, how much tips gather.
    layer:           metres, thickness of the whole.
    clears_face:     hairs that would hang before the face are left out.
    """

    strands: int
    points: int
    half_width: float
    length: Callable[[Floats], Floats]
    comb: Callable[[Floats, Floats], Floats]
    hairline: float
    lift: float
    obedience: float
    weight: float
    hold: float
    curl: float
    waves: float
    clump: float
    layer: float
    clears_face: bool = False


def _from_crown(roots: Floats, normals: Floats) -> Floats:
    return along_surface(roots - CROWN, normals)


def _swept_comb(roots: Floats, normals: Floats) -> Floats:
    """From a parting on the person's left over the top, and back from the forehead."""
    front = np.clip((roots[:, 2:] + 0.10) / 0.09, 0.0, 1.0)
    top = np.clip((roots[:, 1:2] - 0.050) / 0.035, 0.0, 1.0)
    across = np.array([-0.80, 0.50, -0.55])
    away = _from_crown(roots, normals)
    blend = front * top
    return along_surface(away * (1 - blend) + across * blend, normals)


def _forward_comb(roots: Floats, normals: Floats) -> Floats:
    """From the crown; on top forwards and to the person's right."""
    front = np.clip((roots[:, 2:] + 0.04) / 0.08, 0.0, 1.0)
    top = np.clip((roots[:, 1:2] - 0.055) / 0.04, 0.0, 1.0)
    away = _from_crown(roots, normals)
    return along_surface(
        away * (1 - front * top) + np.array([-0.9, 0.30, -0.35]) * front * top, normals
    )


def _parted_comb(roots: Floats, normals: Floats) -> Floats:
    """Away from a parting that is slightly to the person's left, past the face, and down."""
    side = np.where(roots[:, :1] > 0.016, 1.0, -1.0)
    front = np.clip((roots[:, 2:] + 0.02) / 0.05, 0.0, 1.0)
    across = np.concatenate([side, -0.35 + 0.0 * side, -0.15 - 0.55 * front], axis=1)
    back = np.clip((-0.10 - roots[:, 2:]) / 0.05, 0.0, 1.0)
    return along_surface(across * (1 - back) + _from_crown(roots, normals) * back, normals)


def _faded(top: float, sides: float) -> Callable[[Floats], Floats]:
    """Long on top, short at the sides and the nape."""

    def length(roots: Floats) -> Floats:
        share = np.clip((roots[:, 1] - 0.035) / 0.050, 0.0, 1.0)
        return sides + (top - sides) * share * share * (3 - 2 * share)

    return length


def _to_level(level: float, least: float) -> Callable[[Floats], Floats]:
    """Long enough to hang down to a height y = level, metres."""

    def length(roots: Floats) -> Floats:
        radius = np.hypot(roots[:, 0], roots[:, 2] + 0.075)
        over_the_top = 0.10 * np.clip((roots[:, 1] - 0.03) / 0.09, 0.0, 1.0) * (1 - radius / 0.2)
        return np.maximum(roots[:, 1] - level + np.maximum(over_the_top, 0.0), least)

    return length


STYLES = MappingProxyType(
    {
        "cropped": Style(
            strands=11000,
            points=5,
            half_width=0.00036,
            length=_faded(0.012, 0.006),
            comb=_from_crown,
            hairline=0.4,
            lift=0.7,
            obedience=0.1,
            weight=0.0,
            hold=0.0,
            curl=0.0,
            waves=0.0,
            clump=0.1,
            layer=0.006,
        ),
        "short": Style(
            strands=9000,
            points=7,
            half_width=0.00042,
            length=_faded(0.036, 0.011),
            comb=_forward_comb,
            hairline=0.4,
            lift=0.55,
            obedience=0.45,
            weight=0.02,
            hold=0.35,
            curl=0.0012,
            waves=0.7,
            clump=0.55,
            layer=0.012,
        ),
        "swept": Style(
            strands=9000,
            points=9,
            half_width=0.00046,
            length=_faded(0.075, 0.022),
            comb=_swept_comb,
            hairline=0.4,
            lift=1.5,
            obedience=0.4,
            weight=0.03,
            hold=0.3,
            curl=0.002,
            waves=0.8,
            clump=0.6,
            layer=0.020,
        ),
        "curly": Style(
            strands=8000,
            points=11,
            half_width=0.00042,
            length=_faded(0.060, 0.035),
            comb=_from_crown,
            hairline=0.4,
            lift=1.2,
            obedience=0.15,
            weight=0.02,
            hold=0.15,
            curl=0.0050,
            waves=2.6,
            clump=0.35,
            layer=0.026,
        ),
        "bob": Style(
            strands=6500,
            points=11,
            half_width=0.00062,
            length=_to_level(-0.095, 0.06),
            comb=_parted_comb,
            hairline=0.95,
            lift=0.35,
            obedience=0.16,
            weight=0.22,
            hold=0.22,
            curl=0.0018,
            waves=0.8,
            clump=0.55,
            layer=0.013,
            clears_face=True,
        ),
    }
)
