"""Back the database up and restore it: ``moodify backup``, ``moodify restore``.

Exit codes: 0 done, 1 not done (the sentence says why), 2 the settings cannot be used.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from bot.config import SettingsError, forget_secrets, load_place
from bot.storage import StorageError
from bot.storage.backup import BackupError, back_up, restore

PATIENCE = 30.0
"""Seconds to wait for the database."""


@click.group()
def main() -> None:
    """Back the bot's database up, and restore it."""


@main.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup_command(file: Path) -> None:
    """Write all that the bot remembers to FILE."""
    rows = _done(back_up, file)
    click.echo(f"{file} holds all {rows:,} rows of the database. Only you can read it.")


@main.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def restore_command(file: Path) -> None:
    """Bring all that is in FILE into an empty database."""
    rows = _done(restore, file)
    click.echo(f"The database holds all {rows:,} rows of {file}. Start the bot.")


def _done(deed: Callable[..., Awaitable[int]], file: Path) -> int:
    """Do something with the database and a file, or end with the sentence why not."""

    async def work() -> int:
        return await deed(url, file, patience=PATIENCE)

    try:
        url = load_place().database
        forget_secrets()
        return asyncio.run(work())
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except (BackupError, StorageError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
