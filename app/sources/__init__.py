"""Pictures from the outside world: `open_source` is the only door."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from app.sources.camera import open_camera
from app.sources.demo import open_demo
from app.sources.faulty import PREFIX, open_faulty
from app.sources.framing import FramedSource
from app.sources.pictures import PICTURE_SUFFIXES, open_pictures
from app.sources.source import WHOLE_PICTURE, Source, SourceSettings
from app.sources.url import open_url
from app.sources.video import VIDEO_SUFFIXES, open_video
from engine.errors import SourceError

__all__ = ["Source", "SourceSettings", "is_short", "open_source"]


def open_source(settings: SourceSettings, *, own_camera: str = "") -> Source:
    """Open what `settings.spec` means. own_camera: the virtual camera that shows our own picture.

    Numbers and `demo` come first: a file of such a name is written ./0 or ./demo.
    Raises SourceError in one line.
    """
    source = _open(settings, own_camera)
    if settings.rotate or settings.crop != WHOLE_PICTURE:
        return FramedSource(source, settings.rotate, settings.crop)
    return source


def _open(settings: SourceSettings, own_camera: str) -> Source:
    spec = settings.spec
    if spec == "demo":
        return open_demo(settings)
    if spec.startswith(PREFIX):
        return open_faulty(settings)
    if "://" in spec:
        return open_url(settings)
    if spec.isdecimal():
        return open_camera(settings, own_camera=own_camera)
    path = Path(os.path.expanduser(spec))
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        if _looks_like_path(path, spec):
            reason = error.strerror if isinstance(error, OSError) else error
            raise SourceError(f"cannot open {spec}: {reason}.") from error
        return open_camera(settings, own_camera=own_camera)
    if stat.S_ISCHR(mode):  # /dev/video0
        return open_camera(replace(settings, spec=str(path.resolve())), own_camera=own_camera)
    if stat.S_ISDIR(mode) or path.suffix.lower() in PICTURE_SUFFIXES:
        return open_pictures(path, settings)
    return open_video(path, settings)


def is_short(spec: str) -> bool:
    """Whether it ends too soon for a window: the built-in clip, or a single picture."""
    return spec == "demo" or Path(spec).suffix.lower() in PICTURE_SUFFIXES


def _looks_like_path(path: Path, spec: str) -> bool:
    # Camera names hold dots ("USB2.0 HD Webcam"), so only suffixes that are known count.
    return os.sep in spec or "/" in spec or path.suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES
