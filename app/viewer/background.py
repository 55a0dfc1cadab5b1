"""What is seen behind the head."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl

Rgb = tuple[float, float, float]  # display sRGB, 0..1


@dataclass(frozen=True, slots=True)
class Gradient:
    """From the middle outwards."""

    inner: Rgb = (0.40, 0.42, 0.45)
    outer: Rgb = (0.085, 0.095, 0.12)


@dataclass(frozen=True, slots=True)
class Plain:
    """One colour, byte for byte: a key for other programs."""

    color: Rgb = (0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An RGB8 texture of sRGB bytes, row 0 at the bottom; fills the view, cut at two sides."""

    texture: moderngl.Texture


@dataclass(frozen=True, slots=True)
class Transparent:
    """Nothing: alpha 0. Colours are premultiplied; straight: at the figure's edge its own."""

    straight: bool = False


Background = Gradient | Plain | Picture | Transparent
