"""Networks that turn a picture into numbers of a face: one file each.

MediaPipe finds the face, and gives weights, gaze and pose by itself. The others look at the face
that it found and give the coefficients of a face model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from engine.data import Coefficients
from engine.errors import ModelError
from engine.geometry import Array
from engine.regressors.crops import CropBox
from engine.runtime import RuntimeSettings, Session, open_session

RegressorName = Literal["smirk", "deca", "emoca", "expnet"]
REGRESSORS: tuple[RegressorName, ...] = get_args(RegressorName)


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """What a regressor reads from one crop.

    image_from_crop: (2, 3) pixels of the picture from pixels of the crop.
    """

    coefficients: Coefficients
    image_from_crop: Array


class Regressor(Protocol):
    """A network that looks at a face which has been found."""

    @property
    def name(self) -> RegressorName: ...

    @property
    def device(self) -> str:
        """Where it is computed, in words for people."""
        ...

    def box(self, landmarks: Array) -> CropBox:
        """Where upstream crops one picture, for MediaPipe's landmarks (478, 3) in pixels."""
        ...

    def unrounded_box(self, landmarks: Array) -> CropBox:
        """The same before upstream rounds it to whole pixels: moves as steadily as the face."""
        ...

    def expect(self, image: NDArray[np.uint8]) -> None:
        """This very picture is likely to be the next to look at: a graphics card can have it while
        the face is still being found."""
        ...

    def regress(
        self, image: NDArray[np.uint8], box: CropBox, shape: Array | None = None
    ) -> Regression:
        """Look at a (H, W, 3) BGR picture. Raises ModelError if the network is broken.

        shape: what is known of the person's identity. It is handed on as it is, and the network
        need not compute it.
        """
        ...

    def use(self, session: Session) -> None:
        """From the next picture on compute with this session of the same network; the present one
        is closed. Raises ModelError, and goes on as before, if it is another network."""
        ...

    def close(self) -> None:
        """Release the network. May be called twice."""
        ...


def open_regressor(name: RegressorName, models: Path, settings: RuntimeSettings) -> Regressor:
    """The regressor of that name, its network from the folder `models`. Raises ModelError."""
    path = models / f"{name}.onnx"
    if not path.is_file():
        raise ModelError(
            f"the regressor {name} is not installed: there is no {path}. Get its official files "
            f"(mien models says where), then: mien models add {name} FILE"
        )
    match name:  # each file's importer waits for that file only
        case "smirk":
            from engine.regressors import smirk

            return smirk.SmirkRegressor(
                *_open_parts(path, settings, smirk.EVERY_PICTURE, smirk.IDENTITY)
            )
        case "deca" | "emoca":
            from engine.regressors import deca

            return deca.DecaRegressor(name, open_session(path, settings))
        case "expnet":
            from engine.regressors import expnet

            return expnet.ExpNetRegressor(
                *_open_parts(path, settings, expnet.EVERY_PICTURE, expnet.IDENTITY)
            )


def _open_parts(path: Path, settings: RuntimeSettings, *parts: tuple[str, ...]) -> list[Session]:
    """A session for each part of the outputs. Raises ModelError and leaves none open."""
    sessions: list[Session] = []
    try:
        for outputs in parts:
            sessions.append(open_session(path, settings, outputs))
    except ModelError:
        for session in sessions:
            session.close()
        raise
    return sessions
