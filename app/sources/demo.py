"""The built-in clip."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from app.sources.recorded import RecordedSource
from app.sources.source import SourceSettings
from app.sources.video import open_video


def demo_path() -> Path:
    """Where the clip lies; FileNotFoundError means that the package was built without it."""
    path = Path(str(files("models").joinpath("assets", "demo.mp4")))
    if not path.is_file():
        raise FileNotFoundError(f"the package lacks its demo clip: {path}")
    return path


def open_demo(settings: SourceSettings) -> RecordedSource:
    """Open the built-in clip: about 20 s of the free head performing."""
    return open_video(demo_path(), settings)
