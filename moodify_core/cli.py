"""The command ``moodify``.

Exit codes: 0 all done, 1 something failed (the rest was done), 2 wrong use.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import logging
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from moodify_core import console
from moodify_core.analysis import Progress as Heard
from moodify_core.analysis import analyze
from moodify_core.containers import sniff
from moodify_core.errors import ModelError, MoodifyError
from moodify_core.moods import MOODS
from moodify_core.page import write_page
from moodify_core.result import MoodAnalysis

SOME_FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="moodify")
def main() -> None:
    """How a song feels: aggressive, dramatic, happy, romantic or sad, and when."""
    logging.getLogger("libav").setLevel(logging.CRITICAL)


@main.command("analyze")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print only JSON, one line for each file.")
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write a table with a row for each song.",
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
) -> None:
    """Tell the moods of songs; folders are searched for audio files."""
    songs = _find_songs(paths)
    if not songs:
        raise click.UsageError("There is no audio file in what you named.")
    several = len(songs) > 1
    for option, given, suffix in (
        ("--image", image, ".png"),
        ("--html", page, ".html"),
        ("--film", film, ".mp4"),
    ):
        if given and several and given.suffix.lower() == suffix and not given.is_dir():
            raise click.UsageError(f"For several songs, {option} takes a folder.")
    answers = []
    failed = False
    with _progress_bar(len(songs), quiet=as_json) as report:
        for song in songs:
            try:
                progress = report.start(song.name)
                analysis = analyze(song.path, progress=progress)
                if image:
                    _draw(analysis, song, image, several=several, phone=phone)
                if page:
                    target = _target(page, song, ".html", several=several)
                    write_page(song.path, analysis, song.title, target)
                if film:
                    target = _target(film, song, ".mp4", several=several)
                    _film(analysis, song, target, shape, silent=silent, progress=progress)
            except ModelError as error:
                raise click.ClickException(str(error)) from error
            except (MoodifyError, OSError) as error:
                failed = True
                _tell_failure(song, error, as_json=as_json)
                continue
            answers.append((song, analysis))
            _tell_answer(song, analysis, as_json=as_json)
    if table:
        _write_table(table, answers)
    if failed:
        sys.exit(SOME_FAILED)


@dataclass(frozen=True, slots=True)
class _Song:
    path: Path
    name: str

    @property
    def title(self) -> str:
        return self.path.stem.replace("_", " ")


def _find_songs(paths: tuple[Path, ...]) -> list[_Song]:
    """List the files that were named, and all audio files of the folders that were named."""
    songs = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.is_file() and _is_audio(file))
            songs += [_Song(file, str(file.relative_to(path))) for file in inside]
        else:
            songs.append(_Song(path, path.name))
    return songs


def _is_audio(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return sniff(file) is not None
    except OSError:
        return False


class _Report:
    """Where a song's progress goes: to a bar on a terminal, else nowhere."""

    def __init__(self, progress: Progress | None, songs: int) -> None:
        self._progress, self._songs, self._started = progress, songs, 0

    def start(self, name: str) -> Heard | None:
        self._started += 1
        if self._progress is None:
            return None
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        count = f" ({self._started}/{self._songs})" if self._songs > 1 else ""
        task = self._progress.add_task(f"{name}{count}", total=1.0)
        progress = self._progress
        return lambda share: progress.update(task, completed=share)


@contextmanager
def _progress_bar(songs: int, *, quiet: bool) -> Iterator[_Report]:
    screen = Console(stderr=True)
    if quiet or not screen.is_terminal:
        yield _Report(None, songs)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        yield _Report(progress, songs)


def _tell_answer(song: _Song, analysis: MoodAnalysis, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"file": str(song.path), **analysis.to_dict()}))
    else:
        click.echo(console.summary(song.name, analysis) + "\n")


def _tell_failure(song: _Song, error: Exception, *, as_json: bool) -> None:
    reason = str(error) if isinstance(error, MoodifyError) else _plain_reason(error)
    if as_json:
        failure = {"kind": type(error).__name__, "message": reason}
        click.echo(json.dumps({"file": str(song.path), "error": failure}))
    click.echo(f"{song.name}: {reason}", err=True)


def _plain_reason(error: Exception) -> str:
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"The file cannot be read or written ({detail})."


def _draw(analysis: MoodAnalysis, song: _Song, image: Path, *, several: bool, phone: bool) -> None:
    # Matplotlib takes as long to import as a short song takes to analyse.
    from moodify_core.timeline import Layout, draw_timeline

    target = _target(image, song, ".png", several=several)
    layout = Layout.PHONE if phone else Layout.WIDE
    target.write_bytes(draw_timeline(analysis, song.title, layout=layout))


def _film(
    analysis: MoodAnalysis,
    song: _Song,
    target: Path,
    shape: str,
    *,
    silent: bool,
    progress: Heard | None,
) -> None:
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


def _target(given: Path, song: _Song, suffix: str, *, several: bool) -> Path:
    """Return the file that was named, or one for this song in the folder that was named."""
    if not (several or given.is_dir()):
        return given
    target = (given / song.name).with_suffix(suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _write_table(table: Path, answers: list[tuple[_Song, MoodAnalysis]]) -> None:
    names = [mood.value for mood in MOODS]
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "file",
                "seconds",
                "dominant",
                "confidence",
                "unsure",
                *(f"share_{name}" for name in names),
                *(f"probability_{name}" for name in names),
            ]
        )
        for song, analysis in answers:
            writer.writerow(
                [
                    song.path,
                    f"{analysis.duration:.1f}",
                    analysis.dominant.value,
                    f"{analysis.confidence:.3f}",
                    "yes" if analysis.unsure else "no",
                    *(f"{analysis.breakdown[mood]:.3f}" for mood in MOODS),
                    *(f"{analysis.probabilities[mood]:.3f}" for mood in MOODS),
                ]
            )


_data_option = click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Labelled music: a folder with clips.csv, or one with a folder for each mood.",
)
_seed_option = click.option("--seed", default=0, show_default=True, help="Same seed, same figures.")
_cache_option = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where heard music is remembered.  [default: the user's cache folder]",
)


@main.command("train")
@_data_option
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the model, its card and its figures.",
)
@_seed_option
@_cache_option
def train_command(data: Path, out: Path, seed: int, cache: Path | None) -> None:
    """Measure and make a mood model from labelled music."""
    with _training():
        from moodify_core.training import commands

        metrics = commands.train(data, out, seed=seed, cache=cache, tell=_tell)
        click.echo(commands.in_words(metrics))


@main.command("evaluate")
@_data_option
@click.option(
    "--model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Measure this finished model, on music that it has not learned from, "
    "instead of the way of making one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print only JSON.")
@_seed_option
@_cache_option
def evaluate_command(
    data: Path, model: Path | None, as_json: bool, seed: int, cache: Path | None
) -> None:
    """Measure on artists that the model has not heard."""
    with _training():
        from moodify_core.training import commands

        metrics = commands.evaluate(data, model, seed=seed, cache=cache, tell=_tell)
        click.echo(json.dumps(metrics, indent=2) if as_json else commands.in_words(metrics))


def _tell(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _training() -> Iterator[None]:
    if importlib.util.find_spec("sklearn") is None or importlib.util.find_spec("skl2onnx") is None:
        raise click.ClickException(
            "Training needs more packages; install them with: pip install 'moodify[train]'"
        )
    try:
        yield
    except MoodifyError as error:
        raise click.ClickException(str(error)) from error


@main.command("bot")
def bot_command() -> None:
    """Run the Discord bot; its settings are read from the environment and .env."""
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
