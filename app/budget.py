"""`--budget`: a game has the machine, the face makes do with what is left.

Half the cost or less: few looks at a still face (engine/sparing.py), one thread, predicted states
where no picture was looked at. What was asked for is kept where it costs less.
"""

from __future__ import annotations

from dataclasses import replace

from app.sources import SourceSettings
from app.tracking import TrackingSettings

CAMERA_RATE = 30.0  # pictures a second: more would be thrown away
STATES = 30.0  # a second that are sent, predicted in between
LANDMARKER_EVERY = 2  # pictures of a face at rest


def spared_source(source: SourceSettings) -> SourceSettings:
    """No more pictures than a usual camera gives."""
    limit = min(source.limit, CAMERA_RATE) if source.limit else CAMERA_RATE
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
