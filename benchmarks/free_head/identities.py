"""Named people: weights of the identity sliders."""

from __future__ import annotations

IDENTITIES: dict[str, dict[str, float]] = {
    "average": {},
    "female": {"male": -1.0},
    "male": {"male": 1.0},
    "african": {"african": 1.0},
    "asian": {"asian": 1.0},
    "caucasian": {"caucasian": 1.0},
}
