"""The engine of many machines: workers behind a Dask scheduler.

A job travels as bytes to a worker and back, with the contents of its files, and is done there in a
process that can be killed (`bot.engine.dask_worker`). Dask chooses the worker, tells when one is
lost, and carries the bytes; what becomes of a lost job is decided here.

Whoever reaches the scheduler can run code on it and on its workers: it must be in a private
network, or ask for certificates (``docs/scaling.md``).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple

import dask.config
import structlog
from distributed import Client, Future, KilledWorker
from distributed.client import FutureCancelledError
from distributed.scheduler import Scheduler

from bot.engine.base import EngineUnavailable, WorkerDied
from bot.engine.dask_worker import NAME, TOPIC, Share, log_dask_with_us, perform
from bot.engine.local import START_LIMIT
from bot.engine.parcel import Delivery, Parcel
from bot.engine.progress import ProgressNote
from bot.engine.worker import nothing

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

CONNECT_LIMIT = 10.0
"""Seconds for connecting to the scheduler."""
CONNECT_PAUSE = 2.0
"""Seconds after a failed attempt in which no other is made: who asks meanwhile is told at once."""
INTERRUPTIONS = 3
"""How often a job is handed over again because its scheduler went away, or its worker was told to
stop, before it is given up."""
LOOK = 2.0
"""Seconds between two looks at a job that does not come back."""
REMEMBERED = 1000
"""Files that have taken workers down that are remembered."""
MEMORY = 60 * 60.0
"""Seconds for which they are: by then it may have been the machines after all."""


class _Lost(Exception):
    """The worker that had the job is gone."""


class _Interrupted(Exception):
    """The scheduler is gone, or the worker was told to stop, and the job with it."""


@dataclass(slots=True)
class _Watched:
    """A job that is at a worker, or on its way there."""

    note: ProgressNote | None
    begun: float | None = None

    def hear(self, share: float) -> None:
        if self.begun is None:
            self.begun = time.monotonic()
        # The note is gone when nobody looks at it any more.
        if self.note is not None:
            with suppress(FileNotFoundError):
                self.note.write(share)


@dataclass(slots=True)
class _Dangerous:
    """Files that have taken down two workers, and are not given a third."""

    since: OrderedDict[bytes, float] = field(default_factory=OrderedDict)

    def add(self, parcel: Parcel) -> None:
        for digest in _digests(parcel):
            self.since[digest] = time.monotonic()
            self.since.move_to_end(digest)
        while len(self.since) > REMEMBERED:
            self.since.popitem(last=False)

    def __contains__(self, parcel: Parcel) -> bool:
        while self.since and next(iter(self.since.values())) < time.monotonic() - MEMORY:
            self.since.popitem(last=False)
        # Most of the time there are none, and nothing has to be read.
        return bool(self.since) and any(digest in self.since for digest in _digests(parcel))


class DaskEngine:
    """Runs functions in the workers of a Dask scheduler; an `Engine`.

    A scheduler that is away, now or at the start, is looked for anew by each job.

    Parameters
    ----------
    scheduler : str
        Its address, such as ``tcp://10.0.0.5:8786``.
    jobs : int
        Jobs that are handed over at the same time.
    prepare : callable, optional
        A function of a module that tells whether workers can do what is wanted of them.
    """

    advice = (
        "as no worker can be reached: see whether the scheduler of MOODIFY_DASK_SCHEDULER runs, "
        "and workers at it. They are looked for again."
    )

    def __init__(self, *, scheduler: str, jobs: int, prepare: Callable[[], None] = nothing) -> None:
        log_dask_with_us()
        # Of a scheduler that is away they log tracebacks, over and over; our own lines tell of it.
        for name in ("distributed.client", "distributed.batched"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        # It thinks of numbers when it warns of large ones; songs are bounded already.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "4 GiB"})
        self._scheduler = scheduler
        self._prepare = prepare
        self._free = asyncio.Semaphore(jobs)
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._failed = -CONNECT_PAUSE
        self._watched: dict[str, _Watched] = {}
        self._dangerous = _Dangerous()
        # Of the jobs whose worker was lost one is tried again at a time, so that whoever is beside
        # a dangerous one is never beside it twice.
        self._again = asyncio.Lock()
        self._closed = False

    async def start(self) -> None:
        """See whether there is a worker that can do its work; see `Engine.start`."""
        await self.run(self._prepare, time_limit=START_LIMIT)

    async def threads(self) -> int:
        """Return how many jobs all workers together can do at the same time.

        Raises
        ------
        EngineUnavailable
            If the scheduler cannot be reached.
        """
        threads: dict[str, int] = await (await self._connected()).nthreads()
        return sum(threads.values())

    async def run(self, function: Callable[[*Ts], T], *args: *Ts, time_limit: float) -> T:
        """Run `function` in a worker; see `Engine.run`."""
        async with self._free:
            parcel = await asyncio.to_thread(Parcel.of, function, args, time_limit)
            if await asyncio.to_thread(self._dangerous.__contains__, parcel):
                log.warning("not handed over, as it took workers down before")
                raise WorkerDied
            delivery = await self._delivery(parcel)
            await asyncio.to_thread(delivery.unpack, parcel)
            if delivery.raised:
                raise delivery.value
            result: T = delivery.value
            return result

    async def close(self) -> None:
        """Stop all jobs at once; the workers stay."""
        self._closed = True
        await self._drop(self._client)

    async def _delivery(self, parcel: Parcel) -> Delivery:
        data = await asyncio.to_thread(parcel.to_bytes)
        lost = interrupted = 0
        while True:
            try:
                async with self._again if lost else nullcontext():
                    return await self._attempt(parcel, data)
            except _Lost:
                lost += 1
                log.warning("worker lost", times=lost)
                if lost > 1:
                    await asyncio.to_thread(self._dangerous.add, parcel)
                    raise WorkerDied from None
            except _Interrupted as error:
                interrupted += 1
                log.warning("job interrupted", times=interrupted, error=repr(error.__cause__))
                if interrupted > INTERRUPTIONS:
                    raise EngineUnavailable from None

    async def _attempt(self, parcel: Parcel, data: bytes) -> Delivery:
        client = await self._connected()
        job = f"{NAME}-{uuid.uuid4().hex}"
        note = next((arg for arg in parcel.args if isinstance(arg, ProgressNote)), None)
        watched = self._watched[job] = _Watched(note)
        try:
            async with _submitted(client, job, data) as future:
                result = await self._result(client, future, watched, parcel.time_limit)
        except (OSError, FutureCancelledError, TimeoutError) as error:
            if self._closed:
                raise EngineUnavailable from None
            raise _Interrupted from error
        except KilledWorker:
            raise _Lost from None
        finally:
            del self._watched[job]
        delivery = await asyncio.to_thread(Delivery.from_bytes, result)
        if delivery.raised and isinstance(delivery.value, EngineUnavailable):
            # It was told to stop, and its work with it: nothing that the work is to blame for.
            raise _Interrupted from delivery.value
        return delivery

    async def _result(
        self, client: Client, future: Future[Any], watched: _Watched, time_limit: float
    ) -> bytes:
        waiting = asyncio.ensure_future(future.result())
        idle_since = time.monotonic()
        try:
            while not (await asyncio.wait({waiting}, timeout=LOOK))[0]:
                now = time.monotonic()
                if watched.begun is not None:
                    # Its worker would have killed it by now.
                    if now > watched.begun + time_limit + START_LIMIT:
                        raise _Lost
                elif await client.nthreads():
                    idle_since = now
                elif now > idle_since + START_LIMIT:
                    log.error("the scheduler has no workers")
                    raise EngineUnavailable
            result: bytes = waiting.result()
            return result
        finally:
            waiting.cancel()

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._closed:
                raise EngineUnavailable
            if self._client is not None and self._client.status == "running":
                return self._client
            if time.monotonic() < self._failed + CONNECT_PAUSE:
                raise EngineUnavailable
            await self._drop(self._client)
            self._client = None
            try:
                self._client = await self._connect()
            # Certificates that do not fit are errors of many kinds.
            except Exception as error:
                self._failed = time.monotonic()
                log.error(  # noqa: TRY400 - where it happened in Dask tells nothing
                    "the scheduler cannot be reached",
                    scheduler=self._scheduler,
                    error=repr(error),
                )
                raise EngineUnavailable from None
            log.info("connected to the scheduler", scheduler=self._scheduler)
            return self._client

    async def _connect(self) -> Client:
        client = Client(
            self._scheduler,
            asynchronous=True,
            name=NAME,
            set_as_default=False,
            timeout=CONNECT_LIMIT,
        )
        try:
            await client
            client.subscribe_topic(TOPIC, self._hear)
            await client.run_on_scheduler(_leave_lost_jobs_to_us)
        except BaseException:
            await self._drop(client)
            raise
        return client

    async def _drop(self, client: Client | None) -> None:
        if client is not None:
            with suppress(OSError, TimeoutError):
                await client.close()

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        share = Share.from_event(event[1])
        # Those of other bots come here, too.
        if watched := self._watched.get(share.job):
            watched.hear(share.share)


@asynccontextmanager
async def _submitted(client: Client, job: str, data: bytes) -> AsyncIterator[Future[Any]]:
    """Hand a job over, and let it be killed if nobody waits for it any more."""
    future = client.submit(perform, job, data, key=job, pure=False)
    try:
        yield future
    finally:
        future.release()


def _leave_lost_jobs_to_us(dask_scheduler: Scheduler) -> None:
    """Let a scheduler give no job of a lost worker to another by itself; runs in it.

    It would give to a third and a fourth what has taken down two, with all that runs beside.
    """
    dask_scheduler.allowed_failures = 0


def _digests(parcel: Parcel) -> list[bytes]:
    return [hashlib.sha256(content).digest() for content in parcel.files.values()]
