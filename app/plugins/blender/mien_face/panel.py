"""The tab Mien of the 3D view's sidebar."""

from __future__ import annotations

import bpy

from .character import armature_of, meshes_of, shapes_of
from .live import LIVE
from .operators import FindParts, ImportTake, Neutral, Receive, Record
from .parts import PARTS


class ReceivePanel(bpy.types.Panel):
    """Switch, state and port."""

    bl_idname = "MIEN_PT_receive"
    bl_label = "Receive"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Mien"

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.mien
        layout = self.layout
        layout.operator(
            Receive.bl_idname,
            text="Stop receiving" if LIVE.is_on else "Receive",
            icon="PAUSE" if LIVE.is_on else "PLAY",
            depress=LIVE.is_on,
        )
        layout.label(text=LIVE.status())
        column = layout.column()
        column.enabled = not LIVE.is_on
        column.prop(settings, "port")
        column.prop(settings, "from_others")


class CharacterPanel(bpy.types.Panel):
    """Whom the face moves."""

    bl_idname = "MIEN_PT_character"
    bl_label = "Character"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Mien"

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.mien
        character = settings.character
        layout = self.layout
        layout.prop(settings, "character", text="")
        if character is None:
            layout.label(text="Choose a mesh or an armature")
            return
        meshes = meshes_of(character)
        found = len({shape.channel for mesh in meshes for shape in shapes_of(mesh)})
        many = "mesh" if len(meshes) == 1 else "meshes"
        layout.label(text=f"{found} of 52 shapes in {len(meshes)} {many}")
        layout.use_property_split = True
        armature = armature_of(character)
        for part in PARTS:
            if armature is not None:
                layout.prop_search(
                    settings, part.bone, armature.data, "bones", text=part.name, icon="BONE_DATA"
                )
            if not getattr(settings, part.bone):
                name = part.name if armature is None else "or object"
                layout.prop(settings, part.object, text=name)
        layout.prop(settings, "facing")
        row = layout.row(align=True)
        row.operator(FindParts.bl_idname)
        row.operator(Neutral.bl_idname)


class TakePanel(bpy.types.Panel):
    """Recording and importing."""

    bl_idname = "MIEN_PT_take"
    bl_label = "Take"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Mien"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator(
            Record.bl_idname,
            text="End take" if LIVE.is_recording else "Record",
            icon="REC",
            depress=LIVE.is_recording,
        )
        if LIVE.is_recording:
            layout.label(text=LIVE.take_status())
        layout.operator(ImportTake.bl_idname, text="Import take…", icon="IMPORT")


CLASSES = (ReceivePanel, CharacterPanel, TakePanel)
