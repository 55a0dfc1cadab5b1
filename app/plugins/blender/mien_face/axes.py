"""From mien's head axes to Blender's, bones' and objects' own.

mien's head space: +X to the person's left, +Y up, +Z out of the face. A character's axes say where
its left, its up and its front point in the space of its armature, or of a single object.
"""

from __future__ import annotations

from collections.abc import Sequence

from mathutils import Matrix, Quaternion, Vector

FACING = {
    "NEG_Y": (Vector((1, 0, 0)), Vector((0, 0, 1))),
    "POS_Y": (Vector((-1, 0, 0)), Vector((0, 0, 1))),
    "POS_Z": (Vector((1, 0, 0)), Vector((0, 1, 0))),
}
"""Left and up of a character that faces −Y or +Y and stands up along Z, or faces +Z, up along Y."""


def facing_of(left: Vector, up: Vector) -> Quaternion:
    """The rotation character_from_head."""
    return Matrix((left, up, left.cross(up))).transposed().to_quaternion()


def facing_of_bones(
    head: Vector, root: Vector, left_eye: Vector | None, right_eye: Vector | None
) -> Quaternion:
    """character_from_head as bones at rest tell it; positions in the armature's space.

    Up is the axis along which the head lies above the root, left the one from the right eye to
    the left one; what they do not tell is as in Blender.
    """
    left, up = FACING["NEG_Y"]
    if (head - root).length > 1e-4:
        up = _nearest_axis(head - root)
    if left_eye is not None and right_eye is not None and (left_eye - right_eye).length > 1e-4:
        left = _nearest_axis(left_eye - right_eye)
    if abs(left.dot(up)) > 0.5:  # a rig that lies on its side, without eyes to tell
        left = Vector((0, 0, 1)) if abs(up.x) > 0.5 else Vector((1, 0, 0))
    return facing_of(left, up)


def turned(numbers: Sequence[float], local_from_head: Quaternion) -> Quaternion:
    """mien's rotation x y z w in local axes, a bone's at rest or an object's parent's."""
    x, y, z, w = numbers
    rotation = local_from_head @ Quaternion((w, x, y, z)) @ local_from_head.inverted()
    return rotation.normalized()


def _nearest_axis(direction: Vector) -> Vector:
    axis = max(range(3), key=lambda i: abs(direction[i]))
    nearest = Vector((0, 0, 0))
    nearest[axis] = 1.0 if direction[axis] > 0 else -1.0
    return nearest
