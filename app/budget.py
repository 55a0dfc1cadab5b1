"""`--budget`: a game has the machine, the face makes do with what is left."""

from __future__ import annotations

from dataclasses import replace

from app.settings import RunSettings

PICTURES = 15.0  # a second, about, that are looked at: half of a usual camera's
STATES = 30.0  # a second that are sent, predicted in between
CAMERA_RATE = 30.0  # faster pictures would be thrown away
LANDMARKER_EVERY = 2  # pictures of a face at rest


def within_budget(settings: RunSettings) -> RunSettings:
    """The same run at about half the cost: half the pictures, one thread.

    What was asked for is kept where it costs less than this.
    """
    source, tracking = settings.source, settings.tracking
    limit = min(source.limit, PICTURES) if source.limit else PICTURES
    every = max(tracking.tracker.landmarker_every, LANDMARKER_EVERY)
    return replace(
        settings,
        source=replace(source, limit=limit, rate=min(source.rate, CAMERA_RATE)),
        tracking=replace(
            tracking,
            runtime=replace(tracking.runtime, threads=1, spinning=False),
            tracker=replace(tracking.tracker, landmarker_every=every),
        ),
        output_rate=settings.output_rate or STATES,
    )
