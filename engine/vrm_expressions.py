"""ARKit weights as the preset expressions of a VRM avatar.

For avatars that have nothing but the presets. The formulas are ours, chosen by eye; avatars made
for all 52 shapes (PerfectSync) do not need them.
"""

from __future__ import annotations

from engine.blendshapes import INDEX

VRM0 = (
    *("A", "I", "U", "E", "O"),
    *("Blink_L", "Blink_R"),
    *("LookUp", "LookDown", "LookLeft", "LookRight"),
    *("Joy", "Angry", "Sorrow", "Surprised"),
)
"""Names in VRM 0.x, emotions last. Not among them: Blink, which would close the eyes twice beside
Blink_L and Blink_R; Neutral and Fun, which no shape of a face tells. Surprised is no preset of
VRM 0.x, but the common name of a clip that many avatars have."""

VRM1 = (
    *("aa", "ih", "ou", "ee", "oh"),
    *("blinkLeft", "blinkRight"),
    *("lookUp", "lookDown", "lookLeft", "lookRight"),
    *("happy", "angry", "sad", "surprised"),
)
"""The same in VRM 1.0."""

EMOTIONS = 4
"""How many of the names, from the end, are emotions."""


def preset_weights(weights: list[float]) -> list[float]:
    """Weights 0..1 in the order of `VRM0` from the 52 in `BLENDSHAPES` order."""

    def pair(name: str) -> float:
        return (weights[INDEX[name + "Left"]] + weights[INDEX[name + "Right"]]) / 2.0

    jaw, funnel, pucker = (weights[INDEX[n]] for n in ("jawOpen", "mouthFunnel", "mouthPucker"))
    smile = pair("mouthSmile")
    presets = [
        jaw * (1.0 - max(funnel, pucker)),  # A: open, not rounded
        pair("mouthStretch") + 0.5 * smile * (1.0 - jaw),  # I: wide and closed
        pucker,  # U
        (pair("mouthUpperUp") + pair("mouthLowerDown")) / 2.0,  # E: teeth show
        2.0 * jaw * funnel,  # O: open and rounded; both seldom exceed a half together
        weights[INDEX["eyeBlinkLeft"]],
        weights[INDEX["eyeBlinkRight"]],
        pair("eyeLookUp"),
        pair("eyeLookDown"),
        (weights[INDEX["eyeLookOutLeft"]] + weights[INDEX["eyeLookInRight"]]) / 2.0,
        (weights[INDEX["eyeLookInLeft"]] + weights[INDEX["eyeLookOutRight"]]) / 2.0,
        smile,
        pair("browDown"),
        pair("mouthFrown"),
        weights[INDEX["browInnerUp"]] * pair("eyeWide"),
    ]
    return [min(value, 1.0) for value in presets]
