"""Builds the folder: python -m app.one_folder [--output FOLDER]

On the kind of system that it is for, from the source tree, with the extra `build` (docs/build.md).
"""

from __future__ import annotations

import argparse
import sys
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
    arguments = parser.parse_args(argv)
    try:
        build(arguments.output.absolute())
    except (ModuleNotFoundError, PackageNotFoundError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name not in NEEDED:
            raise
        print(
            f"one_folder: cannot build: {error}; expected mien installed with what builds the "
            'folder. Run pip install ".[build]" in the source tree.',
            file=sys.stderr,
        )
        return 1
    folder = arguments.output / "mien"
    size = sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6
    print(f"{folder}: {size:.0f} MB. Start mien in it, or mienw where there is no terminal.")
    return 0


def build(output: Path) -> None:
    """Write output/mien. Raises SystemExit with PyInstaller's own words if it fails."""
    import PyInstaller.__main__

    here = Path(__file__).parent
    PyInstaller.__main__.run(
        [
            *("--noconfirm", "--log-level", "WARN"),
            *("--distpath", str(output)),
            *("--workpath", str(here.parents[1] / "build" / "one_folder")),
            str(here / "mien.spec"),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
