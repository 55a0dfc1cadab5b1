"""How steady or quick a performer wants the face to be: settings of the smoother."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.blendshapes import INDEX, check_named_once
from engine.coefficient_smoother import COEFFICIENT_FLOORS

FLOORS: dict[str, float] = {"weights": 0.001, "gaze": 0.002, "position": 0.0001, "rotation": 0.0005}
"""The least noise that is worth smoothing: weights in 1, gaze in rad, position in m, rotation in
rad."""

_CAUTION_RANGE = 2.0  # at quickness 0; its inverse at quickness 1


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What one channel, or one kind of channels, has for itself.

    name:      a blendshape such as "jawOpen", or "weights", "gaze", "position", "rotation"; of a
               face model's coefficients "expression", "eyelids", "jaw", "neck", "camera".
    quickness: 0 steady … 1 quick; left out: as for all.
    floor:     the least noise that is taken to be there (weights 1, gaze and rotation rad,
               position m; COEFFICIENT_FLOORS); left out: FLOORS.
    """

    name: str
    quickness: float | None = None
    floor: float | None = None

    def __post_init__(self) -> None:
        if self.name not in {*INDEX, *FLOORS, *COEFFICIENT_FLOORS}:
            raise ValueError(
                f"name is {self.name!r}; expected a blendshape such as 'jawOpen', or "
                f"{', '.join((*FLOORS, *COEFFICIENT_FLOORS))}"
            )
        if self.quickness is not None:
            _check_quickness(self.quickness)
        if self.floor is not None and not 0.0 < self.floor < math.inf:
            raise ValueError(f"floor is {self.floor}; expected more than 0")


@dataclass(frozen=True, slots=True)
class SmootherSettings:
    """How steady or quick the face is, and what happens around a lost face (seconds).

    quickness:   0 steady … 1 quick.
    channels:    exceptions, each name once; later ones before earlier ones.
    lid_opening: how fast a lid may open, in eyeBlink a second. Lids close at once.
    hold:        how long the last face stays before it eases to neutral.
    ease_out:    how long easing to neutral takes.
    ease_in:     how long easing to a face that is back takes; no longer than it was away.
    closed_eye:  eyeBlink above which the iris is hidden and the eye's gaze is not believed.
    filtering:   False: the face is given as it was regressed, with its noise.
    """

    quickness: float = 0.5
    channels: tuple[ChannelSettings, ...] = ()
    lid_opening: float = 12.0
    hold: float = 0.3
    ease_out: float = 0.5
    ease_in: float = 0.2
    closed_eye: float = 0.35
    filtering: bool = True

    def __post_init__(self) -> None:
        _check_quickness(self.quickness)
        check_named_once(channel.name for channel in self.channels)
        for name in ("lid_opening", "ease_out", "ease_in"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; expected a number above 0")
        for name in ("hold", "closed_eye"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; expected a number from 0")


def caution(quickness: float) -> float:
    """Of a filter (`FilterBank`), at this quickness."""
    return float(_CAUTION_RANGE ** (1.0 - 2.0 * quickness))


def _check_quickness(value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"quickness is {value}; expected 0 (steady) to 1 (quick)")
