"""What tracks a face is opened as asked for: what is asked for by name fails rather than falls."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from app.tracking import TrackingSettings, open_chain, open_finder
from engine.errors import ModelError
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.runtime import RuntimeSettings
from tests.faces import face_model


def test_a_provider_asked_for_by_name_is_not_replaced(
    face_networks: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = RuntimeSettings(provider="directml")
    settings = TrackingSettings(face_model(), face_networks, runtime=runtime)
    with ExitStack() as stack, pytest.raises(ModelError, match="has no provider directml here"):
        open_chain(settings, stack, live=True)
    assert caplog.messages == []


def test_without_any_network_of_ours_mediapipes_package_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "no folder").write_text("")
    with open_finder(TrackingSettings(face_model(), tmp_path / "no folder")) as landmarker:
        assert isinstance(landmarker, MediaPipeLandmarker)
    (told,) = caplog.messages
    assert told.endswith("Going on with MediaPipe's own package.")
