import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from app.outputs.vmc import VmcSettings
from app.profile import ProfileNotOursError, read_profile, write_profile
from app.settings import RETIRED, Profile, load_profile, profile_path
from app.sources import SourceSettings
from engine.errors import SettingsError
from engine.steadiness import ChannelSettings

OLD = sorted((Path(__file__).parent / "data" / "profiles").glob("*.toml"))


@dataclass(frozen=True)
class Inner:
    rate: float = 30.0
    kind: Literal["fast", "slow"] = "slow"


@dataclass(frozen=True)
class Outer:
    on: bool = False
    count: int = 1
    names: tuple[str, ...] = ()
    size: tuple[int, int] = (4, 3)
    path: Path | None = None
    inner: Inner = Inner()


def read(tmp_path: Path, text: str) -> Outer:
    path = tmp_path / "p.toml"
    path.write_text(text, "utf-8")
    return read_profile(path, Outer)


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Outer()
    assert read(tmp_path, "[inner]\nrate = 60") == Outer(inner=Inner(rate=60.0))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = 'on = 1\ncount = 1.5\nsize = [1]\nspeed = 2\nnames = ["a", 3]\n[inner]\nkind = "odd"'
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    for fault in (
        "`on` is 1; expected true or false",
        "`count` is 1.5; expected a whole number",
        "`size` is [1]; expected a list of 2",
        "`speed` is not a setting; expected one of count, inner, names, on, path, size",
        "`names[1]` is 3; expected a text in quotes",
        "`inner.kind` is 'odd'; expected 'fast' or 'slow'",
    ):
        assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["on = ", "[inner", "\0"])
def test_broken_toml_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="is not TOML"):
        read(tmp_path, text)


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is not TOML"):
        read_profile(path, Outer)


def test_every_setting_comes_back_as_it_was_written(tmp_path: Path) -> None:
    profile = Profile(
        mirror=True,
        face_model=Path("models/face.task"),
        outputs=("vmc:192.168.1.5", "osc::9001"),
        source=SourceSettings(spec="Logitech", rate=30.0),
        vmc=VmcSettings(names="vrm1", neck_share=0.4),
    )
    profile = replace(
        profile,
        smoother=replace(profile.smoother, channels=(ChannelSettings("jawOpen", quickness=0.9),)),
    )
    path = tmp_path / "deep" / "p.toml"
    write_profile(path, profile)
    assert read_profile(path, Profile) == profile
    write_profile(path, Profile())
    assert read_profile(path, Profile) == Profile()
    assert path.read_text() == "version = 1\n"  # later defaults must not be held back
    assert [file.name for file in path.parent.iterdir()] == ["p.toml"]


def test_values_out_of_range_are_faults_of_their_table(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("[vmc]\nneck_share = 3.0\n[smoother]\nquickness = 2", "utf-8")
    with pytest.raises(SettingsError, match=r"\[vmc\].*3.0.*\[smoother\]"):
        read_profile(path, Profile)


def test_a_later_versions_profile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("version = 2\nunheard = true", "utf-8")
    newer = r"made by a newer mien \(version 2; this one knows 1\)"
    with pytest.raises(ProfileNotOursError, match=newer):
        read_profile(path, Profile)


def test_a_version_that_never_was_is_named_without_a_table(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("version = 0", "utf-8")
    with pytest.raises(SettingsError, match="cannot be used: `version` is 0; this mien reads"):
        read_profile(path, Profile)


def test_a_byte_order_mark_as_notepad_writes_it_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xef\xbb\xbfcount = 5\r\n")
    assert read_profile(path, Outer).count == 5


def test_a_channel_that_is_set_twice_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    twice = '[[calibration.channels]]\nname = "jawOpen"\ngain = {}\n'
    path.write_text(twice.format(2.0) + twice.format(3.0), "utf-8")
    with pytest.raises(SettingsError, match=r"\[calibration\] channels name jawOpen twice"):
        read_profile(path, Profile)
    path.write_text(
        path.read_text()
        .replace("calibration", "smoother")
        .replace("gain = 2.0", "")
        .replace("gain = 3.0", ""),
        "utf-8",
    )
    with pytest.raises(SettingsError, match=r"\[smoother\] channels name jawOpen twice"):
        read_profile(path, Profile)


def test_writing_removes_what_a_killed_mien_left_half_written(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    (tmp_path / f".p.toml.{ended_process()}.part").write_text("half")
    written_now = tmp_path / f".q.toml.{os.getpid()}.part"
    written_now.write_text("half")
    write_profile(path, Profile())
    assert sorted(tmp_path.iterdir()) == [written_now, path]


@pytest.mark.skipif(os.name != "posix", reason="has no modes of files")
@pytest.mark.parametrize("unnamed", [True, False])
def test_a_profile_is_read_by_its_owner_alone(
    unnamed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address with a camera's password may be in it. Not every disk takes unnamed files."""
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    write_profile(tmp_path / "p.toml", Profile())
    assert (tmp_path / "p.toml").stat().st_mode & 0o077 == 0


def ended_process() -> int:
    """The id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot write the profile"):
        write_profile(tmp_path / "file" / "p.toml", Profile())


def test_only_the_default_profile_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    assert load_profile("default") == Profile()
    with pytest.raises(SettingsError, match=r"cannot read the profile .*studio.toml"):
        load_profile("studio")


@pytest.mark.parametrize("name", ["../evil", "", "a/b", "a\\b", ".hidden", "x" * 80])
def test_a_profile_name_is_no_path(name: str) -> None:
    with pytest.raises(SettingsError, match="bad profile name"):
        profile_path(name)


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.stem)
def test_a_profile_of_every_earlier_version_loads_and_is_written_anew(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each holds every key that its version knew, the first as that version wrote it itself."""
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    path = profile_path("old")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(old.read_text("utf-8").replace("rate = 60.0", "rate = 25.0", 1), "utf-8")
    profile = load_profile("old")
    assert profile.source.rate == 25.0
    told = [key for key in RETIRED if key in caplog.text]
    assert told == (list(RETIRED) if "[smoother.gaze]" in old.read_text("utf-8") else [])
    write_profile(path, profile)
    caplog.clear()
    assert load_profile("old") == profile
    assert caplog.records == []


def test_earlier_versions_profiles_are_at_hand() -> None:
    assert len(OLD) >= 5
