"""Our bytes in other people's decoders.

oscdump comes with Debian's liblo-tools, `osc` with npm (MIEN_NODE_MODULES says in which
node_modules folder), vmcp with PyPI (AGPL: it runs in a process of its own and is never a
dependency), PyLiveLinkFace, python-oscquery and pyvts with PyPI. What is not installed is skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket

from app.outputs import open_output, parse_output
from app.outputs.osc import OscSettings
from engine.blendshapes import BLENDSHAPES, pascal_case
from engine.data import FaceState
from engine.geometry import euler_from_quaternion
from tests.states import face, random_face
from tests.vtube_studio import VTubeStudio

pytestmark = pytest.mark.peer

Messages = list[tuple[str, list[object]]]

_NODE_MODULES = Path(os.environ.get("MIEN_NODE_MODULES", "node_modules"))

_NODE_RECEIVER = """
const osc = require("osc");
const port = new osc.UDPPort({localAddress: "127.0.0.1", localPort: +process.argv[1]});
port.on("ready", () => console.log("ready"));
port.on("bundle", bundle => bundle.packets.forEach(m => console.log(JSON.stringify(m))));
port.open();
"""

_VMCP_RECEIVER = """
import sys
from vmcp.events import *
from vmcp.facades import on_receive
from vmcp.osc import OSC
from vmcp.osc.backend.osc4py3 import as_comthreads as backend
osc = OSC(backend)
with osc.open():
    receiver = osc.create_receiver("127.0.0.1", int(sys.argv[1]), "receiver").open()
    for event in (BoneTransformEvent, BlendShapeEvent, BlendShapeApplyEvent, StateEvent,
                  RelativeTimeEvent):
        on_receive(receiver, event, lambda event: print(repr(event), flush=True))
    print("ready", flush=True)
    while True:
        osc.run()
"""

_OSCQUERY_PROGRAM = """
import sys, time
from pythonoscquery.osc_query_service import OSCQueryService
from pythonoscquery.shared.osc_access import OSCAccess
from pythonoscquery.shared.osc_address_space import OSCAddressSpace
from pythonoscquery.shared.osc_path_node import OSCPathNode
space = OSCAddressSpace()
for address, value in (("FT/v2/JawOpen", 0.5), ("v2/MouthClosed1", True), ("VelocityX", 0.5)):
    space.add_node(OSCPathNode("/avatar/parameters/" + address, OSCAccess.READWRITE_VALUE, value))
OSCQueryService(space, "VRChat-Client-0A1B2C", int(sys.argv[2]), int(sys.argv[1])).start()
print("ready", flush=True)
time.sleep(60)
"""

_PYVTS_PLUGIN = """
import asyncio, sys
import pyvts
async def main():
    vts = pyvts.vts(
        plugin_info={"plugin_name": "peer", "developer": "tests",
                     "authentication_token_path": sys.argv[2]},
        vts_api_info={"version": "1.0", "name": "VTubeStudioPublicAPI", "host": "127.0.0.1",
                      "port": int(sys.argv[1])},
    )
    await vts.connect()
    early = await vts.request(vts.vts_request.requestSetParameterValue("MouthOpen", 0.5))
    print("before", early["data"]["errorID"])
    await vts.request_authenticate_token()
    print("allowed", await vts.request_authenticate())
    print("made", (await vts.request(vts.vts_request.requestCustomParameter("PeerInput")))["data"])
    for name in ("PeerInput", "NoSuchInput"):
        reply = await vts.request(vts.vts_request.requestSetParameterValue(name, 0.5))
        print(name, reply["messageType"], reply["data"].get("errorID"))
    print("done", flush=True)
    await vts.close()
asyncio.run(main())
"""

_OSCQUERY_CLIENT = """
import sys, time
from pythonoscquery.osc_query_browser import OSCQueryBrowser
from pythonoscquery.osc_query_client import OSCQueryClient
from pythonoscquery.shared.oscquery_spec import OSCQueryAttribute as Attribute
browser = OSCQueryBrowser()
service = None
while service is None:
    time.sleep(0.1)
    service = browser.find_service_by_name(sys.argv[1])
client = OSCQueryClient(service)
info = client.get_host_info()
print(info.name, info.osc_ip, info.osc_port)
found = client.query_node("/face/jawOpen").attributes
print(found[Attribute.FULL_PATH], found[Attribute.VALUE], int(found[Attribute.ACCESS]))
print("done", flush=True)
"""


@pytest.fixture
def state() -> FaceState:
    return random_face(np.random.default_rng(11), timestamp=3.0)


@pytest.fixture
def port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@contextmanager
def running(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A receiver that ends with the block."""
    peer = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | environment, bufsize=0
    )
    try:
        yield peer
    finally:
        peer.kill()
        peer.communicate()


def lines_until(peer: subprocess.Popen[bytes], last: str, *, seconds: float = 15.0) -> list[str]:
    """What the peer prints, up to a line with `last` in it."""
    assert peer.stdout is not None
    printed = b""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(peer.stdout, selectors.EVENT_READ)
        while not re.search(rf"{re.escape(last)}.*\n".encode(), printed):
            assert selector.select(deadline - time.monotonic()), f"{last} never came: {printed!r}"
            chunk = os.read(peer.stdout.fileno(), 65536)
            assert chunk, f"the peer ended: {printed!r}"
            printed += chunk
    return printed.decode().splitlines()


def wait_until_bound(port: int) -> None:
    """Return once somebody listens: until then a connected socket is told that nobody does."""
    deadline = time.monotonic() + 15.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("127.0.0.1", port))
        probe.settimeout(0.05)
        while time.monotonic() < deadline:
            try:
                probe.send(b"/mien\0\0\0,\0\0\0")  # a message that nobody knows
                probe.recv(1)
            except ConnectionRefusedError:
                continue
            except TimeoutError:
                return
    raise AssertionError(f"nobody listens at port {port}")


def check_osc(messages: Messages, state: FaceState) -> None:
    values = {address: arguments for address, arguments in messages}
    for name, weight in zip(BLENDSHAPES, state.weights, strict=True):
        assert values[f"/face/{name}"] == [pytest.approx(weight, abs=2e-6)]
    assert values["/face/tracked"] == [1]
    assert values["/face/head/quat"] == pytest.approx(state.head_rotation.tolist(), abs=2e-6)
    assert values["/face/head/pos"] == pytest.approx(state.head_position.tolist(), abs=2e-6)
    assert values["/face/eye/left"] == pytest.approx(np.degrees(state.gaze[0]), abs=1e-4)
    assert values["/face/eye/right"] == pytest.approx(np.degrees(state.gaze[1]), abs=1e-4)


def check_vmc(messages: Messages, state: FaceState) -> None:
    assert messages[0] == ("/VMC/Ext/OK", [1, 3, 0, 1])
    assert messages[-1] == ("/VMC/Ext/Blend/Apply", [])
    values = {a[0]: a[1] for address, a in messages if address == "/VMC/Ext/Blend/Val"}
    for name, weight in zip(BLENDSHAPES, state.weights, strict=True):
        assert values[pascal_case(name)] == pytest.approx(weight, abs=2e-6)
    bones = {a[0]: a[1:] for address, a in messages if address == "/VMC/Ext/Bone/Pos"}
    x, y, z, w = state.head_rotation
    sign = np.sign(w)  # q and -q are the same rotation
    assert bones["Head"][3:] == pytest.approx([sign * x, sign * -y, sign * -z, sign * w], abs=2e-6)
    assert list(bones) == ["Neck", "Head", "LeftEye", "RightEye"]


oscdump = pytest.mark.skipif(not shutil.which("oscdump"), reason="Debian's liblo-tools is missing")


def from_oscdump(lines: list[str]) -> Messages:
    """Lines such as: e47f1a2b.00000001 /face/eye/left ff 1.500000 -2.000000"""
    messages: Messages = []
    for line in lines:
        _, address, *arguments = line.split()
        tags, *words = arguments or [""]
        read = {"f": float, "i": int, "s": lambda word: word.strip('"')}
        values = [read[tag](word) for tag, word in zip(tags, words, strict=True)]
        messages.append((address, values))
    return [message for message in messages if message[0] != "/mien"]


@oscdump
def test_oscdump_reads_plain_osc(port: int, state: FaceState) -> None:
    with running(["oscdump", "-L", str(port)]) as peer:
        wait_until_bound(port)
        with open_output(parse_output(f"osc::{port}")) as output:
            output.send(state)
            check_osc(from_oscdump(lines_until(peer, "/face/tongueOut")), state)


@oscdump
def test_oscdump_reads_vmc(port: int, state: FaceState) -> None:
    with running(["oscdump", "-L", str(port)]) as peer:
        wait_until_bound(port)
        with open_output(parse_output(f"vmc::{port}")) as output:
            output.send(state)
            check_vmc(from_oscdump(lines_until(peer, "/Blend/Apply")), state)


npm_osc = pytest.mark.skipif(
    not shutil.which("node") or not (_NODE_MODULES / "osc").is_dir(),
    reason="npm's osc is missing: set MIEN_NODE_MODULES to the node_modules that holds it",
)


def from_npm_osc(lines: list[str]) -> Messages:
    messages = [json.loads(line) for line in lines]
    return [(message["address"], message["args"]) for message in messages]


def npm_receiver(port: int) -> list[str]:
    return ["node", "-e", _NODE_RECEIVER, str(port)]


@npm_osc
def test_npm_osc_reads_plain_osc(port: int, state: FaceState) -> None:
    with running(npm_receiver(port), NODE_PATH=str(_NODE_MODULES.resolve())) as peer:
        lines_until(peer, "ready")
        with open_output(parse_output(f"osc::{port}")) as output:
            output.send(state)
            check_osc(from_npm_osc(lines_until(peer, "/face/tongueOut")), state)


@npm_osc
def test_npm_osc_reads_vmc(port: int, state: FaceState) -> None:
    with running(npm_receiver(port), NODE_PATH=str(_NODE_MODULES.resolve())) as peer:
        lines_until(peer, "ready")
        with open_output(parse_output(f"vmc::{port}")) as output:
            output.send(state)
            check_vmc(from_npm_osc(lines_until(peer, "Blend/Apply")), state)


vmcp = pytest.mark.skipif(
    not importlib.util.find_spec("vmcp") or not importlib.util.find_spec("osc4py3"),
    reason="PyPI's vmcp and osc4py3 are missing",
)


@vmcp
def test_vmcp_understands_a_frame_of_vmc(port: int, state: FaceState) -> None:
    with running([sys.executable, "-W", "ignore", "-c", _VMCP_RECEIVER, str(port)]) as peer:
        lines_until(peer, "ready")
        with open_output(parse_output(f"vmc::{port}")) as output:
            output.send(state)
            lines = lines_until(peer, "BlendShapeApplyEvent")
        text = "\n".join(lines)
        values = dict(re.findall(r"key='(\w+)', value=([\d.e-]+)", text))
        for name, weight in zip(BLENDSHAPES, state.weights, strict=True):
            assert float(values[pascal_case(name)]) == pytest.approx(weight, abs=1e-6)
        assert [line.split("(")[0] for line in lines[:7]] == [
            *("StateEvent", "RelativeTimeEvent"),
            *["BoneTransformEvent"] * 4,
            "BlendShapeEvent",
        ]
    assert "TrackingState.OK" in lines[0]


livelinkface = pytest.mark.skipif(
    not importlib.util.find_spec("pylivelinkface"), reason="PyPI's PyLiveLinkFace is missing"
)


@livelinkface
def test_pylivelinkface_reads_a_face_and_its_loss(port: int, state: FaceState) -> None:
    from pylivelinkface import FaceBlendShape, PyLiveLinkFace

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", port))
        receiver.settimeout(2.0)
        with open_output(parse_output(f"livelink::{port}")) as output:
            output.send(state)
            output.send(replace(state, tracked=False))
        is_seen, sent = PyLiveLinkFace.decode(receiver.recv(2048))
        is_seen_later, _ = PyLiveLinkFace.decode(receiver.recv(2048))
    assert (is_seen, is_seen_later) == (True, False)
    assert (sent.name, sent.fps) == ("mien", 60)
    for name, weight in zip(BLENDSHAPES, state.weights, strict=True):
        read = sent.get_blendshape(FaceBlendShape[pascal_case(name)])
        assert read == pytest.approx(weight, abs=1e-6)
    pitch, yaw, roll = euler_from_quaternion(state.head_rotation)
    assert sent.get_blendshape(FaceBlendShape.HeadYaw) == pytest.approx(yaw, abs=1e-6)
    assert sent.get_blendshape(FaceBlendShape.HeadPitch) == pytest.approx(-pitch, abs=1e-6)
    assert sent.get_blendshape(FaceBlendShape.HeadRoll) == pytest.approx(roll, abs=1e-6)
    right_yaw, right_pitch = state.gaze[1]
    assert sent.get_blendshape(FaceBlendShape.RightEyeYaw) == pytest.approx(-right_yaw, abs=1e-6)
    assert sent.get_blendshape(FaceBlendShape.RightEyePitch) == pytest.approx(right_pitch, abs=1e-6)


oscquery = pytest.mark.skipif(
    not importlib.util.find_spec("pythonoscquery"), reason="PyPI's python-oscquery is missing"
)


@oscquery
def test_a_program_that_python_oscquery_announces_is_found_and_served(port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        http_port = free.getsockname()[1]
    command = [sys.executable, "-c", _OSCQUERY_PROGRAM, str(port), str(http_port)]
    with (
        running(command) as peer,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        open_output(parse_output(f"vrchat::{port}")) as output,
    ):
        lines_until(peer, "ready")
        receiver.bind(("127.0.0.1", port))
        receiver.settimeout(0.05)
        sent: dict[str, object] = {}
        deadline = time.monotonic() + 20.0
        while "/avatar/parameters/FT/v2/JawOpen" not in sent and time.monotonic() < deadline:
            output.send(face(jawOpen=0.25, mouthClose=1.0))
            with suppress(TimeoutError):
                for timed in OscPacket(receiver.recv(2048)).messages:
                    sent[timed.message.address] = timed.message.params[0]
    assert {a: v for a, v in sent.items() if a.startswith("/avatar")} == {
        "/avatar/parameters/FT/v2/JawOpen": 0.25,
        "/avatar/parameters/v2/MouthClosed1": True,
    }


pyvts = pytest.mark.skipif(
    not importlib.util.find_spec("pyvts") or not importlib.util.find_spec("aiofiles"),
    reason="PyPI's pyvts and aiofiles are missing",
)


@pyvts
def test_pyvts_takes_our_tests_vtube_studio_for_one(tmp_path: Path) -> None:
    studio = VTubeStudio()
    token = str(tmp_path / "token.txt")
    command = [sys.executable, "-W", "ignore", "-c", _PYVTS_PLUGIN, str(studio.port), token]
    try:
        with running(command) as peer:
            lines = lines_until(peer, "done")
    finally:
        studio.close()
    assert [line for line in lines if line != "None"] == [  # pyvts prints its icon
        "before 8",
        "allowed True",
        "made {'parameterName': 'PeerInput'}",
        "PeerInput InjectParameterDataResponse None",
        "NoSuchInput APIError 453",
        "done",
    ]
    (value,) = studio.injected[-1]["parameterValues"]
    assert (value["id"], value["value"]) == ("PeerInput", 0.5)


@pytest.mark.skipif(
    not importlib.util.find_spec("pythonoscquery") or not importlib.util.find_spec("requests"),
    reason="PyPI's python-oscquery and requests are missing",
)
def test_python_oscquery_finds_plain_osc_and_reads_it(port: int) -> None:
    settings = replace(parse_output(f"osc::{port}"), options=OscSettings(query=True))
    name = f"mien-{port}"
    with (
        open_output(settings) as output,
        running([sys.executable, "-W", "ignore", "-c", _OSCQUERY_CLIENT, name]) as peer,
    ):
        output.send(face(jawOpen=0.25))
        lines = lines_until(peer, "done")
    assert lines == [f"{name} 127.0.0.1 {port}", "/face/jawOpen [0.25] 1", "done"]
