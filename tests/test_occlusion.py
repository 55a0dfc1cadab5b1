"""A hand before the mouth does not make it scream."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.sources.demo import demo_path
from benchmarks.occlusion import FIRST, clip_frames, covered, mouths, watched
from engine.blendshapes import INDEX
from engine.landmarker.session import SessionLandmarker
from engine.runtime import RuntimeSettings
from tests.faces import face_model


@pytest.mark.parametrize("thing", ["hand", "palm", "cup"])
def test_a_covered_mouth_is_not_wide_open(face_networks: Path, thing: str) -> None:
    frames = clip_frames(demo_path(), FIRST + 36)
    with SessionLandmarker.open(face_model(), face_networks, RuntimeSettings()) as landmarker:
        uncovered = watched(frames, landmarker)
    with SessionLandmarker.open(face_model(), face_networks, RuntimeSettings()) as landmarker:
        seen = mouths(watched(covered(frames, uncovered, thing), landmarker))
    assert len(seen) == 30, "the face is still found"
    assert seen[:, INDEX["jawOpen"]].max() < 0.3
