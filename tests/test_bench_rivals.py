"""`mien bench` beside OpenSeeFace: where it runs, where it fails, and what is not it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.bench.openseeface import OpenSeeFace, OpenSeeFaceError, models_in
from app.bench.results import table
from app.bench.rivals import NOT_NAMED
from app.bench.stages import WARM_UP, measure
from app.sources import SourceSettings, open_source
from app.tracking import TrackingSettings
from engine.errors import SettingsError
from tests.faces import face_model

# As much of the real tracker's face as is looked at. It sees one in every second picture.
TRACKER = """
class Face:
    def __init__(self, image):
        self.eye_blink = [0.25, 0.75]  # its right eye comes first
        self.current_features = {"mouth_open": float(image.mean()) / 255.0}
        self.euler = (1.0, 2.0, 3.0)


class Tracker:
    def __init__(self, width, height, *, model_type, max_threads, no_gaze, **defaults):
        assert max_threads == 1 and no_gaze == (model_type == -1)
        self.shape, self.seen = (height, width, 3), 0

    def predict(self, image):
        assert image.shape == self.shape
        image[:] = image  # the real one draws into it
        self.seen += 1
        print("it is talkative")
        return [Face(image)] if self.seen % 2 else []
"""


@pytest.fixture
def openseeface(tmp_path: Path) -> Path:
    """A folder with what OpenSeeFace's has, two of its models among it."""
    folder = tmp_path / "OpenSeeFace"
    (folder / "models").mkdir(parents=True)
    (folder / "tracker.py").write_text(TRACKER)
    for name in ("mnv3_detection", "mnv3_gaze32_split", "lm_modelT", "lm_model0"):
        (folder / "models" / f"{name}_opt.onnx").write_bytes(b"")
    return folder


def test_openseeface_is_asked_in_a_process_of_its_own(openseeface: Path) -> None:
    with open_source(SourceSettings(spec="demo", pace="fast")) as source:
        frame = source.read()
    assert frame is not None
    with OpenSeeFace(openseeface, 0) as tracker:
        answer = tracker.detect(frame.image)
        assert answer.face is not None
        assert answer.face.eyes_open == (0.75, 0.25)
        assert answer.face.mouth_open == pytest.approx(frame.image.mean() / 255.0)
        assert answer.seconds > 0.0 and answer.processor >= 0.0
        assert tracker.detect(frame.image[:40, :60]).face is not None  # another size, another one
        assert tracker.detect(frame.image[:40, :60]).face is None


def test_each_model_that_is_there_has_a_row_and_the_others_a_reason(
    openseeface: Path, face_networks: Path
) -> None:
    result = measure("demo", 4, TrackingSettings(face_model(), face_networks), openseeface)
    costs = {cost.tracker: cost for cost in result.trackers}
    assert list(costs) == [
        *("mien, all stages", "MediaPipe alone"),
        *("OpenSeeFace, model -1", "OpenSeeFace, model 0"),
    ]
    assert costs["OpenSeeFace, model 0"].faces == 0.5 and costs["mien, all stages"].faces == 1.0
    ours = costs["mien, all stages"]
    assert ours.core == pytest.approx(ours.processor * 30.0 / 1000.0)
    assert WARM_UP % 2 == 0  # else the shares above would differ
    assert result.absent == (
        f"OpenSeeFace, model 1, 2, 3, 4: no such file in {openseeface}/models",
    )
    assert "\nOpenSeeFace, model 0 " in table(result)


def test_an_openseeface_that_fails_is_told_in_its_own_last_words_and_the_rest_is_measured(
    openseeface: Path, face_networks: Path
) -> None:
    (openseeface / "tracker.py").write_text("import geffnet_of_nobody")
    tracking = TrackingSettings(face_model(), face_networks)
    result = measure("demo", 2, tracking, openseeface)
    assert [cost.tracker for cost in result.trackers] == ["mien, all stages", "MediaPipe alone"]
    assert (
        "OpenSeeFace, model 0: does not run: ModuleNotFoundError: "
        "No module named 'geffnet_of_nobody'" in result.absent
    )
    later = TRACKER.replace("return [", "raise ValueError('shapes not aligned')\n        return [")
    (openseeface / "tracker.py").write_text(later)
    assert (
        "OpenSeeFace, model 0: does not run: ValueError: shapes not aligned"
        in measure("demo", 2, tracking, openseeface).absent
    )
    with OpenSeeFace(openseeface, 0) as tracker, pytest.raises(OpenSeeFaceError):
        with open_source(SourceSettings(spec="demo", pace="fast")) as source:
            frame = source.read()
        assert frame is not None
        tracker.detect(frame.image)


def test_its_own_environment_runs_it(openseeface: Path) -> None:
    python = openseeface / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'its own python' >&2\n")
    python.chmod(0o755)
    with pytest.raises(OpenSeeFaceError, match="its own python"):
        OpenSeeFace(openseeface, 0)


@pytest.mark.parametrize("missing", ["tracker.py", "models/mnv3_gaze32_split_opt.onnx"])
def test_another_folder_is_refused_by_what_it_lacks(openseeface: Path, missing: str) -> None:
    (openseeface / missing).unlink()
    with pytest.raises(SettingsError, match=f"there is no {missing}; expected its repository"):
        models_in(openseeface)


def test_the_command_refuses_another_folder_and_says_how_to_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    bench = [sys.executable, "-m", "app", "bench", "--frames", "2"]
    result = subprocess.run(
        [*bench, "--openseeface", str(tmp_path)], capture_output=True, text=True
    )
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith("mien: cannot measure OpenSeeFace in")
    told = subprocess.run([*bench, "--json"], capture_output=True, check=True).stdout
    assert json.loads(told)["absent"] == [NOT_NAMED]
