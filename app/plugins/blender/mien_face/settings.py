"""What the panel sets, kept in each scene.

Without postponed annotations: here they are values that Blender reads.
"""

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from .receiver import PORT


def _find_parts(settings: bpy.types.PropertyGroup, _: bpy.types.Context) -> None:
    from .character import find_parts  # which needs this module

    find_parts(settings)


class Settings(bpy.types.PropertyGroup):
    """Of one scene."""

    port: IntProperty(
        name="Port",
        description="The port that mien sends to: mien run --output osc",
        default=PORT,
        min=1024,
        max=65535,
    )
    from_others: BoolProperty(
        name="From other computers",
        description="Receive what other computers in the network send, too",
        default=False,
    )
    character: PointerProperty(
        type=bpy.types.Object,
        name="Character",
        description="The face: a mesh with shape keys, or an armature whose meshes have them",
        update=_find_parts,
    )
    facing: EnumProperty(
        name="Faces",
        description="Where the character looks at rest, in its armature's or own axes",
        items=(
            ("AUTO", "Found from its bones", "Up from root to head, left from eye to eye"),
            ("NEG_Y", "−Y, up Z", "As in Blender: front view shows the face"),
            ("POS_Y", "+Y, up Z", "Turned the other way"),
            ("POS_Z", "+Z, up Y", "As in other programs"),
        ),
        default="AUTO",
    )
    head_bone: StringProperty(name="Head", description="Bone that turns with the head")
    left_eye_bone: StringProperty(name="Left eye", description="Bone of the character's left eye")
    right_eye_bone: StringProperty(
        name="Right eye", description="Bone of the character's right eye"
    )
    head_object: PointerProperty(
        type=bpy.types.Object, name="Head", description="Object that turns with the head"
    )
    left_eye_object: PointerProperty(
        type=bpy.types.Object,
        name="Left eye",
        description="Object that is the character's left eye",
    )
    right_eye_object: PointerProperty(
        type=bpy.types.Object,
        name="Right eye",
        description="Object that is the character's right eye",
    )
