"""`mien` and `python -m app`: the start, where a system library may turn out to be missing."""

from __future__ import annotations

import errno
import os
import sys

INTERRUPTED = 130
PRINTING_FAILED = (errno.ENOSPC, errno.EIO)  # a full disk, a terminal that is gone


def main() -> int:
    """Entry point of `mien`; gives the exit code."""
    try:
        from app import cli  # here: it loads OpenCV and the other native libraries

        code = cli.main()
        if sys.stdout is not None:  # None: started without a console
            sys.stdout.flush()
    except ModuleNotFoundError:
        raise  # an installation that lacks a package: its name is in the traceback
    except ImportError as error:
        print(
            f"mien: cannot start: {error}; expected the system's graphics libraries. Install them "
            "(Debian, Ubuntu: apt install libgl1 libglib2.0-0).",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our lines has seen enough: `mien doctor | head -1`
        return _without_output(1)
    except OSError as error:
        if error.errno not in PRINTING_FAILED:
            raise
        print(f"mien: cannot print: {error.strerror}.", file=sys.stderr)
        return _without_output(1)
    return code


def _without_output(code: int) -> int:
    """Python would try to print the rest at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
