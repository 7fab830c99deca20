"""``moodify train`` and ``moodify evaluate``."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from moodify_core.errors import MoodifyError

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


@click.command("train")
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


@click.command("evaluate")
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
