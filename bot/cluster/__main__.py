"""Run a part of a cluster: ``python -m bot.cluster worker``, or ``scheduler``.

Exit codes: 0 stopped as told, 2 the settings or the system cannot be used.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import NoReturn

import click

from bot.config import SettingsError, WorkerSettings, forget_secrets, load_worker_settings
from bot.logs import configure_logging

LISTEN = "tcp://127.0.0.1:8786"
"""Where a scheduler listens that is not told otherwise: whoever reaches it can run code."""


@click.group()
def main() -> None:
    """Analyse songs on several machines."""


@main.command()
@click.option("--scheduler")
def worker(scheduler: str | None) -> None:
    """Analyse songs for a scheduler."""
    from bot.cluster.running import run_worker

    settings = _settings(scheduler)
    if not settings.dask_scheduler:
        _give_up("Name the scheduler, with --scheduler or in MOODIFY_DASK_SCHEDULER.")
    _run(lambda stop: run_worker(settings, stop))


@main.command()
@click.option("--listen", default=LISTEN)
def scheduler(listen: str) -> None:
    """Hand songs out to workers."""
    from bot.cluster.running import run_scheduler

    _settings(listen)
    _run(lambda stop: run_scheduler(listen, stop))


def _settings(scheduler: str | None) -> WorkerSettings:
    try:
        settings = load_worker_settings(scheduler)
    except SettingsError as error:
        _give_up(str(error))
    # The processes below inherit the environment.
    forget_secrets()
    configure_logging(style=settings.log_format, level=settings.log_level, secrets=())
    return settings


def _run(running: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> None:
    async def until_signalled() -> None:
        stop = asyncio.Event()
        for signum in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signum, stop.set)
        await running(stop)

    try:
        asyncio.run(until_signalled())
    except SettingsError as error:
        _give_up(str(error))


def _give_up(why: str) -> NoReturn:
    click.echo(why, err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
