"""`--budget`: a game has the machine, the face makes do with what is left.

About half the cost: half the pictures, one thread. What was asked for is kept where it costs less.
"""

from __future__ import annotations

from dataclasses import replace

from app.sources import SourceSettings
from app.tracking import TrackingSettings

PICTURES = 15.0  # a second, about, that are looked at: half of a usual camera's
STATES = 30.0  # a second that are sent, predicted in between
CAMERA_RATE = 30.0  # faster pictures would be thrown away
LANDMARKER_EVERY = 2  # pictures of a face at rest


def spared_source(source: SourceSettings) -> SourceSettings:
    """Half the pictures."""
    limit = min(source.limit, PICTURES) if source.limit else PICTURES
    return replace(source, limit=limit, rate=min(source.rate, CAMERA_RATE))


def spared_tracking(tracking: TrackingSettings) -> TrackingSettings:
    """One thread, and the landmarks of a face at rest less often."""
    every = max(tracking.tracker.landmarker_every, LANDMARKER_EVERY)
    return replace(
        tracking,
        runtime=replace(tracking.runtime, threads=1, spinning=False),
        tracker=replace(tracking.tracker, landmarker_every=every),
    )


def bridged_rate(output_rate: float) -> float:
    """States a second: predicted between the pictures that are left."""
    return output_rate or STATES
