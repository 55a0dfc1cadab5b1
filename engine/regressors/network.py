"""What every regressor is at its core: a network with a crop as input, its outputs by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.geometry import Array
from engine.regressors import RegressorName
from engine.runtime import Session
from engine.runtime.cropping import CroppingSession, CropRule, takes_frame


class CropNetwork:
    """Runs one session or several, and hands out the outputs that a regressor asks for."""

    def __init__(
        self,
        name: RegressorName,
        sessions: Sequence[Session],
        rule: CropRule,
        sizes: Sequence[tuple[str, int]],
    ) -> None:
        """Takes the sessions over; raises ModelError if they are not those of this network.

        sessions: each gives some of the outputs; all take the same crop.
        sizes:    the outputs and how many numbers each has for one picture.
        """
        self.name = name
        self._rule = rule
        self._sizes = dict(sizes)
        self._sessions = self._checked(sessions)

    @property
    def device(self) -> str:
        """Where it is computed, in words for people."""
        return self._sessions[0].device

    def use(self, session: Session) -> None:
        """See `Regressor.use`."""
        sessions = self._checked([session])
        self.close()
        self._sessions = sessions

    def expect(self, image: NDArray[np.uint8]) -> None:
        """See `Regressor.expect`."""
        for session in self._sessions:
            session.expect(image)

    def run(
        self, image: NDArray[np.uint8], image_from_crop: Array, outputs: tuple[str, ...]
    ) -> tuple[Array, ...]:
        """These outputs for one (H, W, 3) BGR picture, each flat.

        Sessions that give none of them rest.
        """
        matrix = image_from_crop.astype(np.float32)
        found: dict[str, Array] = {}
        for session in self._sessions:
            names = [output.name for output in session.outputs]
            if not set(names).isdisjoint(outputs):
                arrays = session.run(image, matrix)
                found.update(zip(names, (one.astype(np.float64) for one in arrays), strict=True))
        if not all(np.isfinite(found[name]).all() for name in outputs):
            raise ModelError(
                f"the network {self.name} gave numbers that are not finite; expected finite ones. "
                f"See: mien models check {self.name}"
            )
        return tuple(found[name].ravel() for name in outputs)

    def close(self) -> None:
        """Release the network. May be called twice."""
        for session in self._sessions:
            session.close()

    def _checked(self, sessions: Sequence[Session]) -> tuple[Session, ...]:
        """Sessions of camera pictures, with all the outputs. Closes wrong ones."""
        shapes = {output.name: output.shape for one in sessions for output in one.outputs}
        makes_all = all(shapes.get(name, ())[1:] == (size,) for name, size in self._sizes.items())
        if not makes_all or not all(self._takes_crop(one) for one in sessions):
            for session in sessions:
                session.close()
            made = ", ".join(f"{name} {list(shape[1:])}" for name, shape in shapes.items())
            taken = ", ".join(f"{one.name} {list(one.shape[1:])}" for one in sessions[0].inputs)
            wanted = ", ".join(f"{name} [{size}]" for name, size in self._sizes.items())
            side = self._rule.size
            raise ModelError(
                f"this is not the network {self.name}: it makes {made} of {taken}; expected "
                f"{wanted} of {self._rule.input} [3, {side}, {side}]. "
                f"Add it again: mien models add {self.name} FILE"
            )
        return tuple(
            one if takes_frame(one) else CroppingSession(one, self._rule) for one in sessions
        )

    def _takes_crop(self, session: Session) -> bool:
        image = session.inputs[0]
        is_crop = (image.name, image.shape[1:]) == (self._rule.input, (3,) + (self._rule.size,) * 2)
        return takes_frame(session) or (is_crop and len(session.inputs) == 1)
