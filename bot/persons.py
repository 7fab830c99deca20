"""Who has songs waiting or heard, in this process and in others of the same bot.

With one process that is all in its queue. With several, the queue of each says whose turn is next
there, and the database who is at work elsewhere; as long as it is away, each limits by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog

from bot.cooldown import LONGEST
from bot.memory import Memory
from bot.queue import JobQueue, PersonQueueIsFull, Ticket
from bot.storage import LEASE, Place, Storage

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds to wait for the database: Discord wants a sign within 3 s."""
LOOK = 1.0
"""Seconds between two looks for persons who are at work elsewhere."""


class Persons:
    """Persons of the only process."""

    @asynccontextmanager
    async def entered(self, place: Place, *, resumed: bool) -> AsyncIterator[None]:
        """Count a song of a person within the block.

        Parameters
        ----------
        place : Place
        resumed : bool
            Whether it was accepted before: never refused.

        Raises
        ------
        PersonQueueIsFull
            If there are as many of the person already as may be.
        """
        yield

    async def turn(self, place: Place, ticket: Ticket) -> None:
        """Wait until a song may be begun: it is its turn, and nothing else of its person runs."""
        await ticket.turn()

    async def cooldown(self, user_id: int, seconds: float) -> float:
        """Return the seconds that somebody has to wait for what they asked of other processes.

        Zero begins their wait in those.
        """
        return 0.0

    async def watch(self) -> None:
        """Keep what is needed up to date, until cancelled."""


class SharedPersons(Persons):
    """Persons of all processes that share a database.

    Parameters
    ----------
    memory : Memory
    queue : JobQueue
        Of this process.
    """

    def __init__(self, memory: Memory, queue: JobQueue) -> None:
        self._memory = memory
        self._queue = queue

    @asynccontextmanager
    async def entered(self, place: Place, *, resumed: bool) -> AsyncIterator[None]:
        """Count a song of a person within the block; see `Persons.entered`."""
        limit = None if resumed else self._queue.user_limit
        if not await self._ask(lambda storage: storage.sharing.enter(place, limit), otherwise=True):
            raise PersonQueueIsFull
        try:
            yield
        finally:
            await self._memory.write(lambda storage: storage.sharing.leave(place))

    async def turn(self, place: Place, ticket: Ticket) -> None:
        """Wait until a song may be begun; see `Persons.turn`."""
        await ticket.turn()
        while not await self._ask(lambda storage: storage.sharing.take_turn(place), otherwise=True):
            # Others can have the worker meanwhile.
            self._queue.postpone(ticket)
            await ticket.turn()

    async def cooldown(self, user_id: int, seconds: float) -> float:
        """Return the seconds that somebody has to wait; see `Persons.cooldown`."""
        return await self._ask(lambda storage: storage.sharing.ask(user_id, seconds), otherwise=0.0)

    async def watch(self) -> None:
        """Prolong this process's places, and call those who are at work elsewhere no more."""
        prolonged = time.monotonic()
        while True:
            await asyncio.sleep(LOOK)
            if away := self._queue.away:
                self._queue.back(
                    await self._ask(lambda storage: storage.sharing.free(away), otherwise=away)
                )
            if time.monotonic() - prolonged >= LEASE / 3:
                prolonged = time.monotonic()
                await self._ask(lambda storage: storage.sharing.prolong(LONGEST), otherwise=None)

    async def _ask(self, action: Callable[[Storage], Awaitable[T]], *, otherwise: T) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._memory.attempt(action, otherwise=otherwise)
        except TimeoutError:
            log.warning("limited by this process alone, as the database is slow")
            return otherwise
