"""What `mien run` was asked for, with the profile beneath it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from app.commands.arguments import with_values
from app.face_model import face_model_path
from app.profiles import kept_profile
from app.recordings.takes import TakeSettings
from app.settings import (
    RunSettings,
    is_first_start,
    output_settings,
    tracking_settings,
)
from app.virtual_camera import VirtualCameraSettings
from engine.calibration.guide import forgotten
from engine.errors import SettingsError


def settings_from(arguments: argparse.Namespace) -> RunSettings:
    """All of it, checked as far as can be before anything is opened. Raises SettingsError."""
    kept = kept_profile(arguments.profile, telling=arguments.panel)
    profile = with_values(kept.profile, arguments.set)
    if arguments.no_output and arguments.output:
        raise SettingsError("--no-output and --output exclude each other. Leave one of them out.")
    specs = () if arguments.no_output else tuple(arguments.output or profile.outputs)
    if len(set(arguments.record)) < len(arguments.record):
        raise SettingsError("--record names one file twice. Leave one of them out.")
    _check_snapshot(arguments.snapshot)
    _check_kiosk(arguments)
    tracking = tracking_settings(
        profile,
        face_model_path(profile.face_model),
        regressor=arguments.regressor,
        runtime=arguments.runtime,
    )
    if arguments.kiosk:
        stranger = replace(forgotten(profile.calibration), automatic=True)
        tracking = replace(tracking, calibration=stranger)
    return RunSettings(
        source=replace(
            profile.source,
            spec=arguments.source or profile.source.spec,
            pace=arguments.pace or profile.source.pace,
            loop=arguments.loop or profile.source.loop,
        ),
        tracking=tracking,
        mirror=profile.mirror if arguments.mirror is None else arguments.mirror,
        outputs=output_settings(specs, profile),
        recordings=tuple(arguments.record),
        takes=_takes(arguments, profile.takes),
        remote=profile.remote if arguments.remote is None else arguments.remote,
        output_rate=_output_rate(arguments.output_rate, profile.output_rate),
        window=not arguments.no_window,
        viewer=replace(
            profile.viewer,
            figure=arguments.figure or profile.viewer.figure,
            avatar=_avatar(arguments.avatar, profile.viewer.avatar),
            panel=profile.viewer.panel or _wants_panel(arguments),
        ),
        frames=arguments.frames,
        seconds=arguments.seconds,
        snapshot=arguments.snapshot,
        profile_name=kept.name,
        profile=profile,
        avatar_named=arguments.avatar is not None
        or profile.viewer.avatar != kept.profile.viewer.avatar,
        kept=kept.profile,
        profile_fault=kept.fault,
        profile_untouched=kept.untouched,
        budget=profile.budget if arguments.budget is None else arguments.budget,
        idle=profile.idle,
        kiosk=arguments.kiosk,
        needs_window=arguments.panel or arguments.kiosk,
        virtual_camera=_virtual_camera(arguments, profile.virtual_camera),
    )


def _virtual_camera(
    arguments: argparse.Namespace, kept: VirtualCameraSettings
) -> VirtualCameraSettings:
    if arguments.no_virtual_camera:
        if arguments.virtual_camera is not None:
            raise SettingsError(
                "--virtual-camera and --no-virtual-camera exclude each other. Leave one out."
            )
        return replace(kept, on=False)
    if arguments.virtual_camera is None:
        return kept
    return replace(kept, on=True, device=arguments.virtual_camera or kept.device)


def _check_kiosk(arguments: argparse.Namespace) -> None:
    if arguments.kiosk and (arguments.record or arguments.snapshot or arguments.no_window):
        raise SettingsError(
            "--kiosk stores nothing of anybody and needs the window: it excludes --record, "
            "--snapshot and --no-window. Leave them out."
        )


def _wants_panel(arguments: argparse.Namespace) -> bool:
    """Also at the very first start, where nobody has said yet what to look at."""
    return bool(arguments.panel) or (arguments.source is None and is_first_start())


def _avatar(asked: str | None, kept: str) -> str:
    """From any folder the same file: the profile may keep it."""
    return kept if asked is None else str(Path(asked).expanduser().absolute()) if asked else ""


def _output_rate(asked: float | None, kept: float) -> float:
    if asked is None:
        return kept
    if not 1.0 <= asked <= 240.0:
        raise SettingsError(f"cannot use --output-rate {asked:g}; expected 1 to 240 a second.")
    return asked


def _takes(arguments: argparse.Namespace, takes: TakeSettings) -> TakeSettings:
    slate = takes.slate if arguments.slate is None else arguments.slate
    try:
        return replace(takes, slate=slate, mesh=arguments.mesh or takes.mesh)
    except ValueError as error:
        raise SettingsError(f"cannot use --slate: {error}.") from error


def _check_snapshot(path: Path | None) -> None:
    """Better now than after an hour of tracking."""
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise SettingsError(f"cannot write the snapshot {path}: expected a name ending in .png.")
    if not path.absolute().parent.is_dir():
        raise SettingsError(
            f"cannot write the snapshot {path}: no such folder {path.absolute().parent}. "
            "Create it first."
        )
