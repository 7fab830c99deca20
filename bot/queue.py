"""Who may wait, and whose turn it is: a bounded queue in which each person runs one job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class QueueIsFull(Exception):
    """As many jobs run and wait as are accepted."""


class PersonQueueIsFull(Exception):
    """As many jobs of this person run and wait as are accepted of one."""


class JobQueue:
    """Bounds the jobs in all and of one person, and lets each person's run one by one.

    A person's further jobs wait their turn, first come first served, instead of being refused.

    Parameters
    ----------
    limit : int
        Jobs, running and waiting, that are accepted.
    user_limit : int
        The same for one person.
    """

    def __init__(self, *, limit: int, user_limit: int) -> None:
        self.limit = limit
        self.user_limit = user_limit
        self._total = 0
        self._counts: dict[int, int] = {}
        self._turns: dict[int, asyncio.Lock] = {}

    def __len__(self) -> int:
        return self._total

    @asynccontextmanager
    async def turn(self, user_id: int) -> AsyncIterator[None]:
        """Wait until it is this person's turn, and keep it within the block.

        Parameters
        ----------
        user_id : int

        Raises
        ------
        QueueIsFull, PersonQueueIsFull
            At once, if the job is not accepted.
        """
        if self._total >= self.limit:
            raise QueueIsFull
        if self._counts.get(user_id, 0) >= self.user_limit:
            raise PersonQueueIsFull
        self._total += 1
        self._counts[user_id] = self._counts.get(user_id, 0) + 1
        try:
            async with self._turns.setdefault(user_id, asyncio.Lock()):
                yield
        finally:
            self._total -= 1
            self._counts[user_id] -= 1
            if not self._counts[user_id]:
                del self._counts[user_id], self._turns[user_id]
