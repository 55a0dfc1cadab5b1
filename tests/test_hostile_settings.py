"""Profiles, specs and command lines of any content: used, or refused in one line that helps."""

from __future__ import annotations

import argparse
import dataclasses
import typing
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.commands.run import add_parser
from app.commands.run_settings import settings_from
from app.listening import parse_place
from app.outputs import parse_output
from app.profile import read_profile, write_profile
from app.remote import open_remote
from app.settings import Profile, profile_path
from app.sources import SourceSettings, open_source
from app.sources.devices import Camera, find_camera
from engine.errors import MienError, SettingsError

TOML_VALUES = (
    *("true", "0", "-1", "1" + 400 * "0", "1e308", "nan", "inf", "-inf", '""', '"x"', "[]", "{}"),
    *("[[]]", "[1, 2, 3, 4]", "[nan, nan, nan, nan]", "[-1e300, 1e300]", "1979-05-27", "{ a = 1 }"),
    *('"\\u0000"', '["x", "x"]', '"' + "x" * 300 + '"', "[" * 9 + "]" * 9),
)


def keys(kind: type, prefix: str = "") -> Iterator[str]:
    """Every key that a profile may have, with its tables' names and dots."""
    for field in dataclasses.fields(kind):
        hint = typing.get_type_hints(kind)[field.name]
        yield f"{prefix}{field.name}"
        if dataclasses.is_dataclass(hint):
            yield from keys(typing.cast(type, hint), f"{prefix}{field.name}.")


def assert_read_or_refused(path: Path) -> None:
    try:
        read_profile(path, Profile)
    except SettingsError as error:
        assert str(path) in str(error) and "\n" not in str(error)


def test_every_setting_takes_or_refuses_every_value(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    for key in keys(Profile):
        for value in TOML_VALUES:
            path.write_text(f"{key} = {value}")
            assert_read_or_refused(path)


def test_damaged_profiles_are_refused_in_one_line(
    tmp_path: Path, random: np.random.Generator
) -> None:
    path = tmp_path / "p.toml"
    write_profile(path, Profile(mirror=True, source=SourceSettings("logi", crop=(0, 0, 0.5, 1))))
    whole = path.read_bytes()
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(int(random.integers(1, 5))):
            place = int(random.integers(0, len(data) + 1))
            data[place : place + int(random.integers(0, 5))] = random.bytes(
                int(random.integers(0, 5))
            )
        path.write_bytes(data)
        assert_read_or_refused(path)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a." * 5000 + "b = 1", "\0", "\ud800"])
def test_a_profile_that_is_no_toml_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(SettingsError) as caught:
        read_profile(path, Profile)
    assert "\n" not in str(caught.value)


TEXTS = (
    *("", " ", "\0", "a\0b", "x" * 10_000, "9" * 5000, "-1", "1e9", "٣", "²", "..", "/", "~", "%s"),
    *("://", "foo://", "gopher://x", "rtsp://[", ":", "::", ":::", "[", "[]", "[::1]", "[::1]:"),
    *("vmc:", "vmc::0", "vmc::65536", "vmc:x:y:z", "vmc:[", "osc:[::1]:x", "vmc::" + "9" * 5000),
    *("vmc:" + "a" * 300, "vmc:a..b", "vmc:\u2028", "faulty:", "faulty:?", "faulty:demo?x@1"),
    *("faulty:demo?hang@" + "9" * 400 + "x", "COM1", "\ud800", "'; rm -rf /", "nul", "demo\n"),
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_place_is_understood_or_refused_in_one_line(text: str) -> None:
    present = (Camera(0, "Cam", "/dev/video0", cv2.CAP_ANY), Camera(1, "Cam", None, 0))
    for parse in (
        parse_output,
        parse_place,
        profile_path,
        lambda spec: find_camera(spec, present),
        lambda spec: open_remote(spec and f"{spec}x").close(),
        lambda spec: open_source(SourceSettings(spec or "?")).close(),
    ):
        try:
            parse(text)
        except MienError as error:
            assert "\n" not in str(error).replace(text, "")


def test_a_port_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(MienError, match="expected a port"):
        open_remote("9" * 5000)


@pytest.mark.parametrize(
    "option",
    [
        *("--source", "--output", "--remote", "--profile", "--slate", "--record", "--snapshot"),
        *("--output-rate", "--frames", "--seconds", "--regressor", "--runtime", "--figure"),
    ],
)
def test_every_option_takes_or_refuses_every_text(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers(dest="command"))
    for text in TEXTS:
        try:
            settings_from(parser.parse_args(["run", f"{option}={text}"]))
        except SystemExit as end:
            assert end.code == 2
        except MienError as error:
            assert "\n" not in str(error).replace(text, "")
