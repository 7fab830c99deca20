"""The command ``moodify``.

Exit codes: 0 all done, 1 something failed (the rest was done), 2 wrong use.
"""

from __future__ import annotations

import importlib.util
import io
import json
import logging
import runpy
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path

import click

from moodify_core import console
from moodify_core.analysis import Progress as Heard
from moodify_core.analysis import analyze
from moodify_core.containers import sniff
from moodify_core.errors import ModelError, MoodifyError
from moodify_core.model import load_model
from moodify_core.page import write_page
from moodify_core.parallel import WorkerDied, in_processes, usable_cores
from moodify_core.result import MoodAnalysis
from moodify_core.table import OtherTable, Table

SOME_FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="moodify")
def main() -> None:
    """How a song feels: aggressive, dramatic, happy, romantic or sad, and when."""
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    for stream in (sys.stdout, sys.stderr):
        # What a terminal of another encoding cannot show is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command("analyze")
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
    songs = _find_songs(paths)
    if not songs:
        raise click.UsageError("There is no audio file in what you named.")
    several = len(songs) > 1
    outputs = [
        _Output(option, given, suffix, make, several=several)
        for option, given, suffix, make in (
            ("--image", image, ".png", partial(_draw, phone=phone)),
            ("--html", page, ".html", _page),
            ("--film", film, ".mp4", partial(_film, shape=shape, silent=silent)),
        )
        if given
    ]
    _refuse_overwriting(songs, outputs, table)
    rows = _open_table(table) if table else None
    if rows:
        songs = _still_to_do(songs, rows, outputs)
    failed = False
    with _working(songs, outputs, jobs) as work:
        for number, song in enumerate(songs, 1):
            place = f" ({number}/{len(songs)})" if several else ""
            progress = partial(_progress_bar, f"{song.shown}{place}", quiet=as_json)
            try:
                with progress() as heard:
                    analysis = work.hear(song, heard)
            except ModelError as error:
                raise click.ClickException(str(error)) from error
            except _FAILURES as error:
                failed = True
                _tell_failure(song, error, as_json=as_json)
                continue
            # The answer comes first: whatever happens to a picture, the song was heard.
            _tell_answer(song, analysis, as_json=as_json)
            for output in outputs:
                try:
                    with progress() as heard:
                        work.make(output, song, analysis, heard)
                except _FAILURES as error:
                    failed = True
                    _tell_failure(song, error, as_json=False)
            # The row comes last: a song that is in the table has all that was asked for.
            if rows:
                with _table_errors(rows.path):
                    rows.add(song.path, analysis)
    if failed:
        sys.exit(SOME_FAILED)


_FAILURES = (MoodifyError, OSError, MemoryError, WorkerDied)
"""What one song may fail with while the others are done."""


@dataclass(frozen=True, slots=True)
class _Song:
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


def _find_songs(paths: tuple[Path, ...]) -> list[_Song]:
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
    return [
        _Song(path, str(name), label) for (path, name), label in zip(found, labels, strict=True)
    ]


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


@dataclass(frozen=True, slots=True)
class _Output:
    """Something that is made of each song: where it goes and how it is made."""

    option: str
    given: Path
    suffix: str
    make: Callable[[MoodAnalysis, _Song, Path, Heard | None], None]
    several: bool

    def __post_init__(self) -> None:
        named_as_file = self.given.suffix.lower() == self.suffix and not self.given.is_dir()
        if self.several and named_as_file:
            raise click.UsageError(f"For several songs, {self.option} takes a folder.")

    @property
    def is_folder(self) -> bool:
        new = not self.given.suffix and not self.given.exists()
        return self.several or new or self.given.is_dir()

    def target(self, song: _Song) -> Path:
        """Return the file that was named, or one for this song in the folder that was named."""
        return self.given / f"{song.label}{self.suffix}" if self.is_folder else self.given

    def write(self, analysis: MoodAnalysis, song: _Song, heard: Heard | None) -> None:
        target = self.target(song)
        if self.is_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        self.make(analysis, song, target, heard)


class _Here:
    """Does the work in this process, one song after the other."""

    def hear(self, song: _Song, heard: Heard | None) -> MoodAnalysis:
        return analyze(song.path, progress=heard)

    def make(
        self, output: _Output, song: _Song, analysis: MoodAnalysis, heard: Heard | None
    ) -> None:
        output.write(analysis, song, heard)


class _Elsewhere:
    """Waits, song after song, for what other processes do of all of them."""

    def __init__(self, results: Iterator[Callable[[], _Done]], songs: int) -> None:
        self._results = results
        self._songs = songs
        self._heard = 0
        self._failures: Mapping[str, Exception] = {}

    def hear(self, song: _Song, heard: Heard | None) -> MoodAnalysis:
        del song
        if heard:
            heard(self._heard / self._songs)
        self._heard += 1
        done = next(self._results)()
        self._failures = done.failures
        return done.analysis

    def make(
        self, output: _Output, song: _Song, analysis: MoodAnalysis, heard: Heard | None
    ) -> None:
        del song, analysis, heard
        if output.option in self._failures:
            raise self._failures[output.option]


@dataclass(frozen=True, slots=True)
class _Done:
    """What a process did of a song; failures by the option whose output they concern."""

    analysis: MoodAnalysis
    failures: Mapping[str, Exception]


@contextmanager
def _working(songs: list[_Song], outputs: list[_Output], jobs: int) -> Iterator[_Here | _Elsewhere]:
    processes = min(jobs, len(songs))
    if processes < 2:
        yield _Here()
        return
    with in_processes(partial(_do, outputs=outputs), songs, processes) as results:
        yield _Elsewhere(results, len(songs))


def _do(song: _Song, outputs: list[_Output]) -> _Done:
    """Do all that is asked for of one song. Runs in a process of its own."""
    analysis = analyze(song.path)
    failures: dict[str, Exception] = {}
    for output in outputs:
        try:
            output.write(analysis, song, None)
        except _FAILURES as error:
            failures[output.option] = error
    return _Done(analysis, failures)


def _open_table(path: Path) -> Table:
    try:
        model = load_model().version
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    with _table_errors(path):
        return Table(path, model)


def _still_to_do(songs: list[_Song], rows: Table, outputs: list[_Output]) -> list[_Song]:
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
def _table_errors(path: Path) -> Iterator[None]:
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


def _refuse_overwriting(songs: list[_Song], outputs: list[_Output], table: Path | None) -> None:
    originals = {_identity(song.path) for song in songs}
    targets = [(output.option, output.target(song)) for output in outputs for song in songs]
    for option, target in [*targets, *([("--csv", table)] if table else [])]:
        if target.exists() and _identity(target) in originals:
            name = console.printable(target.name)
            raise click.UsageError(f"{option} would overwrite the song {name}; name another file.")


def _identity(path: Path) -> tuple[int, int]:
    """Tell files apart whatever links lead to them."""
    status = path.stat()
    return status.st_dev, status.st_ino


@contextmanager
def _progress_bar(name: str, *, quiet: bool) -> Iterator[Heard | None]:
    """Show on a terminal how far it is; the bar is gone when anything else is printed."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    # Imported here as it takes a tenth of a second, and a script needs none of it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    screen = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=screen, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        task = progress.add_task(name, total=1.0)
        yield lambda share: progress.update(task, completed=share)


def _tell_answer(song: _Song, analysis: MoodAnalysis, *, as_json: bool) -> None:
    if as_json:
        _say(json.dumps({"file": str(song.path), **analysis.to_dict()}))
    else:
        _say(console.summary(song.name, analysis) + "\n")


def _say(text: str) -> None:
    try:
        click.echo(text)
    except BrokenPipeError:
        raise  # Whoever listened has heard enough; click ends quietly.
    except OSError as error:
        raise click.ClickException(f"The answer cannot be printed ({error.strerror}).") from error


def _tell_failure(song: _Song, error: Exception, *, as_json: bool) -> None:
    reason = _reason(error)
    if as_json:
        failure = {"kind": type(error).__name__, "message": reason}
        _say(json.dumps({"file": str(song.path), "error": failure}))
    click.echo(f"{song.shown}: {reason}", err=True)


def _reason(error: Exception) -> str:
    if isinstance(error, MoodifyError | WorkerDied):
        return str(error)
    if isinstance(error, MemoryError):
        return "This needs more memory than there is; the file may be damaged."
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"The file cannot be read or written ({detail})."


def _draw(
    analysis: MoodAnalysis, song: _Song, target: Path, _: Heard | None, *, phone: bool
) -> None:
    # Matplotlib takes as long to import as a short song takes to analyse.
    from moodify_core.timeline import Layout, draw_timeline

    layout = Layout.PHONE if phone else Layout.WIDE
    target.write_bytes(draw_timeline(analysis, song.title, layout=layout))


def _page(analysis: MoodAnalysis, song: _Song, target: Path, _: Heard | None) -> None:
    write_page(song.path, analysis, song.title, target)


def _film(
    analysis: MoodAnalysis,
    song: _Song,
    target: Path,
    progress: Heard | None,
    *,
    shape: str,
    silent: bool,
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


_data_option = click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Labelled music: a folder with clips.csv, or one with a folder for each mood.",
)
_seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Same seed, same figures.",
)
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
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the figures as a document with pictures.",
)
@_seed_option
@_cache_option
def evaluate_command(
    data: Path,
    model: Path | None,
    as_json: bool,
    report: Path | None,
    seed: int,
    cache: Path | None,
) -> None:
    """Measure on artists that the model has not heard."""
    with _training():
        from moodify_core.training import commands

        metrics = commands.evaluate(data, model, seed=seed, cache=cache, report=report, tell=_tell)
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
    except OSError as error:
        reason = f"A file cannot be read or written: {error.strerror} ({error.filename})."
        raise click.ClickException(reason) from error


@main.command("bot")
def bot_command() -> None:
    """Run the Discord bot; its settings are read from the environment and .env."""
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


@main.command("health")
def health_command() -> None:
    """Ask the running Discord bot how it is; where it serves that, is a setting."""
    runpy.run_module("bot.health", run_name="__main__", alter_sys=True)


@main.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print only JSON.")
def doctor_command(as_json: bool) -> None:
    """Tell whether the Discord bot can run here, and what to do where it cannot."""
    sys.argv[1:] = ["--json"] if as_json else []
    runpy.run_module("bot.doctor", run_name="__main__", alter_sys=True)


@main.command("worker")
@click.option("--scheduler", metavar="ADDRESS", help="Such as tcp://10.0.0.5:8786.")
def worker_command(scheduler: str | None) -> None:
    """Analyse songs for a Discord bot on another machine; see docs/scaling.md."""
    sys.argv[1:] = ["worker", *(["--scheduler", scheduler] if scheduler else [])]
    runpy.run_module("bot.cluster", run_name="__main__", alter_sys=True)


@main.command("scheduler")
@click.option("--listen", metavar="ADDRESS", help="Such as tcp://10.0.0.5:8786.")
def scheduler_command(listen: str | None) -> None:
    """Hand songs out to workers on other machines; see docs/scaling.md."""
    sys.argv[1:] = ["scheduler", *(["--listen", listen] if listen else [])]
    runpy.run_module("bot.cluster", run_name="__main__", alter_sys=True)


@main.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup_command(file: Path) -> None:
    """Write all that the Discord bot remembers to FILE; the bot may run meanwhile."""
    sys.argv[1:] = ["backup", "--", str(file)]
    runpy.run_module("bot.backup", run_name="__main__", alter_sys=True)


@main.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def restore_command(file: Path) -> None:
    """Bring all that is in FILE, from `moodify backup`, into an empty database."""
    sys.argv[1:] = ["restore", "--", str(file)]
    runpy.run_module("bot.backup", run_name="__main__", alter_sys=True)
