"""Who may wait, and whose turn it is: a bounded queue that is fair to servers and to persons."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Hashable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import chain, zip_longest

SERVER_SHARE = 3
"""A server may hold so many times the places that are free.

A server alone gets three quarters of all places this way, and many servers together get nearly
all of them, while whoever comes next still finds one: the dynamic threshold of Choudhury and
Hahne (1998), doi:10.1109/90.664262.
"""


class QueueIsFull(Exception):
    """As many jobs run and wait as are accepted."""


class ServerQueueIsFull(QueueIsFull):
    """The places that are left are kept for other servers."""


class PersonQueueIsFull(Exception):
    """As many jobs of this person run and wait as are accepted of one."""


class Ticket:
    """A place in the queue.

    Attributes
    ----------
    user_id : int
        Whose job it is.
    server : hashable
        Where it was asked for.
    position : int or None
        How many would go before it as of now; None once its turn has come.
    """

    def __init__(self, user_id: int, server: Hashable) -> None:
        self.user_id = user_id
        self.server = server
        self.position: int | None = None
        self._turn = asyncio.Event()
        self._moved = asyncio.Event()

    async def turn(self) -> None:
        """Wait for its turn, which lasts until the place is given up."""
        await self._turn.wait()

    async def moved(self) -> None:
        """Wait until `position` is another one."""
        await self._moved.wait()

    def _call(self) -> None:
        self._turn.set()
        self._move(None)

    def _call_off(self) -> None:
        self._turn.clear()

    def _move(self, position: int | None) -> None:
        if position != self.position:
            self.position = position
            self._moved.set()
            self._moved = asyncio.Event()


class JobQueue:
    """Bounds the jobs that wait and run, and gives each its turn.

    Each person's jobs run one by one. Servers take turns, within a server persons do, and a
    person's jobs go first come first served: between two jobs of one server, each other server
    that has one whose person is free comes first. What waits outside of servers counts as a
    server of the person's own.

    Parameters
    ----------
    limit : int
        Jobs, running and waiting, that are accepted.
    user_limit : int
        The same for one person.
    running : int
        Jobs that run at the same time.
    """

    def __init__(self, *, limit: int, user_limit: int, running: int) -> None:
        self.limit = limit
        self.user_limit = user_limit
        self._slots = running
        # Servers, and the persons in them, stand in the order in which they come next.
        self._lines: dict[Hashable, dict[int, deque[Ticket]]] = {}
        self._at_work: set[int] = set()
        self._away: set[int] = set()
        self._of_servers: Counter[Hashable] = Counter()
        self._of_persons: Counter[int] = Counter()

    def __len__(self) -> int:
        return self._of_persons.total()

    @property
    def running(self) -> int:
        """Jobs whose turn it is."""
        return len(self._at_work)

    @property
    def waiting(self) -> int:
        """Jobs whose turn has not come yet."""
        return len(self) - self.running

    @contextmanager
    def place(
        self, user_id: int, guild_id: int | None, *, resumed: bool = False
    ) -> Iterator[Ticket]:
        """Hold a place in the queue within the block.

        Parameters
        ----------
        user_id : int
        guild_id : int or None
            The server; None outside of servers.
        resumed : bool, optional
            Whether the job was accepted before, by a bot that was stopped: never refused.

        Yields
        ------
        Ticket

        Raises
        ------
        QueueIsFull, ServerQueueIsFull, PersonQueueIsFull
            At once, if the job is not accepted.
        """
        server = ("person", user_id) if guild_id is None else ("server", guild_id)
        if not resumed:
            self._check_room(user_id, server)
        ticket = Ticket(user_id, server)
        self._of_servers[server] += 1
        self._of_persons[user_id] += 1
        self._lines.setdefault(server, {}).setdefault(user_id, deque()).append(ticket)
        self._go_on()
        try:
            yield ticket
        finally:
            self._leave(ticket)
            self._go_on()

    @asynccontextmanager
    async def turn(self, user_id: int, guild_id: int | None = None) -> AsyncIterator[Ticket]:
        """Wait for the turn of a job, and keep it within the block.

        Parameters
        ----------
        user_id : int
        guild_id : int or None
            The server; None outside of servers.

        Yields
        ------
        Ticket

        Raises
        ------
        QueueIsFull, ServerQueueIsFull, PersonQueueIsFull
            At once, if the job is not accepted.
        """
        with self.place(user_id, guild_id) as ticket:
            await ticket.turn()
            yield ticket

    @property
    def away(self) -> frozenset[int]:
        """Persons who are not called, as they are at work elsewhere."""
        return frozenset(self._away)

    def postpone(self, ticket: Ticket) -> None:
        """Give a turn back that has come while its person is at work elsewhere.

        The place stays, and is first again once the person is `back`.

        Parameters
        ----------
        ticket : Ticket
            One whose turn it is.
        """
        ticket._call_off()
        self._at_work.discard(ticket.user_id)
        self._away.add(ticket.user_id)
        persons = self._lines.pop(ticket.server, {})
        line = persons.pop(ticket.user_id, deque())
        line.appendleft(ticket)
        self._lines = {ticket.server: {ticket.user_id: line, **persons}, **self._lines}
        self._go_on()

    def back(self, user_ids: Iterable[int]) -> None:
        """Call persons again who were at work elsewhere."""
        self._away.difference_update(user_ids)
        self._go_on()

    def _check_room(self, user_id: int, server: Hashable) -> None:
        free = self.limit - len(self)
        if free <= 0:
            raise QueueIsFull
        if self._of_persons[user_id] >= self.user_limit:
            raise PersonQueueIsFull
        if self._of_servers[server] >= SERVER_SHARE * free:
            raise ServerQueueIsFull

    def _leave(self, ticket: Ticket) -> None:
        if ticket.position is None:
            self._at_work.discard(ticket.user_id)
        else:
            self._lines[ticket.server][ticket.user_id].remove(ticket)
            self._forget_empty_lines(ticket)
            ticket._move(None)
        self._of_servers -= Counter([ticket.server])  # Drops whoever has none left.
        self._of_persons -= Counter([ticket.user_id])
        if ticket.user_id not in self._of_persons:
            self._away.discard(ticket.user_id)

    def _go_on(self) -> None:
        """Call whoever can run, and tell the others their positions."""
        while self.running < self._slots and (ticket := self._next()):
            self._at_work.add(ticket.user_id)
            self._lines[ticket.server][ticket.user_id].popleft()
            self._to_the_end(ticket)
            self._forget_empty_lines(ticket)
            ticket._call()
        lines = (_in_turns(persons.values()) for persons in self._lines.values())
        for position, ticket in enumerate(_in_turns(lines)):
            ticket._move(position)

    def _next(self) -> Ticket | None:
        for persons in self._lines.values():
            for user_id, line in persons.items():
                if user_id not in self._at_work and user_id not in self._away:
                    return line[0]
        return None

    def _to_the_end(self, ticket: Ticket) -> None:
        persons = self._lines.pop(ticket.server)
        persons[ticket.user_id] = persons.pop(ticket.user_id)
        self._lines[ticket.server] = persons

    def _forget_empty_lines(self, ticket: Ticket) -> None:
        persons = self._lines[ticket.server]
        if not persons[ticket.user_id]:
            del persons[ticket.user_id]
        if not persons:
            del self._lines[ticket.server]


def _in_turns(lines: Iterable[Iterable[Ticket]]) -> Iterator[Ticket]:
    """Yield the first of each line, then the second of each, and so on."""
    rounds = zip_longest(*lines)
    return (ticket for ticket in chain.from_iterable(rounds) if ticket is not None)
