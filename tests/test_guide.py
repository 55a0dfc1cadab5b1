"""The guide: a performer who does what is asked, one who does not, and one who leaves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.calibration import CalibrationSettings, ChannelCalibration
from engine.calibration.guide import PATIENCE, STEPS, Guide, Prompt
from tests.faces import observation
from tests.states import face

RATE = 30.0
LEFT, RIGHT = "eyeBlinkLeft", "eyeBlinkRight"
UTMOST = {  # of a person whose lids follow each other
    STEPS[1].text: {"jawOpen": 0.6},
    STEPS[2].text: {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.65},
    STEPS[6].text: {LEFT: 0.8, RIGHT: 0.7},
    STEPS[7].text: {LEFT: 0.6, RIGHT: 0.35},
    STEPS[8].text: {LEFT: 0.3, RIGHT: 0.6},
}
REST = {"mouthFrownLeft": 0.2, LEFT: 0.1, RIGHT: 0.1}


def obedient(prompt: Prompt | None) -> dict[str, float] | None:
    return REST | (UTMOST.get(prompt.text, {}) if prompt else {})


def led(
    act: Callable[[Prompt | None], dict[str, float] | None],
    settings: CalibrationSettings = CalibrationSettings(),
    *,
    seconds: float = 60.0,
) -> tuple[Guide, list[Prompt]]:
    guide, prompts = Guide(settings), []
    for index in range(round(seconds * RATE)):
        shapes = act(prompts[-1] if prompts else None)
        seen = None if shapes is None else observation(index / RATE)
        prompts.append(guide.update(seen, face(timestamp=index / RATE, **(shapes or {}))))
        if guide.done:
            break
    return guide, prompts


def test_whoever_does_what_is_asked_is_calibrated_in_half_a_minute() -> None:
    guide, prompts = led(obedient)
    assert guide.done and not guide.failed
    assert len(prompts) / RATE < 35.0
    settings = guide.settings
    assert settings.channel("mouthFrownLeft").neutral == pytest.approx(0.2)
    assert settings.channel("jawOpen").full == pytest.approx(0.6)
    assert settings.channel(LEFT) == ChannelCalibration(LEFT, neutral=0.1, full=0.8)
    assert settings.wink_left == pytest.approx(0.25)
    assert settings.wink_right == pytest.approx(0.3)
    texts = list(dict.fromkeys(prompt.text for prompt in prompts))
    assert texts == [*(step.text for step in STEPS), "Calibrated"]


def test_each_step_tells_whether_it_was_seen() -> None:
    _, prompts = led(obedient)
    verdicts = {prompt.text: prompt.verdict for prompt in prompts}
    assert verdicts[STEPS[2].text] == "seen"
    assert verdicts[STEPS[4].text].startswith("not seen")  # nobody puckered


def test_progress_runs_from_nothing_to_all_in_each_step() -> None:
    _, prompts = led(obedient)
    first = [prompt.progress for prompt in prompts if prompt.text == STEPS[0].text]
    assert first[0] == 0.0 and first[-1] > 0.9
    assert np.all(np.diff(first) >= 0.0)


def test_a_person_who_leaves_is_waited_for_and_then_given_up() -> None:
    guide, prompts = led(lambda prompt: None)
    assert guide.done and guide.failed
    assert PATIENCE < len(prompts) / RATE < PATIENCE + 1.0
    assert {prompt.text for prompt in prompts[30:-1]} == {"Come into the picture"}


def test_nothing_is_learned_from_a_person_who_never_rests() -> None:
    frames = 0

    def restless(prompt: Prompt | None) -> dict[str, float] | None:
        nonlocal frames
        frames += 1
        return {"jawOpen": 0.5 + 0.4 * float(np.sin(frames / 3))}

    guide, prompts = led(restless)
    texts = list(dict.fromkeys(prompt.text for prompt in prompts))
    assert texts[1] == "Hold still: rest your face and look at the screen"
    assert guide.failed and guide.settings == CalibrationSettings()
    assert texts[2:] == ["Your face or head moved all the time"]
    assert len(prompts) / RATE < 13.0


def test_the_end_names_what_was_not_seen_and_nothing_of_it_is_kept() -> None:
    guide, prompts = led(obedient)
    unseen = (STEPS[3].text, STEPS[4].text, STEPS[5].text)
    assert prompts[-1].unseen == unseen
    assert guide.outcome == f"Calibrated, but not seen: {'; '.join(unseen)}"
    for step in (STEPS[3], STEPS[4], STEPS[5]):
        assert {guide.settings.channel(name).full for name in step.channels} == {1.0}


def test_a_step_waits_for_a_face_that_was_away() -> None:
    frames = 0

    def away(prompt: Prompt | None) -> dict[str, float] | None:
        nonlocal frames
        frames += 1
        return None if 60 < frames < 240 else obedient(prompt)

    guide, _ = led(away)
    assert not guide.failed
    assert guide.settings.channel("jawOpen").full == pytest.approx(0.6)


def test_what_was_learned_before_is_forgotten_and_what_was_chosen_stays() -> None:
    before = CalibrationSettings(
        channels=(ChannelCalibration("jawOpen", neutral=0.3, full=0.4, gain=2.0),),
        head=(0.1, 0.2, 0.3),
        wink_left=0.9,
        link_eyes=True,
        camera_tilt=0.2,
    )
    guide = Guide(before)
    assert guide.settings == CalibrationSettings(
        channels=(ChannelCalibration("jawOpen", gain=2.0),), link_eyes=True, camera_tilt=0.2
    )
