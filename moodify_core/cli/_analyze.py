"""``moodify analyze``: songs in, their moods out, and what is made of them."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from moodify_core.cli._outputs import (
    Output,
    refuse_overwriting,
    write_film,
    write_html,
    write_image,
)
from moodify_core.cli._rows import open_table, still_to_do, table_errors
from moodify_core.cli._songs import find_songs
from moodify_core.cli._telling import progress_bar, tell_answer, tell_failure
from moodify_core.cli._work import FAILURES, working
from moodify_core.errors import ModelError
from moodify_core.parallel import usable_cores

SOME_FAILED = 1


@click.command("analyze")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print only JSON, one line for each file.")
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write a table with a row for each song. Songs that it holds already, unchanged, are "
    "skipped, so that a run that was stopped can be continued with the same command.",
)
@click.option(
    "--image",
    type=click.Path(path_type=Path),
    help="Write the mood timeline: a PNG, or for several songs a folder of them.",
)
@click.option("--phone", is_flag=True, help="Draw the timeline for the width of a phone.")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path),
    help="Write a page that plays the song and shows its moods: one HTML file, or for several "
    "songs a folder of them.",
)
@click.option(
    "--film",
    type=click.Path(path_type=Path),
    help="Make a film of at most 10 MiB that plays the song: an MP4, or for several songs a "
    "folder of them.",
)
@click.option(
    "--shape",
    type=click.Choice(["wide", "square", "tall"]),
    default="wide",
    show_default=True,
    help="Shape of the film.",
)
@click.option("--silent", is_flag=True, help="Make the film without its sound.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=usable_cores,
    show_default="one for each core",
    help="How many songs are worked on at a time.",
)
def analyze_command(  # noqa: PLR0913, PLR0917 - one for each option
    paths: tuple[Path, ...],
    as_json: bool,
    table: Path | None,
    image: Path | None,
    phone: bool,
    page: Path | None,
    film: Path | None,
    shape: str,
    silent: bool,
    jobs: int,
) -> None:
    """Tell the moods of songs; folders are searched for audio files."""
    songs = find_songs(paths)
    if not songs:
        raise click.UsageError("There is no audio file in what you named.")
    several = len(songs) > 1
    outputs = [
        Output.asked_for(option, given, suffix, make, several=several)
        for option, given, suffix, make in (
            ("--image", image, ".png", partial(write_image, phone=phone)),
            ("--html", page, ".html", write_html),
            ("--film", film, ".mp4", partial(write_film, shape=shape, silent=silent)),
        )
        if given
    ]
    refuse_overwriting(songs, outputs, table)
    rows = open_table(table) if table else None
    if rows:
        songs = still_to_do(songs, rows, outputs)
    failed = False
    with working(songs, outputs, jobs) as work:
        for number, song in enumerate(songs, 1):
            place = f" ({number}/{len(songs)})" if several else ""
            progress = partial(progress_bar, f"{song.shown}{place}", quiet=as_json)
            try:
                with progress() as heard:
                    analysis = work.hear(song, heard)
            except ModelError as error:
                raise click.ClickException(str(error)) from error
            except FAILURES as error:
                failed = True
                tell_failure(song, error, as_json=as_json)
                continue
            # The answer comes first: whatever happens to a picture, the song was heard.
            tell_answer(song, analysis, as_json=as_json)
            for output in outputs:
                try:
                    with progress() as heard:
                        work.make(output, song, analysis, heard)
                except FAILURES as error:
                    failed = True
                    tell_failure(song, error, as_json=False)
            # The row comes last: a song that is in the table has all that was asked for.
            if rows:
                with table_errors(rows.path):
                    rows.add(song.path, analysis)
    if failed:
        sys.exit(SOME_FAILED)
