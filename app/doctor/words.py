"""What may be told of a profile, a command line and a camera's name: known words and numbers.

Everything else that a person has typed may be a name, so it is hidden, wherever it turns up.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import tomllib
import typing
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from app.outputs import PROTOCOLS
from app.privacy import FILE_NAME, HARMLESS_HOSTS, ending
from app.settings import Profile
from app.viewer.look import EYE_COLORS, HAIR_COLORS, HAIR_STYLES, LOOKS, SHIRTS, SKINS
from engine.blendshapes import BLENDSHAPES
from engine.steadiness import FLOORS

COMMAND_WORDS = tuple(
    "run track listen cameras models calibrate bench doctor install-shortcut demo default mien "
    "add export check smirk deca emoca emorec expnet flame bfm".split()
)
ORDINARY_WORDS = frozenset(  # a file of such a name must not hide the word in every message
    "clip face faces file model movie out output picture record recording settings snapshot "
    "source take takes test tmp home users video videos".split()
)
CAMERA_WORDS = frozenset(  # of makers and their models
    "ai audio bisoncam brio c cam camera canon capture chicony composite default desk device "
    "display droidcam dslr dummy elgato eos facecam facetime fhd front full general hd hdmi ids "
    "imaging infrared insta360 integrated intel internal ipad iphone ir iriun ivcam kiyo laptop "
    "lenovo lifecam link live logi logitech loopback microsoft mini nikon ns obs pc plus pro ps "
    "razer realsense realtek rear rgb rift sony sonix streamcam studio sunplus synaptics uhd ultra "
    "usb usb2 uvc video view vga virtual web webcam wide with 4k".split()
)
MODEL_NUMBER = re.compile(r"[a-z]{0,2}\d{1,4}[a-z]{0,2}", re.IGNORECASE)
PLAIN = re.compile(r"[-+]?[\d.]+(?:[x×:]\d+)?|#[0-9a-f]{6}", re.IGNORECASE)
OPTION = re.compile(r"(--?[a-z][a-z-]*)(?:=(.*))?", re.DOTALL)
RECEIVER = re.compile(r"(\w+)(?::(\[[^\]]*\]|[^:]*))?(?::(\d+))?")
KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
RECORD_START = re.compile(r"\n(?=\d{4}-\d\d-\d\d \d\d:\d\d:)")
COMMAND_LINE = re.compile(r"(\S+ \S+ INFO app\.cli: mien \S+: )(.*)", re.DOTALL)
FROM_SOURCE = re.compile(  # a source's name in the log
    r"(?m)(app\.sources\.\w+: )(.+?)(?= gives | is back| is left out| is still| ends early)"
)


class Words:
    """Tells known words and collects the others. `hidden`: what may not be told anywhere."""

    def __init__(self) -> None:
        self.hidden: set[str] = set()
        self._known = frozenset(word.casefold() for word in _known_words())

    def told(self, text: str) -> str:
        """A text that a person has typed: as it is if known, else what kind of thing it is."""
        if text.casefold() in self._known or PLAIN.fullmatch(text) or not text:
            return text
        if "://" in text:
            return self._address(text)
        receiver = RECEIVER.fullmatch(text)
        if receiver is not None and receiver[1] in PROTOCOLS:
            return self._receiver(receiver)
        name = re.split(r"[/\\]", text)[-1]
        is_path = name != text or FILE_NAME.search(text) is not None
        stem = name.rpartition(".")[0]
        self.hide(text, name, *(part.strip() for part in stem.split("{name}")))
        if is_path:
            return f"<path>{ending(name)}"
        self.hide(*text.split())
        return "<text>"

    def hide(self, *texts: str) -> None:
        """These may be told nowhere, unless they are known words or numbers."""
        for text in texts:
            if len(text) > 2 and text.casefold() not in self._known and not PLAIN.fullmatch(text):
                self.hidden.add(text)

    def profile(self, text: str) -> str:
        """A profile's keys, numbers and known words, one setting a line."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return "this is not TOML"
        return "\n".join(f"{key} = {value}" for key, value in self._settings(table, ""))

    def log(self, text: str) -> str:
        """A log with its command lines and its sources' names told by known words only."""
        records = [
            COMMAND_LINE.sub(lambda match: match[1] + self._command_line(match[2]), record)
            for record in RECORD_START.split(text)
        ]
        return FROM_SOURCE.sub(lambda match: match[1] + self.source(match[2]), "\n".join(records))

    def source(self, name: str) -> str:
        """A camera's or file's name by the words that makers use: `<name>s Webcam`."""
        if "://" in name:
            return name
        if FILE_NAME.search(name):
            return self.told(name)
        return re.sub(r"[^\W_]+", lambda match: self._camera_word(match[0]), name)

    def _camera_word(self, word: str) -> str:
        known = word.casefold() in CAMERA_WORDS or MODEL_NUMBER.fullmatch(word)
        if known or len(word) == 1:
            return word
        self.hide(word)
        return "<name>"

    def _command_line(self, line: str) -> str:
        try:
            words = shlex.split(line)
        except ValueError:
            return "<text>"
        told = []
        for word in words:
            option = OPTION.fullmatch(word)
            if option is None:
                told.append(self.told(word))
            else:
                told.append(option[1] + ("" if option[2] is None else f"={self.told(option[2])}"))
        return " ".join(told)

    def _settings(self, value: Any, key: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for name, part in value.items():
                told = name if KEY.fullmatch(name) else "<text>"
                yield from self._settings(part, f"{key}.{told}" if key else told)
        elif isinstance(value, list):
            for number, part in enumerate(value):
                yield from self._settings(part, f"{key}[{number}]")
        elif isinstance(value, str):
            yield key, f'"{self.told(value)}"'
        else:
            yield key, str(value).lower() if isinstance(value, bool) else str(value)

    def _address(self, text: str) -> str:
        try:
            parts = urlsplit(text)
        except ValueError:
            return "<address>"
        self.hide(parts.hostname or "", parts.username or "", parts.password or "")
        return f"{parts.scheme}://<address>{ending(parts.path)}"

    def _receiver(self, match: re.Match[str]) -> str:
        protocol, host, port = match[1], match[2], match[3]
        if host and host not in HARMLESS_HOSTS and not host.isdecimal():
            self.hide(host, host.partition(".")[0], host.strip("[]"))
            host = "<address>"
        return ":".join(part for part in (protocol, host, port) if part is not None)


def _known_words() -> Iterator[str]:
    yield from COMMAND_WORDS
    yield from ORDINARY_WORDS
    yield from PROTOCOLS
    yield from CAMERA_WORDS
    yield from HARMLESS_HOSTS
    yield from FLOORS
    yield from BLENDSHAPES
    for names in (SKINS, HAIR_COLORS, HAIR_STYLES, EYE_COLORS, SHIRTS):
        yield from typing.cast(Iterable[str], names)
    for look in LOOKS.values():
        yield from _setting_words(look)
    yield from _setting_words(Profile())


def _setting_words(settings: Any) -> Iterator[str]:
    """Every choice and every default of a settings dataclass that is a text."""
    hints = typing.get_type_hints(type(settings))
    for field in dataclasses.fields(settings):
        hint, value = hints[field.name], getattr(settings, field.name)
        if typing.get_origin(hint) is typing.Literal:
            yield from (str(word) for word in typing.get_args(hint))
        elif dataclasses.is_dataclass(value):
            yield from _setting_words(value)
        elif isinstance(value, str):
            yield value
