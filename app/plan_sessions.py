"""TensorRT's sessions of networks, their plans built where there are none: here, or apart."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

from app.folders import data_folder
from app.plans import PlanName, blueprint, plans_folder
from engine.errors import ModelError
from engine.runtime import RuntimeSettings, Session, open_session
from engine.runtime.build import BuildSettings, prepare_plan, reason_to_build
from engine.runtime.device import open_device

BUILT_APART: tuple[PlanName, ...] = ("deca", "emoca", "expnet")  # of 100 to 600 MB

log = logging.getLogger(__name__)


def open_plan_session(
    name: PlanName, *, models: Path, task: Path | None = None, apart: ApartBuild | None = None
) -> Session:
    """TensorRT's session of a network, its plan built if there is none. Raises ModelError.

    apart: builds the plan of a large network.
    """
    device = open_device()  # without a card nothing is built: its error says what is missing
    gpu = device.gpu
    device.close()
    source, settings, folder = (
        blueprint(name, models=models, task=task),
        BuildSettings(),
        plans_folder(),
    )
    if apart is not None and name in BUILT_APART and models == data_folder() / "models":
        reason = reason_to_build(source, settings, folder=folder, gpu=gpu)
        if reason is not None:
            log.info("building the plan of %s: %s", name, reason)
            apart.run()
    plan = prepare_plan(
        source, settings, folder=folder, gpu=gpu, say=log.info, progress=lambda share: None
    )
    return open_session(plan.path, RuntimeSettings())


class ApartBuild:
    """Builds a plan by build_trt, in a process of its own.

    In ours, writing hundreds of megabytes of weights would hold Python, and with it the tracking,
    for up to three seconds (measured on ExpNet, 2026-11-21).
    """

    def __init__(self, name: PlanName) -> None:
        self._name = name
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def run(self) -> None:
        """Build it; raises ModelError with the reason why not."""
        with subprocess.Popen(
            [sys.executable, "-m", "build_trt", self._name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ) as process:
            self._process = process
            if self._stopped:
                process.terminate()
            _, told = process.communicate()
        if process.returncode != 0:
            lines = told.strip().splitlines() or [f"it ended with code {process.returncode}"]
            raise ModelError(lines[-1].removeprefix("build_trt: "))

    def stop(self) -> None:
        """End the build, also one that begins later; from any thread."""
        self._stopped = True
        if self._process is not None:
            self._process.terminate()
