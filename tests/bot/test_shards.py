"""Two processes of one bot, two shards each, that share PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from bot.outcomes import TooManyAtOnce
from bot.presentation import texts
from bot.storage import Storage
from bot.storage.tables import PlaceRow
from tests.bot.process import PATIENCE, BotProcess, is_answer, running_bot, started_bot
from tests.bot.storage import postgres
from tests.bot.test_restart import noise
from tests.discord_double import Channel, DiscordDouble, Exchange, File, Message, User

SHARDS = 4
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.mp3"))


@dataclass(frozen=True)
class Town:
    """Servers on every shard, and two bots that have two shards each."""

    double: DiscordDouble
    people: tuple[User, ...]
    channels: tuple[Channel, ...]
    bots: tuple[BotProcess, ...]
    database: str

    async def ask(self, shard: int, file: File, user: int = 0) -> Exchange:
        return await self.double.slash(
            "mood", user=self.people[user], channel=self.channels[shard], options={"file": file}
        )


def _channels(double: DiscordDouble, people: tuple[User, ...]) -> tuple[Channel, ...]:
    """Make servers until there is one for every shard; their numbers are made of the time."""
    found: dict[int, Channel] = {}
    while len(found) < SHARDS:
        guild = double.add_guild(f"Server {len(found)}", owner=people[0], members=people[1:])
        found[(int(guild.id) >> 22) % SHARDS] = double.add_channel(guild, "songs")
    return tuple(channel for _, channel in sorted(found.items()))


def _settings(database: str, shard_ids: str) -> dict[str, object]:
    return {
        "database_url": database,
        "shard_count": SHARDS,
        "shard_ids": shard_ids,
        "workers": 1,
        "user_queue_limit": 3,
        "cooldown": 0,
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Path
) -> AsyncIterator[Town]:
    database = await postgres.new_database(postgres_server)
    async with DiscordDouble(shards=SHARDS, max_concurrency=SHARDS) as double:
        people = tuple(double.add_user(name) for name in ("Ann", "Bo", "Cy"))
        channels = _channels(double, people)
        async with AsyncExitStack() as stack:

            async def bot(ids: str) -> BotProcess:
                return await stack.enter_async_context(
                    running_bot(
                        double,
                        tmp_path_factory.mktemp("bot"),
                        **_settings(database, ids),
                    )
                )

            bots = await asyncio.gather(bot("0,1"), bot("2,3"))
            await double.wait_command("mood", PATIENCE)
            for each in bots:
                await each.logged("workers started")
            yield Town(double, people, channels, tuple(bots), database)
        assert double.violations == []
        assert double.own_errors == []


async def _answer(exchange: Exchange) -> Message:
    return await exchange.final(PATIENCE, when=is_answer)


@pytest.mark.asyncio(loop_scope="module")
async def test_each_server_is_answered_by_the_process_that_has_its_shard(town: Town) -> None:
    identified = [tuple(each["shard"]) for each in town.double.gateway.identifies]
    assert set(identified) == {(number, SHARDS) for number in range(SHARDS)}
    song = File("song.mp3", EXAMPLES[0].read_bytes())
    exchanges = [await town.ask(shard, song, user=shard % 3) for shard in range(SHARDS)]
    for exchange in exchanges:
        assert (await _answer(exchange)).embeds
    for exchange, shard in zip(exchanges, range(SHARDS), strict=True):
        answered = [f"job={exchange.id}" in bot.output() for bot in town.bots]
        assert answered == [shard < 2, shard >= 2], shard


@pytest.mark.asyncio(loop_scope="module")
async def test_direct_messages_come_to_the_process_that_has_the_first_shard(town: Town) -> None:
    channel = town.double.direct_channel(town.people[1])
    song = File("song.mp3", EXAMPLES[0].read_bytes())
    await town.double.post_message(town.people[1], channel, attachments=[song])
    answer = await town.double.wait_message(channel, PATIENCE, when=is_answer)
    assert answer.embeds


@pytest.mark.asyncio(loop_scope="module")
async def test_a_person_is_limited_over_servers_of_several_processes(town: Town) -> None:
    refusal = texts.refusal(TooManyAtOnce(3))
    with _halted(town):
        jobs = [await town.ask(shard, noise(shard, 1.2)) for shard in (0, 1, 2, 3)]
        # Whichever comes last to the database.
        endings = [asyncio.create_task(_answer(job)) for job in jobs]
        (refused,), others = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
        assert refused.result().content == refusal
        # Others are not held up.
        other = await town.ask(2, noise(10, 1.2), user=1)
    assert (await _answer(other)).embeds
    answered = await asyncio.gather(*others)
    assert all(message.embeds for message in answered)


async def test_what_a_killed_process_held_is_free_again_after_its_lease(
    tmp_path: Path, postgres_server: Path
) -> None:
    database = await postgres.new_database(postgres_server)
    async with DiscordDouble(shards=SHARDS, max_concurrency=SHARDS) as double:
        people = tuple(double.add_user(name) for name in ("Ann", "Bo"))
        channels = _channels(double, people)
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
        async with AsyncExitStack() as stack:
            # Neither is connected before all shards are.
            stays, goes = await asyncio.gather(
                *(
                    stack.enter_async_context(
                        started_bot(double, tmp_path / folder, **_settings(database, shard_ids))
                    )
                    for folder, shard_ids in (("a", "0,1"), ("b", "2,3"))
                )
            )
            await double.wait_command("mood", PATIENCE)
            for each in (stays, goes):
                await each.logged("workers started")
            town = Town(double, people, channels, (stays, goes), database)
            goes.halt()
            for number in range(3):
                await town.ask(2, noise(number, 1.2))
            await _places_taken(database, 3)
            await goes.stop(signal.SIGKILL)
            refused = await _answer(await town.ask(0, noise(3, 1.2)))
            assert refused.content == texts.refusal(TooManyAtOnce(3))
            async with asyncio.timeout(PATIENCE):
                while not (await _answer(await town.ask(0, noise(4, 1.2)))).embeds:  # noqa: ASYNC110
                    await asyncio.sleep(2)  # somebody who tries again
        assert double.violations == []
        assert double.own_errors == []


async def _places_taken(database: str, number: int) -> None:
    storage = await Storage.open(database)
    async with asyncio.timeout(PATIENCE):
        taken = 0
        while taken < number:
            async with storage._database.read() as connection:
                taken = await connection.scalar(select(func.count()).select_from(PlaceRow)) or 0
    await storage.close()


@contextmanager
def _halted(town: Town) -> Iterator[None]:
    """Let no song be done within the block."""
    pids = [pid for bot in town.bots for pid in bot.halt()]
    assert pids
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
