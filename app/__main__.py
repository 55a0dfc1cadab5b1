"""`mien`, `mienw` and `python -m app`: the start, where a system library may be missing."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable
from types import TracebackType

from app.telling import print_error, show_error

INTERRUPTED = 130
PRINTING_FAILED = (errno.ENOSPC, errno.EIO)  # a full disk, a terminal that is gone


def main() -> int:
    """Entry point of `mien`; gives the exit code."""
    return _start(print_error)


def main_without_terminal() -> int:
    """Entry point of `mienw`, for starters: an error is shown, for nobody sees what is printed."""
    if "--watched" in sys.argv:  # nobody is asked: it is started again
        return main()
    sys.excepthook = _show_fault
    return _start(show_error)


def _start(tell: Callable[[str], None]) -> int:
    try:
        from app import cli  # here: it loads OpenCV and the other native libraries

        code = cli.main(tell=tell)
        if sys.stdout is not None:  # None: started without a console
            sys.stdout.flush()
    except ModuleNotFoundError:
        raise  # an installation that lacks a package: its name is in the traceback
    except ImportError as error:
        tell(
            f"cannot start: {error}; expected the system's graphics libraries. Install them "
            "(Debian, Ubuntu: apt install libgl1 libglib2.0-0)."
        )
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our lines has seen enough: `mien doctor | head -1`
        return _without_output(1)
    except OSError as error:
        if error.errno not in PRINTING_FAILED:
            raise
        tell(f"cannot print: {error.strerror}.")
        return _without_output(1)
    return code


def _show_fault(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What would be a traceback in a terminal."""
    logging.getLogger(__name__).critical("ended by a fault", exc_info=(kind, error, trace))
    show_error(f"mien ended by a fault of its own: {kind.__name__}: {error}. Please report it.")


def _without_output(code: int) -> int:
    """Python would try to print the rest at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
