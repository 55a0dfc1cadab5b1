"""Makes the add-on's zip: python app/plugins/blender/make_zip.py [ZIP]

The same bytes from the same files. Blender 3.4 to 4.1 install it as an add-on, later ones as an
extension, too.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

NAME = "mien_face"
_TIME = (1980, 1, 1, 0, 0, 0)
_LICENSE = Path(__file__).parents[3] / "LICENSE"


def make_zip(path: Path) -> None:
    """Write the add-on as a zip with one folder."""
    folder = Path(__file__).parent / NAME
    files = {file.name: file for file in folder.iterdir() if file.suffix in (".py", ".toml")}
    files["LICENSE"] = _LICENSE
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{NAME}/{name}", _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())


def main(arguments: list[str]) -> int:
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        print("usage: python make_zip.py [ZIP]", file=sys.stderr)
        return 2
    path = Path(arguments[0] if arguments else f"{NAME}.zip")
    try:
        make_zip(path)
    except OSError as error:
        print(f"cannot write {path}: {error.strerror}.", file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
