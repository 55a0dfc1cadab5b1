"""Builds the folder: python -m app.one_folder [--output FOLDER]

On the kind of system that it is for, from the source tree, with the extra `build` (docs/build.md).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path

NEEDED = ("PyInstaller", "packaging")


def main(argv: Sequence[str] | None = None) -> int:
    """Gives the exit code, as `mien` does."""
    parser = argparse.ArgumentParser(
        prog="python -m app.one_folder", description="Builds a folder with mien in it."
    )
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("dist"),
        help="gets a folder named mien, in place of one that is there (default: dist)",
    )
    output: Path = parser.parse_args(argv).output
    try:
        output.mkdir(parents=True, exist_ok=True)
        build(output.absolute())
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}; expected a folder to write into.")
    except (ModuleNotFoundError, PackageNotFoundError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name not in NEEDED:
            raise
        return _failed(f'{error}; expected the extra `build`. pip install ".[build]"')
    folder = output / "mien"
    size = sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6
    print(f"{folder}: {size:.0f} MB. Start mien in it, or mienw where there is no terminal.")
    return 0


def build(output: Path) -> None:
    """Write output/mien. Raises SystemExit with PyInstaller's own words if it fails."""
    import PyInstaller.__main__

    with tempfile.TemporaryDirectory() as scratch:
        PyInstaller.__main__.run(
            [
                *("--noconfirm", "--log-level", "ERROR"),
                *("--distpath", str(output)),
                *("--workpath", scratch),
                str(Path(__file__).parent / "mien.spec"),
            ]
        )


def _failed(reason: str) -> int:
    print(f"one_folder: cannot build: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
