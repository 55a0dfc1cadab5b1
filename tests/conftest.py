"""For every test: floating-point errors are errors, and in CI no skip hides anything."""

from __future__ import annotations

import os
import socket
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest

NEVER_SKIPPED_IN_CI = ("gl", "window", "peer", "torch")


@pytest.fixture
def random() -> np.random.Generator:
    """Noise that is the same in every run."""
    return np.random.default_rng(20261121)


@pytest.fixture(autouse=True)
def strict_numbers() -> Iterator[None]:
    """Division by zero, overflow and invalid operations raise.

    Underflow stays quiet: numbers that fade to zero are meant to.
    """
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or touches the profiles, models and logs of whoever runs it."""
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "home"))


@pytest.fixture
def free_port() -> int:
    """A UDP port of this machine that nobody listens at."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.fixture(scope="session")
def smirk_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SMIRK with the weights of tests/synthetic_networks.py, exported once for all tests."""
    from models.networks.export import export
    from models.networks.smirk import build_smirk
    from tests.synthetic_networks import smirk_state

    path = tmp_path_factory.mktemp("networks") / "smirk.onnx"
    export(build_smirk(smirk_state()), path)
    return path


@pytest.fixture(scope="session")
def emorec_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A narrow emotion head that reads shape, expression and jaw and tells eight classes."""
    from models.networks.emorec import EmorecConfig, build_emorec
    from models.networks.export import export
    from tests.synthetic_networks import emorec_state

    config = EmorecConfig(("shape", "expression", "jaw"), width=16)
    path = tmp_path_factory.mktemp("networks") / "emorec.onnx"
    export(build_emorec(emorec_state(config), config), path)
    return path


@pytest.fixture(scope="session")
def face_networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which MediaPipe's networks are kept, converted once for all tests."""
    from models.face_landmarker import face_landmarker_files
    from tests.faces import face_model

    folder = tmp_path_factory.mktemp("face_networks")
    face_landmarker_files(face_model(), folder)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test of these kinds fails: .ci/run has installed all that they need."""
    report = yield
    kinds = [kind for kind in NEVER_SKIPPED_IN_CI if item.get_closest_marker(kind)]
    if kinds and _hides_something(report):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI though marked {', '.join(kinds)}: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A whole file that skips itself shows no markers, so in CI it fails in any case."""
    report = yield
    if _hides_something(report):
        report.outcome = "failed"
        report.longrepr = f"skipped as a whole in CI: {_reason(report)}"
    return report


def _hides_something(report: pytest.TestReport | pytest.CollectReport) -> bool:
    expected_to_fail = hasattr(report, "wasxfail")
    return report.skipped and not expected_to_fail and os.environ.get("CI") == "true"


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
