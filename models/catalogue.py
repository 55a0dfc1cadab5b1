"""Every regressor and face model, in words for people, from `manifest.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One model that a user may have.

    name:    as it is typed. gives: what the model is good for.
    licence: in one line. url: its owner's page. files: what to get there.
    add:     the command's arguments after `mien models add`.
    needs:   names of what it is of no use without, or of less.
    """

    name: str
    gives: str
    licence: str
    url: str
    files: str
    add: str
    needs: tuple[str, ...]


def catalogue() -> tuple[CatalogueEntry, ...]:
    """All of them, in the manifest's order."""
    manifest = tomllib.loads((resources.files("models") / "manifest.toml").read_text("utf-8"))
    return tuple(
        CatalogueEntry(
            name=name,
            gives=values["gives"],
            licence=values["licence"],
            url=values["url"],
            files=values["files"],
            add=values["add"],
            needs=tuple(values["needs"]),
        )
        for name, values in manifest["models"].items()
    )


def catalogue_entry(name: str) -> CatalogueEntry:
    """The one of that name."""
    return next(entry for entry in catalogue() if entry.name == name)
