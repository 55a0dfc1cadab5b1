"""The shipped smoother as a filter like its rivals, driven from observation to state."""

from __future__ import annotations

import numpy as np

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import LANDMARK_COUNT, Observation
from engine.geometry import IDENTITY_ROTATION, Array
from engine.look_ahead import LookAhead, Sighting
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings

LIDS = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])
OTHERS = tuple(range(INDEX["jawForward"], len(BLENDSHAPES)))


def smoothed(samples: Array, timestamps: Array, channels: tuple[int, ...] = OTHERS) -> Array:
    """(T, N) samples through the shipped Smoother, as many columns at once as `channels`."""
    result = np.empty_like(samples)
    for first in range(0, samples.shape[1], len(channels)):
        columns = samples[:, first : first + len(channels)]
        places = list(channels[: columns.shape[1]])
        smoother = Smoother(SmootherSettings())
        for i, timestamp in enumerate(timestamps):
            weights = np.zeros(len(BLENDSHAPES))
            weights[places] = columns[i]
            state = smoother.update(
                _observation(weights, float(timestamp)),
                timestamp=float(timestamp),
                image_size=(640, 480),
            )
            result[i, first : first + len(places)] = state.weights[places]
    return result


def looked_ahead(samples: Array, timestamps: Array, channels: tuple[int, ...] = OTHERS) -> Array:
    """As `smoothed`, through the filter of `mien track --smooth offline`."""
    result = np.empty_like(samples)
    for first in range(0, samples.shape[1], len(channels)):
        columns = samples[:, first : first + len(channels)]
        places = list(channels[: columns.shape[1]])
        ahead, done = LookAhead(SmootherSettings()), []
        for row, timestamp in zip(columns, timestamps.tolist(), strict=True):
            weights = np.zeros(len(BLENDSHAPES))
            weights[places] = row
            seen = _observation(weights, timestamp)
            done += ahead.update(Sighting(timestamp, seen.image_size, seen))
        done += ahead.finish()
        result[:, first : first + len(places)] = [
            one.observation.weights[places] for one in done if one.observation is not None
        ]
    return result


def _observation(weights: Array, timestamp: float) -> Observation:
    return Observation(
        timestamp=timestamp,
        confidence=1.0,
        landmarks=np.zeros((LANDMARK_COUNT, 3)),
        weights=weights,
        head_rotation=IDENTITY_ROTATION,
        head_position=np.array([0.0, 0.0, -0.5]),
        gaze=np.zeros((2, 2)),
        image_size=(640, 480),
    )
