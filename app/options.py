"""What the control panel can set beside the window, the calibration, source and outputs.

The same values stand in the profile (app/option_keys.py names the keys) and can be given at the
start: `mien run --set KEY=VALUE`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.landmarker.person import Person


@dataclass(frozen=True, slots=True)
class Options:
    """Plain values; which of them make sense the profile checks.

    regressor:     what looks at the face.
    person:        which face is followed when none is; region: left, top, right, bottom in shares.
    budget:        leave the processor to a game.
    idle:          the head lives by itself while nobody is there.
    output_rate:   states a second that are sent; 0: each as it comes.
    camera_width, camera_height, camera_rate: what a camera is asked for.
    rotate:        degrees clockwise that turn the picture upright.
    exposure:      ms; 0: as the camera chooses.
    takes_folder:  empty: the usual one. takes_formats: endings. takes_slate: how names begin.
    remote:        [HOST:]PORT at which other programs may ask; empty: nowhere.
    hotkey_…:      such as "ctrl+alt+k"; empty: none.
    """

    regressor: str = "mediapipe"
    person: Person = "largest"
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    budget: bool = False
    idle: bool = False
    output_rate: float = 0.0
    camera_width: int = 1280
    camera_height: int = 720
    camera_rate: float = 60.0
    rotate: int = 0
    exposure: float = 0.0
    takes_folder: str = ""
    takes_formats: tuple[str, ...] = ("csv",)
    takes_slate: str = "take"
    remote: str = ""
    hotkey_calibrate: str = ""
    hotkey_recentre: str = ""
    hotkey_pause: str = ""
    hotkey_mirror: str = ""
    hotkey_record: str = ""
