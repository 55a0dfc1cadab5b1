"""What looks at pictures is exchanged while they come; the person stays known."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from app.selected_tracking import SelectedTracking, open_live
from app.tracking import Looking, TrackingSettings
from engine.calibration import CalibrationSettings
from engine.tracker import TrackerSettings
from tests.faces import frame, photograph
from tests.test_pipeline import run_settings


@pytest.fixture
def settings(face_networks: Path) -> TrackingSettings:
    known = CalibrationSettings(camera_tilt=0.1)
    return replace(run_settings(face_networks, "demo").tracking, calibration=known)


def test_another_choice_takes_over_between_two_frames_and_the_old_one_is_closed(
    settings: TrackingSettings,
) -> None:
    closed: list[str] = []

    def opening(asked: TrackingSettings, stack: ExitStack) -> Looking:
        stack.callback(closed.append, asked.tracker.person)
        return open_live(asked, stack)

    with SelectedTracking(settings, opening) as looking:
        assert looking.chain.update(frame(photograph(), 0)).tracked
        nearest = replace(settings, tracker=TrackerSettings(person="nearest"))
        looking.select(nearest)
        assert closed == []  # a frame may be under way
        looking.take_over()
        assert closed == ["largest"]
        assert looking.chain.update(frame(photograph(), 1)).tracked
        assert looking.chain.calibration.camera_tilt == 0.1
    assert closed == ["largest", "nearest"]


def test_what_cannot_be_had_is_told_and_the_old_choice_goes_on(settings: TrackingSettings) -> None:
    with SelectedTracking(settings) as looking:
        looking.select(replace(settings, regressor="smirk"))
        assert "smirk" in looking.fault.lower()
        looking.take_over()
        assert looking.chain.update(frame(photograph(), 0)).tracked
        looking.select(settings)
        assert looking.fault == ""


def test_one_that_gets_ready_too_late_is_closed(settings: TrackingSettings) -> None:
    closed: list[str] = []

    def opening(asked: TrackingSettings, stack: ExitStack) -> Looking:
        stack.callback(closed.append, asked.tracker.person)
        return open_live(asked, stack)

    looking = SelectedTracking(settings, opening)
    looking.close()
    looking.select(settings)
    assert closed == ["largest", "largest"]
