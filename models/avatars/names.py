"""The spellings of shapes and bones, brought to one each."""

from __future__ import annotations

import re
from types import MappingProxyType

from engine.blendshapes import BLENDSHAPES
from engine.vrm_expressions import VRM1

ARKIT = MappingProxyType(
    {name.lower(): name for name in BLENDSHAPES}
    | {  # some split what ARKit has in one
        "browinnerupleft": "browInnerUp",
        "browinnerupright": "browInnerUp",
        "cheekpuffleft": "cheekPuff",
        "cheekpuffright": "cheekPuff",
    }
)
_VRM0 = (
    *("a", "i", "u", "e", "o"),
    *("blinkleft", "blinkright"),
    *("lookup", "lookdown", "lookleft", "lookright"),
    *("joy", "angry", "sorrow", "surprised"),
)
_VROID = (
    *("fclmtha", "fclmthi", "fclmthu", "fclmthe", "fclmtho"),
    *("fcleyecloseleft", "fcleyecloseright"),
    *("", "", "", ""),
    *("fclalljoy", "fclallangry", "fclallsorrow", "fclallsurprised"),
)
_VISEMES = ("visemeaa", "visemei", "visemeu", "visemee", "visemeo")
PRESETS = MappingProxyType(
    {spelling.lower(): name for name, spelling in zip(VRM1, VRM1, strict=True)}
    | dict(zip(_VRM0, VRM1, strict=True))
    | {spelling: name for spelling, name in zip(_VROID, VRM1, strict=True) if spelling}
    | dict(zip(_VISEMES, VRM1, strict=False))
    | {"blink": "blink", "fcleyeclose": "blink"}
)
BONES = (
    "head",
    "neck",
    "leftEye",
    "rightEye",
    "leftUpperArm",
    "leftLowerArm",
    "rightUpperArm",
    "rightLowerArm",
)
_BONE_PREFIX = re.compile(
    r"^(mixamorig\d*|j bip c|j bip|j adj|def|bip\d*|cc base|armature|valvebiped|rig)\s+"
)
_BONE_SPELLINGS = MappingProxyType(
    {
        "head": ("head",),
        "neck": ("neck", "neck1", "neck01"),
        "leftEye": ("lefteye", "eyeleft", "leye", "lfaceeye", "lefteyejoint", "eyeballleft"),
        "leftUpperArm": ("leftupperarm", "upperarmleft", "leftarm", "armleft", "lupperarm"),
        "leftLowerArm": (
            *("leftlowerarm", "lowerarmleft", "leftforearm", "forearmleft", "llowerarm"),
        ),
    }
)


def arkit_name(spelled: str) -> str | None:
    """jawOpen, JawOpen, jaw_open, Mesh.jawOpen -> jawOpen; eyeBlink_L -> eyeBlinkLeft."""
    return ARKIT.get(_plain(spelled))


def preset_name(spelled: str) -> str | None:
    """VRM 1.0's name of an expression, or `blink`, for any version's or VRoid's spelling."""
    return PRESETS.get(_plain(spelled))


def bone_name(spelled: str) -> str | None:
    """One of BONES."""
    words = re.sub(r"[^a-z0-9]+", " ", _spaced(spelled).lower()).strip()
    words = re.sub(r"^(\w.*) (l|r)$", _side_in_full, _BONE_PREFIX.sub("", words))
    plain = words.replace(" ", "")
    for name, spellings in _BONE_SPELLINGS.items():
        if plain in spellings:
            return name
        if name.startswith("left") and plain in {_other_side(s) for s in spellings}:
            return name.replace("left", "right")
    return None


def _plain(spelled: str) -> str:
    sided = re.sub(r"^(.*[^_ .\-])[_ .\-]([lLrR])$", _side_in_full, spelled)
    return re.sub(r"[^a-z0-9]", "", re.split(r"[.:]", sided)[-1].lower())


def _side_in_full(match: re.Match[str]) -> str:
    return match[1] + {"l": "left", "r": "right"}[match[2].lower()]


def _other_side(spelling: str) -> str:
    if "left" in spelling:
        return spelling.replace("left", "right")
    return "r" + spelling[1:] if spelling.startswith("l") else spelling


def _spaced(spelled: str) -> str:
    """Words that capitals begin, apart: LeftEye -> Left Eye."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", spelled)
