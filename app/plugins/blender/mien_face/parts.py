"""Head and eyes of a character: a bone each, or an object each, found by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .channels import HEAD, LEFT_EYE, RIGHT_EYE, quaternion


@dataclass(frozen=True)
class Part:
    """Something that turns.

    name:  for people. bone, object: names of its settings.
    start: where its numbers begin in a row.
    """

    name: str
    bone: str
    object: str
    start: int

    def rotation(self, row: Sequence[float]) -> Sequence[float]:
        """x y z w in mien's axes, of a face's numbers."""
        if self.start == HEAD:
            return row[HEAD : HEAD + 4]
        yaw, pitch = row[self.start : self.start + 2]
        return quaternion(pitch, yaw)


PARTS = (
    Part("Head", "head_bone", "head_object", HEAD),
    Part("Left eye", "left_eye_bone", "left_eye_object", LEFT_EYE),
    Part("Right eye", "right_eye_bone", "right_eye_object", RIGHT_EYE),
)

# Without case and separators, and behind the prefixes of rigs, best first.
_PREFIX = r"(?:mixamorig\d*|bip\d*|ccbase|jbipc?|jadjc?|orgface|org|def|root|character\d*)?"
_PATTERNS = {
    "Head": (r"head", _PREFIX + r"head", _PREFIX + r"headx?"),
    "Left eye": (
        r"(?:lefteye|eyeleft|eyel|leye)(?:ball)?",
        _PREFIX + r"(?:lefteye|eyeleft|eyel|leye|lfaceeye|faceeyel|eyebonel)(?:ball|joint|bone)?",
    ),
    "Right eye": (
        r"(?:righteye|eyeright|eyer|reye)(?:ball)?",
        _PREFIX + r"(?:righteye|eyeright|eyer|reye|rfaceeye|faceeyer|eyeboner)(?:ball|joint|bone)?",
    ),
}


def named_as(part: Part, names: Iterable[str]) -> str | None:
    """The name that tells of the part: head, mixamorig:Head, eye.L, J_Adj_L_FaceEye, …"""
    plain = [(re.sub(r"[^a-z0-9]", "", name.lower()), name) for name in names]
    for pattern in _PATTERNS[part.name]:
        for spelling, name in plain:
            if re.fullmatch(pattern, spelling):
                return name
    return None
