"""One film from request to file: gates, turn, download, engine."""

from __future__ import annotations

import asyncio
import errno
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

import aiohttp
import structlog

from bot import metrics
from bot.download import DownloadError, DownloadRules, downloaded
from bot.engine import (
    Engine,
    EngineError,
    EngineUnavailable,
    InputFile,
    OutputFile,
    ProgressNote,
    WorkerOutOfMemory,
    WorkerTimeout,
    progress_note,
)
from bot.engine.filming import film
from bot.engine.folders import private_folder
from bot.jobs import Jobs, download_refusal
from bot.outcomes import (
    Failed,
    FilmCrashed,
    Filmed,
    FilmQueueFull,
    FilmStopped,
    FilmTookTooLong,
    FilmUnderWay,
    NeedsTooMuchMemory,
    NoRoomForFilm,
    NoWorker,
    Outcome,
    Refusal,
    ServerFilmsFull,
    SongTooLongToFilm,
    Stopping,
    Unanalysable,
    WaitedTooLong,
)
from bot.presentation import texts
from moodify_core.errors import MoodifyError, TooLong

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FilmRefused(Exception):
    """No film is begun.

    Attributes
    ----------
    reason : Refusal
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


class FilmStage(Enum):
    """What is being done for a film."""

    WAITING = auto()
    FETCHING = auto()
    FILMING = auto()


@dataclass(slots=True)
class FilmProgress:
    """How far a film is; what makes it writes here, and who shows it looks now and then.

    Attributes
    ----------
    stage : FilmStage
    note : ProgressNote or None
        Where a worker tells the share that is done.
    """

    stage: FilmStage = FilmStage.WAITING
    note: ProgressNote | None = None

    @property
    def share(self) -> float:
        """The share that is done, 0..1."""
        return self.note.share if self.note else 0.0


@dataclass(frozen=True, slots=True)
class FilmRequest:
    """Which film somebody wants.

    Attributes
    ----------
    id : str
        Name of the film, also in the log.
    user_id : int
        Who asks.
    guild_id : int or None
        The server where it will be seen; None outside of servers.
    title : str
        What the song is called, harmless.
    max_bytes : int
        Largest file that can be sent there.
    deadline : float
        When the film must be there, on the clock of `time.monotonic`.
    """

    id: str
    user_id: int
    guild_id: int | None
    title: str
    max_bytes: int
    deadline: float


@dataclass(frozen=True, slots=True)
class FilmLimits:
    """What films may take.

    Attributes
    ----------
    download : DownloadRules
    max_seconds : float
        Longest song, in seconds.
    time_limit : float
        Seconds that making one may take.
    at_once : int
        Films that are made at the same time.
    queue : int
        Films, in the making and waiting, that are accepted.
    per_server : int
        The same for one server.
    """

    download: DownloadRules
    max_seconds: float
    time_limit: float
    at_once: int
    queue: int
    per_server: int


@dataclass(slots=True)
class _Work:
    user_id: int
    task: asyncio.Task[Outcome] | None = None
    stopped: bool = field(default=False)

    def stop(self) -> None:
        self.stopped = True
        if self.task is not None:
            self.task.cancel()


class Films:
    """Makes films, each whole or not at all.

    Parameters
    ----------
    jobs : Jobs
        Stops films, too, when the bot stops.
    engine : Engine
    session : aiohttp.ClientSession
        For downloads.
    limits : FilmLimits
    folder : Path
        Where songs and films lie until they are sent.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        engine: Engine,
        session: aiohttp.ClientSession,
        limits: FilmLimits,
        folder: Path,
    ) -> None:
        self._jobs = jobs
        self._engine = engine
        self._session = session
        self._limits = limits
        self._folder = folder
        self._turns = asyncio.Semaphore(limits.at_once)
        self._works: dict[str, _Work] = {}
        self._servers: Counter[int] = Counter()

    @contextmanager
    def admitted(self, request: FilmRequest) -> Iterator[None]:
        """Keep a place for a film within the block.

        Raises
        ------
        FilmRefused
            At once, if there is none.
        """
        if any(work.user_id == request.user_id for work in self._works.values()):
            raise FilmRefused(FilmUnderWay())
        if len(self._works) >= self._limits.queue:
            raise FilmRefused(FilmQueueFull(self._limits.queue))
        if request.guild_id and self._servers[request.guild_id] >= self._limits.per_server:
            raise FilmRefused(ServerFilmsFull(self._limits.per_server))
        self._works[request.id] = _Work(request.user_id)
        self._servers.update([request.guild_id] if request.guild_id else [])
        try:
            yield
        finally:
            del self._works[request.id]
            self._servers.subtract([request.guild_id] if request.guild_id else [])
            self._servers += Counter()  # Drops the servers that have none.

    def __len__(self) -> int:
        """Films that wait or are being made."""
        return len(self._works)

    def whose(self, film_id: str) -> int | None:
        """Return who asked for a film; None if it is not in the making."""
        work = self._works.get(film_id)
        return work.user_id if work is not None else None

    def stop(self, film_id: str) -> None:
        """Stop the making of a film, if it is in the making."""
        if work := self._works.get(film_id):
            work.stop()

    @asynccontextmanager
    async def made(
        self, request: FilmRequest, address: Callable[[], Awaitable[str]], progress: FilmProgress
    ) -> AsyncIterator[Outcome]:
        """Hold a film, or the reason why there is none; afterwards nothing is left of either.

        Parameters
        ----------
        request : FilmRequest
            One that is `admitted`.
        address : callable
            Tells where the song is, as late as possible; raises `FilmRefused` if it is gone.
        progress : FilmProgress
            Is kept up to date.

        Yields
        ------
        Outcome
        """
        async with private_folder(self._folder, "film-") as folder:
            started = time.monotonic()
            outcome = await self._outcome_or_stopped(request, address, folder, progress)
            took = time.monotonic() - started
            metrics.film_done(outcome)
            log.info("film done", outcome=type(outcome).__name__, seconds=round(took, 2))
            yield outcome

    async def _outcome_or_stopped(
        self,
        request: FilmRequest,
        address: Callable[[], Awaitable[str]],
        folder: Path,
        progress: FilmProgress,
    ) -> Outcome:
        work = self._works[request.id]
        if work.stopped:
            return FilmStopped()
        work.task = asyncio.create_task(self._outcome(request, address, folder, progress))
        try:
            return await self._jobs.until_stopped(work.task)
        except asyncio.CancelledError:
            if not work.stopped:
                raise
            return FilmStopped()

    async def _outcome(
        self,
        request: FilmRequest,
        address: Callable[[], Awaitable[str]],
        folder: Path,
        progress: FilmProgress,
    ) -> Outcome:
        try:
            async with asyncio.timeout(request.deadline - time.monotonic()) as clock, self._turns:
                if self._jobs.closing:
                    return Stopping()
                progress.stage = FilmStage.FETCHING
                return await self._film(request, await address(), folder, progress)
        except FilmRefused as error:
            return error.reason
        except TimeoutError:
            if clock.expired():
                return WaitedTooLong()
            log.exception("film failed")
        except OSError as error:
            if error.errno in _NO_ROOM:
                log.critical("no room for films", error=repr(error))
                return NoRoomForFilm()
            log.exception("film failed")
        except Exception:
            log.exception("film failed")
        return Failed(request.id)

    async def _film(
        self, request: FilmRequest, url: str, folder: Path, progress: FilmProgress
    ) -> Outcome:
        target, limits = folder / "film.mp4", self._limits
        try:
            async with downloaded(self._session, url, folder=folder, rules=limits.download) as song:
                with progress_note(folder) as note:
                    progress.note, progress.stage = note, FilmStage.FILMING
                    description = await self._engine.run(
                        film,
                        *(InputFile(song), request.title, limits.max_seconds, request.max_bytes),
                        *(OutputFile(target), note, texts.picture_words()),
                        time_limit=limits.time_limit,
                    )
        except DownloadError as error:
            return download_refusal(error)
        except EngineError as error:
            return self._engine_refusal(error)
        except TooLong as error:
            return SongTooLongToFilm(error.limit)
        except MoodifyError as error:
            log.info("not filmed", reason=repr(error))
            return Unanalysable(error)
        return Filmed(request.title, target, description)

    def _engine_refusal(self, error: EngineError) -> Refusal:
        log.warning("engine failed", error=repr(error))
        if self._jobs.closing:
            return Stopping()
        match error:
            case WorkerTimeout():
                return FilmTookTooLong(self._limits.time_limit)
            case WorkerOutOfMemory():
                return NeedsTooMuchMemory()
            case EngineUnavailable():
                return NoWorker()
        return FilmCrashed()
