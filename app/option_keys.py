"""Where the control panel's options stand in a profile."""

from __future__ import annotations

from dataclasses import fields
from functools import reduce
from types import MappingProxyType
from typing import Any

from app.options import Options
from app.profile import with_value
from app.settings import Profile

KEYS = MappingProxyType(
    {
        "regressor": "regressor",
        "person": "tracker.person",
        "region": "tracker.region",
        "budget": "budget",
        "idle": "idle",
        "output_rate": "output_rate",
        "camera_width": "source.width",
        "camera_height": "source.height",
        "camera_rate": "source.rate",
        "rotate": "source.rotate",
        "exposure": "source.exposure",
        "takes_folder": "takes.folder",
        "takes_formats": "takes.formats",
        "takes_slate": "takes.slate",
        "remote": "remote",
        "hotkey_calibrate": "hotkeys.calibrate",
        "hotkey_recentre": "hotkeys.recentre",
        "hotkey_pause": "hotkeys.pause",
        "hotkey_mirror": "hotkeys.mirror",
        "hotkey_record": "hotkeys.record",
    }
)
"""The profile's key of each option."""


def options_of(profile: Profile) -> Options:
    """What the profile says."""
    values: dict[str, Any] = {name: _value_at(profile, key) for name, key in KEYS.items()}
    return Options(**values)


def with_options(profile: Profile, before: Options, after: Options) -> Profile:
    """The profile with what has changed between two sets of options; the rest of it stays.

    Raises SettingsError for a value that makes no sense.
    """
    for field in fields(Options):
        value = getattr(after, field.name)
        if value != getattr(before, field.name):
            profile = with_value(profile, KEYS[field.name], value)
    return profile


def _value_at(profile: Profile, key: str) -> object:
    return reduce(getattr, key.split("."), profile)
