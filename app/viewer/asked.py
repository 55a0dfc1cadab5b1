"""What a person asks for while the control panel is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.actions import Action
from app.viewer import ViewerSettings


@dataclass(slots=True)
class Asked:
    """settings: the window's, as they shall be."""

    settings: ViewerSettings
    actions: list[Action] = field(default_factory=list)
