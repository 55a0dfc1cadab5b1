"""Which TensorRT is installed: TensorRT-RTX, or the full TensorRT. Their only importer.

    rtx   TensorRT-RTX, for GeForce and RTX cards from RTX 20 on. Comes whole from the package index
          and builds plans without a card; compiles for the card when a plan is first run.
    full  TensorRT 10.13 or newer. Builds on the card that the plan is for.

Both are used through what their Python interfaces have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import ModelError

Flavour = Literal["rtx", "full"]
Wanted = Literal["auto", "rtx", "full"]

NAMES = {"rtx": "TensorRT-RTX", "full": "TensorRT"}
INSTALL = {
    "rtx": "pip install tensorrt-rtx cuda-bindings",
    "full": "pip install tensorrt cuda-bindings",
}


@dataclass(frozen=True, slots=True, eq=False)
class TensorRt:
    """A loaded TensorRT.

    flavour, version: which one.
    module:   its Python module.
    messages: keeps what it says. TensorRT writes to it as long as any of its objects lives.
    """

    flavour: Flavour
    version: str
    module: Any
    messages: Messages

    @property
    def name(self) -> str:
        """For people."""
        return f"{NAMES[self.flavour]} {self.version}"


@dataclass(slots=True)
class Messages:
    """The last complaint of TensorRT, which its functions themselves do not return.

    logger: TensorRT's own object that writes here.
    """

    logger: Any = None
    complaint: str = ""

    def note(self, message: str, *, is_error: bool) -> None:
        """Keep the first error: it is the cause, what follows are its consequences."""
        if is_error:
            self.complaint = self.complaint or message

    def take(self) -> str:
        """The complaint, in one line; forgets it."""
        lines = self.complaint.strip().splitlines()
        self.complaint = ""
        return lines[0].rstrip(". ") if lines else "it gave no reason"


def load_tensorrt(wanted: Wanted = "auto") -> TensorRt:
    """The TensorRT that is installed; of both, `auto` takes TensorRT-RTX. Raises ModelError."""
    flavours: tuple[Flavour, ...] = ("rtx", "full") if wanted == "auto" else (wanted,)
    reasons = []
    for flavour in flavours:
        try:
            module, messages = _module(flavour), Messages()
            messages.logger = _logger(module, messages)
            return TensorRt(flavour, str(module.__version__), module, messages)
        # OSError: one of its libraries is missing; AttributeError: the folder of it is left alone
        except (ImportError, OSError, AttributeError) as error:
            reasons.append((flavour, " ".join(str(error).split()) or "it is not there"))
    told = "; ".join(f"{NAMES[flavour]}: {reason}" for flavour, reason in reasons)
    raise ModelError(
        f"TensorRT cannot be loaded ({told}); expected {_expected(wanted)}. "
        f"Install it: {INSTALL[flavours[0]]}"
    )


def _expected(wanted: Wanted) -> str:
    return "TensorRT-RTX or TensorRT" if wanted == "auto" else NAMES[wanted]


def _module(flavour: Flavour) -> Any:
    if flavour == "rtx":
        import tensorrt_rtx

        return tensorrt_rtx
    import tensorrt

    return tensorrt


def _logger(module: Any, messages: Messages) -> Any:
    class Logger(module.ILogger):  # type: ignore[misc]  # a class of C++, which has no types
        def __init__(self) -> None:
            module.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            is_error = severity in (module.ILogger.INTERNAL_ERROR, module.ILogger.ERROR)
            messages.note(message, is_error=is_error)

    return Logger()
