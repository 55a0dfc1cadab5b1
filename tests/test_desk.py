"""What people ask for reaches source, outputs, tracking and profile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.actions import (
    DeleteProfile,
    LookForCameras,
    NewProfile,
    RemoveOutput,
    RenameProfile,
    SaveProfileAs,
    SetCalibration,
    SetChannel,
    SetMirror,
    SetOptions,
    SetOutput,
    SetProfile,
    SetQuickness,
    SetRecording,
    SetSource,
    SetVirtualCamera,
)
from app.desk import Desk
from app.destinations import Destinations
from app.hotkeys import Hotkeys, HotkeySettings
from app.in_force import Parts
from app.meter import Meter
from app.profile import write_profile
from app.profiles import kept_profile, last_profile
from app.recordings.takes import Takes, TakeSettings
from app.remote import Remote
from app.selected_source import SelectedSource
from app.selected_tracking import SelectedTracking
from app.settings import Profile, RunSettings, load_profile, profile_path
from app.sources import SourceSettings
from app.sources.devices import Camera
from app.statistics import Situation
from app.steady import SteadySender
from app.threads import Latest
from app.tracking import Looking, TrackingSettings
from app.viewer import ViewerSettings
from app.virtual_camera import VirtualCameraSettings
from app.virtual_camera.camera import VirtualCamera
from app.virtual_camera.device import Device
from engine.calibration import CalibrationSettings, ChannelCalibration
from engine.data import Frame, Observation
from engine.errors import ModelError, SettingsError
from engine.steadiness import SmootherSettings
from tests.webcams import Webcam

OPEN_JAW = ChannelCalibration("jawOpen", gain=1.5)


class Nobody:
    """Sees no face in any picture."""

    def observe(self, frame: Frame) -> Observation | None:
        return None


class Room:
    """A desk with a source of one picture and no outputs."""

    def __init__(
        self,
        folder: Path,
        *,
        kiosk: bool,
        profile: Profile | None = None,
        kept: Profile | None = None,
        untouched: bool = False,
    ) -> None:
        """kept: what of the profile is on disk; None: all."""
        profile = profile or Profile(outputs=())
        self.picture = folder / "picture.png"
        cv2.imwrite(str(self.picture), np.zeros((8, 8, 3), np.uint8))
        first = SourceSettings(spec=str(self.picture), pace="fast", loop=True)
        settings = RunSettings(
            source=first,
            tracking=TrackingSettings(
                Path("none"),
                Path("none"),
                smoother=profile.smoother,
                calibration=profile.calibration,
            ),
            mirror=False,
            outputs=(),
            recordings=(),
            takes=TakeSettings(),
            remote="",
            output_rate=0.0,
            window=False,
            viewer=profile.viewer,
            frames=None,
            seconds=None,
            snapshot=None,
            profile_name="default",
            profile=profile,
            kept=kept,
            profile_untouched=untouched,
            kiosk=kiosk,
        )
        self.source, self.destinations = SelectedSource(first), Destinations(())
        self.looked: list[TrackingSettings] = []
        self.takes = Takes((), TakeSettings(), folder / "takes")
        self.remote, self.hotkeys = Remote(None), Hotkeys(HotkeySettings(), lambda: None)
        meter = Meter(self.source, self.destinations, self.takes)
        self.steady = SteadySender(0.0, Latest(), self.destinations, meter)
        self.virtual_camera = VirtualCamera(settings.virtual_camera, open_device=self._open)
        self.desk = Desk(
            settings,
            Parts(
                self.source,
                self.destinations,
                SelectedTracking(settings.tracking, self.look),
                self.takes,
                self.remote,
                self.hotkeys,
                self.steady,
                self.virtual_camera,
            ),
        )

    def _open(self, settings: VirtualCameraSettings) -> Device:
        return Webcam(settings)

    def look(self, settings: TrackingSettings, stack: ExitStack) -> Looking:
        """Opens nothing; SMIRK is missing."""
        if settings.regressor == "smirk":
            raise ModelError("SMIRK is not installed. Add it: mien models add smirk FILE")
        self.looked.append(settings)
        return Looking(Nobody(), ())

    def situation(self) -> Situation:
        return self.desk.situation(CalibrationSettings())

    def turn_until(self, happened: Callable[[], bool]) -> None:
        """At most two seconds of the main loop."""
        end = time.perf_counter() + 2.0
        while not happened() and time.perf_counter() < end:
            self.desk.turn(CalibrationSettings(), None)
        assert happened()


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "home"))
    room = Room(tmp_path, kiosk=False)
    with room.source, room.destinations, room.virtual_camera, room.desk:
        yield room
    room.remote.close()
    room.hotkeys.close()


def kept(room: Room, name: str = "default") -> Profile:
    room.desk.keep(None, None)
    return load_profile(name)


def test_settings_reach_the_tracking_thread_and_the_profile(room: Room) -> None:
    for action in (SetMirror(True), SetQuickness(0.8), SetChannel(OPEN_JAW)):
        room.desk.see_to(action)
    wishes = room.desk.wishes
    assert wishes.mirror and wishes.smoother == SmootherSettings(quickness=0.8)
    assert wishes.channels == (OPEN_JAW,)
    profile = kept(room)
    assert profile.mirror and profile.smoother.quickness == 0.8
    assert profile.calibration.channel("jawOpen") == OPEN_JAW


def test_another_source_is_taken_and_kept_and_a_wrong_one_told(room: Room, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    cv2.imwrite(str(other), np.full((8, 8, 3), 9, np.uint8))
    room.desk.see_to(SetSource(str(other)))
    assert room.desk.situation(CalibrationSettings()).opening == str(other)
    room.turn_until(lambda: room.source.settings.spec == str(other))
    room.turn_until(lambda: room.desk.situation(CalibrationSettings()).opening == "")
    assert kept(room).source.spec == str(other)
    room.desk.see_to(SetSource(str(tmp_path / "none.mp4")))
    room.turn_until(lambda: bool(room.source.fault))
    assert room.desk.situation(CalibrationSettings()).source == str(other)


def test_receivers_come_and_go_and_a_wrong_one_is_told(room: Room) -> None:
    room.desk.see_to(SetOutput("vmc", True))
    room.turn_until(lambda: len(room.destinations.every) == 1)
    assert kept(room).outputs == ("vmc:127.0.0.1:39539",)
    room.desk.see_to(SetOutput("vmc:127.0.0.1", False))
    room.turn_until(lambda: room.destinations.every[0].output is None)
    assert kept(room).outputs == ()
    room.desk.see_to(SetOutput("vcm", True))
    assert "unknown output 'vcm'" in room.desk.situation(CalibrationSettings()).output_fault


def test_the_virtual_camera_is_switched_and_kept_and_never_offered_as_a_source(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, own = Camera(0, "C920", "/dev/video0", 0), Camera(9, "mien", "/dev/video9", 0)
    monkeypatch.setattr("app.surroundings.list_cameras", lambda: (real, own))
    room.desk.see_to(SetVirtualCamera(True))
    room.turn_until(lambda: room.virtual_camera.device == own.path)
    assert kept(room).virtual_camera == VirtualCameraSettings(on=True)
    room.desk.see_to(LookForCameras())
    room.turn_until(lambda: bool(room.situation().cameras))
    assert [camera.name for camera in room.situation().cameras] == ["C920"]
    room.desk.see_to(SetVirtualCamera(False))
    room.turn_until(lambda: room.virtual_camera.device == "")
    assert not kept(room).virtual_camera.on


def test_another_profile_brings_everything_with_it(room: Room) -> None:
    anna = Profile(
        mirror=True,
        outputs=("vmc::9",),
        source=SourceSettings(spec=str(room.picture)),
        smoother=SmootherSettings(quickness=0.1),
        calibration=CalibrationSettings((OPEN_JAW,)),
        viewer=ViewerSettings(bars=True),
    )
    write_profile(profile_path("Anna"), anna)
    room.desk.see_to(SetQuickness(0.9))
    room.desk.see_to(SetProfile("Anna"))
    wishes = room.desk.wishes
    assert wishes.mirror and wishes.smoother == anna.smoother
    assert wishes.calibration == anna.calibration and wishes.channels == ()
    assert room.desk.taken_window() == replace(anna.viewer, panel=True)
    assert room.desk.taken_window() is None
    room.turn_until(lambda: len(room.destinations.every) == 1)
    assert room.desk.situation(CalibrationSettings()).profile_fault == ""
    assert load_profile("default").smoother.quickness == 0.9
    room.desk.see_to(SetProfile("Nobody"))
    situation = room.desk.situation(CalibrationSettings())
    assert situation.profile == "Anna" and "Nobody" in situation.profile_fault


def test_options_reach_the_parts_and_the_profile_at_once(room: Room, tmp_path: Path) -> None:
    options = replace(
        room.situation().options,
        person="nearest",
        budget=True,
        idle=True,
        takes_folder=str(tmp_path / "elsewhere"),
        takes_formats=("csv", "glb"),
        remote="49099",
    )
    room.desk.see_to(SetOptions(options))
    assert room.desk.wishes.idle and room.desk.wishes.output_rate == room.steady.rate == 30.0
    assert room.desk.wishes.sparing and room.steady.at_once
    assert room.takes.folder == tmp_path / "elsewhere" and room.remote.port == 49099
    room.turn_until(lambda: len(room.looked) == 2 and room.source.settings.limit > 0.0)
    room.turn_until(lambda: not room.situation().changing)
    assert room.looked[-1].tracker.person == "nearest"
    assert room.looked[-1].runtime.threads == 1
    assert room.situation().options == options
    profile = kept(room)
    assert profile.budget and profile.idle and profile.remote == "49099"
    assert (profile.source.limit, profile.output_rate) == (0.0, 0.0)  # the budget's are not kept
    assert profile.takes.formats == ("csv", "glb")


def test_options_that_make_no_sense_or_cannot_be_had_are_told(room: Room) -> None:
    options = room.situation().options
    room.desk.see_to(SetOptions(replace(options, takes_slate="../x")))
    assert "slate" in room.situation().option_fault and room.situation().options == options
    room.desk.see_to(SetOptions(replace(options, regressor="smirk")))
    room.turn_until(lambda: "SMIRK is not installed" in room.situation().option_fault)
    room.desk.see_to(SetOptions(replace(options, hotkey_pause="f9")))
    room.turn_until(lambda: "background" in room.situation().option_fault)


def test_a_profile_is_begun_renamed_and_deleted(room: Room) -> None:
    room.desk.see_to(SetMirror(True))
    room.desk.see_to(NewProfile("show"))
    assert room.situation().profile == "show" and not room.desk.wishes.mirror
    room.desk.see_to(NewProfile("show"))
    assert "already" in room.situation().profile_fault
    room.desk.see_to(RenameProfile("stage"))
    assert (room.situation().profile, last_profile()) == ("stage", "stage")
    assert "show" not in room.situation().profiles
    room.desk.see_to(DeleteProfile("stage"))
    situation = room.situation()
    assert (situation.profile, situation.profiles) == ("default", ("default",))
    assert room.desk.wishes.mirror and last_profile() == "default"


def test_a_receiver_that_is_removed_is_not_listed_any_more(room: Room) -> None:
    room.desk.see_to(SetOutput("vmc", True))
    room.turn_until(lambda: len(room.destinations.every) == 1)
    room.desk.see_to(RemoveOutput("vmc:127.0.0.1:39539"))
    room.turn_until(lambda: room.destinations.every == ())
    assert room.desk.profile.outputs == ()


def test_a_damaged_profile_is_put_aside_and_told_where_somebody_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    path = profile_path("default")
    path.parent.mkdir()
    path.write_text("mirror = perhaps")
    with pytest.raises(SettingsError):
        kept_profile(None, telling=False)
    found = kept_profile(None, telling=True)
    assert found.profile == Profile() and "not TOML" in found.fault
    aside = path.with_suffix(".damaged")
    assert str(aside) in found.fault and aside.read_text() == "mirror = perhaps"


def test_a_second_damaged_profile_does_not_replace_the_first_that_was_put_aside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = profile_path("default")
    path.parent.mkdir(parents=True)
    for text in ("first = 1", "second = 2", "third = 3"):
        path.write_text(text)
        found = kept_profile(None, telling=True)
        assert found.fault in caplog.messages  # in the terminal, too
    aside = sorted(file.read_text() for file in path.parent.glob("*.damaged"))
    assert aside == ["first = 1", "second = 2", "third = 3"]


NEWER = "version = 2\n[calibration]\nlink_ears = true\n"


def test_a_newer_miens_profile_is_told_and_left_as_it_is(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    path = profile_path("default")
    path.parent.mkdir(parents=True)
    path.write_text(NEWER)
    with pytest.raises(SettingsError, match=r"made by a newer mien .version 2; this one knows 1"):
        kept_profile(None, telling=False)
    found = kept_profile(None, telling=True)
    assert found.profile == Profile() and found.fault in caplog.messages
    assert "made by a newer mien" in found.fault and "changes are not kept" in found.fault
    room = Room(tmp_path, kiosk=False, untouched=found.untouched)
    with room.source, room.destinations, room.virtual_camera, room.desk:
        room.desk.see_to(SetMirror(True))
        room.desk.keep(None, None)
        assert [file.name for file in path.parent.iterdir()] == [path.name]
        room.desk.see_to(RenameProfile("stage"))
        room.desk.see_to(SetQuickness(0.7))
        stage = kept(room, "stage")
        assert stage.mirror and stage.smoother.quickness == 0.7
    assert path.read_text() == NEWER


def test_saved_under_a_name_it_goes_on_with_that_profile(room: Room) -> None:
    room.desk.see_to(SetMirror(True))
    room.desk.see_to(SaveProfileAs("stage"))
    room.desk.see_to(SetQuickness(0.7))
    assert kept(room, "stage") == replace(
        Profile(outputs=(), mirror=True), smoother=SmootherSettings(quickness=0.7)
    )
    room.desk.see_to(SaveProfileAs("../stage"))
    assert "bad profile name" in room.desk.situation(CalibrationSettings()).profile_fault


def test_what_holds_for_one_run_is_not_kept_with_what_a_person_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "home"))
    once = Profile(
        outputs=(),
        viewer=ViewerSettings(size=(900, 640), supersampling=1.0, panel=True),
        smoother=SmootherSettings(hold=0.9),
        calibration=CalibrationSettings(camera_tilt=0.3),
    )
    room = Room(tmp_path, kiosk=False, profile=once, kept=Profile(outputs=()))
    with room.source, room.destinations, room.virtual_camera, room.desk:
        room.desk.turn(once.calibration, once.viewer)
        room.desk.see_to(SetQuickness(0.9))
        room.desk.see_to(SetCalibration(replace(once.calibration, link_eyes=True)))
        room.desk.turn(once.calibration, replace(once.viewer, bars=True))
        assert kept(room) == Profile(
            outputs=(),
            viewer=ViewerSettings(bars=True),
            smoother=SmootherSettings(quickness=0.9),
            calibration=CalibrationSettings(link_eyes=True),
        )
    room.remote.close()
    room.hotkeys.close()


def test_cameras_are_looked_for_aside(room: Room) -> None:
    room.desk.see_to(LookForCameras())
    write_profile(profile_path("Anna"), Profile(mirror=True))
    room.turn_until(lambda: "Anna" in room.desk.situation(CalibrationSettings()).profiles)


def test_a_booth_keeps_nothing_of_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "home"))
    room = Room(tmp_path, kiosk=True)
    with room.source, room.destinations, room.desk:
        room.desk.see_to(SetRecording(True))
        room.desk.see_to(SetMirror(True))
        room.desk.turn(CalibrationSettings((OPEN_JAW,)), ViewerSettings(bars=True))
        assert not room.desk.wishes.recording
        room.desk.keep(CalibrationSettings(head=(0.1, 0.0, 0.0)), ViewerSettings())
    assert not (tmp_path / "home").exists()
