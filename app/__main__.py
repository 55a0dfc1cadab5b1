"""`mien` and `python -m app`: the start, where a system library may turn out to be missing."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> int:
    """Entry point of `mien`; gives the exit code."""
    try:
        from app import cli  # here: it loads OpenCV and the other native libraries
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
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
