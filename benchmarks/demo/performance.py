"""The script of the clip: what the actor does when, in seconds, weights and degrees.

Everything is written as keys on a time line of DURATION seconds that starts again where it ends.
Left and right are the actor's own. Angles as in engine/geometry.py: yaw + to the left, pitch +
down, roll + towards the right shoulder.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from benchmarks.demo.curves import RATE, Curves
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.geometry import Array, matrix_from_quaternion, quaternion_from_euler
from models.heads.free import load_free_head

DURATION = 20.0

Keys = Sequence[tuple[float, float]]  # (second, value), in order

# ------------------------------------------------------------------------------------- the mouth

# What the mouth does for a sound. "Both" stands for Left and Right.
SOUNDS = MappingProxyType(
    {
        "-": {},  # pause
        "a": {"jawOpen": 0.62, "mouthLowerDownBoth": 0.25, "mouthUpperUpBoth": 0.10},
        "e": {"jawOpen": 0.38, "mouthStretchBoth": 0.25, "mouthLowerDownBoth": 0.15},
        "i": {"jawOpen": 0.17, "mouthStretchBoth": 0.30, "mouthSmileBoth": 0.10},
        "o": {"jawOpen": 0.45, "mouthFunnel": 0.55, "mouthPucker": 0.15},
        "u": {"jawOpen": 0.16, "mouthPucker": 0.75, "mouthFunnel": 0.25},
        "m": {"mouthPressBoth": 0.45, "mouthRollLower": 0.20, "mouthRollUpper": 0.15},
        "f": {"jawOpen": 0.10, "mouthRollLower": 0.40, "mouthUpperUpBoth": 0.20},
        "s": {"jawOpen": 0.08, "mouthStretchBoth": 0.15, "mouthShrugUpper": 0.10},
        "l": {"jawOpen": 0.26, "mouthLowerDownBoth": 0.10},
        "w": {"jawOpen": 0.10, "mouthPucker": 0.60},
    }
)

# Letters that look like another sound.
ALIKE = MappingProxyType(
    {"n": "l", "d": "l", "r": "l", "t": "s", "k": "s", "g": "l", "v": "f", "b": "m", "y": "i"}
)

# (start, seconds a sound, sounds); "-" closes the mouth.
PHRASES = (
    (1.05, 0.130, "-ai-"),  # Hi!
    (1.80, 0.112, "-aimafasmadofnambers-"),  # I'm a face made of numbers:
    (4.15, 0.105, "-duwateveryudu-"),  # do whatever you do.
    (9.00, 0.105, "-lukweremaiaisgo-"),  # Look where my eyes go.
    (10.85, 0.105, "-nofremilost-"),  # No frame is lost.
    (14.30, 0.150, "-wao-"),  # Wow!
    (15.05, 0.105, "-alofisfromwankamera-"),  # All of this from one camera.
    (18.35, 0.140, "-baibai-"),  # Bye-bye.
)

GASP: Keys = ((14.42, 0.0), (14.62, 0.28), (14.95, 0.0))  # of the jaw, on top of "wow"
SMILE: Keys = (
    (0.5, 0.12), (0.95, 0.60), (1.7, 0.50), (2.1, 0.12), (5.4, 0.12), (5.8, 0.85), (6.4, 0.80),
    (6.8, 0.12), (8.3, 0.12), (8.55, 0.20), (8.85, 0.20), (9.1, 0.12), (11.9, 0.12), (12.2, 0.95),
    (12.65, 0.90), (13.0, 0.05), (14.2, 0.05), (15.0, 0.15), (17.1, 0.12), (17.5, 0.25),
    (17.9, 0.25), (18.3, 0.55), (19.3, 0.60), (19.85, 0.12),
)  # fmt: skip
SMIRK_LEFT: Keys = ((17.25, 0.0), (17.5, 0.6), (17.85, 0.55), (18.2, 0.0))
SMIRK_RIGHT: Keys = ((8.3, 0.0), (8.55, 0.6), (8.85, 0.55), (9.05, 0.0))
MOUTH_LEFT: Keys = ((13.15, 0.0), (13.4, 0.6), (13.65, 0.55), (13.85, 0.0))
MOUTH_RIGHT: Keys = ((13.65, 0.0), (13.9, 0.6), (14.1, 0.55), (14.3, 0.0))

# ------------------------------------------------------------------------------- lids and brows

BLINKS = (0.30, 2.85, 4.80, 7.30, 9.72, 11.50, 12.86, 14.95, 16.85, 19.72)
BLINK: Keys = ((-0.085, 0.0), (-0.01, 1.0), (0.03, 1.0), (0.15, 0.0))
WINKS_LEFT = (6.05, 17.60)
WINKS_RIGHT = (8.72,)
WINK: Keys = ((-0.22, 0.0), (-0.10, 1.0), (0.13, 1.0), (0.28, 0.0))

BROWS_UP: Keys = (
    (0.65, 0.0), (0.95, 0.65), (1.45, 0.55), (1.75, 0.0), (2.0, 0.0), (2.15, 0.25), (2.45, 0.0),
    (4.3, 0.0), (4.45, 0.35), (4.7, 0.05), (5.2, 0.05), (5.35, 0.40), (5.6, 0.0), (9.1, 0.0),
    (9.25, 0.45), (9.6, 0.05), (10.5, 0.0), (14.2, 0.0), (14.45, 0.90), (15.0, 0.80), (15.3, 0.1),
    (16.3, 0.05), (16.45, 0.40), (16.75, 0.0), (18.2, 0.0), (18.45, 0.5), (18.75, 0.1),
    (18.95, 0.45), (19.4, 0.0),
)  # fmt: skip
BROWS_DOWN: Keys = (
    (2.6, 0.0), (2.8, 0.35), (3.3, 0.0), (10.7, 0.0), (10.9, 0.75), (11.6, 0.65), (11.9, 0.0),
    (13.0, 0.0), (13.2, 0.45), (14.1, 0.4), (14.25, 0.0),
)  # fmt: skip
LEFT_BROW: Keys = ((8.35, 0.0), (8.6, 0.55), (8.9, 0.5), (9.1, 0.0))
BROWS_AT_REST = 0.10  # friendly
AWAKE = 0.15  # of eyeWide, at rest
EYES_WIDE: Keys = ((14.25, 0.0), (14.45, 0.8), (14.85, 0.6), (15.1, 0.0))

# ------------------------------------------------------------------------------- head and gaze

HEAD_YAW: Keys = (
    (0.4, 0), (0.9, -3), (1.8, 2), (2.6, 6), (3.4, -2), (4.3, -7), (5.2, 2), (5.9, 5), (6.6, 2),
    (7.1, 20), (7.7, 20), (8.25, -20), (8.45, -18), (8.7, -7), (9.2, 0), (9.8, 8), (10.6, -6),
    (11.4, 2), (12.0, 0), (12.9, 0), (13.4, -9), (14.2, -9), (14.5, 0), (15.3, 7), (16.3, -8),
    (17.1, 3), (18.2, 0), (19.0, 4), (19.7, 0),
)  # fmt: skip
HEAD_PITCH: Keys = (
    (0.5, 0), (0.75, -4), (1.1, 3), (1.5, 0), (2.0, 3), (2.3, -1), (3.0, 3), (3.6, -2), (4.3, 3),
    (4.6, -1), (5.1, 3), (5.6, 0), (6.9, 0), (7.4, -3), (8.2, 2), (8.8, 0), (9.2, 4), (9.6, 0),
    (10.5, 5), (11.4, 5), (11.8, 0), (12.15, 8), (12.4, 0), (12.65, 7), (12.9, 0), (13.3, -7),
    (14.1, -7), (14.4, -5), (15.0, -3), (15.5, 2), (16.1, 4), (16.7, 0), (17.3, 0), (18.3, 0),
    (18.5, 4), (18.8, 0), (19.05, 4), (19.5, 0),
)  # fmt: skip
HEAD_ROLL: Keys = (
    (0.6, 0), (1.1, 3), (2.0, -1), (3.2, -4), (4.2, 2), (5.4, -1), (6.0, 8), (6.4, 7), (6.9, 0),
    (8.3, 0), (8.65, 9), (8.95, 7), (9.3, 2), (10.4, -5), (11.5, 0), (12.1, -3), (12.9, 0),
    (13.4, 9), (14.1, 8), (14.4, 0), (15.4, -5), (16.4, 4), (17.1, -2), (17.55, -10), (17.95, -8),
    (18.4, 3), (19.2, -3), (19.8, 0),
)  # fmt: skip

# Where the eyes look, as seen from the actor's chair (not relative to the head): yaw, pitch.
# Eyes jump and rest; (0, 0) is the camera.
LOOKS = (
    (0.00, 0, 0), (2.10, 10, 3), (2.50, 0, 0), (3.25, -14, 4), (3.75, 0, 0), (5.05, 9, -2),
    (5.40, 0, 0), (6.55, 32, 2), (7.65, -34, 0), (8.40, 0, 0), (9.35, 26, 3), (9.97, -24, 2),
    (10.70, 0, 0), (13.10, -28, -16), (13.60, 14, -18), (14.25, 0, 0), (15.20, 24, 3),
    (15.65, 0, 0), (15.90, -22, 16), (16.60, 0, 0), (18.05, 5, 2), (18.35, 0, 0), (19.90, 0, 0),
)  # fmt: skip
LARGEST_GAZE = (24.0, 16.0)  # degrees in the head: yaw, pitch
NEAR = 3.4  # degrees that each eye turns in to meet the camera
FAR = 8.0  # degrees off the camera from which the eyes look into the distance
SACCADE = 0.045  # seconds

# Nobody holds still: axis, degrees, waves in the clip, phase.
DRIFT = (
    ("yaw", 0.5, 7, 0.3), ("yaw", 0.3, 13, 1.9), ("pitch", 0.4, 9, 2.2),
    ("pitch", 0.2, 17, 0.4), ("roll", 0.5, 5, 4.0), ("roll", 0.25, 11, 1.1),
)  # fmt: skip
LEAN_FORWARD: Keys = (  # metres
    (0.3, 0.0), (1.2, 0.012), (3.0, 0.002), (8.5, 0.0), (9.2, 0.015), (11.4, 0.010), (14.2, 0.008),
    (14.5, -0.015), (15.1, -0.012), (16.2, 0.008), (18.0, 0.0), (18.6, 0.008), (19.7, 0.0),
)  # fmt: skip


def performance() -> Curves:
    """The whole script as numbers, one row a frame."""
    seconds = np.arange(round(DURATION * RATE)) / RATE
    head = _head(seconds)
    gaze = _gaze(seconds, head)
    weights = _mouth(seconds) + _eyes_and_brows(seconds) + _lids_after(gaze)
    return Curves(np.clip(weights, 0.0, 1.0), gaze, head, _lean(seconds))


def eased(seconds: Array, keys: Keys) -> Array:
    """(F,): from key to key, slow at both ends of each way; constant before and after."""
    times, values = np.array(keys, np.float64).T
    after = np.clip(np.searchsorted(times, seconds, side="right"), 1, len(times) - 1)
    share = np.clip((seconds - times[after - 1]) / (times[after] - times[after - 1]), 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    eased: Array = values[after - 1] + share * (values[after] - values[after - 1])
    return eased


def _add(weights: Array, name: str, curve: Array) -> None:
    """Adds a curve (F,) to a channel; a name in -Both means Left and Right."""
    names = [name]
    if name.endswith("Both"):
        names = [name.removesuffix("Both") + side for side in ("Left", "Right")]
    for each in names:
        weights[:, INDEX[each]] += curve


def _mouth(seconds: Array) -> Array:
    weights = np.zeros((len(seconds), len(BLENDSHAPES)))
    for start, step, letters in PHRASES:
        sounds = [SOUNDS[ALIKE.get(letter, letter)] for letter in letters]
        for name in sorted({name for sound in sounds for name in sound}):
            keys = [(start + i * step, sound.get(name, 0.0)) for i, sound in enumerate(sounds)]
            _add(weights, name, eased(seconds, keys))
    _add(weights, "jawOpen", eased(seconds, GASP))
    smile = eased(seconds, SMILE)
    for name, share in (("mouthSmile", 1.0), ("cheekSquint", 0.45), ("eyeSquint", 0.15)):
        _add(weights, name + "Both", share * smile)
    teeth = np.maximum(smile - 0.4, 0.0)  # a broad smile shows them
    for name, share in (("mouthUpperUpBoth", 0.7), ("mouthLowerDownBoth", 0.4), ("jawOpen", 0.2)):
        _add(weights, name, share * teeth)
    _add(weights, "mouthSmileLeft", eased(seconds, SMIRK_LEFT))
    _add(weights, "mouthSmileRight", eased(seconds, SMIRK_RIGHT))
    _add(weights, "mouthLeft", eased(seconds, MOUTH_LEFT))
    _add(weights, "mouthRight", eased(seconds, MOUTH_RIGHT))
    return weights


def _eyes_and_brows(seconds: Array) -> Array:
    weights = np.zeros((len(seconds), len(BLENDSHAPES)))
    for side, winks in (("Left", WINKS_LEFT), ("Right", WINKS_RIGHT)):
        closed = [_moved(BLINK, at) for at in BLINKS] + [_moved(WINK, at) for at in winks]
        _add(weights, "eyeBlink" + side, np.max([eased(seconds, keys) for keys in closed], axis=0))
        for at in winks:
            wink = eased(seconds, _moved(WINK, at))
            _add(weights, "cheekSquint" + side, 0.6 * wink)
            _add(weights, "browDown" + side, 0.4 * wink)
    down = eased(seconds, BROWS_DOWN)
    up = BROWS_AT_REST * (1.0 - down) + eased(seconds, BROWS_UP)
    _add(weights, "browInnerUp", 0.8 * up)
    _add(weights, "browOuterUpBoth", up)
    _add(weights, "browOuterUpLeft", eased(seconds, LEFT_BROW))
    _add(weights, "browDownBoth", down)
    _add(weights, "eyeSquintBoth", 0.4 * down)
    for side in ("Left", "Right"):
        open_share = 1.0 - weights[:, INDEX["eyeBlink" + side]]
        _add(weights, "eyeWide" + side, open_share * (AWAKE + eased(seconds, EYES_WIDE)))
    return weights


def _moved(keys: Keys, seconds: float) -> Keys:
    return [(time + seconds, value) for time, value in keys]


def _head(seconds: Array) -> Array:
    """(F, 3) radians: pitch, yaw, roll."""
    degrees = {
        "pitch": eased(seconds, HEAD_PITCH),
        "yaw": eased(seconds, HEAD_YAW),
        "roll": eased(seconds, HEAD_ROLL),
    }
    for axis, amplitude, waves, phase in DRIFT:
        degrees[axis] += amplitude * np.sin(2 * np.pi * waves * seconds / DURATION + phase)
    return np.radians(np.column_stack(list(degrees.values())))


def _gaze(seconds: Array, head: Array) -> Array:
    """(F, 2, 2) radians: the eyes hold on to what they look at while the head turns."""
    looked = []
    for axis in (1, 2):
        keys = [(LOOKS[0][0], float(LOOKS[0][axis]))]
        for before, look in pairwise(LOOKS):
            keys += [(look[0], float(before[axis])), (look[0] + SACCADE, float(look[axis]))]
        looked.append(eased(seconds, keys))
    yaw, pitch = np.radians(looked)
    outward = np.stack([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    gaze = np.empty((len(seconds), 2, 2))
    limit_yaw, limit_pitch = np.radians(LARGEST_GAZE)
    for frame, angles in enumerate(head):
        x, y, z = matrix_from_quaternion(quaternion_from_euler(*angles)).T @ outward[:, frame]
        gaze[frame, :, 0] = np.clip(np.arctan2(x, z), -limit_yaw, limit_yaw)
        gaze[frame, :, 1] = np.clip(-np.arcsin(y), -limit_pitch, limit_pitch)
    off_camera = np.degrees(np.hypot(yaw, pitch)) / FAR
    turned_in = np.radians(NEAR) * np.clip(1.0 - off_camera, 0.0, 1.0)
    gaze[:, 0, 0] -= turned_in
    gaze[:, 1, 0] += turned_in
    return gaze


def _lids_after(gaze: Array) -> Array:
    """(F, 52): the eyeLook weights, which move the lids as the balls turn."""
    inward, outward, up, down = load_free_head().eye_limits.astype(np.float64)
    weights = np.zeros((len(gaze), len(BLENDSHAPES)))
    for eye, (side, sign) in enumerate((("Left", 1.0), ("Right", -1.0))):
        out, lower = sign * gaze[:, eye, 0], gaze[:, eye, 1]
        _add(weights, "eyeLookOut" + side, np.maximum(out, 0.0) / outward)
        _add(weights, "eyeLookIn" + side, np.maximum(-out, 0.0) / inward)
        _add(weights, "eyeLookDown" + side, np.maximum(lower, 0.0) / down)
        _add(weights, "eyeLookUp" + side, np.maximum(-lower, 0.0) / up)
    return weights


def _lean(seconds: Array) -> Array:
    """(F, 3) metres."""
    turn = 2 * np.pi * seconds / DURATION
    side = 0.004 * np.sin(2 * turn + 0.5) + 0.0025 * np.sin(5 * turn + 2.0)
    breath = 0.0012 * np.sin(6 * turn)
    return np.column_stack([side, breath, eased(seconds, LEAN_FORWARD)])
