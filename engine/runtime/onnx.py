"""Networks computed by ONNX Runtime. The only importer of onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.closing import Closing
from engine.errors import ModelError
from engine.runtime import Provider, RuntimeSettings, Tensor
from engine.runtime.providers import (
    CPU,
    KINDS,
    TENSORRT_RTX,
    ProviderKind,
    choose_provider,
    refused,
)

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
_LARGE = 4096  # bytes of a weight
_FATAL_ONLY = 4  # of its log: its errors come as exceptions, its warnings are nobody's business

# Since 1.32 its wheels keep a device id and send events to its maker. It reads this when it is
# loaded; its own disable_telemetry_events() comes too late.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


class OnnxSession(Closing):
    """A .onnx file in ONNX Runtime, its graph optimised."""

    def __init__(
        self,
        path: Path,
        settings: RuntimeSettings,
        outputs: tuple[str, ...] | None = None,
        *,
        content: bytes | None = None,
    ) -> None:
        """Load and optimise; raises ModelError if ONNX Runtime cannot use the file.

        outputs: the only ones that are computed; None: all.
        content: of a file that is not on disk; the path is for messages only.
        """
        import onnxruntime as ort
        from onnxruntime.capi import onnxruntime_pybind11_state as failures

        if content is None and not path.is_file():
            raise _unusable(path, "there is no such file")
        options = ort.SessionOptions()
        options.intra_op_num_threads = settings.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL_ONLY
        options.add_session_config_entry(
            "session.intra_op.allow_spinning", "1" if settings.spinning else "0"
        )
        graph: str | bytes
        self._weights: list[Any] = []
        if content is None and outputs is not None:
            graph, names, self._weights = _cut(path, outputs)
            options.add_external_initializers(names, self._weights)
        else:
            graph = content or str(path)
        kind = choose_provider(settings.provider, _available(settings.provider))
        providers = _providers(kind, options)
        try:
            self._session = ort.InferenceSession(graph, options, providers=providers)
        except (
            failures.Fail,
            failures.InvalidArgument,
            failures.InvalidGraph,
            failures.InvalidProtobuf,
            failures.NotImplemented,
            failures.RuntimeException,
        ) as error:
            raise _unusable(path, str(error).splitlines()[0]) from error
        # ONNX Runtime goes on with the processor where a provider does not start.
        self._kind = kind if kind.name in self._session.get_providers() else CPU
        if self._kind != kind and settings.provider != "auto":
            raise refused(kind)
        nodes = [*self._session.get_inputs(), *self._session.get_outputs()]
        for node in nodes:
            if node.type not in _TYPES:
                raise _unusable(path, f"{node.name} is of type {node.type}")
        self._path, self._failures = path, (failures.Fail, failures.RuntimeException)
        self._inputs = tuple(_tensor(node) for node in self._session.get_inputs())
        self._outputs = tuple(_tensor(node) for node in self._session.get_outputs())
        self._output_names = [output.name for output in self._outputs]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What the network takes, in the order of `run`."""
        return self._inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """What the network gives, in the order of `run`."""
        return self._outputs

    @property
    def device(self) -> str:
        """Where it is computed, in words for people."""
        return f"{self._kind.title}, ONNX Runtime"

    def expect(self, array: NDArray[Any]) -> None:
        """Nothing to do: the array is where it is needed."""

    def run(self, *arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The outputs for these inputs, in the network's order. Raises ModelError."""
        feed = {tensor.name: array for tensor, array in zip(self._inputs, arrays, strict=True)}
        try:
            return tuple(self._session.run(self._output_names, feed))
        except self._failures as error:
            raise ModelError(
                f"the network {self._path} cannot be computed: {str(error).splitlines()[0]}; "
                "expected a whole ONNX file. Add the model again (mien models add), or name "
                "another file."
            ) from error

    def close(self) -> None:
        """Nothing to release before the object goes. May be called twice."""


def available_providers() -> tuple[Provider, ...]:
    """What ONNX Runtime can compute on here, the best first."""
    names = _available("auto")
    return tuple(kind.choice for kind in KINDS if kind.name in names)


def _available(wanted: Provider) -> list[str]:
    """Names of the providers that are there, the plugin for TensorRT-RTX among them."""
    import onnxruntime as ort

    names: list[str] = ort.get_available_providers()
    if wanted in ("auto", TENSORRT_RTX.choice) and _plugin_devices():
        names.append(TENSORRT_RTX.name)
    return names


def _plugin_devices() -> list[Any]:
    """The cards that the plugin for TensorRT-RTX finds; none if it is not installed."""
    try:
        import onnxruntime_ep_nv_tensorrt_rtx as plugin  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except (ImportError, OSError):  # OSError: one of its libraries is missing
        return []
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as failures

    name = plugin.get_ep_name()
    found = [device for device in ort.get_ep_devices() if device.ep_name == name]
    if found:
        return found  # it is registered already
    try:
        ort.register_execution_provider_library(name, plugin.get_library_path())
    except (failures.Fail, failures.RuntimeException, failures.InvalidArgument):
        return []  # without a driver, or registered before and without a card
    return [device for device in ort.get_ep_devices() if device.ep_name == name]


def _providers(kind: ProviderKind, options: Any) -> list[str]:
    """What to ask a session for: the provider, and the processor for what it does not know."""
    if kind == TENSORRT_RTX:
        options.add_provider_for_devices(_plugin_devices()[:1], {})
        return []
    if kind.choice == "directml":  # which it demands
        options.enable_mem_pattern = False
    return [kind.name] if kind == CPU else [kind.name, CPU.name]


def _cut(path: Path, outputs: tuple[str, ...]) -> tuple[bytes, list[str], list[Any]]:
    """The part of a graph that these outputs need, and names and values of its large weights:
    apart from it they need not be copied. ONNX Runtime would compute the rest, too."""
    import onnx
    import onnxruntime as ort
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(path, load_external_data=False)
    except DecodeError as error:
        raise _unusable(path, "it cannot be read") from error
    there = [output.name for output in model.graph.output]
    missing = [name for name in outputs if name not in there]
    if missing:
        raise _unusable(path, f"it has no output {missing[0]}")
    needed = set(outputs)
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
    part = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    graph = part.graph
    part.functions.extend(model.functions)
    graph.name = model.graph.name
    graph.node.extend(node for node in model.graph.node if needed.intersection(node.output))
    graph.input.extend(model.graph.input)
    graph.output.extend(
        next(one for one in model.graph.output if one.name == name) for name in outputs
    )
    names, values = [], []
    for weight in model.graph.initializer:
        if weight.name not in needed:
            continue
        if len(weight.raw_data) < _LARGE:
            graph.initializer.append(weight)
            continue
        graph.initializer.add(
            name=weight.name,
            data_type=weight.data_type,
            dims=weight.dims,
            data_location=onnx.TensorProto.EXTERNAL,
        ).external_data.add(key="location", value="beside")
        names.append(weight.name)
        values.append(ort.OrtValue.ortvalue_from_numpy(onnx.numpy_helper.to_array(weight)))
    return part.SerializeToString(), names, values


def _tensor(node: Any) -> Tensor:
    """Any: onnxruntime has no public type for its NodeArg."""
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return Tensor(node.name, shape, np.dtype(_TYPES[node.type]))


def _unusable(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"cannot load the network {path}: {reason}; expected a whole ONNX file of that network. "
        "Add the model again (mien models add), or name another file."
    )
