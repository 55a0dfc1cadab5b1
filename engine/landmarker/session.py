"""MediaPipe's face landmarker on our own sessions: the same landmarks and scores, sooner.

The detector looks at a picture only while there is no face, now and then for other people, and in
every picture while there are any; else each picture's landmarks give the region for the next. What
MediaPipe keeps to itself is told here: the presence score, and the network's own score of a tongue
that is out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.closing import Closing
from engine.geometry import Array
from engine.landmarker import Detection
from engine.landmarker.filter import LandmarkFilter
from engine.landmarker.fused import FusedNetworks
from engine.landmarker.landmarks import FaceLandmarks
from engine.landmarker.networks import FaceNetworks, SeparateNetworks
from engine.landmarker.person import LARGEST, PersonChoice, PersonSettings
from engine.landmarker.pose import PoseFit
from engine.landmarker.region import FaceRegion, region_around
from engine.landmarker.scores import NAMES
from engine.runtime import RuntimeSettings, Session
from models.checkpoints.face_geometry import CanonicalFace
from models.face_landmarker import face_landmarker_files

LEAST_PRESENCE = 0.5


class SessionLandmarker(Closing):
    """Finds one face in a picture and, if it follows, goes on from there in the next."""

    def __init__(
        self,
        networks: FaceNetworks,
        canonical_face: CanonicalFace,
        *,
        follow: bool = True,
        steadied: bool = True,
        person: PersonSettings = LARGEST,
    ) -> None:
        """Takes the networks over: closing the landmarker closes them.

        follow:   for consecutive pictures. Otherwise each picture is searched anew.
        steadied: the landmarks of consecutive pictures as MediaPipe's package gives them: through
                  its filter, which makes them 13 ms late.
        person:   which face is followed when none is.
        """
        self._networks = networks
        self._pose = PoseFit(canonical_face)
        self._follow = follow
        self._steadied = steadied
        self._person = PersonChoice(person)
        self._region: FaceRegion | None = None
        self._filter = LandmarkFilter()

    @classmethod
    def open(
        cls,
        task: Path,
        folder: Path,
        settings: RuntimeSettings,
        *,
        follow: bool = True,
        steadied: bool = True,
        person: PersonSettings = LARGEST,
    ) -> Self:
        """The landmarker of MediaPipe's bundle; raises ModelError.

        folder: where the networks are kept that the bundle is converted to when it is first used.
        """
        files = face_landmarker_files(task, folder)
        return cls(
            SeparateNetworks(files, settings),
            files.canonical_face,
            follow=follow,
            steadied=steadied,
            person=person,
        )

    @property
    def device(self) -> str:
        """Where the networks are computed, in words for people."""
        return self._networks.device

    def use(self, session: Session) -> None:
        """From the next picture on compute with a session of all networks in one. Raises
        ModelError, having closed it, and goes on as before, if it is another network."""
        self._networks = FusedNetworks(session, self._networks)

    def leave(self) -> None:
        """From the next picture on compute as before `use`; its session is closed."""
        if isinstance(self._networks, FusedNetworks):
            self._networks = self._networks.apart()

    def detect(self, image: NDArray[np.uint8], timestamp: float) -> Detection | None:
        """The face in a (H, W, 3) BGR picture, or None.

        timestamp: seconds; must not go back if the landmarker follows.
        """
        if not self._follow:
            return self.search(image)
        face = self._face_in(image, self._region)
        if face is None or not self._is_still_the_same(face, image, timestamp):
            self._filter.restart()  # nobody was there before, or the face has moved away
            face = self._chosen(self._networks.find(image), image, timestamp)
        return self._followed(face, image, timestamp)

    def search(self, image: NDArray[np.uint8]) -> Detection | None:
        """The face in a picture by itself; the face that is followed is not touched."""
        for region in self._networks.find(image):
            face = self._face_in(image, region)
            if face is not None:
                return self._detection(face, face.points, image)
        return None

    def follow_from(
        self, image: NDArray[np.uint8], timestamp: float, landmarks: Array
    ) -> Detection | None:
        """Go on from a face of which somebody else says that it is here."""
        self._filter.restart()
        face = self._chosen((region_around(landmarks),), image, timestamp)
        return self._followed(face, image, timestamp)

    def close(self) -> None:
        """Release the networks. May be called twice."""
        self._networks.close()

    def _face_in(self, image: NDArray[np.uint8], region: FaceRegion | None) -> FaceLandmarks | None:
        if region is None:
            return None
        face = self._networks.landmarks(image, region)
        return face if face.presence > LEAST_PRESENCE else None

    def _is_still_the_same(
        self, face: FaceLandmarks, image: NDArray[np.uint8], timestamp: float
    ) -> bool:
        if not self._person.looks_around(timestamp):
            return True
        found = self._networks.find(image)
        return self._person.is_still(region_around(face.points), found, timestamp)

    def _chosen(
        self, faces: tuple[FaceRegion, ...], image: NDArray[np.uint8], timestamp: float
    ) -> FaceLandmarks | None:
        height, width = image.shape[:2]
        for region in self._person.candidates(faces, (width, height), timestamp):
            face = self._face_in(image, region)
            if face is not None:
                self._person.follow(region, timestamp)
                return face
        return None

    def _followed(
        self, face: FaceLandmarks | None, image: NDArray[np.uint8], timestamp: float
    ) -> Detection | None:
        if face is None:
            self._region = None
            return None
        self._region = region_around(face.points)
        points = self._filter.update(face.points, timestamp) if self._steadied else face.points
        return self._detection(face, points, image)

    def _detection(
        self, face: FaceLandmarks, landmarks: Array, image: NDArray[np.uint8]
    ) -> Detection:
        height, width = image.shape[:2]
        return Detection(
            landmarks=landmarks,
            scores=np.append(self._networks.scores(landmarks), face.tongue_out),
            names=(*NAMES, "tongueOut"),
            camera_from_head=self._pose.camera_from_head(landmarks, (width, height)),
            presence=face.presence,
        )
