"""The table of ``--csv``, and what is said where it cannot be read or written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from moodify_core import console
from moodify_core.cli._outputs import Output
from moodify_core.cli._songs import Song
from moodify_core.errors import ModelError
from moodify_core.model import load_model
from moodify_core.table import OtherTable, Table


def open_table(path: Path) -> Table:
    """Open the table; end with a sentence where that cannot be."""
    try:
        model = load_model().version
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    with table_errors(path):
        return Table(path, model)


def still_to_do(songs: list[Song], rows: Table, outputs: list[Output]) -> list[Song]:
    """Leave out what an earlier run has done, pictures and all."""
    left = [
        song
        for song in songs
        if not (rows.holds(song.path) and all(output.target(song).exists() for output in outputs))
    ]
    if skipped := len(songs) - len(left):
        number = "1 song is" if skipped == 1 else f"{skipped:,} songs are"
        click.echo(f"{number} in {console.printable(rows.path.name)} already.", err=True)
    return left


@contextmanager
def table_errors(path: Path) -> Iterator[None]:
    """End with a sentence where a table cannot be read or written."""
    name = console.printable(path.name)
    try:
        yield
    except OtherTable as error:
        raise click.UsageError(
            f"{name} holds something else than a table of moods; name another file for --csv."
        ) from error
    except OSError as error:
        raise click.ClickException(
            f"The table {name} cannot be written ({error.strerror})."
        ) from error
