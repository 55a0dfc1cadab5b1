"""The few plain values that mien needs of EMOCA's cfg.yaml, read without a YAML library.

OmegaConf writes one `key: value` a line, two spaces deeper for each section; lists and whatever
else there may be is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import ModelError

MAX_BYTES = 1_000_000  # of a cfg.yaml; the official ones have some ten kilobytes

_LINE = re.compile(r"( *)([A-Za-z_][\w-]*) *:(?: +(.*))?$")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The values by their dotted path, `detail.model.n_exp`, as texts."""

    values: tuple[tuple[str, str], ...]

    def text(self, key: str, sections: Sequence[str]) -> str | None:
        """The key's value in the first of the sections that has it; None if none has."""
        found = dict(self.values)
        for section in sections:
            value = found.get(f"{section}.{key}")
            if value is not None:
                return value
        return None

    def flag(self, key: str, sections: Sequence[str]) -> bool | None:
        """The same for yes or no. Raises ModelError if it is neither."""
        value = self.text(key, sections)
        match None if value is None else value.lower():
            case None | "null" | "~" | "":
                return None
            case "true" | "yes" | "on":
                return True
            case "false" | "no" | "off":
                return False
        raise ModelError(f"cfg.yaml says {key}: {value!r:.40}; expected true or false")

    def number(self, key: str, sections: Sequence[str]) -> int | None:
        """The same for a whole number. Raises ModelError if it is none."""
        value = self.text(key, sections)
        if value is None:
            return None
        if not value.isdecimal() or len(value) > 6:
            raise ModelError(f"cfg.yaml says {key}: {value!r:.40}; expected a whole number")
        return int(value)


def read_configuration(data: bytes) -> Configuration:
    """Read the values. Raises ModelError if it is no text, or far too long."""
    if len(data) > MAX_BYTES:
        raise ModelError(f"cfg.yaml has {len(data):,} bytes; expected some thousand")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError("cfg.yaml is no text") from error
    values: list[tuple[str, str]] = []
    sections: list[tuple[int, str]] = []
    for line in text.splitlines():
        match = _LINE.match(line.rstrip())
        if match is None:
            continue
        indent = len(match[1])
        while sections and sections[-1][0] >= indent:
            sections.pop()
        value = _plain(match[3] or "")
        if value:
            path = ".".join([*(name for _, name in sections), match[2]])
            values.append((path, value))
        else:
            sections.append((indent, match[2]))
    return Configuration(tuple(values))


def _plain(value: str) -> str:
    """Without a comment and without quotes."""
    value = value.partition(" #")[0].strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return "" if value.startswith("#") else value
