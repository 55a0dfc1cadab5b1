"""The panel's options: the profile's keys behind them, and the same from the command line."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path

import pytest

from app.commands.run import add_parser
from app.commands.run_settings import settings_from
from app.option_keys import KEYS, options_of, with_options
from app.options import Options
from app.profile import read_profile, value_from_text, with_value, write_profile
from app.settings import Profile
from engine.errors import SettingsError

OTHER = Options(
    regressor="smirk",
    person="region",
    region=(0.1, 0.2, 0.8, 0.9),
    budget=True,
    idle=True,
    output_rate=60.0,
    camera_width=640,
    camera_height=480,
    camera_rate=30.0,
    rotate=90,
    exposure=5.0,
    takes_folder="takes",
    takes_formats=("csv", "glb"),
    takes_slate="anna",
    remote="9010",
    hotkey_calibrate="ctrl+alt+k",
    hotkey_recentre="f5",
    hotkey_pause="f6",
    hotkey_mirror="f7",
    hotkey_record="f8",
)
NAMES = [field.name for field in fields(Options)]


def test_options_are_at_first_what_a_profile_is_at_first() -> None:
    assert options_of(Profile()) == Options()
    assert set(KEYS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_option_changes_its_key_in_the_file_and_no_other(name: str, tmp_path: Path) -> None:
    before = Options()
    after = replace(before, **{name: getattr(OTHER, name)})
    changed = with_options(Profile(mirror=True), before, after)
    write_profile(tmp_path / "a.toml", changed)
    read = read_profile(tmp_path / "a.toml", Profile)
    assert options_of(read) == after and read.mirror
    assert with_options(read, after, before) == Profile(mirror=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_sets_what_the_panel_sets(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    write_profile(tmp_path / "one.toml", with_value(Profile(), KEYS[name], getattr(OTHER, name)))
    lines = (tmp_path / "one.toml").read_text().splitlines()
    value = next("".join(lines[i:]) for i, line in enumerate(lines) if "=" in line and i)
    text = f"{KEYS[name]}={value.partition('=')[2].strip()}"
    found = settings_from(parsed("run", "--set", text))
    assert getattr(options_of(found.profile), name) == getattr(OTHER, name)
    assert found.kept == Profile()  # it is not written into the profile


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("idle", "expected KEY=VALUE"),
        ("nonsense=1", "`nonsense` is not a setting"),
        ("idle.x=1", "expected true or false"),
        ("tracker.person=tallest", "'largest'"),
        ("takes.slate=../x", "slate"),
        ("hotkeys.pause=x", "bad hotkey"),
    ],
)
def test_a_wrong_setting_is_refused(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=told):
        settings_from(parsed("run", "--no-window", "--set", text))


def test_values_are_written_as_in_a_profile_or_as_they_are() -> None:
    assert value_from_text("true") is True
    assert value_from_text('["csv", "glb"]') == ["csv", "glb"]
    assert value_from_text("ctrl+alt+k") == "ctrl+alt+k"


def test_a_value_that_makes_no_sense_leaves_the_settings_alone() -> None:
    with pytest.raises(SettingsError, match="output_rate"):
        with_value(Profile(), "output_rate", 1e6)
