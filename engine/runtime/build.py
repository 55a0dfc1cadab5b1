"""From a network to a TensorRT plan: the graph, its precision, the build, the check, the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx

from engine.errors import ModelError
from engine.runtime import RuntimeSettings, Session
from engine.runtime.agreement import agreement, demand_agreement, example_inputs, outputs_for
from engine.runtime.compilation import Progress, compile_plan
from engine.runtime.device import Gpu, open_device
from engine.runtime.engine import TensorRtEngine
from engine.runtime.flavour import TensorRt, Wanted, load_tensorrt
from engine.runtime.half import half_precision
from engine.runtime.onnx import OnnxSession
from engine.runtime.plan import digest_of, relatives, remove_plan, why_build, write_card, write_plan
from engine.runtime.plan_card import (
    PORTABLE,
    OutputCheck,
    PlanCard,
    PlanKey,
    Precision,
    card_path,
    read_card,
    tensor_text,
)
from engine.runtime.trt import PlanSession, open_plan

TURING = (7, 5)  # RTX 20
PROCESSOR = RuntimeSettings(provider="cpu", threads=1)
IN_FP32 = "Use --precision fp32."
ON_CPU = "Use --runtime onnx."

Say = Callable[[str], None]  # told what happens, line by line


@dataclass(frozen=True, slots=True, eq=False)
class Blueprint:
    """What a plan is made from.

    network: its name, for people and file names.
    files:   the .onnx files it comes from; another content needs another plan.
    recipe:  what `graph` adds to them, in words; another recipe needs another plan.
    graph:   reads the files and gives the float32 graph, whose sizes are fixed but for a frame's.
             Raises ModelError.
    precision: what its outputs stay right in, unless another is asked for.
    """

    network: str
    files: tuple[Path, ...]
    recipe: str
    graph: Callable[[], onnx.ModelProto]
    precision: Precision = "fp16"


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """precision: of the arithmetic; None: the blueprint's. flavour: which TensorRT; `auto`: the one
    that is installed."""

    precision: Precision | None = None
    flavour: Wanted = "auto"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan on disk that is right for this machine.

    built: whether it was built just now.
    """

    path: Path
    card: PlanCard
    built: bool


def prepare_plan(
    blueprint: Blueprint,
    settings: BuildSettings,
    *,
    folder: Path,
    gpu: Gpu | None,
    output: Path | None = None,
    say: Say,
    progress: Progress,
) -> Plan:
    """The plan for this network and machine: the one in `folder`, or built, and checked.

    A plan is kept only if it computes what ONNX Runtime does. Where there is no GPU it cannot be
    run; its card says so, and the first call with a GPU checks it.
    output: where the plan goes instead of `folder`. Raises ModelError.
    """
    tensorrt = load_tensorrt(settings.flavour)
    key = _key(blueprint, settings, tensorrt, gpu)
    path = folder / key.file if output is None else output
    if output is not None:
        _demand_replaceable(output, blueprint)
    reason = why_build(path, folder, key)
    card = read_card(path)
    if reason is None and card is not None:
        if card.checks is None and gpu is not None:
            card = _checked_at_last(path, card, blueprint)
        return Plan(path, card, built=False)
    say(f"building {key.network}, {key.precision}, {tensorrt.name}: {reason}")
    card = _build(path, key, blueprint, tensorrt, gpu, progress)
    if output is None:
        for old in relatives(folder, key):
            remove_plan(old)
    return Plan(path, card, built=True)


def reason_to_build(
    blueprint: Blueprint, settings: BuildSettings, *, folder: Path, gpu: Gpu | None
) -> str | None:
    """Why `prepare_plan` would build, in a few words; None if it is there. Raises ModelError."""
    key = _key(blueprint, settings, load_tensorrt(settings.flavour), gpu)
    return why_build(folder / key.file, folder, key)


def _demand_replaceable(output: Path, blueprint: Blueprint) -> None:
    """Raises ModelError if something else than a plan of ours would be lost."""
    there = [path for path in (output, card_path(output)) if path.exists()]
    is_source = any(path.samefile(file) for path in there for file in blueprint.files)
    if is_source or (there and read_card(output) is None):
        raise ModelError(
            f"cannot write the plan {output}: {there[0]} is there and is no plan of mien; expected "
            "a new file, or a plan with its card. Name another file, or remove this one."
        )


def _key(
    blueprint: Blueprint, settings: BuildSettings, tensorrt: TensorRt, gpu: Gpu | None
) -> PlanKey:
    if tensorrt.flavour == "rtx":
        target = "7.5" if gpu is not None and gpu.capability == TURING else PORTABLE
    elif gpu is None:
        raise ModelError(
            f"{tensorrt.name} cannot build here: there is no NVIDIA card; expected the card that "
            "the plan is for. Install TensorRT-RTX, which needs none: pip install tensorrt-rtx"
        )
    else:
        target = f"{gpu.name}, compute capability {_version(gpu)}, driver {gpu.driver}"
    return PlanKey(
        network=blueprint.network,
        onnx_sha256="+".join(digest_of(file) for file in blueprint.files),
        recipe=blueprint.recipe,
        precision=settings.precision or blueprint.precision,
        flavour=tensorrt.flavour,
        version=tensorrt.version,
        target=target,
    )


def _build(
    path: Path,
    key: PlanKey,
    blueprint: Blueprint,
    tensorrt: TensorRt,
    gpu: Gpu | None,
    progress: Progress,
) -> PlanCard:
    graph = blueprint.graph()
    progress(0.0)  # which may raise KeyboardInterrupt
    content = graph.SerializeToString()
    reference = _Reference(content, blueprint)
    progress(0.0)
    if key.precision == "fp16":
        content = half_precision(graph).SerializeToString()
        with _on_processor(content, blueprint) as session:
            reference.demand(session, "fp16", f"{key.network} in fp16", IN_FP32)
    del graph  # of ExpNet, half a gigabyte
    turing = gpu is not None and gpu.capability == TURING
    plan = compile_plan(content, tensorrt, turing=turing, progress=progress)
    card = PlanCard(
        key=key,
        plan_sha256=hashlib.sha256(plan).hexdigest(),
        plan_bytes=len(plan),
        gpu=None if gpu is None else f"{gpu.name}, compute capability {_version(gpu)}",
        driver=None if gpu is None else gpu.driver,
        inputs=tuple(tensor_text(tensor) for tensor in reference.inputs),
        outputs=tuple(tensor_text(tensor) for tensor in reference.outputs),
        checks=None,
    )
    if gpu is not None:
        with _on_gpu(plan, path.name, tensorrt) as session:
            what = f"the plan of {key.network}"
            card = replace(card, checks=reference.demand(session, key.precision, what, ON_CPU))
    progress(1.0)
    write_plan(path, plan, card)
    return card


def _checked_at_last(path: Path, card: PlanCard, blueprint: Blueprint) -> PlanCard:
    """The card of a plan that was built without a GPU, after its first run."""
    reference = _Reference(blueprint.graph().SerializeToString(), blueprint)
    with open_plan(path) as session:
        plan = f"the plan {path.name}"
        checks = reference.demand(session, card.key.precision, plan, ON_CPU)
    card = replace(card, checks=checks)
    with suppress(OSError):  # then it is checked once more next time
        write_card(path, card)
    return card


class _Reference:
    """What ONNX Runtime's processor computes for the example inputs, in float32."""

    def __init__(self, graph: bytes, blueprint: Blueprint) -> None:
        """Raises ModelError if there is nothing to compare with."""
        with _on_processor(graph, blueprint) as session:
            self.inputs, self.outputs = session.inputs, session.outputs
            self._examples = example_inputs(self.inputs)
            self._expected = outputs_for(session, self._examples)
        for tensor, *arrays in zip(self.outputs, *self._expected, strict=True):
            if not all(np.isfinite(array).all() for array in arrays):
                raise ModelError(
                    f"cannot build a plan of {blueprint.files[0]}: its output {tensor.name} is not "
                    "finite in ONNX Runtime either; expected finite numbers for ordinary pictures. "
                    "Correct the network."
                )

    def demand(
        self, session: Session, precision: Precision, what: str, advice: str
    ) -> tuple[OutputCheck, ...]:
        """The checks of a session that computes the same. Raises ModelError if one fails."""
        there = [tensor.name for tensor in session.outputs]
        order = [there.index(tensor.name) for tensor in self.outputs]
        takes = [tensor.name for tensor in session.inputs]
        given = [[tensor.name for tensor in self.inputs].index(name) for name in takes]
        examples = [tuple(arrays[index] for index in given) for arrays in self._examples]
        found = [
            tuple(arrays[index] for index in order) for arrays in outputs_for(session, examples)
        ]
        checks = agreement(
            [tensor.name for tensor in self.outputs], self._expected, found, precision
        )
        demand_agreement(what, checks, advice)
        return checks


def _on_processor(graph: bytes, blueprint: Blueprint) -> OnnxSession:
    return OnnxSession(blueprint.files[0], PROCESSOR, content=graph)


def _on_gpu(content: bytes, name: str, tensorrt: TensorRt) -> PlanSession:
    with ExitStack() as opening:
        device = open_device()
        opening.callback(device.close)
        with device.current():
            engine = TensorRtEngine(tensorrt, content, name=name, compiled=None)
        session = PlanSession(device, engine, name=tensorrt.name)
        opening.pop_all()
    return session


def _version(gpu: Gpu) -> str:
    return f"{gpu.capability[0]}.{gpu.capability[1]}"
