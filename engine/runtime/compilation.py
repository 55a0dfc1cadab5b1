"""An ONNX graph to a TensorRT plan, with either flavour of TensorRT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import ModelError
from engine.runtime.cropping import FRAME
from engine.runtime.flavour import TensorRt

SMALLEST, USUAL, LARGEST = (64, 64, 3), (720, 1280, 3), (2160, 3840, 3)  # frames that a plan takes

Progress = Callable[[float], None]  # told the share that is done, 0..1


def compile_plan(graph: bytes, tensorrt: TensorRt, *, turing: bool, progress: Progress) -> bytes:
    """The plan of an ONNX graph. Raises ModelError, or KeyboardInterrupt after Ctrl-C.

    progress: may raise KeyboardInterrupt, and is called before and after, too: what is raised while
    TensorRT calls us for something else, say into its log, TensorRT swallows.
    The arithmetic is done in the types that the graph states.
    turing: for compute capability 7.5 alone, which TensorRT-RTX's portable plans leave out.
    """
    trt = tensorrt.module
    builder = trt.Builder(tensorrt.messages.logger)
    strongly_typed = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    network = builder.create_network(strongly_typed)
    parser = trt.OnnxParser(network, tensorrt.messages.logger)
    parsed = parser.parse(graph)
    progress(0.0)
    if not parsed:
        reason = _parser_reason(parser)
        tensorrt.messages.take()
        raise _refused(tensorrt, reason)

    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)  # float32 in the graph means float32
    if turing and tensorrt.flavour == "rtx":
        config.num_compute_capabilities = 1
        config.set_compute_capability(trt.ComputeCapability.SM75, 0)
    inputs = [network.get_input(index).name for index in range(network.num_inputs)]
    if FRAME in inputs:
        profile = builder.create_optimization_profile()
        profile.set_shape(FRAME, SMALLEST, USUAL, LARGEST)
        config.add_optimization_profile(profile)
    monitor = _monitor(trt, progress)
    config.progress_monitor = monitor
    plan = builder.build_serialized_network(network, config)
    if monitor.interrupted:
        raise KeyboardInterrupt
    progress(1.0)
    if plan is None:
        raise _refused(tensorrt, tensorrt.messages.take())
    return bytes(plan)


class Shares:
    """The share done of nested phases, each of so many steps: TensorRT's way to tell progress."""

    def __init__(self) -> None:
        self._open: list[list[Any]] = []  # name, steps, done; the outermost first
        self._furthest = 0.0

    def begin(self, name: str, steps: int) -> None:
        """A phase begins within the one that began last."""
        self._open.append([name, max(steps, 1), 0])

    def step(self, name: str) -> None:
        """A phase has done one step more."""
        for phase in self._open:
            if phase[0] == name:
                phase[2] += 1

    def end(self, name: str) -> None:
        """A phase is over, with all that began within it."""
        names = [phase[0] for phase in self._open]
        if name in names:
            del self._open[names.index(name) :]

    @property
    def share(self) -> float:
        """0..1; never less than before."""
        share, width = 0.0, 1.0
        for _, steps, done in self._open:
            width /= steps
            share += width * min(done, steps)
        self._furthest = max(self._furthest, min(share, 1.0))
        return self._furthest


def _monitor(trt: Any, progress: Progress) -> Any:
    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]  # a class of C++, without types
        """Tells the progress. Nothing may be raised through TensorRT: Ctrl-C waits for its end."""

        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self.interrupted = False
            self._shares = Shares()

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            self._shares.begin(phase_name, num_steps)

        def phase_finish(self, phase_name: str) -> None:
            self._shares.end(phase_name)

        def step_complete(self, phase_name: str, step: int) -> bool:
            try:
                self._shares.step(phase_name)
                progress(self._shares.share)
            except KeyboardInterrupt:
                self.interrupted = True
            return not self.interrupted

    return Monitor()


def _parser_reason(parser: Any) -> str:
    if parser.num_errors == 0:
        return "it gave no reason"
    error = parser.get_error(0)
    # The description is the source text of a failed assertion, which may be no more than "false".
    return f"{error.node_operator()} ({error.node_name()}) is not supported, {error.desc()}"


def _refused(tensorrt: TensorRt, reason: str) -> ModelError:
    told = reason.splitlines()[0].rstrip(". ")
    return ModelError(
        f"{tensorrt.name} cannot build the network: {told}; expected a graph that "
        "it knows. Use --runtime onnx for this network."
    )
