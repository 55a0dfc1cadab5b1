"""`mien doctor`: tries out everything that mien needs and says what to do about each."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.doctor.bundle import FILE_NAME, write_bundle
from app.doctor.cameras import probe_cameras
from app.doctor.display import probe_display
from app.doctor.files import probe_added_models, probe_folder, probe_model, probe_profile
from app.doctor.finding import Finding, Verdict, report_lines
from app.doctor.gpu import cuda_driver, probe_gpu
from app.doctor.packages import (
    installed_packages,
    our_requirements,
    probe_bundled_files,
    probe_packages,
    probe_python,
)
from app.doctor.receivers import probe_receiver
from app.doctor.runtimes import TENSORRT, probe_onnx_runtime, probe_plans, probe_tensorrt
from app.folders import config_folder, data_folder, log_folder
from app.plans import plans_folder
from app.privacy import local_anonymiser
from app.settings import DEFAULT_PROFILE, Profile, load_profile, output_settings
from app.sources.devices import list_cameras
from app.viewer import probe
from engine.errors import SettingsError
from models.store import model_file


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "doctor", help="try out camera, display, GPU, files and receivers", description=__doc__
    )
    parser.add_argument("--profile", metavar="NAME", default=DEFAULT_PROFILE, help="your settings")
    parser.add_argument(
        "--bundle",
        metavar="PATH",
        type=Path,
        nargs="?",
        const=Path(FILE_NAME),
        help="also write a file for whoever helps you, without names, addresses and paths "
        f"(default: {FILE_NAME})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the report; 0 if nothing failed."""
    findings = list(examine(arguments.profile))
    report = [f"mien {_version()}", *report_lines(findings)]
    print("\n".join(report))
    if arguments.bundle is not None:
        path = arguments.bundle / FILE_NAME if arguments.bundle.is_dir() else arguments.bundle
        packages = installed_packages()
        write_bundle(
            path,
            report=report,
            packages=packages,
            logs=log_folder(),
            profiles=config_folder(),
            cameras=[camera.name for camera in list_cameras()],
            anonymiser=local_anonymiser(packages.values()),
        )
        print(f"Written for whoever helps you: {path}. Look into it before you pass it on.")
    return 1 if any(finding.verdict is Verdict.FAIL for finding in findings) else 0


def examine(profile_name: str) -> Iterator[Finding]:
    """All probes, one after the other."""
    installed = installed_packages()
    yield probe_python()
    yield from probe_packages(our_requirements(), installed)
    yield from probe_bundled_files()
    yield probe_folder("data folder", data_folder())
    yield probe_folder("profiles", config_folder())
    yield probe_folder("log folder", log_folder())
    yield probe_profile(lambda: load_profile(profile_name))
    profile = _profile_or_default(profile_name)
    yield probe_model(
        model_file("face_landmarker"), given=profile.face_model, cache=data_folder() / "models"
    )
    yield from probe_added_models(data_folder() / "models")
    yield from probe_cameras(list_cameras())
    yield probe_display(probe.probe_display())
    yield from probe_gpu(cuda_driver(), installed)
    yield probe_onnx_runtime()
    yield probe_tensorrt(installed=not installed.keys().isdisjoint(TENSORRT))
    yield from probe_plans(plans_folder())
    for output in output_settings(profile.outputs, profile):
        yield probe_receiver(output)


def _profile_or_default(name: str) -> Profile:
    try:
        return load_profile(name)
    except SettingsError:  # `probe_profile` has said so
        return Profile()


def _version() -> str:
    try:
        return version("mien")
    except PackageNotFoundError:
        return "(not installed)"
