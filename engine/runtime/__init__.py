"""Loaded networks: arrays in, arrays out, whatever computes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self, get_args

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError

Runtime = Literal["auto", "mediapipe", "onnx", "tensorrt"]
RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)
Provider = Literal["auto", "cpu", "cuda", "directml", "coreml", "tensorrt-rtx"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
MOST_THREADS = 64  # more than these networks can use; thousands would bring a machine down


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a network. A size of None is free, such as the count of pictures."""

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """Where networks are computed.

    runtime:  "auto" takes the fastest that works here; the others fail rather than fall back.
              "mediapipe" is the package of that name for its own networks, and ONNX Runtime for
              the others.
    provider: ONNX Runtime's device.
    threads:  of ONNX Runtime on the processor.
    spinning: whether its idle threads wait busily: quicker on an idle machine, costly on others.
    """

    runtime: Runtime = "auto"
    provider: Provider = "auto"
    threads: int = 2
    spinning: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.threads <= MOST_THREADS:
            raise ValueError(f"threads is {self.threads}; expected 1 to {MOST_THREADS}")


class Session(Protocol):
    """A loaded network.

    inputs, outputs: what it takes and gives, in the order of `run`.
    device:          where it is computed, in words for people.
    """

    @property
    def inputs(self) -> tuple[Tensor, ...]: ...

    @property
    def outputs(self) -> tuple[Tensor, ...]: ...

    @property
    def device(self) -> str: ...

    def expect(self, array: NDArray[Any]) -> None:
        """This very array is likely to be the first input of the next `run`: where it has a way to
        go, such as to a graphics card, it may set out. Returns at once."""
        ...

    def run(self, *arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The outputs for these inputs. They are the caller's until the next `run`."""
        ...

    def close(self) -> None:
        """Release the network. May be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_session(
    path: Path, settings: RuntimeSettings, outputs: tuple[str, ...] | None = None
) -> Session:
    """Load the network in a file; its suffix says by what. Raises ModelError.

    outputs: the only ones that are wanted, in the order of `run`; None: all. A plan gives all that
             it was built with.
    """
    match path.suffix:
        case ".onnx":
            from engine.runtime.onnx import OnnxSession  # only who uses it waits for its import

            return OnnxSession(path, settings, outputs)
        case ".plan":
            from engine.runtime.trt import open_plan

            return open_plan(path)
        case suffix:
            raise ModelError(
                f"cannot load the network {path}: its name ends with {suffix!r}; expected .onnx "
                "or .plan. Name a file of that kind."
            )
