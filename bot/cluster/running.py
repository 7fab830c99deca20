"""The processes of a cluster, started so that they can be trusted with files of strangers."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import dask.config
import structlog
import yarl
from distributed import Nanny, Scheduler
from distributed.utils import get_ip

from bot.config import LOOPBACK, SettingsError, WorkerSettings
from bot.engine.choice import rules_for
from bot.engine.dask_worker import JobRunner, log_dask_with_us
from bot.engine.worker import WorkerRules

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AGAIN = 5.0
"""Seconds before a worker that has lost its scheduler, or cannot start, is started again."""
NOWHERE = "127.0.0.1:0"
"""Where Dask shows its pages: to nobody but this machine."""


async def run_scheduler(listen: str, stop: asyncio.Event) -> None:
    """Run a scheduler until it is told to stop.

    Parameters
    ----------
    listen : str
        Its address.
    stop : asyncio.Event

    Raises
    ------
    SettingsError
        If it cannot listen there.
    """
    log_dask_with_us()
    try:
        address = yarl.URL(listen)
        scheduler = await Scheduler(
            host=address.host,
            port=address.explicit_port or 0,
            protocol=f"{address.scheme}://",
            dashboard_address=NOWHERE,
            dashboard=False,
        )
    except (OSError, RuntimeError, ValueError) as error:
        # Dask has an error of its own for all that goes wrong at its start.
        reason = error.__cause__ or error
        raise SettingsError(
            f"No scheduler can listen at {listen} ({reason}): name another address."
        ) from None
    log.info("scheduler listens", address=scheduler.address)
    async with scheduler:
        await stop.wait()
    log.info("stopped")


async def run_worker(settings: WorkerSettings, stop: asyncio.Event) -> None:
    """Run a worker until it is told to stop, whatever becomes of its scheduler.

    Parameters
    ----------
    settings : WorkerSettings
    stop : asyncio.Event

    Raises
    ------
    SettingsError
        If the data folder cannot be used.
    """
    log_dask_with_us()
    folder = settings.data_dir.absolute()
    caches = folder / "caches"
    try:
        for each in (folder, caches):
            each.mkdir(parents=True, exist_ok=True)
            each.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"The worker cannot have {error.filename} as a folder of its own ({error.strerror}): "
            "name another in MOODIFY_DATA_DIR, or make this one the worker's, then start again."
        ) from None
    rules = rules_for(settings, caches)
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        running = asyncio.create_task(_run_once(settings, rules, stopped))
        try:
            await running
        except Exception as error:
            log.error("the worker cannot run", error=repr(error))  # noqa: TRY400 - Dask's own text
        await asyncio.wait({stopped}, timeout=AGAIN)
    log.info("stopped")


async def _run_once(
    settings: WorkerSettings, rules: WorkerRules, stopped: asyncio.Task[bool]
) -> None:
    scheduler = settings.dask_scheduler
    # A nanny starts the process anew in which Dask works, should that die; the processes in
    # which songs are heard are that process's own, which a daemon may not have.
    with dask.config.set({"distributed.worker.daemon": False}):
        async with AsyncExitStack() as stack:
            nanny = await stack.enter_async_context(
                Nanny(
                    scheduler,
                    nthreads=settings.workers,
                    host=_own_host(scheduler),
                    local_directory=str(settings.data_dir.absolute()),
                    # Songs and films are bounded, and each process has a limit of its own.
                    memory_limit=0,
                    dashboard_address=NOWHERE,
                    plugins=(
                        JobRunner(
                            rules, log_format=settings.log_format, log_level=settings.log_level
                        ),
                    ),
                )
            )
            log.info("worker started", scheduler=scheduler, songs_at_once=settings.workers)
            finished = asyncio.create_task(nanny.finished())
            await asyncio.wait({stopped, finished}, return_when=asyncio.FIRST_COMPLETED)
            finished.cancel()


def _own_host(scheduler: str) -> str:
    """Return the address by which this machine reaches a scheduler: the only one listened at."""
    host = yarl.URL(scheduler).host or ""
    return "127.0.0.1" if host in LOOPBACK else str(get_ip(host))
