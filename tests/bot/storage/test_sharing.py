"""What processes know of each other's persons; a store for each stands for a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.storage import Place, Storage
from bot.storage.tables import PlaceRow
from tests.bot.storage import postgres

ANN, BO = 11, 22


@pytest.fixture
async def two(postgres_server: Path) -> AsyncIterator[tuple[Storage, Storage]]:
    url = await postgres.new_database(postgres_server)
    first, second = await Storage.open(url), await Storage.open(url)
    yield first, second
    await first.close()
    await second.close()


def _place(number: int, user: int = ANN) -> Place:
    return Place(number, number * 100, user)


async def test_who_asked_of_one_process_waits_at_the_other(two: tuple[Storage, Storage]) -> None:
    first, second = (each.sharing for each in two)
    assert await first.ask(ANN, 60) == 0
    assert 0 < await second.ask(ANN, 60) <= 60
    # A refusal begins no wait of its own, and nobody else waits.
    assert await second.ask(ANN, 0) == 0
    assert await second.ask(BO, 60) == 0


async def test_of_many_who_ask_at_once_one_is_let_in(two: tuple[Storage, Storage]) -> None:
    asked = await asyncio.gather(*(two[n % 2].sharing.ask(ANN, 60) for n in range(8)))
    assert sorted(left > 0 for left in asked) == [False] + [True] * 7


async def test_places_of_a_person_are_counted_over_all_processes(
    two: tuple[Storage, Storage],
) -> None:
    entered = await asyncio.gather(*(two[n % 2].sharing.enter(_place(n), 3) for n in range(8)))
    assert sum(entered) == 3
    assert await two[0].sharing.enter(_place(20, BO), 3)
    # What was accepted before is never refused.
    assert await two[0].sharing.enter(_place(21), None)


async def test_one_song_of_a_person_runs_at_a_time_and_in_the_order_of_their_turns(
    two: tuple[Storage, Storage],
) -> None:
    first, second = (each.sharing for each in two)
    a, b, c = (_place(n) for n in range(3))
    for store, place in ((first, a), (second, b), (first, c)):
        assert await store.enter(place, 5)
    assert await first.take_turn(a)
    assert not await second.take_turn(b)
    assert await second.free({ANN, BO}) == {BO}
    await first.leave(a)
    # The other process was first to be turned away: it is not overtaken.
    assert not await first.take_turn(c)
    assert await first.free({ANN}) == set()
    assert await second.free({ANN}) == {ANN}
    assert await second.take_turn(b)
    await second.leave(b)
    assert await first.free({ANN}) == {ANN}
    assert await first.take_turn(c)


async def test_what_a_killed_process_held_is_free_again(two: tuple[Storage, Storage]) -> None:
    first, second = (each.sharing for each in two)
    assert await first.enter(_place(1), 1)
    assert await first.take_turn(_place(1))
    assert not await second.enter(_place(2), 1)
    # As long as it lives, it prolongs what it holds.
    await _expire(two[0])
    await first.prolong(3600)
    assert not await second.enter(_place(2), 1)
    await _expire(two[0])
    assert await second.free({ANN}) == {ANN}
    assert await second.enter(_place(2), 1)
    assert await second.take_turn(_place(2))
    # One that was only taken for dead goes on, after the others.
    assert not await first.take_turn(_place(1))


async def _expire(storage: Storage) -> None:
    async with storage._database.write() as connection:
        await connection.execute(update(PlaceRow).values(until=0.0))


async def test_who_asked_is_forgotten(two: tuple[Storage, Storage]) -> None:
    assert await two[0].sharing.ask(ANN, 60) == 0
    await two[1].sharing.prolong(0.0)
    assert await two[0].sharing.ask(ANN, 60) == 0
