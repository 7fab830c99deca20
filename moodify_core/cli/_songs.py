"""The songs that were named, and what is called after them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

import click

from moodify_core import console
from moodify_core.containers import sniff


@dataclass(frozen=True, slots=True)
class Song:
    """A song to be analysed.

    Attributes
    ----------
    path : Path
    name : str
        What it is called: its file's name, below the folder that was named.
    label : str
        What its own files are called, without their suffix; no two songs share one.
    """

    path: Path
    name: str
    label: str

    @property
    def shown(self) -> str:
        return console.printable(self.name)

    @property
    def title(self) -> str:
        return console.printable(self.path.stem.replace("_", " "))


def find_songs(paths: tuple[Path, ...]) -> list[Song]:
    """List the files that were named, and all audio files of the folders that were named."""
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.is_file() and _is_audio(file))
            found += [(file, file.relative_to(path)) for file in inside]
        elif path.is_file():
            found.append((path, Path(path.name)))
        else:
            name = console.printable(path.name)
            raise click.UsageError(f"{name} is a pipe or a device; save the song to a file first.")
    labels = _labels([name for _, name in found])
    return [Song(path, str(name), label) for (path, name), label in zip(found, labels, strict=True)]


def _labels(names: list[Path]) -> list[str]:
    """Name what is made of songs after them: whole names, or numbers, only where they collide."""
    stems = [str(name.with_suffix("")) for name in names]
    owners = Counter(stem.casefold() for stem in stems)
    labels: list[str] = []
    taken: set[str] = set()
    for name, stem in zip(names, stems, strict=True):
        wanted = stem if owners[stem.casefold()] == 1 else str(name)
        candidates = chain([wanted], (f"{wanted} ({number})" for number in count(2)))
        label = next(label for label in candidates if label.casefold() not in taken)
        taken.add(label.casefold())
        labels.append(label)
    return labels


def _is_audio(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return sniff(file) is not None
    except OSError:
        return False
