"""VTube Studio: values, permission, inputs, and what happens when it goes and comes again."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.network import DatagramListener, resolve
from app.outputs import open_output, parse_output
from app.outputs.vts import CUSTOM, KNOWN, PORT, Input, VtsEncoder, VtsSettings
from app.outputs.vts_dialogue import VtsLink, inputs_from
from app.outputs.vts_token import TokenFile
from engine.blendshapes import BLENDSHAPES, pascal_case
from engine.data import FaceState
from tests.receivers import Receiver
from tests.states import T0, face, random_face
from tests.vtube_studio import DEFAULTS, VTubeStudio

WIDE = [Input(name, -1000.0, 1000.0) for name in KNOWN]


def values(data: dict[str, Any]) -> dict[str, float]:
    return {value["id"]: value["value"] for value in data["parameterValues"]}


def encoded(state: FaceState, inputs: list[Input] = WIDE) -> dict[str, float]:
    encoder = VtsEncoder(inputs)
    encoder.encode(face(), 0)  # the origin
    return values(json.loads(encoder.encode(state, 1))["data"])


def test_the_request_has_the_form_of_the_documentation() -> None:
    request = json.loads(VtsEncoder(WIDE).encode(face(tracked=False), 7))
    assert request | {"data": None} == {
        "apiName": "VTubeStudioPublicAPI",
        "apiVersion": "1.0",
        "requestID": "7",
        "messageType": "InjectParameterDataRequest",
        "data": None,
    }
    assert request["data"] | {"parameterValues": None} == {
        **{"faceFound": False, "mode": "set", "parameterValues": None}
    }


def test_head_turns_as_vtube_studio_counts() -> None:
    sent = encoded(face(rotation=T0, position=(0.1, 0.2, -0.6)))
    turned = [sent[f"FaceAngle{axis}"] for axis in "XYZ"]
    assert turned == pytest.approx([20.0, -10.0, -5.0], abs=1e-3)  # protocols.md §0
    assert [sent[f"FacePosition{axis}"] for axis in "XYZ"] == pytest.approx([10.0, 20.0, -10.0])


def test_eyes_are_right_and_up() -> None:
    # Left eye: 35° to the person's left, 7° down. Right eye: 17.5° to their right, 14° up.
    sent = encoded(face(gaze=np.radians([[35.0, 7.0], [-17.5, -14.0]])))
    assert [sent["EyeLeftX"], sent["EyeLeftY"]] == pytest.approx([-1.0, -0.2])
    assert [sent["EyeRightX"], sent["EyeRightY"]] == pytest.approx([0.5, 0.4])


def test_a_neutral_face_is_at_rest() -> None:
    sent = encoded(face())
    halves = ("MouthSmile", "VoiceFrequencyPlusMouthSmile", "Brows", "BrowLeftY", "BrowRightY")
    expected = dict.fromkeys(halves, 0.5) | {"EyeOpenLeft": 1.0, "EyeOpenRight": 1.0}
    assert {name: value for name, value in sent.items() if value} == expected


@pytest.mark.parametrize(
    ("shapes", "name", "value"),
    [
        ({"eyeBlinkLeft": 0.75}, "EyeOpenLeft", 0.25),
        ({"eyeBlinkRight": 0.75}, "EyeOpenRight", 0.25),
        ({"jawOpen": 0.75, "mouthClose": 0.25}, "MouthOpen", 0.5),
        ({"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}, "MouthSmile", 1.0),
        ({"mouthFrownLeft": 1.0, "mouthFrownRight": 1.0}, "MouthSmile", 0.0),
        ({"mouthLeft": 0.5}, "MouthX", 0.5),
        ({"mouthRight": 0.5}, "MouthX", -0.5),
        ({"browOuterUpLeft": 1.0}, "BrowLeftY", 1.0),
        ({"browDownRight": 1.0}, "BrowRightY", 0.0),
        ({"browOuterUpLeft": 1.0}, "Brows", 0.75),
        ({"browDownLeft": 1.0, "browDownRight": 1.0}, "FaceAngry", 1.0),
    ],
)
def test_shapes_move_vtube_studios_own_inputs(
    shapes: dict[str, float], name: str, value: float
) -> None:
    assert encoded(face(**shapes))[name] == pytest.approx(value)


def test_each_shape_has_its_input() -> None:
    state = random_face(np.random.default_rng(12))
    sent = encoded(state)
    assert len(sent) == len(KNOWN) == len(set(KNOWN))
    for name, weight in zip(BLENDSHAPES, state.weights, strict=True):
        assert sent[pascal_case(name)] == pytest.approx(weight, abs=1e-5)


def test_values_keep_to_the_range_of_their_input() -> None:
    inputs = [Input("FaceAngleX", -5.0, 5.0), Input("NoSuchInput", 0.0, 1.0)]
    assert encoded(face(rotation=T0), inputs) == {"FaceAngleX": 5.0}


@pytest.mark.parametrize(
    "data",
    [{}, {"defaultParameters": 7}, {"customParameters": [3, {}, {"name": "x", "min": "a"}]}],
)
def test_a_list_that_is_none_has_no_inputs(data: dict[str, Any]) -> None:
    assert list(inputs_from(data)) == []


@pytest.fixture
def studio() -> Iterator[VTubeStudio]:
    studio = VTubeStudio()
    yield studio
    studio.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def open_link(stack: ExitStack, tmp_path: Path) -> Callable[..., VtsLink]:
    def opened(port: int, **options: Any) -> VtsLink:
        settings = options.pop("settings", VtsSettings())
        broadcasts = options.pop("broadcasts", None)
        token = TokenFile(tmp_path, "127.0.0.1")
        address = resolve("127.0.0.1", port)
        link = VtsLink(settings, address, token, broadcasts, name="vts", retry=0.02)
        stack.callback(link.close)
        return link

    return opened


OpenLink = Callable[..., VtsLink]


def sent_until_there(link: VtsLink, studio: VTubeStudio, state: FaceState) -> dict[str, Any]:
    """What VTube Studio got of this state: it is sent until it is there."""
    before = len(studio.injected)
    deadline = time.monotonic() + 5.0
    with studio.arrived:
        while len(studio.injected) == before and time.monotonic() < deadline:
            link.send(state)
            studio.arrived.wait(0.01)
    assert len(studio.injected) > before
    return studio.injected[-1]


def test_a_face_arrives_after_permission_list_and_creation(
    open_link: OpenLink, studio: VTubeStudio
) -> None:
    link = open_link(studio.port)
    data = sent_until_there(link, studio, face(jawOpen=0.5, rotation=T0))
    assert data["faceFound"] is True
    sent = values(data)
    assert sent["JawOpen"] == 0.5 and sent["FaceAngleX"] == pytest.approx(20.0, abs=1e-3)
    assert sent.keys() == (DEFAULTS.keys() - {"MousePositionX"}) | set(CUSTOM)
    assert studio.custom.keys() == set(CUSTOM) - DEFAULTS.keys()
    kinds = list(dict.fromkeys(studio.log))
    assert kinds == [
        *("AuthenticationTokenRequest", "AuthenticationRequest", "InputParameterListRequest"),
        *("ParameterCreationRequest", "InjectParameterDataRequest"),
    ]
    assert sent_until_there(link, studio, face(tracked=False))["faceFound"] in (True, False)


def test_inputs_of_ours_can_be_left_out(open_link: OpenLink, studio: VTubeStudio) -> None:
    link = open_link(studio.port, settings=VtsSettings(custom=False))
    sent = values(sent_until_there(link, studio, face()))
    assert studio.custom == {} and sent.keys() <= DEFAULTS.keys()


def test_permission_is_asked_once_and_kept_where_only_its_owner_reads(
    open_link: OpenLink, studio: VTubeStudio, tmp_path: Path
) -> None:
    for _ in range(2):
        link = open_link(studio.port)
        sent_until_there(link, studio, face())
        link.close()
    assert studio.log.count("AuthenticationTokenRequest") == 1
    (file,) = (tmp_path / "vtube_studio").iterdir()
    assert file.read_text() == studio.token
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_token_that_is_worth_nothing_is_replaced(
    open_link: OpenLink, studio: VTubeStudio, tmp_path: Path
) -> None:
    TokenFile(tmp_path, "127.0.0.1").write("old")
    sent_until_there(open_link(studio.port), studio, face())
    assert TokenFile(tmp_path, "127.0.0.1").read() == studio.token


def test_who_is_refused_does_not_ask_again(
    open_link: OpenLink, caplog: pytest.LogCaptureFixture, stack: ExitStack
) -> None:
    studio = VTubeStudio(allows=False)
    stack.callback(studio.close)
    link = open_link(studio.port)
    studio.wait_for_request("AuthenticationTokenRequest")
    for _ in range(20):
        link.send(face())
        threading.Event().wait(0.01)
    assert studio.log == ["AuthenticationTokenRequest"]
    assert "Allow" in caplog.messages[-1] and len(caplog.records) == 2
    link.close()
    assert not link._worker.running


def test_a_popup_that_is_open_is_waited_for(open_link: OpenLink, stack: ExitStack) -> None:
    studio = VTubeStudio(allows=None)
    stack.callback(studio.close)
    link = open_link(studio.port)
    studio.wait_for_request("AuthenticationTokenRequest")
    studio.allows = True
    sent_until_there(link, studio, face())


def test_the_last_face_is_repeated_before_vtube_studio_forgets_it(
    open_link: OpenLink, studio: VTubeStudio
) -> None:
    link = open_link(studio.port)
    sent_until_there(link, studio, face(jawOpen=0.5))
    started = time.monotonic()
    last = studio.wait_for(2)[-1]
    assert values(last)["JawOpen"] == 0.5
    assert time.monotonic() - started < 2.0


def test_absent_vtube_studio_costs_one_line_and_is_found_when_it_comes(
    open_link: OpenLink, stack: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    link = open_link(port)
    for _ in range(30):
        link.send(face())
        threading.Event().wait(0.01)
    assert len(caplog.records) == 1 and "does not answer" in caplog.text
    studio = VTubeStudio(port=port)
    stack.callback(studio.close)
    assert sent_until_there(link, studio, face())


def test_vtube_studio_that_is_restarted_is_served_again(
    open_link: OpenLink, stack: ExitStack
) -> None:
    first = VTubeStudio()
    link = open_link(first.port)
    sent_until_there(link, first, face())
    first.close()
    second = VTubeStudio(port=first.port)
    stack.callback(second.close)
    assert sent_until_there(link, second, face())
    assert second.log[0] == "AuthenticationRequest", "the old token is shown first"


def test_an_input_of_another_plugin_is_left_to_it(
    open_link: OpenLink, studio: VTubeStudio, caplog: pytest.LogCaptureFixture
) -> None:
    studio.taken.add("MouthOpen")
    link = open_link(studio.port)
    sent = values(sent_until_there(link, studio, face()))
    assert "MouthOpen" not in sent and "JawOpen" in sent
    assert sum("another plugin" in message for message in caplog.messages) == 1


def test_an_input_that_was_deleted_is_created_again(
    open_link: OpenLink, studio: VTubeStudio
) -> None:
    link = open_link(studio.port)
    sent_until_there(link, studio, face())
    del studio.custom["JawOpen"]
    before = len(studio.injected)
    while "JawOpen" not in studio.custom:
        link.send(face())
        threading.Event().wait(0.01)
    assert "JawOpen" in values(sent_until_there(link, studio, face()))
    assert len(studio.injected) > before


def test_good_bye_is_no_face_at_rest(open_link: OpenLink, studio: VTubeStudio) -> None:
    link = open_link(studio.port)
    last = face(jawOpen=0.5)
    sent_until_there(link, studio, last)
    link.farewell(last)
    link.close()
    assert not link._worker.running
    with studio.arrived:
        studio.arrived.wait_for(lambda: not studio.injected[-1]["faceFound"], 5.0)
    assert studio.injected[-1]["faceFound"] is False
    assert values(studio.injected[-1])["JawOpen"] == 0.0


def test_send_does_not_wait_for_a_program_that_reads_nothing(open_link: OpenLink) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        link = open_link(deaf.getsockname()[1])
        started = time.monotonic()
        for _ in range(1000):
            link.send(face())
        assert time.monotonic() - started < 0.5
        link.close()
        assert not link._worker.running


@pytest.mark.parametrize("answer", [b"HTTP/1.1 404 Not Found\r\n\r\n", b"SSH-2.0\r\n", b""])
def test_another_program_at_the_port_is_no_bug(
    answer: bytes, open_link: OpenLink, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = open_link(server.getsockname()[1])
        for _ in range(3):
            connection, _ = server.accept()
            connection.recv(4096)
            connection.sendall(answer)
            connection.close()
            link.send(face())
        link.close()
    assert 1 <= len(caplog.records) <= 2


def broadcast(listener: DatagramListener, *, active: bool, port: int) -> None:
    """What VTube Studio says every two seconds."""
    message = {
        "apiName": "VTubeStudioPublicAPI",
        "apiVersion": "1.0",
        "timestamp": 1625405710728,
        "messageType": "VTubeStudioAPIStateBroadcast",
        "requestID": "VTubeStudioAPIStateBroadcast",
        "data": {"active": active, "port": port, "instanceID": "x", "windowTitle": "VTube Studio"},
    }
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(json.dumps(message).encode(), ("127.0.0.1", listener.port))


def test_its_port_is_found_if_it_is_another(open_link: OpenLink, studio: VTubeStudio) -> None:
    listener = DatagramListener(resolve("127.0.0.1", 0), shared=True)
    broadcast(listener, active=True, port=studio.port)
    assert sent_until_there(open_link(PORT, broadcasts=listener), studio, face())


def test_an_api_that_is_off_is_said(open_link: OpenLink, caplog: pytest.LogCaptureFixture) -> None:
    listener = DatagramListener(resolve("127.0.0.1", 0), shared=True)
    broadcast(listener, active=False, port=PORT)
    link = open_link(PORT, broadcasts=listener)
    for _ in range(100):
        link.send(face())
        if "Allow Plugin API access" in caplog.text:
            return
        threading.Event().wait(0.01)
    raise AssertionError("nothing was said")


def test_the_output_keeps_its_token_in_the_data_folder(
    studio: VTubeStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    settings = parse_output(f"vts::{studio.port}")
    with open_output(replace(settings, options=VtsSettings(custom=False))) as output:
        while not studio.injected:
            output.send(face())
            threading.Event().wait(0.01)
    assert (tmp_path / "vtube_studio" / "127.0.0.1.token").exists()
    assert output.datagrams >= 1


def test_a_token_that_cannot_be_written_is_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    token = TokenFile(tmp_path / "file", "host")
    token.write("secret")
    assert token.read() == "secret"
    assert "it will ask again" in caplog.text and "secret" not in caplog.text


def test_a_host_is_no_path(tmp_path: Path) -> None:
    TokenFile(tmp_path, "../..//etc:1").write("token")
    assert len(list((tmp_path / "vtube_studio").iterdir())) == 1


def test_a_receiver_of_datagrams_can_share_the_port_of_broadcasts() -> None:
    first = DatagramListener(resolve("127.0.0.1", 0), shared=True)
    port = first.port
    second = DatagramListener(resolve("127.0.0.1", port), shared=True)
    first.close()
    second.close()
    Receiver(port=port).close()
