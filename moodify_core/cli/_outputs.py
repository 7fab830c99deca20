"""What is made of songs: pictures, pages and films, and the files that they go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from moodify_core import console
from moodify_core.analysis import Progress as Heard
from moodify_core.cli._songs import Song
from moodify_core.page import write_page
from moodify_core.result import MoodAnalysis


@dataclass(frozen=True, slots=True)
class Output:
    """Something that is made of each song: where it goes and how it is made."""

    option: str
    given: Path
    suffix: str
    make: Callable[[MoodAnalysis, Song, Path, Heard | None], None]
    several: bool

    def __post_init__(self) -> None:
        named_as_file = self.given.suffix.lower() == self.suffix and not self.given.is_dir()
        if self.several and named_as_file:
            raise click.UsageError(f"For several songs, {self.option} takes a folder.")

    @property
    def is_folder(self) -> bool:
        """Whether a folder was named, in which each song gets a file."""
        new = not self.given.suffix and not self.given.exists()
        return self.several or new or self.given.is_dir()

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
    owners: dict[Path, str] = {}
    for option, target in targets:
        other = owners.setdefault(target.resolve(), option)
        if other != option:
            name = console.printable(target.name)
            raise click.UsageError(f"{other} and {option} would both write {name}; name two files.")
        if target.exists() and _identity(target) in originals:
            name = console.printable(target.name)
            raise click.UsageError(f"{option} would overwrite the song {name}; name another file.")


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
