"""The figure as a webcam of this computer, for calls and other programs.

camera.py  sends pictures, and tries again where it cannot
device.py  where to: webcam.py, the system's virtual camera; ndi.py, a source in the network
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST, LARGEST = 16, 4096  # of a side, in pixels


@dataclass(frozen=True, slots=True)
class VirtualCameraSettings:
    """What a profile keeps of it.

    device: `/dev/video10`, `Unity Video Capture`, …; empty: the first that there is; `ndi` or
    `ndi:NAME`: no webcam but a source of NDI. size: width and height, even, 16 to 4096: 1280×720 is
    what calls show at most, as a rule. rate: pictures a second, 1 to 60.
    """

    on: bool = False
    device: str = ""
    size: tuple[int, int] = (1280, 720)
    rate: float = 30.0

    def __post_init__(self) -> None:
        if not all(SMALLEST <= side <= LARGEST and side % 2 == 0 for side in self.size):
            raise ValueError(
                f"`size` is {list(self.size)}; expected an even width and height of {SMALLEST} to "
                f"{LARGEST}"
            )
        if not 1.0 <= self.rate <= 60.0:
            raise ValueError(f"`rate` is {self.rate}; expected 1 to 60 pictures a second")
