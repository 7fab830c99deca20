"""One song of a request: gates, turn, download, record, engine."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import structlog

from bot import metrics
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
    EngineUnavailable,
    Hearing,
    InputFile,
    WorkerOutOfMemory,
    WorkerTimeout,
    draw,
    hear,
    progress_note,
)
from bot.jobs.progress import Progress
from bot.memory import Memory
from bot.outcomes import (
    Answered,
    Crashed,
    DownloadFailed,
    Failed,
    FileVanished,
    ForeignFile,
    NeedsTooMuchMemory,
    NoRoom,
    NotWorthAMessage,
    NoWorker,
    Outcome,
    QueueFull,
    Refusal,
    ServerQueueFull,
    TooBig,
    TookTooLong,
    TooManyAtOnce,
    Unanalysable,
    WaitedTooLong,
)
from bot.persons import Persons
from bot.presentation import texts
from bot.presentation.titles import song_title
from bot.queue import JobQueue, PersonQueueIsFull, QueueIsFull, ServerQueueIsFull
from bot.requests import Request, Song
from bot.storage import Entry, Place, Recorded
from moodify_core.errors import MoodifyError, TooLong

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class SongLimits:
    """What songs may take.

    Attributes
    ----------
    download : DownloadRules
    max_seconds : float
        Longest song, in seconds.
    time_limit : float
        Seconds that its analysis may take.
    """

    download: DownloadRules
    max_seconds: float
    time_limit: float


@dataclass(frozen=True, slots=True)
class SongJob:
    """A song that is to be heard.

    Attributes
    ----------
    request : Request
    song : Song
    min_seconds, max_seconds : float
        Shortest and longest song that is answered here.
    deadline : float
        When it must be done, on the clock of `time.monotonic`.
    resumed : bool
        Whether it was accepted by an earlier run of the bot.
    """

    request: Request
    song: Song
    min_seconds: float
    max_seconds: float
    deadline: float
    resumed: bool


class Listener:
    """Hears songs, each within its limits, or tells why it cannot.

    Parameters
    ----------
    engine : Engine
    session : aiohttp.ClientSession
        For downloads.
    queue : JobQueue
    persons : Persons
    memory : Memory
    limits : SongLimits
    folder : Path
        Where songs lie as long as they are analysed.

    Attributes
    ----------
    limits : SongLimits
    model_version : str or None
        Of the model that the workers use; answers of another one are not repeated. None as long
        as it is not known.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        session: aiohttp.ClientSession,
        queue: JobQueue,
        persons: Persons,
        memory: Memory,
        limits: SongLimits,
        folder: Path,
    ) -> None:
        self.limits = limits
        self.model_version: str | None = None
        self._engine = engine
        self._session = session
        self._queue = queue
        self._persons = persons
        self._memory = memory
        self._folder = folder

    @property
    def queue(self) -> JobQueue:
        """The songs that wait and run."""
        return self._queue

    async def outcome(self, job: SongJob, progress: Progress) -> Outcome:
        """Hear a song. Raises nothing but `asyncio.CancelledError`.

        Parameters
        ----------
        job : SongJob
        progress : Progress
            Is kept up to date.
        """
        try:
            async with asyncio.timeout(job.deadline - time.monotonic()) as clock:
                return await self._wait_and_hear(job, progress)
        except TimeoutError:
            if clock.expired():
                return WaitedTooLong()
            log.exception("job failed")
        except OSError as error:
            if error.errno in _NO_ROOM:
                log.critical("no room for songs", error=repr(error))
                return NoRoom()
            log.exception("job failed")
        except Exception:
            log.exception("job failed")
        return Failed(str(job.request.id))

    async def _wait_and_hear(self, job: SongJob, progress: Progress) -> Outcome:
        if job.song.size > self.limits.download.limit:
            return TooBig(self.limits.download.limit)
        request = job.request
        place = Place(request.id, job.song.attachment_id, request.user_id)
        try:
            async with self._persons.entered(place, resumed=job.resumed):
                with self._queue.place(
                    request.user_id, request.guild_id, resumed=job.resumed
                ) as ticket:
                    with progress.waiting(ticket), metrics.stage("wait"):
                        await self._persons.turn(place, ticket)
                    with progress.fetching():
                        return await self._fetch_and_hear(job, progress)
        except ServerQueueIsFull:
            return ServerQueueFull()
        except QueueIsFull:
            return QueueFull(self._queue.limit)
        except PersonQueueIsFull:
            return TooManyAtOnce(self._queue.user_limit)

    async def _fetch_and_hear(self, job: SongJob, progress: Progress) -> Outcome:
        try:
            async with downloaded(
                self._session, job.song.url, folder=self._folder, rules=self.limits.download
            ) as path:
                return await self._hear(job, path, progress)
        except DownloadError as error:
            return download_refusal(error)
        except EngineError as error:
            return self._engine_refusal(error)
        except MoodifyError as error:
            log.info("not analysable", reason=repr(error))
            return Unanalysable(error)

    async def _hear(self, job: SongJob, path: Path, progress: Progress) -> Outcome:
        title = song_title(job.song.filename)
        digest = await asyncio.to_thread(_digest, path)
        recorded = await self._recall(job, digest)
        if recorded is not None:
            if recorded.analysis.duration > job.max_seconds:
                raise TooLong(job.max_seconds)
            hearing = await self._engine.run(
                draw,
                *(recorded.analysis, title, texts.picture_words()),
                time_limit=self.limits.time_limit,
            )
        else:
            with progress_note(path.parent) as note:
                progress.heard(note)
                hearing = await self._engine.run(
                    hear,
                    *(InputFile(path), title, job.max_seconds, note, texts.picture_words()),
                    time_limit=self.limits.time_limit,
                )
        if hearing.analysis.duration < job.min_seconds:
            return NotWorthAMessage()
        with metrics.stage("record"):
            record_id = await self._record(job, title, digest, hearing)
        return Answered(
            title,
            hearing,
            film_key=str(job.song.attachment_id),
            record_id=record_id,
            # A request that is resumed may find its own record.
            repeated=recorded is not None and recorded.heard_at < job.request.received,
        )

    async def _recall(self, job: SongJob, digest: bytes) -> Recorded | None:
        guild_id, version = job.request.guild_id, self.model_version
        if version is None:
            return None
        return await self._memory.attempt(
            lambda storage: storage.songs.recall(guild_id, digest, version), otherwise=None
        )

    async def _record(
        self, job: SongJob, title: str, digest: bytes, hearing: Hearing
    ) -> int | None:
        request = job.request
        entry = Entry(
            request_id=request.id,
            attachment_id=job.song.attachment_id,
            guild_id=request.guild_id,
            channel_id=request.channel_id,
            user_id=request.user_id,
            post=request.post,
            title=title,
            private=request.private,
            digest=digest,
            analysis=hearing.analysis,
            heard_at=request.received,
            home_channel_id=request.home_channel_id,
        )
        record_id = await self._memory.attempt(
            lambda storage: storage.songs.record(entry), otherwise=False
        )
        if record_id is False:
            await self._memory.write(lambda storage: storage.songs.record(entry))
            return None
        return record_id

    def _engine_refusal(self, error: EngineError) -> Refusal:
        log.warning("engine failed", error=repr(error))
        match error:
            case WorkerTimeout():
                return TookTooLong(self.limits.time_limit)
            case WorkerOutOfMemory():
                return NeedsTooMuchMemory()
            case EngineUnavailable():
                return NoWorker()
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


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
