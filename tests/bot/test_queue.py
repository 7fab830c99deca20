from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, suppress
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.queue import JobQueue, PersonQueueIsFull, QueueIsFull, ServerQueueIsFull, Ticket


class Work:
    """Jobs that run until they are told to finish, and note when they start."""

    def __init__(self, queue: JobQueue) -> None:
        self.queue = queue
        self.started: list[str] = []
        self.finish: dict[str, asyncio.Event] = {}

    def start(self, user: int, name: str, server: int | None = None) -> asyncio.Task[None]:
        self.finish[name] = asyncio.Event()
        return asyncio.create_task(self._job(user, name, server))

    async def _job(self, user: int, name: str, server: int | None) -> None:
        async with self.queue.turn(user, server):
            self.started.append(name)
            await self.finish[name].wait()

    async def run_all(self, tasks: list[asyncio.Task[None]]) -> list[str]:
        for event in self.finish.values():
            event.set()
        await asyncio.gather(*tasks)
        return self.started


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def _queue(running: int, *, limit: int = 100, user_limit: int = 100) -> JobQueue:
    return JobQueue(limit=limit, user_limit=user_limit, running=running)


async def test_a_persons_jobs_run_one_by_one_and_in_order() -> None:
    work = Work(JobQueue(limit=10, user_limit=5, running=10))
    tasks = [work.start(1, "a1"), work.start(1, "a2"), work.start(2, "b1"), work.start(1, "a3")]
    await _settle()
    assert work.started == ["a1", "b1"]
    for name, then in [("a1", "a2"), ("a2", "a3")]:
        work.finish[name].set()
        await _settle()
        assert work.started[-1] == then
    for event in work.finish.values():
        event.set()
    await asyncio.gather(*tasks)
    assert len(work.queue) == 0


async def test_the_queue_takes_so_many_in_all() -> None:
    work = Work(JobQueue(limit=2, user_limit=5, running=10))
    tasks = [work.start(1, "a"), work.start(2, "b")]
    await _settle()
    with pytest.raises(QueueIsFull):
        await work.start(3, "c")
    work.finish["a"].set()
    await tasks[0]
    tasks.append(work.start(3, "d"))
    await _settle()
    assert work.started == ["a", "b", "d"]
    for task in tasks:
        task.cancel()


async def test_one_person_takes_so_many() -> None:
    work = Work(JobQueue(limit=10, user_limit=2, running=10))
    tasks = [work.start(1, "a1"), work.start(1, "a2")]
    await _settle()
    with pytest.raises(PersonQueueIsFull):
        await work.start(1, "a3")
    tasks.append(work.start(2, "b1"))
    await _settle()
    assert work.started == ["a1", "b1"]
    for task in tasks:
        task.cancel()


async def test_a_job_that_gives_up_waiting_leaves_its_place() -> None:
    work = Work(JobQueue(limit=2, user_limit=2, running=10))
    running, waiting = work.start(1, "a1"), work.start(1, "a2")
    await _settle()
    waiting.cancel()
    await _settle()
    assert len(work.queue) == 1
    work.finish["a1"].set()
    await running
    again = work.start(1, "a3")
    await _settle()
    assert work.started == ["a1", "a3"]
    again.cancel()


async def test_only_so_many_run_at_a_time() -> None:
    work = Work(_queue(2))
    tasks = [work.start(user, f"{user}") for user in range(4)]
    await _settle()
    assert work.started == ["0", "1"]
    assert (len(work.queue), work.queue.running, work.queue.waiting) == (4, 2, 2)
    work.finish["1"].set()
    await _settle()
    assert work.started == ["0", "1", "2"]
    await work.run_all(tasks)
    assert (len(work.queue), work.queue.running, work.queue.waiting) == (0, 0, 0)


async def test_the_flood_of_one_server_does_not_hold_up_another() -> None:
    work = Work(_queue(1))
    tasks = [work.start(user, f"flood{user}", server=1) for user in range(6)]
    await _settle()
    tasks += [work.start(10 + user, f"calm{user}", server=2) for user in range(2)]
    tasks.append(work.start(20, "direct"))
    await _settle()
    expected = "flood0 flood1 calm0 direct flood2 calm1 flood3 flood4 flood5"
    assert await work.run_all(tasks) == expected.split()


async def test_the_flood_of_one_person_does_not_hold_up_the_server() -> None:
    work = Work(_queue(1))
    tasks = [work.start(1, f"flood{job}", server=1) for job in range(4)]
    await _settle()
    tasks += [work.start(user, f"calm{user}", server=1) for user in (2, 3)]
    await _settle()
    assert await work.run_all(tasks) == ["flood0", "flood1", "calm2", "calm3", "flood2", "flood3"]


async def test_a_person_who_is_served_holds_up_nobody_else_of_the_server() -> None:
    work = Work(_queue(2))
    tasks = [work.start(user, name, server=1) for user, name in [(1, "a1"), (1, "a2"), (2, "b")]]
    await _settle()
    assert work.started == ["a1", "b"]
    await work.run_all(tasks)


async def test_a_person_runs_one_job_at_a_time_over_all_servers() -> None:
    work = Work(_queue(4))
    tasks = [work.start(1, name, server) for name, server in [("a", 1), ("b", 2), ("c", None)]]
    await _settle()
    assert work.started == ["a"]
    assert await work.run_all(tasks) == ["a", "b", "c"]


def test_direct_messages_of_a_person_have_nothing_to_do_with_a_server_of_that_number() -> None:
    queue = _queue(1, limit=4)
    with queue.place(5, None), queue.place(1, 5), queue.place(2, 5), queue.place(3, None):
        assert len(queue) == 4


def test_one_server_leaves_places_to_others() -> None:
    queue = _queue(1, limit=12)
    first = _fill(queue, server=1)
    second = _fill(queue, server=2)
    assert (len(first), len(second)) == (9, 3)
    with pytest.raises(QueueIsFull) as caught:
        queue.place(1, 3).__enter__()
    assert caught.type is QueueIsFull
    first.pop().__exit__(None, None, None)
    with pytest.raises(ServerQueueIsFull):
        queue.place(1, 1).__enter__()
    with queue.place(1, 3):
        assert len(queue) == 12


def _fill(queue: JobQueue, server: int) -> list[AbstractContextManager[Ticket]]:
    """Take as many places as there are for the persons of one server."""
    places = []
    with suppress(QueueIsFull):
        for number in count():
            place = queue.place(1000 * server + number, server)
            place.__enter__()
            places.append(place)
    return places


def test_a_job_that_was_accepted_before_is_never_refused() -> None:
    queue = _queue(1, limit=1, user_limit=1)
    with queue.place(1, 1), queue.place(1, 1, resumed=True) as second:
        with pytest.raises(QueueIsFull):
            queue.place(2, 2).__enter__()
        assert second.position == 0


async def test_who_waits_can_watch_the_places_before() -> None:
    queue = _queue(1)
    with queue.place(1, 1) as first:
        assert first.position is None
        with queue.place(2, 1) as second, queue.place(3, 1) as third:
            assert (second.position, third.position) == (0, 1)
            with queue.place(4, 2) as newcomer:
                assert (second.position, newcomer.position, third.position) == (0, 1, 2)
                watching = asyncio.create_task(third.moved())
                await _settle()
                assert not watching.done()
            await watching
            assert third.position == 1
        assert (second.position, third.position) == (None, None)


async def test_a_turn_that_has_come_is_a_move() -> None:
    queue = _queue(1)
    first = queue.place(1, 1)
    first.__enter__()
    with queue.place(2, 1) as second:
        watching, waiting = asyncio.create_task(second.moved()), asyncio.create_task(second.turn())
        await _settle()
        assert not waiting.done()
        first.__exit__(None, None, None)
        await asyncio.gather(watching, waiting)
        assert second.position is None


async def test_cancelling_at_the_moment_of_the_turn_passes_it_on() -> None:
    work = Work(_queue(1))
    before = work.queue.place(1, 1)
    before.__enter__()
    second, third = work.start(2, "b"), work.start(3, "c")
    await _settle()
    before.__exit__(None, None, None)
    second.cancel()  # called, but not yet awake
    await _settle()
    assert work.started == ["c"]
    assert (len(work.queue), work.queue.running) == (1, 1)
    await work.run_all([third])


async def test_a_turn_that_its_person_cannot_use_is_given_to_others_and_kept() -> None:
    work = Work(_queue(1))
    away = work.queue.place(1, 1)
    ticket = away.__enter__()
    with work.queue.place(1, 1) as later:
        other = work.start(2, "other", 1)
        await _settle()
        work.queue.postpone(ticket)
        await _settle()
        assert work.started == ["other"]
        assert work.queue.away == {1}
        assert (ticket.position, later.position) == (0, 1)
        waiting = asyncio.create_task(ticket.turn())
        work.finish["other"].set()
        await other
        assert not waiting.done()
        work.queue.back({1})
        await waiting
        assert (ticket.position, later.position) == (None, 0)
        work.queue.postpone(ticket)
        away.__exit__(None, None, None)
    # Nobody who has nothing left here is remembered.
    assert work.queue.away == frozenset()
    assert len(work.queue) == 0


SERVERS = st.sampled_from([None, 1, 2, 3])
PERSONS = st.integers(1, 5)
ANY = st.integers(0, 1000)


class FairQueue(RuleBasedStateMachine):
    """Any arrivals, ends and cancellations, and what must be true of the queue after each."""

    def __init__(self) -> None:
        super().__init__()
        self.slots, self.limit, self.user_limit = 2, 14, 4
        self.queue = _queue(self.slots, limit=self.limit, user_limit=self.user_limit)
        self.places: dict[Ticket, AbstractContextManager[Ticket]] = {}
        self.servers: dict[Ticket, object] = {}
        self.waiting: list[Ticket] = []
        self.running: list[Ticket] = []
        # For each server those that were passed over since it started a job.
        self.owed: dict[object, set[object]] = {}

    @rule(user=PERSONS, guild=SERVERS)
    def arrive(self, user: int, guild: int | None) -> None:
        server = ("direct", user) if guild is None else guild
        mine = sum(ticket.user_id == user for ticket in self.places)
        here = sum(self.servers[ticket] == server for ticket in self.places)
        free = self.limit - len(self.places)
        place = self.queue.place(user, guild)
        try:
            ticket = place.__enter__()
        except PersonQueueIsFull:
            assert mine == self.user_limit
        except ServerQueueIsFull:
            assert 0 < 3 * free <= here
        except QueueIsFull:
            assert free == 0
        else:
            assert here < 3 * free
            assert mine < self.user_limit
            self.places[ticket], self.servers[ticket] = place, server
            self.waiting.append(ticket)
            self._note_starts()

    @precondition(lambda self: self.running)
    @rule(which=ANY)
    def finish(self, which: int) -> None:
        self._leave(self.running.pop(which % len(self.running)))

    @precondition(lambda self: self.waiting)
    @rule(which=ANY)
    def cancel(self, which: int) -> None:
        ticket = self.waiting.pop(which % len(self.waiting))
        self._leave(ticket)
        assert ticket not in self.running

    def _leave(self, ticket: Ticket) -> None:
        self.places.pop(ticket).__exit__(None, None, None)
        self._note_starts()

    def _note_starts(self) -> None:
        started = [ticket for ticket in self.waiting if ticket.position is None]
        for ticket in started:
            self.waiting.remove(ticket)
            self.running.append(ticket)
            server = self.servers[ticket]
            for owed in self.owed.values():
                owed.discard(server)
        for ticket in started:
            server = self.servers[ticket]
            could = self._could_run()
            assert not self.owed.get(server, set()) & could
            self.owed[server] = could - {server}
        # Who could not run meanwhile was not passed over.
        could = self._could_run()
        for owed in self.owed.values():
            owed.intersection_update(could)

    def _could_run(self) -> set[object]:
        busy = {ticket.user_id for ticket in self.running}
        return {self.servers[ticket] for ticket in self.waiting if ticket.user_id not in busy}

    @invariant()
    def no_more_run_than_may_and_each_person_once(self) -> None:
        users = [ticket.user_id for ticket in self.running]
        assert len(users) == len(set(users)) <= self.slots
        assert all(ticket.position is None for ticket in self.running)

    @invariant()
    def nobody_waits_who_could_run(self) -> None:
        assert len(self.running) == self.slots or not self._could_run()

    @invariant()
    def the_counts_are_right(self) -> None:
        assert len(self.queue) == len(self.places)
        assert self.queue.running == len(self.running)
        assert self.queue.waiting == len(self.waiting)

    @invariant()
    def the_positions_are_those_of_a_line(self) -> None:
        assert sorted(ticket.position for ticket in self.waiting) == [*range(len(self.waiting))]

    @invariant()
    def a_person_is_served_in_order_within_a_server(self) -> None:
        for i, ticket in enumerate(self.waiting):
            for later in self.waiting[i + 1 :]:
                if (ticket.user_id, self.servers[ticket]) == (later.user_id, self.servers[later]):
                    assert ticket.position < later.position

    def teardown(self) -> None:
        while self.running:
            self._leave(self.running.pop(0))
        assert not self.waiting
        assert len(self.queue) == 0
        # Nothing is left of them: as much fits in as at the start.
        assert len(_fill(self.queue, server=99)) == len(
            _fill(_queue(self.slots, limit=self.limit), server=99)
        )


TestFairQueue = FairQueue.TestCase
TestFairQueue.settings = settings(max_examples=150, stateful_step_count=60)
