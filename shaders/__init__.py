"""The shaders: one effect a file, vertex and fragment stage together.

A file has its stages below lines `#stage vertex` and `#stage fragment`; what stands above the
first belongs to both. `#include "name.glsl"` puts another file in its place. Colours are linear
(Rec. 709 primaries) everywhere but in the last line of resolve.glsl.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

VERSION = "#version 330 core\n"


@dataclass(frozen=True, slots=True)
class ShaderText:
    """Both stages of an effect, ready for the driver."""

    name: str
    vertex: str
    fragment: str


def load_shader(name: str) -> ShaderText:
    """The effect in shaders/<name>.glsl."""
    common, *stages = re.split(r"^#stage (\w+)\n", _text(name), flags=re.MULTILINE)
    stage_text = dict(zip(stages[0::2], stages[1::2], strict=True))
    return ShaderText(
        name=name,
        vertex=VERSION + common + stage_text["vertex"],
        fragment=VERSION + common + stage_text["fragment"],
    )


def _text(name: str) -> str:
    text = resources.files("shaders").joinpath(f"{name}.glsl").read_text(encoding="utf-8")
    return re.sub(
        r'^#include "(\w+)\.glsl"$', lambda match: _text(match[1]), text, flags=re.MULTILINE
    )
