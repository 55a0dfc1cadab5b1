"""Keeps what is personal out of logs, messages and the support file."""

from __future__ import annotations

import getpass
import ipaddress
import os
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
QUOTED = re.compile(r"(['\"])([^'\"\n]+)\1")
PLAIN_PATH = re.compile(r"(?<![\w/<>~.:])(?:~|[A-Za-z]:)?[/\\][^\s'\",;:()<>|]+")
FILE_NAME = re.compile(
    r"[^\s'\"/\\=,;:()<>]+\.(mp4|m4v|mov|avi|mkv|webm|gif|png|jpe?g|bmp|webp|tiff?|"
    r"csv|jsonl|glb|usd|bvh|npz|vrm)\b",
    re.IGNORECASE,
)
DEVICE_PATH = re.compile(r"\\\\\?\\[^\s'\"]+|/dev/v4l/[^\s'\"]+|/dev/serial/[^\s'\"]+")
NUMBERED_THING = re.compile(  # UUIDs, MAC addresses, the long numbers of cameras and cards
    r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}"
    r"|0x[0-9a-f]{10,}|(?=[0-9a-f]*\d)[0-9a-f]{16,})\b",
    re.IGNORECASE,
)
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
RECEIVER = re.compile(  # of an output: vmc:HOST, vmc:HOST:PORT, "vmc HOST:PORT"
    r"\b(osc|vmc|ifacialmocap|livelink|vts|vtsphone|vrchat)(:|\s(?=[^\s:]+:\d))([^\s:'\",]+)"
)
NETWORK_NUMBER = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)|(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4}\b",
    re.IGNORECASE,
)
HOST = re.compile(  # of a home's or an office's network, and what a message calls a host
    r"(?<![\w/<.-])[\w-]+(?:\.[\w-]+)*\.(?:local|lan|home|internal|localdomain|intranet|box|corp)\b"
    r"|(?<=\bhost ')[^'\n]+(?=')",
    re.IGNORECASE,
)
HARMLESS_HOSTS = ("localhost", "127.0.0.1", "0.0.0.0", "::1")
SYSTEM_FOLDERS = (
    "/usr/",
    "/lib",
    "/opt/",
    "/proc/",
    "/sys/",
    "/dev/",
    "C:\\Windows",
    "C:\\Program",
)


def masked_url(url: str) -> str:
    """The address without what may be secret: user, password, query.

    Raises ValueError if it is no address.
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    masked = f"***@{host}" if host != parts.netloc else host
    return urlunsplit((parts.scheme, masked, parts.path, "***" if parts.query else "", ""))


def without_passwords(text: str) -> str:
    """The text with every address in it masked."""

    def mask(match: re.Match[str]) -> str:
        try:
            return masked_url(match[0])
        except ValueError:
            return "<address>"

    return ADDRESS.sub(mask, text)


@dataclass(frozen=True, slots=True)
class Anonymiser:
    """Masks what tells who and where: names, paths, file names, addresses, serial numbers.

    folders: what stands for a folder that is known and harmless, longest first.
    names:   of the person and the computer.
    kept:    words that look like network addresses and are none: versions.
    hidden:  what else is to be masked wherever it turns up, in whole words.
    """

    folders: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    kept: frozenset[str]
    hidden: tuple[str, ...] = ()

    def clean(self, text: str) -> str:
        """The text without anything personal that could be recognised."""
        text = ADDRESS.sub(lambda match: f"{match[0].partition('://')[0]}://<address>", text)
        text = MAIL.sub("<mail>", text)
        text = DEVICE_PATH.sub("<device>", text)
        text = NUMBERED_THING.sub("<number>", text)
        for words in sorted(self.hidden, key=len, reverse=True):
            text = _whole(words).sub("<private>", text)
        for folder, stand_in in self.folders:
            text = text.replace(folder, stand_in)
        text = QUOTED.sub(lambda match: match[1] + _quoted_kind(match[2]) + match[1], text)
        text = PLAIN_PATH.sub(lambda match: _path_kind(match[0]), text)
        text = FILE_NAME.sub(lambda match: f"<file>.{match[1]}", text)
        text = RECEIVER.sub(_masked_receiver, text)
        text = HOST.sub(_masked_host, text)
        text = NETWORK_NUMBER.sub(self._network_number, text)
        for name in self.names:
            text = _whole(name).sub("<name>", text)
        return text

    def _network_number(self, match: re.Match[str]) -> str:
        try:
            ipaddress.ip_address(match[0])
        except ValueError:  # a time of day
            return match[0]
        return match[0] if match[0] in self.kept else "<address>"


def local_anonymiser(kept: Iterable[str]) -> Anonymiser:
    """For this computer and the person who uses it."""
    package = Path(__file__).parent.parent
    folders = [(str(package), "<mien>"), (sys.prefix, "<python>"), (str(Path.home()), "~")]
    folders = [entry for entry in folders if len(entry[0]) > len("/usr")]
    host = platform.node()
    names = {host, host.partition(".")[0], Path.home().name, *_user_names()}
    return Anonymiser(
        folders=tuple(sorted(folders, key=lambda entry: len(entry[0]), reverse=True)),
        names=tuple(sorted((name for name in names if len(name) > 1), key=len, reverse=True)),
        kept=frozenset(kept) | set(HARMLESS_HOSTS),
    )


def _user_names() -> set[str]:
    """Login name, and the full name where the system tells it."""
    names: set[str] = set()
    try:
        names.add(getpass.getuser())
    except (OSError, KeyError):  # a container's user without a name
        return names
    if sys.platform != "win32":
        import pwd

        try:
            full = pwd.getpwuid(os.getuid()).pw_gecos.partition(",")[0]
        except KeyError:
            return names
        names |= {full, *full.split()}
    return names


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(words)}(?![^\W_])", re.IGNORECASE)


def _masked_host(match: re.Match[str]) -> str:
    return match[0] if match[0] in HARMLESS_HOSTS else "<address>"


def _masked_receiver(match: re.Match[str]) -> str:
    host = match[3] if match[3] in HARMLESS_HOSTS else "<address>"
    return f"{match[1]}{match[2]}{host}"


def _path_kind(path: str) -> str:
    """What may be said of a path: all of it if it is the system's or ours, else its ending."""
    if path.startswith(("<mien>", "<python>", *SYSTEM_FOLDERS)):
        return path
    return "<path>" + ending(path)


def _quoted_kind(text: str) -> str:
    """The same for what stands in quotes, where a name may hold spaces."""
    if "://" in text:
        return text
    if "/" in text or "\\" in text:
        return _path_kind(text)
    return "<file>" + ending(text) if FILE_NAME.search(text) else text


def ending(path: str) -> str:
    """The suffix of a file's name, `.mp4`; empty if it has none that is one word."""
    suffix = Path(path).suffix
    return suffix if suffix[1:].isalnum() else ""
