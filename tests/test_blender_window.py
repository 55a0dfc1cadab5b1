"""The Blender add-on in a Blender with a window: its timer runs, its panels draw themselves."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from app.outputs.osc import OscEncoder, OscSettings
from app.plugins.blender.make_zip import make_zip
from tests.states import face

pytestmark = [pytest.mark.peer, pytest.mark.window]

# Panels are drawn only in the tab in front, which is Item.
_PROGRAM = """
import bpy, json, os, time
archive, port, answer = os.environ["MIEN_TEST"].split("|")
bpy.ops.preferences.addon_install(filepath=archive)
from mien_face import panel
from mien_face.live import LIVE
drawn = set()
def drawing(panel_class):
    original = panel_class.draw
    def draw(self, context):
        original(self, context)
        drawn.add(panel_class.__name__)
    return draw
for panel_class in panel.CLASSES:
    panel_class.bl_category, panel_class.draw = "Item", drawing(panel_class)
bpy.ops.preferences.addon_enable(module="mien_face")
bpy.context.preferences.view.show_splash = False
for area in bpy.context.window_manager.windows[0].screen.areas:
    if area.type == "VIEW_3D":
        area.spaces.active.show_region_ui = True
cube = bpy.data.objects["Cube"]
for name in ("Basis", "jawOpen"):
    cube.shape_key_add(name=name)
settings = bpy.context.scene.mien
settings.character = settings.head_object = cube
settings.port = int(port)
bpy.ops.mien.receive()
began = time.monotonic()
jaw = cube.data.shape_keys.key_blocks["jawOpen"]
played_from = 0
def look():
    global played_from
    face = LIVE._receiver.face()
    if played_from == 0:
        is_done = jaw.value == 0.5 and len(drawn) == 3 and LIVE.status().startswith("Receiving")
        if is_done:
            look.told = [jaw.value, sorted(drawn), LIVE.status()]
            with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
                bpy.ops.screen.animation_play()
            jaw.value = 0.25
            played_from = face.changes
    elif face.changes > played_from + 10:
        with open(answer, "w") as file:
            json.dump([*look.told, jaw.value], file)
        bpy.ops.wm.quit_blender()
    if time.monotonic() - began > 20:
        bpy.ops.wm.quit_blender()
    return 0.05
bpy.app.timers.register(look)
"""


def test_in_a_window_the_face_moves_but_not_while_the_time_line_plays_and_the_panels_tell_all(
    tmp_path: Path, free_port: int
) -> None:
    program = shutil.which("blender")
    if program is None or "DISPLAY" not in os.environ:
        pytest.skip("blender is not installed, or there is no display")
    make_zip(tmp_path / "mien_face.zip")
    (tmp_path / "program.py").write_text(_PROGRAM)
    answer = tmp_path / "answer.json"
    encoder = OscEncoder(OscSettings())
    with (
        (tmp_path / "log.txt").open("wb") as log,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        subprocess.Popen(
            [program, "--factory-startup", "--python", str(tmp_path / "program.py")],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "HOME": str(tmp_path),
                "BLENDER_USER_CONFIG": str(tmp_path / "config"),
                "BLENDER_USER_SCRIPTS": str(tmp_path / "scripts"),
                "MIEN_TEST": f"{tmp_path / 'mien_face.zip'}|{free_port}|{answer}",
            },
        ) as blender,
    ):
        began = time.monotonic()
        while blender.poll() is None and time.monotonic() - began < 60:
            for datagram in encoder.encode(face(jawOpen=0.5, timestamp=time.monotonic())):
                sender.sendto(datagram, ("127.0.0.1", free_port))
            time.sleep(0.03)
        blender.kill()
    told = (tmp_path / "log.txt").read_text("utf-8", "replace")
    assert answer.exists(), told
    jaw, drawn, status, while_played = json.loads(answer.read_text())
    assert (jaw, drawn) == (0.5, ["CharacterPanel", "ReceivePanel", "TakePanel"])
    assert status.startswith("Receiving")
    assert while_played == 0.25  # as it was put there
    assert "Traceback" not in told
