"""Blender add-on: the face that mien tracks drives shape keys and bones, live and as takes.

Blender imports an extension under a name of its own choice, so modules import each other
relatively; and those that need no Blender import none, so that they can be tested without.
"""

import sys

bl_info = {
    "name": "Mien Face",
    "author": "mien",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "3D View > Sidebar > Mien",
    "description": "Face tracking from mien: live, recorded, and imported takes",
    "category": "Animation",
}


def register() -> None:
    """Called by Blender when the add-on is enabled."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Called by Blender when the add-on is disabled: nothing of it stays behind.

    Not even its modules: Blender itself would go on with them after an update.
    """
    from . import registration

    registration.unregister()
    for name in [name for name in sys.modules if name.startswith(__name__ + ".")]:
        del sys.modules[name]
        delattr(sys.modules[__name__], name.rpartition(".")[2])
