"""The profiles of this machine: made, renamed, removed, put aside when damaged, remembered."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from app.folders import config_folder
from app.profile import ProfileNotOursError, write_profile
from app.settings import DEFAULT_PROFILE, Profile, load_profile, profile_path
from engine.errors import SettingsError

LAST_PROFILE = "last-profile"  # file in the folder of profiles

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A profile as it lies on disk.

    fault:     why it is not the one that was asked for.
    untouched: the file of that name is another than this, and is to stay as it is.
    """

    name: str
    profile: Profile
    fault: str = ""
    untouched: bool = False


def kept_profile(name: str | None, *, telling: bool) -> Kept:
    """The profile of that name. Raises SettingsError.

    name:    None: the default one, or the one chosen last in the control panel if it opens.
    telling: the control panel opens: there a profile that cannot be used is told, in the log, too,
             and the usual settings serve.
    """
    found = name or (last_profile() if telling else DEFAULT_PROFILE)
    try:
        return Kept(found, load_profile(found))
    except SettingsError as error:
        if name is not None or not telling:
            raise
        untouched = isinstance(error, ProfileNotOursError)
        if untouched:
            ending = "It stays as it is; these are the usual settings, and changes are not kept."
        else:
            ending = f"It lies in {put_aside(found)}; these are the usual settings."
        fault = f"{str(error).rstrip('.')}. {ending}"
        log.warning("%s", fault)
        return Kept(found, Profile(), fault, untouched)


def save_profile_as(name: str, profile: Profile) -> None:
    """Write a new profile. Raises SettingsError, also if there is one of that name."""
    path = profile_path(name)
    if path.exists():
        raise SettingsError(f"there is a profile {name!r} already. Take another name.")
    write_profile(path, profile)


def rename_profile(name: str, new: str, profile: Profile) -> None:
    """The same under another name. Raises SettingsError, also if that name is taken."""
    save_profile_as(new, profile)
    delete_profile(name)


def delete_profile(name: str) -> None:
    """Remove its file, if there is one. Raises SettingsError."""
    path = profile_path(name)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            f"cannot remove the profile {path}: {error.strerror}. Check the folder's rights."
        ) from error


def last_profile() -> str:
    """The one chosen last in the control panel; the default one if it is no longer there."""
    try:
        name = (config_folder() / LAST_PROFILE).read_text("utf-8").strip()
        return name if profile_path(name).exists() else DEFAULT_PROFILE
    except (OSError, UnicodeDecodeError, SettingsError):
        return DEFAULT_PROFILE


def remember_profile(name: str) -> None:
    """For `last_profile`. Raises SettingsError."""
    place = config_folder() / LAST_PROFILE
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{name}\n", "utf-8")
    except OSError as error:
        raise SettingsError(
            f"cannot write {place}: {error.strerror}. Check the folder's rights and free space."
        ) from error


def put_aside(name: str) -> Path:
    """Rename a damaged profile's file, that nothing in it is lost; gives its new place."""
    path = profile_path(name)
    place, number = path.with_suffix(".damaged"), 1
    while place.exists():  # an earlier one is not to be lost either
        number += 1
        place = path.with_suffix(f".{number}.damaged")
    try:
        path.rename(place)
    except OSError as error:
        raise SettingsError(
            f"cannot rename the damaged profile {path}: {error.strerror}. Check its folder."
        ) from error
    return place
