import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from OneEuroFilter import OneEuroFilter as AuthorsFilter

from benchmarks import smoothing, smoothing_movements
from benchmarks.rivals import RIVALS, one_euro
from benchmarks.shipped import smoothed
from benchmarks.smoothing_footage import ROWS, video_table
from benchmarks.smoothing_movements import Followed, measure_movements
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.errors import SourceError
from tests.faces import write_video


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """As --json prints them, every default."""
    results = smoothing.measure_all(0, uneven=True)
    return {
        name: {rate: smoothing.asdict(one) for rate, one in by_rate.items()}
        for name, by_rate in results.items()
    }


@pytest.mark.parametrize("rate", ["30", "60"])
def test_mien_reaches_every_target_at_once(figures: dict[str, Any], rate: str) -> None:
    mien = figures["mien"][rate]
    assert mien["rest_white"] <= 0.33
    assert mien["rest_ar1"] <= 0.60 and mien["rest_t3"] <= 0.60
    assert mien["blink"] >= 0.97
    assert mien["talk_lag_ms"] <= 5.0 and mien["talk_gain"] >= 0.95
    assert mien["ramp_lag_ms"] <= 60.0
    assert mien["overshoot"] <= 0.02


@pytest.fixture(scope="module")
def movements() -> dict[str, dict[str, dict[str, Followed]]]:
    """Of all sizes, at 30 pictures a second."""
    filters = {"mien": smoothed, "one-euro": RIVALS["best one-euro"]}
    return measure_movements(filters, 30, 0, uneven=True)


UNSEEN = {("0.02", "4 Hz .05"), ("0.02", "1 Hz .05")}
"""Movements that are lost in their noise: a filter that showed them would show noise at rest."""


def test_no_movement_is_later_or_worse_than_through_the_best_one_euro(
    movements: dict[str, dict[str, dict[str, Followed]]],
) -> None:
    for sigma, ours in movements["mien"].items():
        for movement, one in ours.items():
            rival = movements["one-euro"][sigma][movement]
            assert one.lag_ms < rival.lag_ms, (sigma, movement)
            if (sigma, movement) not in UNSEEN:
                assert one.error < rival.error, (sigma, movement)


def test_less_noise_is_never_later(
    movements: dict[str, dict[str, dict[str, Followed]]],
) -> None:
    for less, more in pairwise(movements["mien"]):
        for movement, one in movements["mien"][less].items():
            noisier = movements["mien"][more][movement]
            assert one.lag_ms < noisier.lag_ms + 1.0, movement
            # Perfect silence does not tell how little noise there is: a moment passes until then.
            assert one.error < noisier.error + (0.01 if float(less) > 0.0 else 0.1), movement


def test_a_clips_true_curves_are_those_that_move_with_rest_before_them(
    random: np.random.Generator,
) -> None:
    weights = random.normal(0.0, 0.01, (90, len(BLENDSHAPES)))
    jaw = 0.5 + 0.3 * np.sin(np.arange(90) / 5.0)
    weights[:, INDEX["jawOpen"]] += jaw
    clean, t, began = smoothing_movements.true_curves(weights, np.arange(90) / 30.0)
    assert clean.shape == (180, 1) and began == 90
    assert np.diff(t) == pytest.approx(1 / 30)
    assert np.ptp(clean[:90]) == 0.0
    assert np.std(clean[90:, 0] - jaw) < np.std(weights[:, INDEX["jawOpen"]] - jaw)


@pytest.mark.parametrize(
    ("rival", "rest", "lag", "gain"),
    [
        ("FoxyFace/Babble", 0.489, 23.0, 0.63),
        ("VRCFaceTracking", 0.480, 25.5, 0.54),
        ("OpenSeeFace", 0.811, 7.0, 0.91),
        ("mean of 5", 0.435, 66.5, 0.43),
    ],
)
def test_rivals_come_out_as_measured_elsewhere(
    rival: str, rest: float, lag: float, gain: float
) -> None:
    """The figures were measured with other code, before this benchmark was written."""
    measured = smoothing.measure(RIVALS[rival], RIVALS[rival], 30, 0, uneven=False)
    assert measured.rest_white == pytest.approx(rest, abs=0.02)
    assert measured.talk_lag_ms == pytest.approx(lag, abs=1.0)
    assert measured.talk_gain == pytest.approx(gain, abs=0.02)


def test_the_one_euro_filter_equals_its_authors_own(random: np.random.Generator) -> None:
    # Their derivative is of the filtered value, the shipped programs' is of the raw one; at beta 0
    # the two are the same filter.
    theirs = AuthorsFilter(freq=60.0, mincutoff=1.0, beta=0.0, dcutoff=2.0)
    timestamps = 1.0 + np.cumsum(random.uniform(0.01, 0.05, size=400))
    samples = np.sin(timestamps * 3.0) + random.normal(scale=0.05, size=400)
    ours = one_euro(1.0, 0.0, 2.0)(samples[:, None], timestamps)[:, 0]
    expected = [theirs(x, t) for x, t in zip(samples, timestamps, strict=True)]
    assert ours == pytest.approx(expected, abs=1e-9)


def test_json_has_the_agreed_form(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.argv", ["smoothing", "--json", "--seed", "3"])
    assert smoothing.main() == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {*RIVALS, "mien"}
    for by_rate in printed.values():
        assert set(by_rate) == {"30", "60"}
        for one in by_rate.values():
            assert set(one) == {
                *("rest_white", "rest_ar1", "rest_t3", "blink"),
                *("talk_lag_ms", "talk_gain", "ramp_lag_ms", "overshoot"),
            }


def test_a_clip_with_hardly_a_face_is_one_line_and_no_table_of_nothing() -> None:
    curves = {name: np.full((90, 52), np.nan) for name in ROWS}
    for curve in curves.values():
        curve[:12] = 0.2
    with pytest.raises(SourceError, match=r"cannot measure a\.mp4: 12 pictures .* a face; "):
        video_table("a.mp4", curves, dict.fromkeys(ROWS, 1.0), 33.3)


def test_a_clip_that_moves_only_at_its_ends_has_no_lag() -> None:
    moving = np.zeros((60, 52))
    moving[:5] = moving[-5:] = 1.0
    table = video_table("a.mp4", dict.fromkeys(ROWS, moving), dict.fromkeys(ROWS, 1.0), 33.3)
    assert "nan" not in table and "ms |" not in table


def test_a_clip_of_one_picture_and_none_at_all_are_one_line_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: Any, tmp_path: Path
) -> None:
    one, absent = write_video(tmp_path / "one.avi", frames=1), tmp_path / "absent.mp4"
    monkeypatch.setattr("sys.argv", ["smoothing", "--video", str(one), str(absent)])
    assert smoothing.main() == 1
    told = capsys.readouterr()
    assert told.out == "" and len(told.err.splitlines()) == 2
    assert "cannot measure one.avi: 1 pictures" in told.err


def test_movements_come_as_json_of_their_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr("sys.argv", ["smoothing", "--movements", "--json"])
    for name, less in (("FREQUENCIES", (4.0,)), ("AMPLITUDES", (0.3,)), ("SIGMAS", (0.02,))):
        monkeypatch.setattr(smoothing_movements, name, less)
    assert smoothing.main() == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {*RIVALS, "mien"}
    for by_rate in printed.values():
        for rate in ("30", "60"):
            assert set(by_rate[rate]["0.02"]["4 Hz .30"]) == {"lag_ms", "gain", "error"}
