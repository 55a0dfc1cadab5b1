"""Builds TensorRT plans: `python build_trt.py smirk`, also `python -m build_trt`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Gives the exit code, as `mien` does."""
    try:
        from app.commands import build_trt  # here: Ctrl-C may come while it loads what it needs

        return build_trt.main(argv)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as tidily as Ctrl-C
    sys.exit(main())
