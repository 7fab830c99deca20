"""What is printed: answers, failures, and how far it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from moodify_core import console
from moodify_core.analysis import Progress as Heard
from moodify_core.cli._songs import Song
from moodify_core.errors import MoodifyError
from moodify_core.parallel import WorkerDied
from moodify_core.result import MoodAnalysis


@contextmanager
def progress_bar(name: str, *, quiet: bool) -> Iterator[Heard | None]:
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


def tell_answer(song: Song, analysis: MoodAnalysis, *, as_json: bool) -> None:
    """Print what a song was found to be."""
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


def tell_failure(song: Song, error: Exception, *, as_json: bool) -> None:
    """Print why a song, or what was to be made of it, failed."""
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
    named = getattr(error, "filename", None)
    file = console.printable(Path(str(named)).name) if named else "The file"
    return f"{file} cannot be read or written ({detail})."
