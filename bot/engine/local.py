"""The engine of a single machine: a pool of processes, each of which can be killed."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import RLock
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

import structlog
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from bot.engine import worker
from bot.engine.base import EngineUnavailable, WorkerDied, WorkerOutOfMemory, WorkerTimeout
from bot.engine.worker import WorkerRules

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

CPU_MARGIN = 5.0
"""Seconds of CPU time beyond the time limit: the clock on the wall is to strike first. This
limit is for work that the pool could not kill."""

START_LIMIT = 60.0
"""Seconds until a worker that is free or has just been started takes its job."""


class LocalEngine:
    """Runs functions in processes of this machine; an `Engine`.

    Parameters
    ----------
    workers : int
        Processes.
    rules : WorkerRules
    folder : Path
        Where temporary folders are made.
    """

    advice = (
        "as no worker can start: see whether MOODIFY_WORKER_MEMORY_MIB is enough, and not more "
        "than this process may have."
    )

    def __init__(self, *, workers: int, rules: WorkerRules, folder: Path) -> None:
        self._workers = workers
        self._rules = rules
        self._folder = folder
        # The pool itself would take any number of jobs and show nothing of their order; what
        # waits here and is cancelled never reaches a process.
        self._free = asyncio.Semaphore(workers)
        self._running: dict[ProcessFuture[Any], ProcessPool] = {}
        # A pool does not bear being stopped by two at the same time.
        self._stopping = asyncio.Lock()
        self._closed = False
        self._pool = self._new_pool()

    async def run(self, function: Callable[[*Ts], T], *args: *Ts, time_limit: float) -> T:
        """Run `function` in a worker; see `Engine.run`."""
        async with self._free:
            with tempfile.TemporaryDirectory(dir=self._folder, prefix="work-") as private:
                job = (Path(private), time_limit + CPU_MARGIN, function, args)
                # A worker that dies or hangs while it has no work breaks the whole pool. The job
                # has no part in that, so it gets a second chance, in a new pool.
                for _ in range(2):
                    try:
                        return await self._attempt(job, time_limit)
                    except BrokenProcessPool as error:
                        log.warning("worker pool broke", error=repr(error))
                raise EngineUnavailable

    async def start(self) -> None:
        """Start the workers now; see `Engine.start`."""
        await self.run(self._rules.prepare, time_limit=START_LIMIT)

    async def close(self) -> None:
        """Stop all workers at once."""
        self._closed = True
        await self._break(self._pool)

    async def _attempt(
        self, job: tuple[Path, float, Callable[[*Ts], T], tuple[*Ts]], time_limit: float
    ) -> T:
        future = await self._schedule(job, time_limit)
        pool = self._running[future] = self._pool
        try:
            async with asyncio.timeout(time_limit + START_LIMIT) as clock:
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if not clock.expired():
                raise WorkerTimeout from None
            await self._break(pool)
            raise BrokenProcessPool("no worker took the job") from None
        except MemoryError:
            raise WorkerOutOfMemory from None
        except ProcessExpired as death:
            log.warning("worker died", exit_code=death.exitcode, pid=death.pid)
            if death.exitcode == -signal.SIGXCPU:
                raise WorkerTimeout from None
            raise WorkerDied from None
        finally:
            del self._running[future]

    async def _schedule(
        self, job: tuple[Path, float, Callable[[*Ts], T], tuple[*Ts]], time_limit: float
    ) -> ProcessFuture[T]:
        if self._closed:
            raise EngineUnavailable
        if not self._pool.active:
            broken, self._pool = self._pool, self._new_pool()
            await self._stop(broken)
        try:
            return self._pool.schedule(worker.run_limited, args=job, timeout=time_limit)
        except RuntimeError as error:
            raise BrokenProcessPool from error

    async def _break(self, pool: ProcessPool) -> None:
        await self._stop(pool)
        # A stopped pool leaves its futures waiting for ever.
        for future, home in self._running.items():
            if home is pool and not future.done():
                future.set_exception(BrokenProcessPool())

    async def _stop(self, pool: ProcessPool) -> None:
        async with self._stopping:
            await asyncio.to_thread(_stop_and_join, pool)

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._workers,
            max_tasks=self._rules.max_jobs,
            initializer=worker.set_up,
            initargs=(self._rules,),
            # Forking a process that has threads and an event loop copies locks that are held.
            context=_Spawning(),
        )


class _Spawning(SpawnContext):
    """Keeps the locks of a pool as long as the pool itself.

    A pool lets go of them before it ends its workers, and a lock that nobody holds is gone at once
    for a worker that is about to start: it would say so with a traceback.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[RLock] = []

    def RLock(self) -> RLock:  # noqa: N802 - as the library has it
        """Return a new lock."""
        lock = super().RLock()
        self._kept.append(lock)
        return lock


def _stop_and_join(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it without types
    pool.join()
