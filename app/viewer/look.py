"""What the head looks like: face, skin, hair, eyes, clothes, each chosen by name.

Colours are linear (Rec. 709 primaries), 0..1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from engine.errors import SettingsError

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Skin:
    """color: of the skin; lips: of full lips; blood: factor where blood shows through."""

    color: Rgb
    lips: Rgb
    blood: Rgb


@dataclass(frozen=True, slots=True)
class Strands:
    """Colour of hair at the root and at the tip."""

    root: Rgb
    tip: Rgb


@dataclass(frozen=True, slots=True)
class Iris:
    outer: Rgb
    inner: Rgb


@dataclass(frozen=True, slots=True)
class Cloth:
    color: Rgb
    knit: float  # 1 coarse wool, 0 jersey


SKINS = MappingProxyType(
    {
        "porcelain": Skin((0.580, 0.375, 0.290), (0.470, 0.150, 0.130), (1.03, 0.66, 0.65)),
        "fair": Skin((0.510, 0.305, 0.215), (0.415, 0.125, 0.105), (1.03, 0.68, 0.66)),
        "beige": Skin((0.440, 0.250, 0.165), (0.355, 0.108, 0.086), (1.02, 0.70, 0.67)),
        "olive": Skin((0.365, 0.208, 0.126), (0.290, 0.098, 0.074), (1.02, 0.74, 0.70)),
        "tan": Skin((0.270, 0.140, 0.080), (0.225, 0.076, 0.057), (1.02, 0.74, 0.69)),
        "brown": Skin((0.180, 0.088, 0.050), (0.165, 0.058, 0.046), (1.02, 0.78, 0.74)),
        "deep": Skin((0.095, 0.045, 0.026), (0.105, 0.038, 0.033), (1.02, 0.86, 0.84)),
    }
)
HAIR_COLORS = MappingProxyType(
    {
        "black": Strands((0.007, 0.006, 0.006), (0.012, 0.010, 0.009)),
        "brown": Strands((0.020, 0.011, 0.007), (0.055, 0.029, 0.016)),
        "chestnut": Strands((0.035, 0.014, 0.008), (0.105, 0.042, 0.020)),
        "auburn": Strands((0.065, 0.018, 0.008), (0.165, 0.046, 0.016)),
        "blond": Strands((0.135, 0.080, 0.037), (0.380, 0.255, 0.125)),
        "grey": Strands((0.090, 0.088, 0.086), (0.270, 0.270, 0.275)),
    }
)
EYE_COLORS = MappingProxyType(
    {
        "brown": Iris((0.046, 0.022, 0.011), (0.078, 0.038, 0.016)),
        "hazel": Iris((0.088, 0.076, 0.036), (0.120, 0.060, 0.022)),
        "green": Iris((0.082, 0.122, 0.074), (0.135, 0.098, 0.040)),
        "blue": Iris((0.080, 0.138, 0.205), (0.140, 0.165, 0.165)),
        "grey": Iris((0.118, 0.140, 0.156), (0.150, 0.150, 0.132)),
    }
)
SHIRTS = MappingProxyType(
    {
        "navy": Cloth((0.022, 0.032, 0.062), 1.0),
        "charcoal": Cloth((0.030, 0.031, 0.034), 0.0),
        "cream": Cloth((0.48, 0.43, 0.35), 1.0),
        "moss": Cloth((0.060, 0.075, 0.042), 1.0),
        "rust": Cloth((0.235, 0.062, 0.028), 1.0),
        "white": Cloth((0.58, 0.58, 0.58), 0.0),
        "teal": Cloth((0.014, 0.085, 0.095), 0.0),
    }
)
IDENTITIES = ("average", "female", "male", "ada", "mei", "noor", "kofi", "tomas", "ivar")
HAIR_STYLES = ("bald", "cropped", "short", "swept", "curly", "bob")


def _known(key: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise SettingsError(f"`{key}` is {name!r}; expected one of {', '.join(known)}.")


@dataclass(frozen=True, slots=True)
class Look:
    """One person's appearance. Unknown names are refused with the known ones listed.

    identity: one of IDENTITIES, which the head knows, or the weights of its sliders.
    brows:    thickness, 1 is average.
    stubble, freckles: 0..1.
    """

    identity: str | tuple[float, ...] = "average"
    skin: str = "fair"
    hair: str = "short"
    hair_color: str = "brown"
    eyes: str = "blue"
    shirt: str = "navy"
    brows: float = 1.0
    stubble: float = 0.0
    freckles: float = 0.0
    lipstick: float = 0.7

    def __post_init__(self) -> None:
        if isinstance(self.identity, str):
            _known("identity", self.identity, IDENTITIES)
        elif not all(math.isfinite(weight) for weight in self.identity):
            raise SettingsError(f"`identity` is {self.identity}; expected finite numbers.")
        for key, name, known in (
            ("skin", self.skin, SKINS),
            ("hair", self.hair, HAIR_STYLES),
            ("hair_color", self.hair_color, HAIR_COLORS),
            ("eyes", self.eyes, EYE_COLORS),
            ("shirt", self.shirt, SHIRTS),
        ):
            _known(key, name, known)
        for key, value, least, most in (
            ("brows", self.brows, 0.3, 2.0),
            ("stubble", self.stubble, 0.0, 1.0),
            ("freckles", self.freckles, 0.0, 1.0),
            ("lipstick", self.lipstick, 0.0, 1.0),
        ):
            if not least <= value <= most:
                raise SettingsError(f"`{key}` is {value}; expected {least:g} to {most:g}.")


LOOKS = MappingProxyType(
    {
        "ada": Look(
            identity="ada",
            skin="fair",
            hair="bob",
            hair_color="chestnut",
            eyes="green",
            shirt="teal",
            brows=0.8,
            freckles=0.5,
            lipstick=0.75,
        ),
        "tomas": Look(
            identity="tomas",
            skin="beige",
            hair="swept",
            hair_color="brown",
            eyes="hazel",
            shirt="navy",
            brows=1.2,
            stubble=0.7,
            lipstick=0.4,
        ),
        "noor": Look(
            identity="noor",
            skin="tan",
            hair="curly",
            hair_color="black",
            eyes="brown",
            shirt="cream",
            lipstick=0.75,
        ),
        "kofi": Look(
            identity="kofi",
            skin="deep",
            hair="cropped",
            hair_color="black",
            eyes="brown",
            shirt="rust",
            stubble=0.25,
            lipstick=0.5,
        ),
        "mei": Look(
            identity="mei",
            skin="beige",
            hair="bob",
            hair_color="black",
            eyes="brown",
            shirt="white",
            brows=0.8,
            lipstick=0.8,
        ),
        "ivar": Look(
            identity="ivar",
            skin="fair",
            hair="short",
            hair_color="grey",
            eyes="blue",
            shirt="moss",
            brows=1.1,
            stubble=0.5,
            freckles=0.2,
            lipstick=0.4,
        ),
    }
)


def look_named(name: str) -> Look:
    """One of LOOKS."""
    _known("look", name, LOOKS)
    return LOOKS[name]
