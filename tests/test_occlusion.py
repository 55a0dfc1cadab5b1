"""Something before the mouth does not make it scream."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.sources.demo import demo_path
from benchmarks.occlusion import (
    FIRST,
    LONG,
    WAYS,
    clip_frames,
    covered,
    raw,
    scream,
    shown,
    watched,
)
from engine.blendshapes import INDEX
from engine.landmarker.session import SessionLandmarker
from engine.runtime import RuntimeSettings
from tests.faces import face_model

RATE = 30.0


@pytest.mark.parametrize("thing", ["hand", "palm", "round-hand", "cup", "microphone"])
def test_a_covered_mouth_does_not_scream(face_networks: Path, thing: str) -> None:
    def landmarker() -> SessionLandmarker:
        return SessionLandmarker.open(
            face_model(), face_networks, RuntimeSettings(), steadied=False
        )

    frames = clip_frames(demo_path(), FIRST + 30)
    with landmarker() as first:
        uncovered = watched(frames, first)
    pictures = covered(frames, uncovered, thing, WAYS["from below"])
    with landmarker() as second:
        seen = watched(pictures, second)
    assert all(one.observation is not None for one in seen), "the face is still found"
    longest, channel = scream(shown(seen)[FIRST:], shown(uncovered)[FIRST:], RATE)
    assert longest <= LONG, channel
    if thing == "microphone":  # the networks take it for an open mouth
        jaw = INDEX["jawOpen"]
        assert raw(seen)[FIRST:, jaw].max() > 0.5 > shown(seen)[FIRST + 10 :, jaw].max() + 0.3
