"""Every network at its full size: upstream's numbers, torch, ONNX Runtime, and how long it takes.

    python -m benchmarks.networks [--only NAME]… [--threads N]

Weights and pictures are those of tests/synthetic_networks.py, upstream's numbers those of
tests/data/networks. Differences are the largest of all outputs (ExpNet's reach 81); times are of
one picture. The tests do the same with ONNX files of smaller nets, because these take minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from engine.runtime import RuntimeSettings, Session, open_session
from models.networks.deca import build_deca
from models.networks.emoca import build_emoca
from models.networks.emorec import EmorecConfig, build_emorec
from models.networks.expnet import build_expnet
from models.networks.export import export
from models.networks.network import Float, Network
from models.networks.smirk import build_smirk
from tests.synthetic_networks import (
    deca_state,
    emoca_state,
    emorec_state,
    expnet_arrays,
    pictures,
    smirk_state,
    upstream,
)

NAMES = ("smirk", "deca", "emoca", "emoca-jaw", "expnet", "emorec")
ROUNDS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", action="append", choices=NAMES)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{'':10} torch-upstream  onnx-upstream  onnx-torch   export s     MB    ms")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only or NAMES:
            print(f"{name:10} {row(name, Path(folder), arguments.threads)}", flush=True)


def row(name: str, folder: Path, threads: int) -> str:
    """One line of the table."""
    network, inputs, expected = build(name)
    path = folder / "network.onnx"
    begin = time.perf_counter()
    export(network, path)
    seconds = time.perf_counter() - begin
    by_torch = network.run(inputs)
    with open_session(path, RuntimeSettings(threads=threads)) as session:
        by_onnx = session.run(inputs)
        milliseconds = 1e3 * time_of(session, inputs[:1])
    return (
        f"{difference(by_torch, expected):>14} {difference(by_onnx, expected):>14} "
        f"{difference(by_onnx, by_torch):>11} {seconds:10.1f} {path.stat().st_size / 1e6:6.1f} "
        f"{milliseconds:5.1f}"
    )


def build(name: str) -> tuple[Network, Float, tuple[Float, ...] | None]:
    """The network, its inputs, and what upstream's code gives for them, where it was asked."""
    match name:
        case "smirk":
            network = build_smirk(smirk_state())
        case "deca":
            network = build_deca(deca_state())
        case "emoca":
            network = build_emoca(emoca_state())
        case "emoca-jaw":
            network = build_emoca(emoca_state(53), jaw=True)
        case "expnet":
            network = build_expnet(expnet_arrays())
        case _:
            config = EmorecConfig(("shape", "expression", "jaw"))
            coefficients = np.random.default_rng(1).standard_normal((4, 153)).astype(np.float32)
            return build_emorec(emorec_state(config), config), coefficients, None
    numbers = upstream(name.removesuffix("-jaw"))
    if name == "emoca-jaw":
        numbers |= {"expression": numbers["jaw_expression"], "pose": numbers["jaw_pose"]}
    expected = tuple(numbers[output.name] for output in network.spec.outputs)
    return network, pictures(network.spec.name), expected


def difference(outputs: tuple[Float, ...], expected: tuple[Float, ...] | None) -> str:
    """The largest of all outputs."""
    if expected is None:
        return "-"
    pairs = zip(outputs, expected, strict=True)
    return f"{max(float(np.abs(a - b).max()) for a, b in pairs):.1e}"


def time_of(session: Session, image: Float) -> float:
    """Seconds of one run, the median."""
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        session.run(image)
        seconds.append(time.perf_counter() - begin)
    return median(seconds)


if __name__ == "__main__":
    main()
