"""build_trt: the command line of engine/runtime/build.py. No command of `mien`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from app.folders import data_folder
from app.plans import FLAME_NAMES, PLAN_NAMES, blueprint, file_blueprint, plans_folder
from app.progress import ProgressBar
from engine.errors import MienError, ModelError, OutputError
from engine.runtime.build import Blueprint, BuildSettings, Plan, prepare_plan
from engine.runtime.device import find_gpu

INTERRUPTED = 130
STEPS = 1000  # of the progress bar


def main(argv: Sequence[str] | None = None) -> int:
    """Gives the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        with Interruption() as interruption:
            plan = build(arguments, interruption)
            tell("\n".join(description(plan)))
    except MienError as error:
        print(f"build_trt: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def tell(line: str) -> None:
    """Print it; raises OutputError if nobody takes it: a closed pipe, a full disk."""
    try:
        print(line, flush=True)
    except OSError as error:
        # What is left in the buffer would fail once more at the end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise OutputError(
            f"cannot print: {error.strerror}; expected a terminal, a pipe that is read or a file "
            "with space. What was built is kept."
        ) from error


class Interruption:
    """Ctrl-C, remembered until the build asks: TensorRT swallows, and prints, what is raised where
    it calls us. The second one does not wait."""

    def __init__(self) -> None:
        self._came = False
        self._former: dict[int, Any] = {}

    def demand_none(self) -> None:
        """Raises KeyboardInterrupt if it has come."""
        if self._came:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            former = signal.getsignal(number)
            if callable(former):  # neither ignored nor the system's own
                self._former[number] = signal.signal(number, self._come)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)

    def _come(self, number: int, frame: FrameType | None) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True


def build(arguments: argparse.Namespace, interruption: Interruption) -> Plan:
    """The plan that was asked for. Raises MienError and KeyboardInterrupt."""
    settings = BuildSettings(precision=arguments.precision, flavour=arguments.flavour)
    with ProgressBar("building", STEPS) as bar:
        done = 0

        def progress(share: float) -> None:
            nonlocal done
            interruption.demand_none()
            bar.advance(round(share * STEPS) - done)
            done = round(share * STEPS)

        return prepare_plan(
            _blueprint(arguments.network, vertices=arguments.vertices),
            settings,
            folder=plans_folder(),
            output=arguments.output,
            gpu=find_gpu(),
            say=tell,
            progress=progress,
        )


def description(plan: Plan) -> list[str]:
    """What to tell of a plan."""
    card = plan.card
    lines = [
        f"{plan.path}",
        f"  {'built' if plan.built else 'was there'}: {card.plan_bytes / 1e6:.2f} MB, "
        f"{card.key.precision}, for {card.key.target}; {card.state}",
        f"  inputs: {'; '.join(card.inputs)}",
        f"  outputs: {'; '.join(card.outputs)}",
    ]
    for check in card.checks or ():
        lines.append(
            f"  {check.name}: off by {check.error:.2g} from ONNX Runtime, allowed "
            f"{check.tolerance:.2g}, its spread {check.spread:.2g}"
        )
    return lines


def _blueprint(network: str, *, vertices: bool) -> Blueprint:
    for name in PLAN_NAMES:
        if name == network:
            return blueprint(name, models=data_folder() / "models", vertices=vertices)
    if vertices:
        raise ModelError(
            f"cannot add vertices to the plan of {network}: only what a name stands for is known "
            f"to give FLAME's coefficients; expected one of {', '.join(FLAME_NAMES)}. "
            "Leave out --vertices."
        )
    return file_blueprint(Path(network))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build_trt", description="Builds a TensorRT plan of a network."
    )
    parser.add_argument(
        "network",
        metavar="NAME|FILE.onnx",
        help=f"{', '.join(PLAN_NAMES)}, or any ONNX file",
    )
    parser.add_argument(
        "--precision",
        choices=("fp16", "fp32"),
        help="of the arithmetic (default: fp16; fp32 for mediapipe)",
    )
    parser.add_argument(
        "--flavour",
        choices=("auto", "rtx", "full"),
        default="auto",
        help="TensorRT-RTX, the full TensorRT, or the one that is installed (default)",
    )
    parser.add_argument(
        "--vertices",
        action="store_true",
        help=f"FLAME's vertices as one more output ({', '.join(FLAME_NAMES)})",
    )
    parser.add_argument(
        "--output", type=Path, metavar="PLAN", help="where the plan goes (default: mien's folder)"
    )
    return parser
