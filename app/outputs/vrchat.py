"""VRChat by OSC: the parameters that face-tracked avatars have, and VRChat's own eye tracking.
https://docs.vrchat.com/docs/osc-overview https://docs.vrchat.com/docs/osc-eye-tracking

    /avatar/parameters/<any prefix>v2/JawOpen            f     -1..1, see `app.outputs.unified`
    /avatar/parameters/<any prefix>v2/JawOpen1, 2, 4, …  T, F  the same as a binary number,
    /avatar/parameters/<any prefix>v2/JawXNegative       T, F  with its sign
    /avatar/parameters/<any prefix>EyeTrackingActive, ExpressionTrackingActive, LipTrackingActive
    /tracking/eye/LeftRightPitchYaw                      ffff  degrees, + down, + to the right
    /tracking/eye/EyesClosedAmount                       f     0..1

Only what has changed is sent, and everything again every five seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from app.outputs.axes import UNCHANGED, AxisSettings
from app.outputs.datagrams import at_rest
from app.outputs.packets import Message, PreparedPackets
from app.outputs.unified import UNIFIED, unified_values
from engine.blendshapes import INDEX
from engine.data import FaceState
from engine.errors import SettingsError

PORT = 9000

REFRESH = 5.0  # seconds between complete frames; VRChat's eyes go their own way after ten

PARAMETERS = "/avatar/parameters/"
ACTIVE = ("EyeTrackingActive", "ExpressionTrackingActive", "LipTrackingActive")

_GAZE = ("EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY", "EyeX", "EyeY")
_LIDS = tuple(
    f"Eye{what}{side}" for what in ("Open", "Closed", "Lid") for side in ("Left", "Right", "")
)

_WEIGHT, _ANGLE = 0.002, 0.1  # smallest changes worth a message; VRChat keeps 1/127; degrees
_FULL = 0.99999  # from here on all bits are set

Parameters = Literal["auto", "avatar", "blind"]
Kind = Literal["float", "bit", "negative", "active"]


@dataclass(frozen=True, slots=True)
class VrchatSettings:
    """How VRChat is sent to.

    parameters:  "avatar": those that the avatar has, which VRChat tells programs of its own
                 machine; "blind": all, as floats; "auto": blind only to other machines.
    prefix:      of blind parameters, before "v2/"; avatars differ, most have "FT/" or none.
    native_eyes: use VRChat's own eye tracking, too; not for avatars that tell that they have
                 eye parameters.
    """

    parameters: Parameters = "auto"
    prefix: str = "FT/"
    native_eyes: bool = True
    axes: AxisSettings = UNCHANGED

    def __post_init__(self) -> None:
        if self.parameters not in get_args(Parameters):
            raise SettingsError(
                f"unknown VRChat parameters {self.parameters!r}; expected one of "
                f"{', '.join(get_args(Parameters))}."
            )
        if not re.fullmatch(r"([A-Za-z0-9_.-]+/)*", self.prefix):
            raise SettingsError(
                f"bad VRChat prefix {self.prefix!r}; expected a form like FT/ or nothing."
            )


@dataclass(frozen=True, slots=True)
class Parameter:
    """One that an avatar has.

    name: of `UNIFIED`, or of `ACTIVE`.
    bit:  its power of two, of `bits` altogether; `signed` if there is a Negative, too.
    """

    address: str
    kind: Kind
    name: str
    bit: int = 0
    bits: int = 0
    signed: bool = False


def blind_parameters(prefix: str) -> tuple[Parameter, ...]:
    """All that there can be, as floats: VRChat passes over what an avatar does not have."""
    values = (Parameter(f"{PARAMETERS}{prefix}v2/{name}", "float", name) for name in UNIFIED)
    flags = (Parameter(PARAMETERS + name, "active", name) for name in ACTIVE)
    return (*values, *flags)


def avatar_parameters(described: Iterable[tuple[str, str]]) -> tuple[Parameter, ...]:
    """Those that we can fill. described: address and OSC type of each that the avatar has."""
    found: list[Parameter] = []
    sizes: dict[str, int] = {}  # bits, by address without them
    signed: set[str] = set()
    for address, kind in described:
        parameter = _parameter(address, kind)
        if parameter is None:
            continue
        found.append(parameter)
        stem = _stem(parameter)
        if parameter.kind == "bit":
            sizes[stem] = max(sizes.get(stem, 0), parameter.bit + 1)
        elif parameter.kind == "negative":
            signed.add(stem)
    return tuple(
        Parameter(p.address, p.kind, p.name, p.bit, sizes[_stem(p)], _stem(p) in signed)
        if p.kind == "bit"
        else p
        for p in found
    )


_UNIFIED = re.compile(r"(?:.*/)?v2/(?P<name>(?:Head/)?[A-Za-z]+?)(?P<end>[0-9]+|Negative)?")


def _parameter(address: str, kind: str) -> Parameter | None:
    if not address.startswith(PARAMETERS):
        return None
    path = address.removeprefix(PARAMETERS)
    is_bool = kind in ("T", "F")
    last = path.rpartition("/")[2]
    if last in ACTIVE and is_bool:
        return Parameter(address, "active", last)
    match = _UNIFIED.fullmatch(path)
    if match is None or match["name"] not in UNIFIED:
        return None
    name, end = match["name"], match["end"]
    if end is None:
        return Parameter(address, "float", name) if kind == "f" else None
    if not is_bool:
        return None
    if end == "Negative":
        return Parameter(address, "negative", name)
    power = int(end[:9])
    if power & (power - 1) or not 1 <= power <= 128:
        return None
    return Parameter(address, "bit", name, power.bit_length() - 1)


def _stem(parameter: Parameter) -> str:
    end = str(1 << parameter.bit) if parameter.kind == "bit" else "Negative"
    return parameter.address.removesuffix(end)


class VrchatEncoder:
    """States to datagrams, for one avatar."""

    def __init__(self, parameters: Sequence[Parameter], *, gaze: bool, lids: bool) -> None:
        """gaze, lids: whether VRChat's own eye tracking is used."""
        floats = [p for p in parameters if p.kind == "float"]
        self._bools = [p for p in parameters if p.kind != "float"]
        self._packets = PreparedPackets(
            [
                *(Message(p.address, float) for p in floats),
                *([Message("/tracking/eye/LeftRightPitchYaw", *[float] * 4)] if gaze else []),
                *([Message("/tracking/eye/EyesClosedAmount", float)] if lids else []),
                *(Message(p.address, value) for p in self._bools for value in (False, True)),
            ]
        )
        self._sources = np.array([UNIFIED.index(p.name) for p in floats], np.intp)
        self._gaze, self._lids = gaze, lids
        self._first_eye = len(floats)
        self._first_bool = len(floats) + gaze + lids
        self._bits = _Bits(self._bools)
        owners = self._packets.owners
        self._tolerance = np.where(owners < self._first_eye, _WEIGHT, _ANGLE)
        if lids:
            self._tolerance[-1] = _WEIGHT
        self._sent = np.zeros(len(owners))
        self._sent_bools = np.zeros(len(self._bools), bool)
        self._refreshed = -math.inf
        self._origin: NDArray[np.float64] | None = None

    def encode(self, state: FaceState) -> Sequence[bytes | memoryview]:
        """The datagrams for a state: what has changed, or everything."""
        if self._origin is None and state.tracked:
            self._origin = state.head_position
        if abs(state.timestamp - self._refreshed) >= REFRESH:
            self._refreshed = state.timestamp
            # Without a face VRChat's own eyes may go their own way.
            return self._datagrams(
                state, range(self._first_bool if state.tracked else self._first_eye)
            )
        return self._datagrams(state, None)

    def farewell(self, last: FaceState) -> Sequence[bytes | memoryview]:
        """Nothing is tracked; neutral; complete."""
        return self._datagrams(at_rest(last), range(self._first_bool))

    def _datagrams(self, state: FaceState, complete: range | None) -> Sequence[bytes | memoryview]:
        """complete: the messages with numbers to be sent with all bools; None: what has changed."""
        origin = state.head_position if self._origin is None else self._origin
        values = np.array(unified_values(state, origin))
        numbers = np.concatenate((values[self._sources], self._eyes(state)))
        bools = self._bits.of(values, is_active=state.tracked)
        if complete is not None:
            resent = np.array(complete, np.intp)
            changed_bools = np.arange(len(bools))
        else:
            changed = np.abs(numbers - self._sent) > self._tolerance
            resent = np.unique(self._packets.owners[changed])
            changed_bools = np.flatnonzero(bools != self._sent_bools)
        renewed = np.isin(self._packets.owners, resent)
        self._sent = np.where(renewed, numbers, self._sent)
        self._sent_bools = bools
        self._packets.fill(numbers)
        indices = self._first_bool + 2 * changed_bools + bools[changed_bools]
        return self._packets.only([*resent.tolist(), *indices.tolist()])

    def _eyes(self, state: FaceState) -> list[float]:
        (left_yaw, left_pitch), (right_yaw, right_pitch) = np.degrees(state.gaze).tolist()
        gaze = [left_pitch, -left_yaw, right_pitch, -right_yaw]
        blinks = (state.weights[INDEX[f"eyeBlink{side}"]] for side in ("Left", "Right"))
        closed = min(1.0, max(0.0, float(sum(blinks)) / 2.0))
        return [*(gaze if self._gaze else []), *([closed] if self._lids else [])]


def open_encoder(parameters: Sequence[Parameter], settings: VrchatSettings) -> VrchatEncoder:
    """For an avatar with these parameters: its eyes are not to be driven twice."""
    names = {parameter.name for parameter in parameters}
    return VrchatEncoder(
        parameters,
        gaze=settings.native_eyes and names.isdisjoint(_GAZE),
        lids=settings.native_eyes and names.isdisjoint(_LIDS),
    )


def open_blind_encoder(settings: VrchatSettings) -> VrchatEncoder:
    """For an avatar that nobody describes."""
    return VrchatEncoder(
        blind_parameters(settings.prefix), gaze=settings.native_eyes, lids=settings.native_eyes
    )


class _Bits:
    """The bools of an avatar's parameters from their values."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._is_flag = np.array([p.kind == "active" for p in parameters], bool)
        self._is_negative = np.array([p.kind == "negative" for p in parameters], bool)
        self._sources = np.array(
            [0 if p.kind == "active" else UNIFIED.index(p.name) for p in parameters], np.intp
        )
        self._bit = np.array([p.bit for p in parameters], np.int64)
        self._scale = np.array([1 << p.bits for p in parameters], np.int64)
        self._signed = np.array([p.signed for p in parameters], bool)

    def of(self, values: NDArray[np.float64], *, is_active: bool) -> NDArray[np.bool_]:
        """In the order of the parameters. values: of `UNIFIED`."""
        value = values[self._sources]
        size = np.where((value < 0.0) & ~self._signed, 0.0, np.abs(value))
        number = np.where(size > _FULL, self._scale - 1, np.floor(size * self._scale))
        bits = (number.astype(np.int64) >> self._bit) & 1 == 1
        bits = np.where(self._is_negative, value < 0.0, bits)
        result: NDArray[np.bool_] = np.where(self._is_flag, is_active, bits)
        return result
