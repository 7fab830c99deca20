"""What runs jobs in a Dask worker: a `LocalEngine`, so that each runs in a process to be killed.

Dask itself can neither stop work that runs nor survive work that crashes. Nothing of a job is ever
done in the Dask worker's own process: it writes files, waits, and reads files.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import structlog
from dask.typing import Key
from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from bot.engine.base import EngineUnavailable
from bot.engine.folders import private_folder
from bot.engine.local import LocalEngine
from bot.engine.parcel import Delivery, Parcel, Unpacked
from bot.engine.progress import ProgressNote, progress_note
from bot.engine.worker import WorkerRules
from bot.logs import configure_logging

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

NAME = "moodify"
"""Of the plugin in a Dask worker."""
TOPIC = "moodify-progress"
"""Of the events that tell how far a job is."""
LOOK = 0.25
"""Seconds between two looks at how far a job is."""


@dataclass(frozen=True, slots=True)
class Share:
    """How far a job is, as it travels; the first of a job tells that it was begun.

    Attributes
    ----------
    job : str
        Its key.
    share : float
        What is done, 0..1.
    """

    job: str
    share: float

    def to_event(self) -> dict[str, str | float]:
        """Write it as Dask sends it."""
        return {"job": self.job, "share": self.share}

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Share:
        """Read what `to_event` has written."""
        return cls(event["job"], event["share"])


class JobRunner(WorkerPlugin):
    """Runs the jobs of a Dask worker in processes that can be killed.

    Parameters
    ----------
    rules : WorkerRules
        For these processes; there are as many of them as the Dask worker has threads.
    log_format, log_level : str
        As in `WorkerSettings`.
    """

    name = NAME

    def __init__(
        self, rules: WorkerRules, *, log_format: Literal["console", "json"], log_level: str
    ) -> None:
        self._rules = rules
        self._log_format = log_format
        self._log_level = log_level
        self._works: dict[Key, asyncio.Task[Delivery]] = {}

    async def setup(self, worker: Worker) -> None:
        """Start the processes; Dask calls this."""
        configure_logging(style=self._log_format, level=self._log_level, secrets=())
        log_dask_with_us()
        # Only of this Dask worker, and deleted with it, or at the next start if that was killed.
        self._folder = Path(tempfile.mkdtemp(dir=worker.local_directory, prefix="songs-"))
        self._worker = worker
        self._engine = LocalEngine(
            workers=worker.state.nthreads,
            rules=self._rules,
            folder=self._folder,
        )
        await self._engine.start()

    async def teardown(self, worker: Worker) -> None:
        """Stop the processes; Dask calls this."""
        await self._engine.close()

    def transition(self, key: Key, start: str, finish: str, **_: object) -> None:
        """Kill a job that nobody waits for any more; Dask calls this at every change."""
        if (start, finish) == ("executing", "released") and (work := self._works.get(key)):
            work.cancel()

    async def perform(self, job: str, data: bytes) -> bytes:
        """Do a job.

        Parameters
        ----------
        job : str
            Its key.
        data : bytes
            A `Parcel`.

        Returns
        -------
        bytes
            A `Delivery`.
        """
        work = self._works[job] = asyncio.create_task(self._perform(job, data))
        try:
            delivery = await work
            return await asyncio.to_thread(delivery.to_bytes)
        except asyncio.CancelledError:
            # Read by nobody, unless it is this worker that is told to stop.
            return Delivery.of_error(EngineUnavailable()).to_bytes()
        finally:
            del self._works[job]

    async def _perform(self, job: str, data: bytes) -> Delivery:
        async with private_folder(self._folder, "job-") as folder:
            with progress_note(folder) as note:
                telling = asyncio.create_task(self._tell(job, note))
                try:
                    parcel = await asyncio.to_thread(Parcel.from_bytes, data)
                    here = await asyncio.to_thread(Unpacked.of, parcel, folder, note)
                    value = await self._engine.run(
                        parcel.function, *here.args, time_limit=parcel.time_limit
                    )
                    return await asyncio.to_thread(here.delivery, value)
                except Exception as error:
                    return Delivery.of_error(error)
                finally:
                    telling.cancel()
                    with suppress(asyncio.CancelledError):
                        await telling

    async def _tell(self, job: str, note: ProgressNote) -> None:
        """Send on what a job notes, as it has no way to the network."""
        told = None
        while True:
            if (share := note.share) != told:
                self._worker.log_event(TOPIC, Share(job, share).to_event())
                told = share
            await asyncio.sleep(LOOK)


async def perform(job: str, data: bytes) -> bytes:
    """Do a job in whatever Dask worker this is called; see `JobRunner.perform`."""
    runner = get_worker().plugins[NAME]
    assert isinstance(runner, JobRunner)
    return await runner.perform(job, data)


def log_dask_with_us() -> None:
    """Let Dask's lines go where ours go; it would write them in a form of its own."""
    for name in ("distributed", "tornado"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
