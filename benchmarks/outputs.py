"""What a frame costs to encode and to record: python -m benchmarks.outputs

Ratios are taken within one run, to python-osc's own builders and to the json module: they hold on
any machine, the microseconds only on yours. Best of many, because other programs only add time.
"""

from __future__ import annotations

import json
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from app.outputs import ifacialmocap, open_output, parse_output, vtsphone
from app.outputs.datagrams import Encoder
from app.outputs.livelink import LiveLinkEncoder, LiveLinkSettings
from app.outputs.osc import OscEncoder, OscSettings
from app.outputs.vmc import VmcEncoder, VmcSettings
from app.outputs.vrchat import VrchatSettings, open_blind_encoder
from app.outputs.vts import KNOWN, Input, VtsEncoder
from app.recordings import open_recording
from engine.blendshapes import BLENDSHAPES
from engine.data import LANDMARK_COUNT, FaceState
from engine.geometry import quaternion_from_euler

ROUNDS = 1000


def main() -> None:
    """Print one table."""
    states = [_state(i) for i in range(16)]
    print(f"{'per frame':34}{'µs':>8}   ratio")
    encoders: dict[str, Encoder] = {
        "osc": OscEncoder(OscSettings()),
        "osc, only what changed": OscEncoder(OscSettings(only_changed=True)),
        "vmc": VmcEncoder(VmcSettings()),
    }
    for name, encoder in encoders.items():
        ours = _microseconds(encoder.encode, states)
        theirs = _microseconds(_built_by_python_osc(encoder, states[0]), states)
        print(f"encode {name:27}{ours:8.1f}   {ours / theirs:.3f} of python-osc's {theirs:.0f} µs")
    vts = VtsEncoder([Input(name, -1000.0, 1000.0) for name in KNOWN])
    vrchat = open_blind_encoder(VrchatSettings())
    others: dict[str, Callable[[FaceState], object]] = {
        "ifacialmocap": lambda state: ifacialmocap.encode(state, 1),
        "livelink": LiveLinkEncoder(LiveLinkSettings()).encode,
        "vrchat, all that there can be": vrchat.encode,
        "vts": lambda state: vts.encode(state, 1),
        "vtsphone": lambda state: vtsphone.encode(state, 0.0),
    }
    for name, encode in others.items():
        print(f"encode {name:27}{_microseconds(encode, states):8.1f}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        for protocol in ("osc", "vmc", "ifacialmocap", "livelink"):
            with open_output(parse_output(f"{protocol}::{receiver.getsockname()[1]}")) as output:
                sent = _microseconds(output.send, states)
            print(f"{f'encode and send {protocol}':34}{sent:8.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".csv", ".jsonl"):
            with open_recording(Path(folder) / f"take{suffix}") as recording:
                ours = _microseconds(recording.write, states)
            print(f"{f'record {suffix}':34}{ours:8.1f}", end="")
            theirs = _microseconds(_dumped, states)
            print(f"   {ours / theirs:.3f} of json.dumps' {theirs:.0f} µs" * (suffix == ".jsonl"))


def _state(seed: int) -> FaceState:
    rng = np.random.default_rng(seed)
    return FaceState(
        timestamp=seed / 60.0,
        tracked=True,
        confidence=0.98,
        weights=rng.random(len(BLENDSHAPES)),
        head_rotation=quaternion_from_euler(*rng.uniform(-0.5, 0.5, 3)),
        head_position=rng.uniform(-0.5, 0.5, 3),
        gaze=rng.uniform(-0.5, 0.5, (2, 2)),
        landmarks=rng.uniform((0, 0, -200), (1280, 720, 200), (LANDMARK_COUNT, 3)),
        image_size=(1280, 720),
    )


def _microseconds(work: Callable[[FaceState], object], states: list[FaceState]) -> float:
    best = float("inf")
    for i in range(ROUNDS):
        state = states[i % len(states)]
        start = time.perf_counter()
        work(state)
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def _built_by_python_osc(encoder: Encoder, state: FaceState) -> Callable[[FaceState], object]:
    """The same packets as the encoder's, built message by message."""
    packets = [
        [(timed.message.address, timed.message.params) for timed in OscPacket(bytes(p)).messages]
        for p in encoder.encode(state)
    ]

    def build(_: FaceState) -> list[bytes]:
        datagrams = []
        for messages in packets:
            bundle = OscBundleBuilder(IMMEDIATELY)
            for address, arguments in messages:
                builder = OscMessageBuilder(address)
                for argument in arguments:
                    builder.add_arg(argument)
                bundle.add_content(builder.build())
            datagrams.append(bundle.build().dgram)
        return datagrams

    return build


def _dumped(state: FaceState) -> str:
    landmarks = state.landmarks
    return json.dumps(
        {
            "weights": dict(zip(BLENDSHAPES, state.weights.tolist(), strict=True)),
            "landmarks": None if landmarks is None else landmarks.round(2).tolist(),
        }
    )


if __name__ == "__main__":
    main()
