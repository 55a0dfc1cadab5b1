"""What became of a booth's visitors, by the packets that left it.

Every visitor whom the camera showed for SEEN seconds on end drives the head, as a stranger: their
places are far from the middle, so the head's place in the packets is theirs, not shifted by what is
known of the one before. Everyone whom it showed at rest as they came is calibrated: their place
becomes 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.sources.faults import Fault
from benchmarks.booth_crowd import STANDS_STILL, Visit

CLIP = 300.0  # s; played again and again
FAR, NEAR = (0.05, 0.2), 0.025  # m from the middle: where strangers stand, and who is calibrated
SEEN = 4.0  # s on end without a fault after which a visitor must have been seen
RECOVERS = 3.0  # s of booth time after a fault, in which the machine may still be at it
LATE = 1.0  # s of booth time, likewise, till a picture is a packet
RIGHT_AT_LEAST = 0.98  # of the visitors


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who came. start, end: in seconds of booth time. place: sign of their place in the
    picture. shown: seconds on end that the camera showed them without a fault; at_once: as they
    came."""

    start: float
    end: float
    place: float
    shown: float
    at_once: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many guests of how many that could be; wrong: taken for the one before."""

    visitors: int
    to_see: int
    seen: int
    to_calibrate: int
    calibrated: int
    wrong: int

    @property
    def good(self) -> bool:
        least = RIGHT_AT_LEAST
        mistaken = self.wrong > (1.0 - least) * self.visitors
        missed = self.seen < least * self.to_see or self.calibrated < least * self.to_calibrate
        return self.to_calibrate > 0 and not (mistaken or missed)


def guests(
    coming: tuple[Visit, ...], troubles: tuple[Fault, ...], opened: float, ended: float
) -> list[Guest]:
    """Who came wholly while one process had the camera, from `opened` to `ended`."""
    found: list[Guest] = []
    for turn in range(int((ended - opened) / CLIP) + 1):
        for visit in coming:
            start = opened + turn * CLIP + visit.start
            end = start + visit.seconds
            if end > ended:
                return found
            clear, longest, at_once = start, 0.0, None
            for fault in troubles:
                begins, ends = opened + fault.start, opened + fault.end + RECOVERS
                if ends <= clear or begins >= end:
                    continue
                longest = max(longest, begins - clear)
                at_once = max(begins - start, 0.0) if at_once is None else at_once
                clear = ends
            longest = max(longest, end - clear)
            at_once = end - start if at_once is None else at_once
            found.append(Guest(start, end, math.copysign(1.0, visit.place), longest, at_once))
    return found


def judge(every: list[Guest], packets: NDArray[np.float64]) -> Verdict:
    """packets: (N, 2), the booth time of each and the head's place across, metres."""
    seen, calibrated, wrong = [], [], []
    for guest in every:
        low, high = np.searchsorted(packets[:, 0], [guest.start, guest.end + LATE])
        places = guest.place * packets[low:high, 1]
        far = np.flatnonzero(places > FAR[0])
        wrong.append(len(far) > 0 and bool(np.median(places[far[:3]]) > FAR[1]))
        seen.append(len(far) > 0)
        calibrated.append(seen[-1] and bool((np.abs(places[far[0] :]) < NEAR).any()))
    to_see = [guest.shown >= SEEN for guest in every]
    to_calibrate = [guest.at_once >= STANDS_STILL + LATE for guest in every]
    return Verdict(
        visitors=len(every),
        to_see=sum(to_see),
        seen=sum(one and must for one, must in zip(seen, to_see, strict=True)),
        to_calibrate=sum(to_calibrate),
        calibrated=sum(one and must for one, must in zip(calibrated, to_calibrate, strict=True)),
        wrong=sum(wrong),
    )
