"""A character: shape keys of one or more meshes, and bones or objects that are head and eyes.

Nothing of Blender's is kept from one call to the next: undo and deletion would pull it away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy
from mathutils import Quaternion

from .axes import FACING, facing_of, facing_of_bones, turned
from .channels import blendshape_of
from .parts import PARTS, Part, named_as
from .settings import Settings

_LEAST_CHANGE = 1e-5  # smaller ones would have Blender draw for nothing


@dataclass(frozen=True)
class Shape:
    """A shape key that one number of a row moves.

    keys: the data-block with the shape key, `block`. index: among all of the data-block.
    channel: where in a row its value lies.
    """

    keys: bpy.types.Key
    block: bpy.types.ShapeKey
    index: int
    channel: int


@dataclass(frozen=True)
class Turn:
    """A bone or an object that turns with the head or an eye.

    owner: the object that has the bone or is what turns. holder: what has the rotation.
    local_from_head: from mien's axes to those in which it turns.
    """

    owner: bpy.types.Object
    holder: bpy.types.PoseBone | bpy.types.Object
    part: Part
    local_from_head: Quaternion

    @property
    def attribute(self) -> str:
        """An object's own rotation stays as it is: a delta is done after it."""
        kind = {"QUATERNION": "quaternion", "AXIS_ANGLE": "axis_angle"}
        rotation = "rotation_" + kind.get(self.holder.rotation_mode, "euler")
        return rotation if self.holder != self.owner else "delta_" + rotation

    @property
    def path(self) -> str:
        """Of the rotation, from the owner on."""
        return self.holder.path_from_id(self.attribute)

    def values(self, row: Sequence[float], before: Sequence[float]) -> Sequence[float]:
        """The rotation's numbers for a face. before: the last ones, of which they are no whole
        turn away.
        """
        rotation = turned(self.part.rotation(row), self.local_from_head)
        mode = self.holder.rotation_mode
        if mode == "QUATERNION":
            if rotation.dot(Quaternion(before)) < 0.0:
                rotation.negate()
            return rotation
        if mode == "AXIS_ANGLE":
            axis, angle = rotation.to_axis_angle()
            return (angle, *axis)
        last = getattr(self.holder, self.attribute).copy()
        last[:] = before
        return rotation.to_euler(mode, last)


def armature_of(character: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that the character is or that moves it."""
    if character.type == "ARMATURE":
        return character
    for modifier in character.modifiers:
        if modifier.type == "ARMATURE" and modifier.object is not None:
            return modifier.object
    parent = character.parent
    while parent is not None and parent.type != "ARMATURE":
        parent = parent.parent
    return parent


def meshes_of(character: bpy.types.Object) -> list[bpy.types.Object]:
    """Its meshes with shape keys named as ARKit's, each set of shape keys once."""
    armature = armature_of(character)
    candidates = [character, *(armature or character).children_recursive]
    if armature is not None:
        candidates += [o for o in bpy.data.objects if _is_moved_by(o, armature)]
    found: dict[str, bpy.types.Object] = {}
    for candidate in candidates:
        if any(True for _ in shapes_of(candidate)):
            found.setdefault(candidate.data.shape_keys.name_full, candidate)
    return list(found.values())


def shapes_of(mesh: bpy.types.Object) -> Iterator[Shape]:
    """Shape keys named as ARKit's; those of a linked file cannot be moved."""
    keys = mesh.data.shape_keys if mesh.type == "MESH" else None
    if keys is None or keys.library is not None:
        return
    for index, block in enumerate(keys.key_blocks):
        channel = blendshape_of(block.name)
        if channel is not None:
            yield Shape(keys, block, index, channel)


def turns_of(settings: Settings) -> Iterator[Turn]:
    """What turns with head and eyes."""
    armature = None if settings.character is None else armature_of(settings.character)
    for part in PARTS:
        bone_name, thing = getattr(settings, part.bone), getattr(settings, part.object)
        bone = None if armature is None else armature.pose.bones.get(bone_name)
        if bone is not None:
            rest = bone.bone.matrix_local.to_quaternion()
            facing = _facing(settings, armature)
            yield Turn(armature, bone, part, rest.inverted() @ facing)
        elif thing is not None and thing.rotation_mode != "AXIS_ANGLE":  # which has no delta
            yield Turn(thing, thing, part, _own_rotation(thing) @ _facing(settings, None))


def find_parts(settings: Settings) -> None:
    """Fill in head and eyes by their names; empty what is not found."""
    character = settings.character
    armature = None if character is None else armature_of(character)
    bones = [] if armature is None else armature.data.bones.keys()
    children = [] if character is None else (armature or character).children_recursive
    objects = {child.name: child for child in children}
    for part in PARTS:
        bone = named_as(part, bones)
        found = None if bone else named_as(part, objects)
        setattr(settings, part.bone, bone or "")
        setattr(settings, part.object, None if found is None else objects[found])


def show(settings: Settings, meshes: Sequence[bpy.types.Object], row: Sequence[float]) -> None:
    """Put a face on the character. meshes: as `meshes_of` tells."""
    for mesh in meshes:
        _show_shapes(tuple(shapes_of(mesh)), row)
    for turn in turns_of(settings):
        before = getattr(turn.holder, turn.attribute)
        values = turn.values(row, before)
        if any(abs(a - b) > _LEAST_CHANGE for a, b in zip(values, before, strict=True)):
            setattr(turn.holder, turn.attribute, values)


def _show_shapes(shapes: Sequence[Shape], row: Sequence[float]) -> None:
    """Put a face on one mesh, all shape keys at once.

    At each value that is set alone Blender looks through all objects of the file.
    """
    if not shapes:
        return
    blocks = shapes[0].keys.key_blocks
    values = [0.0] * len(blocks)
    blocks.foreach_get("value", values)
    changed = [s for s in shapes if abs(values[s.index] - row[s.channel]) > _LEAST_CHANGE]
    for shape in changed:
        values[shape.index] = row[shape.channel]
    if changed:
        blocks.foreach_set("value", values)
        last = changed[-1]
        last.block.value = row[last.channel]  # alone: this is how Blender notices


def _is_moved_by(mesh: bpy.types.Object, armature: bpy.types.Object) -> bool:
    return any(m.type == "ARMATURE" and m.object == armature for m in mesh.modifiers)


def _own_rotation(thing: bpy.types.Object) -> Quaternion:
    if thing.rotation_mode == "QUATERNION":
        return thing.rotation_quaternion.normalized()
    return thing.rotation_euler.to_quaternion()


def _facing(settings: Settings, armature: bpy.types.Object | None) -> Quaternion:
    """character_from_head."""
    if settings.facing != "AUTO":
        return facing_of(*FACING[settings.facing])
    bones = {} if armature is None else armature.data.bones
    head = bones.get(settings.head_bone)
    if head is None:
        return facing_of(*FACING["NEG_Y"])
    root = head.parent_recursive[-1] if head.parent_recursive else head
    eyes = (bones.get(name) for name in (settings.left_eye_bone, settings.right_eye_bone))
    return facing_of_bones(
        head.head_local,
        root.head_local,
        *(None if eye is None else eye.head_local for eye in eyes),
    )
