"""What the bot remembers, as far as the database lets it: songs are answered without one, too."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_never,
    wait_exponential,
)

from bot import metrics
from bot.storage import PATIENCE, GuildSettings, Storage, StorageError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")
D = TypeVar("D")
Action = Callable[[Storage], Awaitable[object]]

EXAMINATION = 1.0
"""Seconds that a sign of life may take."""
SETTINGS_PATIENCE = 1.0
"""Seconds to wait for the settings of a server."""
FIRST_PAUSE = 1.0
"""Seconds before the database is tried again; doubled before each further time."""
LONGEST_PAUSE = 60.0
MOST_WRITES = 10_000
"""Writes that are kept for a database that is away; the oldest go first."""
ATTEMPTS = 60
"""Attempts, over an hour or so, after which a write itself may be what is wrong."""
LAST_ATTEMPT = 5.0
"""Seconds in which the kept writes can still get out when the bot stops."""


@dataclass(frozen=True, slots=True)
class _Write:
    """A write that is kept, and what the log's lines of it carry: the job, above all."""

    action: Action
    context: dict[str, Any]


class RemovedPosts:
    """A write: messages are gone, and with them the records of the songs that they showed.

    Servers delete messages by the thousand, most of which never showed a song. Those that are
    kept for a database that is away become one write, so that they push no other out.

    Parameters
    ----------
    message_ids : set of int
    """

    def __init__(self, message_ids: set[int]) -> None:
        self.message_ids = set(message_ids)

    async def __call__(self, storage: Storage) -> None:
        """Remove them; `Memory` calls this."""
        await storage.songs.remove_posts(self.message_ids)


class Memory:
    """A database that may be away.

    Parameters
    ----------
    url : str
        Address of the database; it holds a password perhaps, and is never logged.
    patience : float
        Seconds that a statement waits for others to let go of the database.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._url = url
        self._patience = patience
        self._storage: Storage | None = None
        self._failed = False
        self._writes: deque[_Write] = deque(maxlen=MOST_WRITES)
        self._asking: set[asyncio.Task[Any]] = set()
        self._to_write = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()

    async def start(self) -> None:
        """Open the database; if it is away, go on trying in the background."""
        try:
            await self._open()
        except StorageError as error:
            log.error("database away", error=str(error))  # noqa: TRY400 - the text says it all
        self._task = asyncio.create_task(self._work())

    @property
    def waiting(self) -> int:
        """Writes that are kept until the database is back."""
        return len(self._writes)

    @property
    def away(self) -> bool:
        """Whether the database was not there, or did not do its part, when it was asked last."""
        return self._storage is None or self._failed or bool(self._writes)

    async def examine(self) -> None:
        """Ask the database for a sign of life, so that `away` is of this moment."""
        if self._storage is not None:
            try:
                async with asyncio.timeout(EXAMINATION):
                    await self._asked(Storage.check)
            except (StorageError, TimeoutError):
                self._failed = True

    async def opened(self) -> None:
        """Wait until the database has been there for the first time."""
        await self._opened.wait()

    async def attempt(self, action: Callable[[Storage], Awaitable[T]], *, otherwise: D) -> T | D:
        """Do something with the database now.

        Parameters
        ----------
        action : callable
            Takes the storage; what it returns is returned.
        otherwise : object
            Returned if the database does not do its part.
        """
        if self._storage is None:
            return otherwise
        try:
            return await self._asked(action)
        except StorageError as error:
            log.warning("database failed", error=str(error))
            return otherwise

    async def settings(self, guild_id: int | None) -> GuildSettings:
        """Return the settings of a server; the defaults where there is none, or no database.

        Never waits long: Discord wants a sign within 3 s.
        """
        if guild_id is None:
            return GuildSettings()
        try:
            async with asyncio.timeout(SETTINGS_PATIENCE):
                return await self.attempt(
                    lambda storage: storage.settings.of(guild_id), otherwise=GuildSettings()
                )
        except TimeoutError:
            log.warning("settings not read in time", guild=guild_id)
            return GuildSettings()

    async def write(self, action: Action) -> None:
        """Write something now or, if the database is away, as soon as it is back.

        Parameters
        ----------
        action : callable
            Takes the storage. May be called again after it failed.
        """
        if self._storage is not None and not self._writes:
            try:
                await self._asked(action)
            except StorageError as error:
                log.warning("written later", error=str(error))
            else:
                return
        if isinstance(action, RemovedPosts) and self._gathered(action):
            return
        if len(self._writes) == MOST_WRITES:
            with bound_contextvars(**self._writes[0].context):
                log.error("a write is lost: the database has been away for too long")
            metrics.WRITES_LOST.inc()
        self._writes.append(_Write(action, get_contextvars()))
        self._to_write.set()

    async def close(self) -> None:
        """Try once more to write what is kept, then close the database."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._storage is None:
            return
        if self._asking:
            await asyncio.wait(self._asking, timeout=LAST_ATTEMPT)
        with suppress(TimeoutError, StorageError):
            async with asyncio.timeout(LAST_ATTEMPT):
                while self._writes:
                    await self._write_oldest()
        if self._writes:
            log.error("writes lost, as the database is away", writes=len(self._writes))
            metrics.WRITES_LOST.inc(len(self._writes))
        with suppress(StorageError):
            await self._storage.close()

    def _gathered(self, posts: RemovedPosts) -> bool:
        """Whether the write that is kept last removes these posts as well.

        Only the last: a record that is kept behind an older one would be written after it. And not
        the first: it may be under way, or be given up soon.
        """
        last = self._writes[-1].action if len(self._writes) > 1 else None
        if not isinstance(last, RemovedPosts) or len(last.message_ids) >= MOST_WRITES:
            return False
        last.message_ids |= posts.message_ids
        return True

    async def _asked(self, action: Callable[[Storage], Awaitable[T]]) -> T:
        """Do something with the database to its end, even if whoever wants it is cancelled.

        A transaction on SQLite that is cancelled midway keeps its lock until the garbage is
        collected, and all other writes fail meanwhile.
        """
        if isinstance(action, RemovedPosts) and self._asking:
            # Of a song that is being recorded, too.
            await asyncio.wait(self._asking)
        task = asyncio.create_task(self._carried_out(action))
        self._asking.add(task)
        task.add_done_callback(self._asked_out)
        return await asyncio.shield(task)

    def _asked_out(self, task: asyncio.Task[Any]) -> None:
        self._asking.discard(task)
        # Taken note of, in case nobody waits for it any more.
        if not task.cancelled():
            task.exception()

    async def _carried_out(self, action: Callable[[Storage], Awaitable[T]]) -> T:
        assert self._storage is not None
        try:
            done = await action(self._storage)
        except StorageError:
            self._failed = True
            metrics.DATABASE_ERRORS.inc()
            raise
        self._failed = False
        return done

    async def _open(self) -> None:
        self._storage = await Storage.open(self._url, patience=self._patience)
        self._opened.set()
        log.info("database open")

    async def _work(self) -> None:
        if self._storage is None:
            await _insistent()(self._open)
        while True:
            await self._to_write.wait()
            try:
                await _insistent(ATTEMPTS)(self._write_oldest)
            except StorageError as error:
                await self._drop_oldest_if_it_is_to_blame(error)
            if not self._writes:
                self._to_write.clear()
                log.info("all is written")

    async def _write_oldest(self) -> None:
        oldest = self._writes[0]
        with bound_contextvars(**oldest.context):
            await self._asked(oldest.action)
        # The oldest may have been pushed out meanwhile.
        if self._writes and self._writes[0] is oldest:
            self._writes.popleft()

    async def _drop_oldest_if_it_is_to_blame(self, error: StorageError) -> None:
        """Let the others through if the database works and only this write does not."""
        with suppress(StorageError):
            await self._asked(Storage.check)
            lost = self._writes.popleft()
            with bound_contextvars(**lost.context):
                log.error("a write is lost, as the database never takes it", error=str(error))
            metrics.WRITES_LOST.inc()


def _insistent(attempts: int | None = None) -> AsyncRetrying:
    return AsyncRetrying(
        stop=stop_never if attempts is None else stop_after_attempt(attempts),
        reraise=True,
        retry=retry_if_exception_type(StorageError),
        wait=wait_exponential(FIRST_PAUSE, max=LONGEST_PAUSE),
        before_sleep=_log_failure,
    )


def _log_failure(state: RetryCallState) -> None:
    assert state.outcome is not None
    log.warning(
        "database still away", attempt=state.attempt_number, error=str(state.outcome.exception())
    )
