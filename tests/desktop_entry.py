"""Reads `Exec` as the Desktop Entry Specification 1.5 says, "The Exec key"."""

from __future__ import annotations

import re


def arguments_of(value: str) -> tuple[str, ...]:
    """First the escapes of any string, then quotes, then field codes."""
    value = re.sub(r"\\([\\snrt])", lambda m: "\\" if m[1] == "\\" else f"<{m[1]}>", value)
    found = []
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', value):
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted or not plain else plain
        assert not re.search(r"(?<!%)%(?!%)(?:%%)*[a-zA-Z]", text)
        found.append(text.replace("%%", "%"))
    return tuple(found)
