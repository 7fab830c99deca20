from __future__ import annotations

import asyncio

import pytest

from bot.queue import JobQueue, PersonQueueIsFull, QueueIsFull


class Work:
    """Jobs that run until they are told to finish, and note when they start."""

    def __init__(self, queue: JobQueue) -> None:
        self.queue = queue
        self.started: list[str] = []
        self.finish: dict[str, asyncio.Event] = {}

    def start(self, user: int, name: str) -> asyncio.Task[None]:
        self.finish[name] = asyncio.Event()
        return asyncio.create_task(self._job(user, name))

    async def _job(self, user: int, name: str) -> None:
        async with self.queue.turn(user):
            self.started.append(name)
            await self.finish[name].wait()


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_persons_jobs_run_one_by_one_and_in_order() -> None:
    work = Work(JobQueue(limit=10, user_limit=5))
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
    work = Work(JobQueue(limit=2, user_limit=5))
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
    work = Work(JobQueue(limit=10, user_limit=2))
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
    work = Work(JobQueue(limit=2, user_limit=2))
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
