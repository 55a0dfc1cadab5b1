"""What the window draws between two pictures."""

from __future__ import annotations

import numpy as np
import pytest

from app.viewer import Shown
from app.viewer.motion import Motion
from engine.blendshapes import INDEX
from engine.data import Frame
from engine.geometry import euler_from_quaternion, quaternion_from_euler
from tests.states import face

CAMERA, DISPLAY = 30.0, 144.0
PICTURE = np.zeros((1, 1, 3), np.uint8)


def drawn(turn: float, seconds: float = 3.6) -> tuple[np.ndarray, np.ndarray]:
    """Yaw in rad at each of the display's beats, of a head that turns by `turn` a second; and
    whether there was something new to draw. States come with the tracker's jitter."""
    motion, random = Motion(), np.random.default_rng(1)
    yaws, new, index = [], [], 0
    ready = [
        i / CAMERA + 0.008 + random.uniform(0.0, 0.008) for i in range(round(seconds * CAMERA))
    ]
    newest: Shown | None = None
    for beat in range(round(seconds * DISPLAY)):
        now = beat / DISPLAY
        while index < len(ready) and ready[index] <= now:
            pictured = index / CAMERA
            rotation = quaternion_from_euler(0.0, turn * pictured, 0.0)
            state = face(timestamp=pictured, rotation=rotation)
            newest = Shown(Frame(PICTURE, pictured, pictured, index), state)
            index += 1
        motion.take(newest, now)
        new.append(motion.moves(now))
        state_drawn = motion.draw(now)
        if state_drawn is not None:
            yaws.append(euler_from_quaternion(state_drawn.head_rotation)[1])
    return np.array(yaws), np.array(new)


def test_a_head_that_goes_on_turning_turns_on_at_every_beat_of_the_display() -> None:
    yaws, new = drawn(0.8)
    steps = np.diff(yaws[len(yaws) // 2 :]) * DISPLAY
    assert steps.min() > 0.0, "it stood still, or went back"
    assert np.std(steps) < 0.6 * 0.8, "held states stand at four of five beats: more than twice"
    assert new[len(new) // 2 :].mean() > 0.8


def test_at_rest_there_is_nothing_new_to_draw() -> None:
    yaws, new = drawn(0.0)
    assert np.ptp(yaws) == 0.0 and not new.any()


def test_before_the_first_picture_there_is_no_state() -> None:
    motion = Motion()
    motion.take(None, 0.0)
    assert motion.draw(0.0) is None and not motion.moves(0.0)


def test_small_weights_that_change_are_seen() -> None:
    motion = Motion()
    for index in range(21):
        state = face(timestamp=index / CAMERA, jawOpen=0.02 * index)
        motion.take(Shown(Frame(PICTURE, 0.0, index / CAMERA, index), state), index / CAMERA)
        motion.draw(index / CAMERA)
    later = 20.5 / CAMERA
    assert motion.moves(later)
    state = motion.draw(later)
    assert state is not None and state.weights[INDEX["jawOpen"]] == pytest.approx(0.41, abs=0.002)
    assert not motion.moves(later)
