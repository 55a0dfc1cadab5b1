"""What the panel's buttons do. Errors are one line in Blender's status bar.

Without postponed annotations: here they are values that Blender reads.
"""

from pathlib import Path

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from .channels import NEUTRAL
from .character import find_parts, meshes_of, show, turns_of
from .keys import key_take
from .live import LIVE
from .receiver import ReceiveError
from .take_error import TakeError
from .take_files import read_take

_NO_CHARACTER = (
    "No character that a face could move: choose a mesh with shape keys named as ARKit's "
    "(jawOpen, …), or an armature with a head bone"
)


class Receive(bpy.types.Operator):
    """Receive mien's face tracking, or stop it"""

    bl_idname = "mien.receive"
    bl_label = "Receive"

    def execute(self, context: bpy.types.Context) -> set[str]:
        if LIVE.is_on:
            LIVE.stop()
            return {"FINISHED"}
        settings = context.scene.mien
        try:
            LIVE.start(settings.port, from_others=settings.from_others)
        except ReceiveError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class FindParts(bpy.types.Operator):
    """Look again for bones or objects named as head and eyes"""

    bl_idname = "mien.find_parts"
    bl_label = "Find head and eyes"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 (Blender's form)

    def execute(self, context: bpy.types.Context) -> set[str]:
        find_parts(context.scene.mien)
        return {"FINISHED"}


class Neutral(bpy.types.Operator):
    """Bring the character's face and head to rest"""

    bl_idname = "mien.neutral"
    bl_label = "Neutral"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.mien
        if not _moves_anything(settings):
            self.report({"ERROR"}, _NO_CHARACTER)
            return {"CANCELLED"}
        show(settings, meshes_of(settings.character), NEUTRAL)
        return {"FINISHED"}


class Record(bpy.types.Operator):
    """Record a take from the present frame on; again: make key frames of it"""

    bl_idname = "mien.record"
    bl_label = "Record"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return LIVE.is_on

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not _moves_anything(context.scene.mien):
            self.report({"ERROR"}, _NO_CHARACTER)
            return {"CANCELLED"}
        if not LIVE.is_recording:
            LIVE.begin_take(context.scene.frame_current)
            return {"FINISHED"}
        frames = LIVE.end_take(context.scene)
        if frames == 0:
            self.report({"ERROR"}, "Nothing was recorded: nothing has arrived")
            return {"CANCELLED"}
        self.report({"INFO"}, f"{frames} frames recorded")
        return {"FINISHED"}


class ImportTake(bpy.types.Operator, ImportHelper):
    """Put a take on the character: Live Link Face CSV, or GLB as mien writes it"""

    bl_idname = "mien.import_take"
    bl_label = "Import take"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filename_ext = ".csv"
    filter_glob: StringProperty(default="*.csv;*.glb", options={"HIDDEN"})
    first_frame: FloatProperty(
        name="First frame", description="Where the take begins on the time line", default=1.0
    )
    whole_frames: BoolProperty(
        name="Whole frames",
        description="A key at each frame of the scene; off: the take's own keys at their own times",
        default=True,
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.first_frame = context.scene.frame_current
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        path = Path(bpy.path.abspath(self.filepath))
        if not _moves_anything(scene.mien):
            self.report({"ERROR"}, _NO_CHARACTER)
            return {"CANCELLED"}
        try:
            take = read_take(path)
        except TakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        rate = scene.render.fps / scene.render.fps_base
        seconds = take.seconds
        if self.whole_frames:
            take = take.resampled(rate)
        key_take(scene.mien, take, self.first_frame, rate, path.stem)
        last = self.first_frame + seconds * rate
        self.report({"INFO"}, f"{seconds:.2f} s imported, up to frame {last:.0f}")
        return {"FINISHED"}


CLASSES = (Receive, FindParts, Neutral, Record, ImportTake)


def _moves_anything(settings: bpy.types.PropertyGroup) -> bool:
    character = settings.character
    return character is not None and bool(
        meshes_of(character) or any(True for _ in turns_of(settings))
    )
