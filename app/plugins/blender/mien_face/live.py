"""Puts what is received on the character, from a timer on Blender's main thread."""

from __future__ import annotations

import time

import bpy

from .character import meshes_of, show
from .keys import key_take
from .receiver import Receiver
from .stream import LONGEST_TAKE

INTERVAL = 1 / 60  # seconds
SILENT_AFTER = 1.5  # seconds: mien sends everything once a second even if nothing moves
_LOOK_AGAIN = 1.0  # seconds between looks which meshes there are


class Live:
    """Receives, shows and records while it is switched on."""

    def __init__(self) -> None:
        self._receiver: Receiver | None = None
        self._timer = self.tick  # one object: Blender tells timers apart by their identity
        self._shown = 0  # changes of the state that the character shows
        self._character = ""
        self._meshes: list[str] = []  # of this character
        self._looked = -_LOOK_AGAIN
        self._take_began: float | None = None
        self._first_frame = 0
        self._status = ""

    @property
    def is_on(self) -> bool:
        return self._receiver is not None

    @property
    def is_recording(self) -> bool:
        return self._take_began is not None

    @property
    def port(self) -> int:
        """The one listened at, 0 if none."""
        return 0 if self._receiver is None else self._receiver.port

    def start(self, port: int, *, from_others: bool) -> None:
        """Raises ReceiveError."""
        self._receiver = Receiver(port, from_others=from_others)
        self._shown, self._character = 0, ""
        # Other files may be opened meanwhile.
        bpy.app.timers.register(self._timer, first_interval=INTERVAL, persistent=True)

    def stop(self) -> None:
        """Release port, thread and timer; a take that runs is lost. May be called twice."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        if self._receiver is not None:
            self._receiver.close()
        self._receiver = None
        self._take_began = None

    def status(self) -> str:
        """For the panel."""
        if self._receiver is None:
            return "Not receiving"
        face = self._receiver.face()
        silence = time.monotonic() - face.arrived
        if face.number == 0:
            return f"Nothing has arrived at port {self.port}"
        if silence > SILENT_AFTER:
            return f"Nothing has arrived for {silence:.0f} s"
        if not face.tracked:
            return "mien sees no face"
        return f"Receiving, {face.rate} a second"

    def take_status(self) -> str:
        """For the panel."""
        if self._take_began is None:
            return ""
        seconds = time.monotonic() - self._take_began
        full = ", no more is kept" if seconds > LONGEST_TAKE else ""
        return f"Recording, {seconds:.0f} s{full}"

    def begin_take(self, first_frame: int) -> None:
        """Keep what arrives; it will begin at a frame of the time line."""
        assert self._receiver is not None
        self._receiver.begin_take()
        self._take_began = time.monotonic()
        self._first_frame = first_frame

    def end_take(self, scene: bpy.types.Scene) -> int:
        """Key frames at the scene's rate; returns how many, 0 if nothing arrived."""
        assert self._receiver is not None
        self._take_began = None
        rate = scene.render.fps / scene.render.fps_base
        take = self._receiver.end_take().resampled(rate)
        if take:
            key_take(scene.mien, take, self._first_frame, rate, "Take")
        return len(take)

    def tick(self) -> float:
        """Show the last state; called by the timer. Returns seconds to the next call."""
        assert self._receiver is not None
        face = self._receiver.face()
        scene = bpy.context.scene
        if face.changes != self._shown and not self._take_is_shown():
            self._shown = face.changes
            if scene.mien.character is not None:
                show(scene.mien, self._meshes_of(scene.mien.character), face.row)
        self._redraw_panels_if_changed()
        return INTERVAL

    def _take_is_shown(self) -> bool:
        """Whether the time line plays and may move the character itself."""
        windows = bpy.context.window_manager.windows
        return not self.is_recording and any(w.screen.is_animation_playing for w in windows)

    def _meshes_of(self, character: bpy.types.Object) -> list[bpy.types.Object]:
        """Kept by name for a while: looking through a large scene takes long."""
        now = time.monotonic()
        if character.name != self._character or now - self._looked >= _LOOK_AGAIN:
            self._character, self._looked = character.name, now
            self._meshes = [mesh.name for mesh in meshes_of(character)]
        found = (bpy.data.objects.get(name) for name in self._meshes)
        return [mesh for mesh in found if mesh is not None]

    def _redraw_panels_if_changed(self) -> None:
        status = self.status() + self.take_status()
        if status == self._status:
            return
        self._status = status
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "VIEW_3D":
                    area.tag_redraw()


LIVE = Live()
"""The one there is: Blender gives operators and panels no place to keep a socket in."""
