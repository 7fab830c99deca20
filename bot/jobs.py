"""One analysis from request to answer: gates, queue, download, engine, reply."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import structlog

from bot.download import (
    DownloadError,
    DownloadRules,
    FileGone,
    FileTooBig,
    ForeignHost,
    downloaded,
)
from bot.engine import (
    Engine,
    EngineError,
    WorkerOutOfMemory,
    WorkerTimeout,
    hear,
)
from bot.outcomes import (
    Answered,
    Crashed,
    DownloadFailed,
    Failed,
    FileVanished,
    ForeignFile,
    NeedsTooMuchMemory,
    Outcome,
    QueueFull,
    Refusal,
    Stopping,
    TooBig,
    TookTooLong,
    TooManyAtOnce,
    Unanalysable,
    WaitedTooLong,
)
from bot.presentation.titles import song_title
from bot.queue import JobQueue, PersonQueueIsFull, QueueIsFull
from bot.replies import Reply, deliver
from moodify_core.errors import MoodifyError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

FAREWELL = 5.0
"""Seconds that the last sentences have to get out when the bot stops."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What somebody wants to know.

    Attributes
    ----------
    id : str
        Name of the job in the log.
    user_id : int
        Who asks.
    filename : str
        As Discord hands it over: hostile text.
    url : str
        Where the file is.
    size : int
        Bytes that Discord says it has.
    deadline : float
        When the answer must be there, on the clock of `time.monotonic`.
    """

    id: str
    user_id: int
    filename: str
    url: str
    size: int
    deadline: float


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What jobs may take.

    Attributes
    ----------
    download : DownloadRules
    max_seconds : float
        Longest song, in seconds.
    time_limit : float
        Seconds that its analysis may take.
    at_hand : int
        Songs of all jobs that are downloaded and not yet heard, those under way included.
    """

    download: DownloadRules
    max_seconds: float
    time_limit: float
    at_hand: int


class Jobs:
    """Serves requests: each gets an answer or a sentence why not, whatever fails.

    Parameters
    ----------
    engine : Engine
    session : aiohttp.ClientSession
        For downloads.
    queue : JobQueue
    limits : JobLimits
    folder : Path
        Where songs lie as long as they are analysed.

    Attributes
    ----------
    closing : bool
        Whether `close` has begun, so that nothing is to be begun any more.
    closed : bool
        Whether `close` is done, so that nobody would be answered any more.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        session: aiohttp.ClientSession,
        queue: JobQueue,
        limits: JobLimits,
        folder: Path,
    ) -> None:
        self._engine = engine
        self._session = session
        self._queue = queue
        self._limits = limits
        self._folder = folder
        self._room = asyncio.Semaphore(limits.at_hand)
        self._attended: set[asyncio.Task[object]] = set()
        self._at_work: set[asyncio.Task[Outcome]] = set()
        self.closing = False
        self.closed = False

    @contextmanager
    def attended(self) -> Iterator[None]:
        """Let `close` wait for this task, as long as the block lasts.

        For whoever answers an interaction: from before it is deferred until it is answered.
        """
        task = asyncio.current_task()
        assert task is not None
        self._attended.add(task)
        try:
            yield
        finally:
            self._attended.discard(task)

    async def serve(self, request: JobRequest, reply: Reply) -> None:
        """Carry out a request and answer it. Raises nothing but `asyncio.CancelledError`.

        Parameters
        ----------
        request : JobRequest
        reply : Reply
            Where the answer goes.
        """
        with structlog.contextvars.bound_contextvars(job=request.id):
            log.info("job accepted", size=request.size, waiting=len(self._queue))
            started = time.monotonic()
            outcome = await self._outcome_or_stopping(request)
            took = time.monotonic() - started
            log.info("job done", outcome=type(outcome).__name__, seconds=round(took, 2))
            await deliver(reply, outcome)

    async def close(self, grace: float) -> None:
        """Start nothing more, let running jobs finish, and tell the rest that we stop.

        Parameters
        ----------
        grace : float
            Seconds that running jobs have.
        """
        self.closing = True
        if self._attended:
            log.info("waiting for jobs", jobs=len(self._attended), grace=grace)
        await self._until_nobody_waits(grace)
        for work in self._at_work:
            work.cancel()
        await self._until_nobody_waits(FAREWELL)
        for task in self._attended:
            task.cancel()
        self.closed = True

    async def _until_nobody_waits(self, limit: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                # Those who ask meanwhile are to hear that we stop.
                while self._attended:
                    await asyncio.wait(self._attended)

    async def _outcome_or_stopping(self, request: JobRequest) -> Outcome:
        # A task of its own: to stop the work must never stop an answer that is on its way.
        return await self.until_stopped(asyncio.create_task(self._outcome(request)))

    async def until_stopped(self, work: asyncio.Task[Outcome]) -> Outcome:
        """Await work that `close` may stop.

        Parameters
        ----------
        work : asyncio.Task of Outcome

        Returns
        -------
        Outcome
            `Stopping` if the work was stopped by `close`.
        """
        self._at_work.add(work)
        try:
            return await work
        except asyncio.CancelledError:
            if not self.closing:
                raise
            return Stopping()
        finally:
            self._at_work.discard(work)

    async def _outcome(self, request: JobRequest) -> Outcome:
        try:
            async with asyncio.timeout(request.deadline - time.monotonic()) as clock:
                return await self._wait_and_hear(request)
        except TimeoutError:
            if clock.expired():
                return WaitedTooLong()
            log.exception("job failed")
            return Failed(request.id)
        except Exception:
            log.exception("job failed")
            return Failed(request.id)

    async def _wait_and_hear(self, request: JobRequest) -> Outcome:
        if self.closing:
            return Stopping()
        if request.size > self._limits.download.limit:
            return TooBig(self._limits.download.limit)
        try:
            async with self._queue.turn(request.user_id):
                # Much may have happened during the wait.
                return Stopping() if self.closing else await self._hear(request)
        except QueueIsFull:
            return QueueFull(self._queue.limit)
        except PersonQueueIsFull:
            return TooManyAtOnce(self._queue.user_limit)

    async def _hear(self, request: JobRequest) -> Outcome:
        title = song_title(request.filename)
        try:
            async with (
                self._room,
                downloaded(
                    self._session, request.url, folder=self._folder, rules=self._limits.download
                ) as path,
            ):
                hearing = await self._engine.run(
                    hear, path, title, self._limits.max_seconds, time_limit=self._limits.time_limit
                )
        except DownloadError as error:
            return download_refusal(error)
        except EngineError as error:
            return self._engine_refusal(error)
        except MoodifyError as error:
            log.info("not analysable", reason=repr(error))
            return Unanalysable(error)
        return Answered(title, hearing, film_key=request.id)

    def _engine_refusal(self, error: EngineError) -> Refusal:
        log.warning("engine failed", error=repr(error))
        if self.closing:
            return Stopping()
        match error:
            case WorkerTimeout():
                return TookTooLong(self._limits.time_limit)
            case WorkerOutOfMemory():
                return NeedsTooMuchMemory()
        return Crashed()


def download_refusal(error: DownloadError) -> Refusal:
    """Return what an error of a download means for who asked."""
    log.info("not downloaded", reason=repr(error))
    match error:
        case FileTooBig(limit=limit):
            return TooBig(limit)
        case ForeignHost():
            return ForeignFile()
        case FileGone():
            return FileVanished()
    return DownloadFailed()
