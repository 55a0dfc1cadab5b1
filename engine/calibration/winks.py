"""Winks: one eye closes, the other stays open.

Regressors let an open eye follow the closed one (MediaPipe: .69 and .23 of rendered people), and in
a turned face two eyes that close together look unlike. So a wink is believed if the scores and the
eyes' own outlines both say so, and after a moment: lids of a blink do not quite close together.
Without a calibration typical eyes are taken for granted; a person's own make it surer.
"""

from __future__ import annotations

import math

import numpy as np

from engine.blendshapes import INDEX
from engine.geometry import Array

BLINKS = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])

TYPICAL_OPEN = 0.3
"""`apertures` of an eye at rest: .27 to .33 of rendered people, .33 of a filmed one."""

TYPICAL_WINK, WEAKEST_WINK = 0.42, 0.3
"""By how much eyeBlink of the closed eye exceeds the other's; a person's own counts in between, for
eyes that only blink or smile differ, too."""

TYPICAL_OUTLINE, WEAKEST_OUTLINE = 0.5, 0.35
"""By how much the open eye is wider than the closed one, in its own width at rest; likewise."""

BEGINS, ENDS = 0.52, 0.3
"""Of such a wink: above the first one begins, below the second it is over."""

UNLIKE_BEGINS, UNLIKE_ENDS = 0.3, 0.15
"""Likewise of the difference of the scores as a share of the closed eye's: two eyes that are both
nearly closed blink, however much they differ."""

SHUT, SHUT_ASIDE, SHUT_STILL = 0.5, 1.0, 0.12
"""A winking eye is open less far than the first, in its own width at rest: others only squint. Of a
head that turns to that eye's side the lid looks less shut: the second is added times the sine of
its yaw. The third is added once a wink is believed."""

OPEN, OPEN_CLEAR, OPEN_STILL, CLEAR = 0.45, 0.4, 0.35, 0.33
"""Likewise the other eye is open further than the first; than the second, if it is wider than the
winking one by the fourth, as those of a person who looks down are not. The third is enough once a
wink is believed."""

BOTH_CLOSE, BOTH_SHUT = 0.35, 0.2
"""Likewise: where both eyes are open less far than the first they blink; at the second they are
shut."""

UNEVEN = 0.3
"""By how much eyeBlink of two shut eyes may differ: in a turned face one is seen less well."""

FARTHEST = math.radians(25.0)
"""Yaw beyond which no wink begins: there a blink looks like one."""

AFTER_BLINK = 0.2
"""Seconds after two closed eyes in which lids that open one after the other do not wink."""

DWELL, DWELL_ASIDE, RISE = 0.06, 0.25, 0.05
"""Seconds for which a wink has to be seen before it is believed, the second times the sine of the
head's yaw; and in which it then is shown. They count from the first picture that shows it: one
alone, however long ago the last was, may have met a blink half way."""

HOLD, EASE_OUT = 0.3, 0.5
"""Seconds for which the wink of a lost face stays, and in which it then ends."""

_SIDES: Array = np.array([1.0, -1.0])  # the yaw's sign to the left and the right eye's side

_CORNERS = ((263, 362), (33, 133))  # outer, inner; left eye, right eye
_UPPER = ((387, 386, 385), (160, 159, 158))
_LOWER = ((373, 374, 380), (144, 145, 153))


def apertures(landmarks: Array) -> Array:
    """(2,) how wide the left and the right eye are open: height over width; 0 is closed.

    landmarks: (478, 3) pixels. The width counts the depth, too: a turned face shortens it.
    """
    found = np.empty(2)
    for eye in range(2):
        outer, inner = landmarks[list(_CORNERS[eye])]
        upper, lower = landmarks[list(_UPPER[eye]), :2], landmarks[list(_LOWER[eye]), :2]
        width = float(np.linalg.norm(outer - inner))
        found[eye] = np.linalg.norm(upper - lower, axis=1).mean() / max(width, 1e-6)
    return found


class Winks:
    """Follows one person's eyes; timestamps must not go back.

    opened: (2,) apertures of the resting eyes. scores, outlines: (2,) differences of the person's
    own left and right wink.
    """

    def __init__(self, opened: Array, scores: Array, outlines: Array) -> None:
        self._opened = opened
        self._scores = scores.clip(WEAKEST_WINK, TYPICAL_WINK)
        self._outlines = outlines.clip(WEAKEST_OUTLINE, TYPICAL_OUTLINE)
        self._winking = np.zeros(2, bool)
        self._seen = np.full(2, -1.0)  # s for which each eye has looked like it; -1: it does not
        self._shown = np.zeros(2)  # 0..1
        self._away = 0.0  # s since a face was seen
        self._opening = AFTER_BLINK  # s since both eyes were closed
        self._both = 0.0  # 0..1, how shut both eyes are
        self._timestamp: float | None = None  # of the newest state

    def update(self, blinks: Array, landmarks: Array | None, yaw: float, timestamp: float) -> Array:
        """(2,) 0..1, how much the left and the right eye wink; not both.

        blinks: (2,) eyeBlink above rest. landmarks: None: no face is seen. yaw: rad, the head's.
        """
        elapsed = 0.0 if self._timestamp is None else max(timestamp - self._timestamp, 0.0)
        self._timestamp = timestamp
        if landmarks is None:
            self._ease_out(elapsed)
            return self._shown
        self._away = 0.0
        wide = apertures(landmarks) / self._opened
        scores = np.array([blinks[0] - blinks[1], blinks[1] - blinks[0]])
        outlines = np.array([wide[1] - wide[0], wide[0] - wide[1]])
        unlike = scores / max(float(blinks.max()), 0.15)
        evidence = np.sqrt(
            (scores / self._scores).clip(0.0) * (outlines / self._outlines).clip(0.0)
        )
        both = (BOTH_CLOSE - float(wide.max())) / (BOTH_CLOSE - BOTH_SHUT)
        self._both = min(max(both, 0.0), 1.0)
        self._opening = 0.0 if self._both > 0.0 else self._opening + elapsed
        aside = abs(math.sin(yaw))
        shut = SHUT + SHUT_ASIDE * (math.sin(yaw) * _SIDES).clip(0.0)
        begins = (evidence > BEGINS) & (unlike > UNLIKE_BEGINS)
        begins &= (wide < shut) & (wide[::-1] > np.where(outlines > CLEAR, OPEN_CLEAR, OPEN))
        begins &= self._opening >= AFTER_BLINK and abs(yaw) < FARTHEST
        goes_on = (evidence > ENDS) & (unlike > UNLIKE_ENDS)
        goes_on &= (wide < shut + SHUT_STILL) & (wide[::-1] > OPEN_STILL)
        self._seen = np.where(begins, np.where(self._seen < 0.0, 0.0, self._seen + elapsed), -1.0)
        self._winking = (self._winking & goes_on) | (self._seen >= DWELL + DWELL_ASIDE * aside)
        step = elapsed / RISE
        self._shown = (self._shown + np.where(self._winking, step, -step)).clip(0.0, 1.0)
        return self._shown

    def evened(self, blinks: Array) -> Array:
        """(2,) eyeBlinks of which the lesser has come up to the other as far as both eyes are shut.

        blinks: (2,) 0..1.
        """
        lacking: Array = (float(blinks.max()) - UNEVEN - blinks).clip(0.0)
        return blinks + self._both * lacking

    def _ease_out(self, elapsed: float) -> None:
        """As the smoother does with the rest of a lost face."""
        self._away += elapsed
        if self._away > HOLD:
            self._winking[:] = False
            self._shown = (self._shown - elapsed / EASE_OUT).clip(0.0)
