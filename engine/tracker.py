"""Follows one face: MediaPipe finds it, and a regressor, if there is one, looks at its crop.

Who gives what:

    weights, gaze, landmarks   MediaPipe.
    head_rotation, _position   MediaPipe. Its matrix is fitted to the landmarks with a camera in
                               perspective: metres, and right wherever in the picture the face is.
                               What expressions add to it is taken out (engine/false_nod.py). A
                               regressor sees a crop: its rotation is relative to the line of sight
                               through the crop's centre, its camera has no perspective, and its
                               scale no unit.
    coefficients               the regressor, its rotation and camera included: they lay the face
                               model over the picture. Their shape is the mean of the first seconds.

The landmarker need not see every picture. It sees the face whenever that looks otherwise than when
it was seen last, and each `landmarker_every`th picture in any case; in between its values stand. So
no blink and no lost face waits for it, and a still face costs less: with 2, half of the pictures of
a still face and 77 to 96 % of a moving one are looked at, the weights of real footage differ by
.007 from those of every picture, an eyeBlink by .06 at most, and the smoothed weights of a still
face jitter by .001 instead of .0006 (benchmarks/landmarker_every.py). Without the comparison the
same 2 loses up to .6 of a blink, which is why nothing is extrapolated and 3 brings little more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.closing import Closing
from engine.crop_filter import CropFilter
from engine.data import Frame, Observation
from engine.face_picture import FacePicture
from engine.identity import Identity
from engine.landmarker.person import LARGEST, Person, PersonSettings
from engine.regressors import Regressor
from engine.regressors.crops import CropBox
from engine.regressors.mediapipe import MediaPipeRegressor

FORGET = 1.0  # s without a face, after which another person may come


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How a face is followed.

    landmarker_every: with a regressor, the landmarker sees one picture in so many at least; 1: all.
    person, region:   which face is followed when none is (engine/landmarker/person.py); it stays
                      the one, though a larger or nearer one comes.
    """

    landmarker_every: int = 2
    person: Person = LARGEST.person
    region: tuple[float, float, float, float] = LARGEST.region

    def __post_init__(self) -> None:
        if self.landmarker_every < 1:
            raise ValueError(f"landmarker_every is {self.landmarker_every}; expected 1 or more")
        _ = self.followed

    @property
    def followed(self) -> PersonSettings:
        """Which face is followed; raises ValueError if that is nonsense."""
        return PersonSettings(self.person, self.region)


@dataclass(frozen=True, slots=True)
class _Face:
    """What the landmarker saw, and the crop to look at."""

    seen: Observation
    box: CropBox


class Tracker(Closing):
    """Frame in, Observation out. One face, followed from frame to frame."""

    def __init__(
        self, finder: MediaPipeRegressor, regressor: Regressor | None, settings: TrackerSettings
    ) -> None:
        """Takes finder and regressor over: closing the tracker closes them."""
        self._finder = finder
        self._regressor = regressor
        self._settings = settings
        self._crop = CropFilter()
        self._picture = FacePicture()
        self._identity = Identity()
        self._face: _Face | None = None
        self._face_timestamp = -math.inf  # of the newest picture with a face
        self._spared = 0  # pictures since the landmarker saw one

    @property
    def regressor(self) -> Regressor | None:
        """The one in use."""
        return self._regressor

    def switch(self, regressor: Regressor | None) -> None:
        """From the next picture on look with this one; the present one is closed."""
        if self._regressor is not None:
            self._regressor.close()
        self._regressor = regressor
        self._identity.forget()
        self._lose()

    def observe(self, frame: Frame) -> Observation | None:
        """What is seen in this frame, or None where there is no face. Timestamps must not go back.

        Raises ModelError if the regressor's network is broken.
        """
        if self._regressor is None:
            return self._finder.observe(frame)
        self._regressor.expect(frame.image)
        self._face = self._followed(frame, self._regressor)
        if self._face is None:
            return None
        if frame.timestamp - self._face_timestamp > FORGET:
            self._identity.forget()
        self._face_timestamp = frame.timestamp

        shape = self._identity.known
        regression = self._regressor.regress(frame.image, self._face.box, shape)
        coefficients = regression.coefficients
        if shape is None:
            shape = self._identity.update(coefficients.shape, frame.timestamp)
            coefficients = replace(coefficients, shape=shape)
        return replace(
            self._face.seen,
            timestamp=frame.timestamp,
            coefficients=coefficients,
            image_from_crop=regression.image_from_crop,
        )

    def close(self) -> None:
        """Release the networks. May be called twice."""
        self._finder.close()
        if self._regressor is not None:
            self._regressor.close()

    def _followed(self, frame: Frame, regressor: Regressor) -> _Face | None:
        """The face in this frame: as it was if it looks as it did, else by the landmarker."""
        may_rest = self._spared + 1 < self._settings.landmarker_every
        if self._face is not None and may_rest and not self._picture.changed(frame.image):
            self._spared += 1
            return self._face
        self._spared = 0
        seen = self._finder.observe(frame)
        if seen is None:
            self._lose()
            return None
        if self._settings.landmarker_every > 1:
            self._picture.remember(frame.image, seen.landmarks)
        wanted = regressor.unrounded_box if self._crop.follows else regressor.box
        box = self._crop.update(wanted(seen.landmarks), frame.timestamp)
        return _Face(seen, box)

    def _lose(self) -> None:
        self._face = None
        self._crop.restart()
