"""`mien cameras`: number, name, formats and rates of every camera."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from app.sources.camera import open_camera_device
from app.sources.devices import NO_CAMERA, Camera, list_cameras
from app.sources.source import SourceSettings
from app.sources.v4l2 import Mode, list_modes
from engine.errors import SourceError

HEADINGS = ("id", "name", "format", "size", "pictures/s")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    subparsers.add_parser(
        "cameras",
        help="list cameras with number, name, formats and rates",
        description="List cameras. --source takes the number or part of the name.",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the table. Raises SourceError if there is no camera."""
    cameras = list_cameras()
    if not cameras:
        raise SourceError(NO_CAMERA)
    print(cameras_table(cameras, camera_modes))
    return 0


def camera_modes(camera: Camera) -> tuple[Mode, ...]:
    """What the camera offers; where the system does not tell, the one mode that it opens in.

    Raises SourceError if that cannot be found out.
    """
    if camera.path is not None and camera.path.startswith("/dev/"):
        return list_modes(Path(camera.path))
    settings = SourceSettings()
    capture = open_camera_device(camera, settings)
    image = capture.picture()
    rates = () if capture.rate is None else (capture.rate,)
    capture.close()
    if image is None:
        return ()
    return (Mode(capture.fourcc, image.shape[1], image.shape[0], rates),)


def cameras_table(cameras: Sequence[Camera], modes_of: Callable[[Camera], tuple[Mode, ...]]) -> str:
    """One row per mode, aligned; a camera that cannot be asked has its reason there."""
    rows: list[tuple[str, ...]] = [HEADINGS]
    for camera in cameras:
        head: tuple[str, str] = (str(camera.number), camera.title)
        try:
            modes = modes_of(camera)
        except SourceError as error:
            rows.append((*head, str(error)))
            continue
        if not modes:
            rows.append((*head, "tells no formats"))
        for mode in modes:
            rates = " ".join(f"{rate:.4g}" for rate in mode.rates)
            rows.append((*head, mode.fourcc, f"{mode.width}×{mode.height}", rates))
            head = ("", "")
    return aligned(rows)


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Lines of columns, each as wide as its longest cell; a row's last cell is as long as it is."""
    widths: dict[int, int] = {}
    for row in rows:
        for column, cell in enumerate(row[:-1]):
            widths[column] = max(widths.get(column, 0), len(cell))
    return "\n".join(
        "  ".join(cell.ljust(widths.get(column, 0)) for column, cell in enumerate(row)).rstrip()
        for row in rows
    )
