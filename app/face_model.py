"""Finds MediaPipe's face model, and fetches it where it is nowhere: the one download mien makes."""

from __future__ import annotations

import logging
from pathlib import Path

from app.download import download_model
from app.folders import data_folder
from models.store import find_model, model_file

log = logging.getLogger(__name__)


def face_model_path(given: Path | None) -> Path:
    """The user's file, else ours. Raises ModelError."""
    model = model_file("face_landmarker")
    cache = data_folder() / "models"
    found = find_model(model, given=given, cache=cache)
    if found is None:
        log.warning("the face model is not installed; fetching it from %s", model.url)
        found = download_model(model, cache)
    return found
