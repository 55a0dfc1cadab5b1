"""A take becomes key frames: an action for each data-block that it moves."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from mathutils import Quaternion

from .character import Turn, meshes_of, shapes_of, turns_of
from .settings import Settings
from .take import Take

_TAKE_MARK = "mien_take"  # a property of actions made here


def key_take(settings: Settings, take: Take, first_frame: float, rate: float, name: str) -> int:
    """Give the character's properties a key for each of the take's rows, linear in between.

    first_frame: where the take's begin lies, rate: frames a second. What moved a data-block before
    goes on below the new action, unless it is an earlier take, which is kept unused.
    Returns how many data-blocks move.
    """
    frames = [first_frame + time * rate for time in take.times]
    curves: dict[bpy.types.ID, dict[tuple[str, int], list[float]]] = {}
    shown_as = {}  # shape keys are called Key, Key.001, …
    for mesh in meshes_of(settings.character):
        for shape in shapes_of(mesh):
            channel = shape.channel
            values = [row[channel] for row in take.rows()]
            path = shape.block.path_from_id("value")
            curves.setdefault(shape.keys, {})[path, 0] = values
            shown_as[shape.keys] = mesh.name
    for turn in turns_of(settings):
        path = turn.path
        for index, values in enumerate(_turning(turn, take)):
            curves.setdefault(turn.owner, {})[path, index] = values
    for owner, of_owner in curves.items():
        action = bpy.data.actions.new(f"{name} {shown_as.get(owner, owner.name)}")
        action[_TAKE_MARK] = True
        new_curves = _assigned(action, owner)
        for (path, index), values in of_owner.items():
            _fill(new_curves.new(path, index=index), frames, values)
    return len(curves)


def _turning(turn: Turn, take: Take) -> list[list[float]]:
    """The rotation's numbers, one list for each."""
    columns: list[list[float]] = []
    last: Sequence[float] = getattr(turn.holder, turn.attribute)
    for number, row in enumerate(take.rows()):
        if number == 0 and turn.holder.rotation_mode == "QUATERNION":
            last = Quaternion()  # takes begin on the usual side, w >= 0
        last = turn.values(row, last)
        columns.append(list(last))
    return [list(column) for column in zip(*columns, strict=True)]


def _assigned(action: bpy.types.Action, owner: bpy.types.ID) -> bpy.types.ActionFCurves:
    """The curves, still none, of an action that from now on moves the data-block."""
    animation = owner.animation_data_create()
    old = animation.action
    if old is not None:
        if old.get(_TAKE_MARK):
            old.use_fake_user = True
        else:
            _push_down(animation)
    if not hasattr(action, "slots"):  # before Blender 4.4
        animation.action = action
        return action.fcurves
    slot = action.slots.new(id_type=owner.id_type, name=owner.name)
    strip = action.layers.new("Take").strips.new(type="KEYFRAME")
    animation.action = action
    animation.action_slot = slot
    return strip.channelbag(slot, ensure=True).fcurves


def _push_down(animation: bpy.types.AnimData) -> None:
    """As the button of that name: the action becomes a strip, over which the next one lies."""
    action = animation.action
    slot = getattr(animation, "action_slot", None)
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    if slot is not None:
        strip.action_slot = slot
    animation.action = None


def _fill(curve: bpy.types.FCurve, frames: Sequence[float], values: Sequence[float]) -> None:
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", [n for pair in zip(frames, values, strict=True) for n in pair])
    linear = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value
    points.foreach_set("interpolation", [linear] * len(frames))
    curve.update()
