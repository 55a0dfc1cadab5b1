"""USD's binary form, written by OpenUSD. The only importer of `pxr`, and only when it is used."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import RecordingError


def write_crate(text: Path, path: Path) -> None:
    """The layer `text` (.usda) as `path` (.usdc), in one step.

    Raises RecordingError; the text then stays.
    """
    from pxr import Sdf, Tf

    part = path.with_name(f"{path.stem}.part.usdc")
    try:
        layer = Sdf.Layer.OpenAsAnonymous(str(text))
        if not layer.Export(str(part)):
            raise RecordingError(f"cannot write {path}; the take is whole in {text}.")
        os.replace(part, path)
    except (OSError, Tf.ErrorException) as error:
        reason = str(error).splitlines()[-1].strip()
        raise RecordingError(
            f"cannot write {path}: {reason}. The take is whole in {text}."
        ) from error
    finally:
        part.unlink(missing_ok=True)
