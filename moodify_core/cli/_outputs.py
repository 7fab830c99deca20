"""What is made of songs: pictures, pages and films, and the files that they go to."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import click

from moodify_core import console
from moodify_core.analysis import Progress as Heard
from moodify_core.cli._songs import Song
from moodify_core.page import write_page
from moodify_core.result import MoodAnalysis

Make = Callable[[MoodAnalysis, Song, Path, Heard | None], None]
"""Makes something of an analysed song in a file."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something that is made of each song: where it goes and how it is made.

    Attributes
    ----------
    option : str
        By which it was asked for.
    given : Path
    is_folder : bool
        Whether a folder was named, in which each song gets a file.
    suffix : str
    make : callable
    """

    option: str
    given: Path
    is_folder: bool
    suffix: str
    make: Make

    @classmethod
    def asked_for(cls, option: str, given: Path, suffix: str, make: Make, *, several: bool) -> Self:
        """Tell a folder from a file, once: what is written may change what is there."""
        named_as_file = given.suffix.lower() == suffix and not given.is_dir()
        if several and named_as_file:
            raise click.UsageError(f"For several songs, {option} takes a folder.")
        is_new_folder = not given.suffix and not given.exists()
        return cls(option, given, several or is_new_folder or given.is_dir(), suffix, make)

    def target(self, song: Song) -> Path:
        """Return the file that was named, or one for this song in the folder that was named."""
        return self.given / f"{song.label}{self.suffix}" if self.is_folder else self.given

    def write(self, analysis: MoodAnalysis, song: Song, heard: Heard | None) -> None:
        """Make it of a song."""
        target = self.target(song)
        if self.is_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        self.make(analysis, song, target, heard)


def refuse_overwriting(songs: list[Song], outputs: list[Output], table: Path | None) -> None:
    """Refuse what would write over a song, or one output over another."""
    originals = {_identity(song.path) for song in songs}
    targets = [(output.option, output.target(song)) for output in outputs for song in songs]
    if table:
        targets.append(("--csv", table))
    owners: dict[str, str] = {}
    for option, target in targets:
        name = console.printable(target.name)
        owner = owners.setdefault(os.path.realpath(target), option)
        if owner != option:
            raise click.UsageError(f"{owner} and {option} would both write {name}; name two files.")
        if target.exists() and _identity(target) in originals:
            raise click.UsageError(f"{option} would overwrite the song {name}; name another file.")
    for path, option in owners.items():
        for folder in map(str, Path(path).parents):
            if owners.get(folder, option) != option:
                name = console.printable(Path(folder).name)
                raise click.UsageError(
                    f"{name} cannot be the file of {owners[folder]} and the folder of {option}."
                )


def _identity(path: Path) -> tuple[int, int]:
    """Tell files apart whatever links lead to them."""
    status = path.stat()
    return status.st_dev, status.st_ino


def write_image(
    analysis: MoodAnalysis, song: Song, target: Path, _: Heard | None, *, phone: bool
) -> None:
    """Draw the timeline of a song."""
    # Matplotlib takes as long to import as a short song takes to analyse.
    from moodify_core.timeline import Layout, draw_timeline

    layout = Layout.PHONE if phone else Layout.WIDE
    target.write_bytes(draw_timeline(analysis, song.title, layout=layout))


def write_html(analysis: MoodAnalysis, song: Song, target: Path, _: Heard | None) -> None:
    """Make the page of a song."""
    write_page(song.path, analysis, song.title, target)


def write_film(
    analysis: MoodAnalysis,
    song: Song,
    target: Path,
    progress: Heard | None,
    *,
    shape: str,
    silent: bool,
) -> None:
    """Make the film of a song."""
    from moodify_core.film import Shape, make_film

    make_film(
        song.path,
        analysis,
        song.title,
        target,
        shape=Shape(shape),
        sound=not silent,
        progress=progress,
    )
