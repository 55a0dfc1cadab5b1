"""Everything that Blender is told about, and takes back."""

from __future__ import annotations

import bpy

from . import operators, panel
from .live import LIVE
from .settings import Settings

_CLASSES = (Settings, *operators.CLASSES, *panel.CLASSES)


def register() -> None:
    for registered in _CLASSES:
        bpy.utils.register_class(registered)
    bpy.types.Scene.mien = bpy.props.PointerProperty(type=Settings)


def unregister() -> None:
    """Port, thread, timer, classes and the scenes' settings go."""
    LIVE.stop()
    for scene in bpy.data.scenes:
        scene.property_unset("mien")
    del bpy.types.Scene.mien
    for registered in reversed(_CLASSES):
        bpy.utils.unregister_class(registered)
