"""What a person can ask for in the window and another stage must do: frozen values.

What concerns the window alone (panels, background, look, fullscreen, …) the viewer does itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quit:
    """End the run: the window was closed, or Q pressed."""


@dataclass(frozen=True, slots=True)
class SetMirror:
    """Exchange left and right from the next state on, or stop doing so."""

    on: bool


Action = Quit | SetMirror
