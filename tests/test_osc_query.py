"""OSCQuery: what programs that ask are told about plain OSC."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from app.network import Address, DatagramSender, resolve
from app.outputs import open_output, parse_output
from app.outputs.datagrams import DatagramLink
from app.outputs.osc import OscEncoder, OscSettings
from app.outputs.osc_query import DescribedLink, Description
from engine.blendshapes import BLENDSHAPES
from tests.receivers import Receiver
from tests.states import HAPPY, T0, face, random_face
from tests.test_osc import decoded

TARGET = Address(socket.AF_INET, ("127.0.0.1", 9009))


def described(request: str, **settings: object) -> tuple[int, object]:
    """What is answered after a face with jawOpen 0.5, turned as T0."""
    options = OscSettings(**settings)
    encoder = OscEncoder(options)
    encoder.encode(face(jawOpen=0.5, rotation=T0))
    return Description(TARGET).answer(request, encoder.nodes, encoder.numbers.tolist())


def test_a_value_has_type_range_and_the_last_state() -> None:
    assert described("/face/jawOpen") == (
        200,
        {
            "FULL_PATH": "/face/jawOpen",
            "TYPE": "f",
            "ACCESS": 1,
            "VALUE": [0.5],
            "RANGE": [{"MIN": 0.0, "MAX": 1.0}],
            "DESCRIPTION": "ARKit blendshape",
        },
    )
    status, head = described("/face/head/rot")
    assert status == 200 and head["TYPE"] == "fff"
    assert head["VALUE"] == pytest.approx([10.0, 20.0, 5.0])
    assert described("/face/tracked?VALUE") == (200, {"VALUE": [1]})
    assert described("/face/tracked?TYPE") == (200, {"TYPE": "i"})


def test_an_emotion_is_described_as_soon_as_there_is_one() -> None:
    encoder = OscEncoder(OscSettings())
    description = Description(TARGET)
    request = "/face/emotion/happy?VALUE"
    assert description.answer(request, encoder.nodes, encoder.numbers.tolist()) == (404, None)
    encoder.encode(replace(face(), emotion=HAPPY))
    answer = description.answer(request, encoder.nodes, encoder.numbers.tolist())
    assert answer == (200, {"VALUE": [0.625]})


@pytest.mark.parametrize("settings", [{}, {"prefix": "/stage/anna"}, {"prefix": ""}])
def test_the_tree_has_all_addresses_that_are_sent(settings: dict[str, object]) -> None:
    status, root = described("/", **settings)
    assert status == 200
    found: dict[str, str] = {}

    def walk(path: str, node: dict[str, object]) -> None:
        assert node["FULL_PATH"] == (path or "/")
        if "TYPE" in node:
            found[path] = node["TYPE"]
        for name, child in node.get("CONTENTS", {}).items():
            walk(f"{path}/{name}", child)

    walk("", root)
    sent = decoded(OscEncoder(OscSettings(**settings)).encode(face()))
    expected = {a: "".join(type(v).__name__[0] for v in values) for a, values in sent}
    assert found == expected and len(found) == 7 + len(BLENDSHAPES)


def test_the_compact_form_is_described_as_it_is_sent() -> None:
    status, node = described("/face/blendshapes", compact=True)
    assert status == 200 and node["TYPE"] == "f" * 52 and len(node["RANGE"]) == 52
    assert described("/face/jawOpen", compact=True) == (404, None)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("/face", 200),
        ("/face/", 200),
        ("/no/such", 404),
        ("/face/jawOpen/more", 404),
        ("/face?VALUE", 204),
        ("/face/fps?RANGE", 204),
        ("/face/jawOpen?NONSENSE", 400),
        ("/face/jaw%4Fpen", 200),
    ],
)
def test_status_says_what_there_is_not(request_: str, status: int) -> None:
    assert described(request_)[0] == status


def test_host_info_says_where_the_stream_goes() -> None:
    status, info = described("/?HOST_INFO")
    assert status == 200
    assert (info["NAME"], info["OSC_IP"], info["OSC_PORT"]) == ("mien-9009", "127.0.0.1", 9009)
    assert info["OSC_TRANSPORT"] == "UDP" and info["EXTENSIONS"]["VALUE"] is True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def link(receiver: Receiver) -> Iterator[DescribedLink]:
    settings = OscSettings(query=True)
    encoder = OscEncoder(settings)
    target = resolve("127.0.0.1", receiver.port)
    datagrams = DatagramLink(encoder, DatagramSender(target, name="osc"))
    link = DescribedLink(datagrams, encoder, target, name="osc")
    yield link
    link.close()


def asked(port: int, path: str) -> tuple[int, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body) if body else None


def test_over_http_and_datagrams_the_values_are_the_same(
    link: DescribedLink, receiver: Receiver
) -> None:
    for i in range(3):
        link.send(random_face(np.random.default_rng(i), timestamp=i / 30))
        sent = dict(decoded(receiver.read_all()))
        for address in ("/face/jawOpen", "/face/head/quat", "/face/eye/left"):
            assert asked(link.port, f"{address}?VALUE")[1] == {
                "VALUE": pytest.approx(sent[address], abs=1e-6)
            }
    assert asked(link.port, "/nothing") == (404, None)


def test_who_connects_and_says_nothing_stops_nobody_else(link: DescribedLink) -> None:
    with socket.create_connection(("127.0.0.1", link.port)):
        assert asked(link.port, "/face/jawOpen")[0] == 200


def test_it_is_off_unless_it_is_asked_for(receiver: Receiver) -> None:
    with open_output(parse_output(f"osc::{receiver.port}")) as output:
        assert isinstance(output._link, DatagramLink)
    settings = parse_output(f"osc::{receiver.port}")
    with open_output(replace(settings, options=OscSettings(query=True))) as output:
        assert isinstance(output._link, DescribedLink)
