"""A bot that is killed in the middle of its work: the next run answers, and answers once."""

from __future__ import annotations

import asyncio
import io
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.bot.process import (
    PATIENCE,
    BotProcess,
    begin_and_halt,
    is_answer,
    is_set_up,
    running_bot,
    started_bot,
)
from tests.discord_double import (
    MESSAGE_CONTENT,
    Channel,
    DiscordDouble,
    Exchange,
    File,
    Guild,
    Message,
    User,
)
from tests.discord_double.interactions import LOADING

pytestmark = pytest.mark.long

TUNE = Path(__file__).parents[2] / "examples" / "romantic_last_dance.mp3"
RATE = 8000
PEOPLE = 5
EACH = 3
SHORT, LONG = 1.2, 4.0
"""Minutes; of less than one, nothing that was just posted is answered."""


def noise(seed: int, minutes: float) -> File:
    """Make a song that takes a worker some time, and that no other is like."""
    samples = np.random.default_rng(seed).standard_normal(round(minutes * 60 * RATE)) * 0.1
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples, -1, 1), RATE, format="WAV", subtype="PCM_16")
    return File(f"song-{seed}.wav", file.getvalue())


@dataclass
class Town:
    """A server, who is in it, and what they asked for."""

    double: DiscordDouble
    guild: Guild
    channel: Channel
    people: Sequence[User]
    exchanges: list[Exchange] = field(default_factory=list)
    posts: list[Message] = field(default_factory=list)

    async def command(
        self,
        seed: int,
        *,
        user: int = 0,
        minutes: float = SHORT,
        private: bool = False,
        file: File | None = None,
    ) -> Exchange:
        exchange = await self.double.slash(
            "mood",
            user=self.people[user],
            channel=self.channel,
            options={"file": file or noise(seed, minutes), "private": private},
        )
        self.exchanges.append(exchange)
        return exchange

    async def mention(self, seed: int, *, user: int = 0, minutes: float = SHORT) -> Message:
        words = f"<@{self.double.world.bot.id}> what is this?"
        return await self._post(seed, user, words, minutes)

    async def just_post(self, seed: int, *, user: int = 0, minutes: float = SHORT) -> Message:
        return await self._post(seed, user, "my newest", minutes)

    async def _post(self, seed: int, user: int, words: str, minutes: float) -> Message:
        posted = await self.double.post_message(
            self.people[user], self.channel, words, attachments=[noise(seed, minutes)]
        )
        self.posts.append(posted)
        return posted

    def said(self) -> list[Message]:
        """Return what the bot shows in the channel."""
        return [
            message
            for message in self.double.world.messages_in(self.channel)
            if message.author == self.double.world.bot
        ]

    async def until_answered(self, answers: int) -> None:
        """Wait for so many answers with moods."""

        def find() -> bool | None:
            return sum(_has_moods(message) for message in self.said()) >= answers or None

        await self.double.changes.wait_for(find, f"{answers} answers", PATIENCE)

    def check_answered_once(self) -> None:
        """Check that each request has one answer with moods, and that nothing else is shown."""
        answers = self.said()
        assert all(map(_has_moods, answers)), [message.content for message in answers]
        assert len(answers) == len(self.exchanges) + len(self.posts)
        assert sorted(message.reply_to.id for message in answers if message.reply_to) == sorted(
            post.id for post in self.posts
        )
        for exchange in self.exchanges:
            assert exchange.followups == ()
            assert exchange.response in answers


def _has_moods(message: Message) -> bool:
    return bool(message.embeds) and is_answer(message) and not message.flags & LOADING


@asynccontextmanager
async def town() -> AsyncIterator[Town]:
    async with DiscordDouble(privileged_intents=MESSAGE_CONTENT) as double:
        people = [double.add_user(f"Person {number}") for number in range(PEOPLE)]
        guild = double.add_guild("Music", owner=people[0], members=people[1:])
        channel = double.add_channel(guild, "songs")
        yield Town(double, guild, channel, people)
        assert double.violations == []
        assert double.own_errors == []


async def ready(music: Town, bot: BotProcess, run: int = 1) -> None:
    await music.double.wait_command("mood", PATIENCE)
    await bot.logged("workers started", run)


def database(bot: BotProcess) -> sqlite3.Connection:
    return sqlite3.connect(bot.data / "moodify.db", isolation_level=None)


@contextmanager
def locked(bot: BotProcess) -> Iterator[None]:
    """Let nobody else write to the database."""
    other = database(bot)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


def check_remembered_once(bot: BotProcess, requests: int, *, counted: int = 0) -> None:
    """Check that every request is done and counted once, and that no way to its song is kept."""
    connection = database(bot)
    (rows,) = connection.execute(
        "SELECT count(*), sum(done), count(token), count(url), count(filename) FROM jobs"
    )
    assert rows == (requests, requests, 0, 0, 0)
    (records,) = connection.execute(
        "SELECT count(*), count(DISTINCT request_id), count(DISTINCT song_id) FROM records"
    )
    assert records == (requests,) * 3
    # Noise is nothing that counts.
    (sums,) = connection.execute(
        "SELECT (SELECT coalesce(sum(songs), 0) FROM guild_weeks), "
        "(SELECT coalesce(sum(songs), 0) FROM standings WHERE period = 'all'), "
        "(SELECT count(*) FROM guild_songs), count(*) FROM records WHERE counted_seconds > 0"
    )
    assert sums == (counted,) * 4
    connection.close()


async def kill(bot: BotProcess) -> None:
    """Kill the bot, and see that what it has started goes as well."""
    workers = bot.worker_pids()
    assert workers
    async with asyncio.timeout(PATIENCE):
        # One that still starts goes by itself, later; one that is halted at that never does.
        while not all(map(is_set_up, workers)):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    bot.halt()  # nothing that a worker does by itself is to end it
    assert await bot.stop(signal.SIGKILL) == -signal.SIGKILL
    async with asyncio.timeout(PATIENCE):
        while any(map(_is_there, workers)):  # noqa: ASYNC110 - they are not our children
            await asyncio.sleep(0.05)


def _is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_what_ran_and_what_waited_when_the_bot_was_killed_is_answered_once(
    tmp_path: Path,
) -> None:
    total = PEOPLE * EACH
    async with town() as music:
        async with started_bot(music.double, tmp_path, workers=PEOPLE) as bot:
            await ready(music, bot)
            # However long it takes to ask, no song is to be over before all are asked for.
            workers = bot.halt()
            assert len(workers) == PEOPLE
            for number in range(total):
                # Each person's songs wait for each other, so that the first of each is heard.
                turn, user = divmod(number, PEOPLE)
                ask = (music.command, music.mention, music.just_post)[(turn + user) % 3]
                await ask(number, user=user, minutes=LONG)
            await bot.logged("job accepted", total)
            await begin_and_halt(workers)
            assert bot.output().count("song done") == 0
            await kill(bot)
        async with running_bot(music.double, tmp_path, workers=2) as bot:
            await music.until_answered(total)
            await bot.logged("song done", total)
        assert bot.output().count("job resumed") == total
        music.check_answered_once()
        check_remembered_once(bot, total)


async def test_an_answer_that_was_seen_is_not_given_again_where_its_end_was_not_written(
    tmp_path: Path,
) -> None:
    async with town() as music:
        async with started_bot(music.double, tmp_path) as bot:
            await ready(music, bot)
            music.double.fail_download("*", bytes_per_second=200_000, times=3)
            for seed, ask in enumerate((music.command, music.mention, music.just_post)):
                await ask(seed, user=seed)
            await bot.logged("job accepted", 3)
            with locked(bot):
                await music.until_answered(3)
                await kill(bot)
        seen = [message.id for message in music.said()]
        async with running_bot(music.double, tmp_path) as bot:
            await bot.logged("song done", 6)
        assert [message.id for message in music.said()] == seen
        music.check_answered_once()
        check_remembered_once(bot, 3)


async def test_a_bot_that_is_killed_again_and_again_answers_in_the_end_and_once(
    tmp_path: Path,
) -> None:
    async with town() as music:
        for attempt in range(2):
            async with started_bot(music.double, tmp_path, workers=2) as bot:
                await ready(music, bot)
                if attempt == 0:
                    for seed in range(6):
                        ask = (music.command, music.mention, music.just_post)[seed % 3]
                        await ask(seed, user=seed % PEOPLE)
                    await music.command(6, user=1, file=File(TUNE.name, TUNE.read_bytes()))
                    await bot.logged("job accepted", 7)
                await bot.logged("song done", attempt + 1)
                await kill(bot)
        async with running_bot(music.double, tmp_path) as bot:
            await music.until_answered(7)
        music.check_answered_once()
        check_remembered_once(bot, 7, counted=1)


async def test_where_its_time_is_over_a_command_is_answered_in_its_channel_unless_it_is_private(
    tmp_path: Path,
) -> None:
    async with town() as music:
        async with started_bot(music.double, tmp_path, workers=1) as bot:
            await ready(music, bot)
            music.double.fail_download("*", bytes_per_second=100_000)
            exchanges = [await music.command(0, user=0)]
            await exchanges[0].final(PATIENCE)
            # Of these, nobody has seen more than that the bot thinks.
            exchanges.append(await music.command(1, user=1))
            secret = await music.command(2, user=2, private=True)
            await bot.logged("job accepted", 3)
            await kill(bot)
        expire(music, bot)
        async with running_bot(music.double, tmp_path) as bot:
            await music.until_answered(2)
            await bot.logged("job closed unanswered")
        answers = [message for message in music.said() if not message.ephemeral]
        assert len(answers) == 2
        assert all(map(_has_moods, answers))
        assert exchanges[0].response in answers
        assert [exchange.followups for exchange in (*exchanges, secret)] == [()] * 3
        connection = database(bot)
        rows = connection.execute("SELECT count(*), sum(done), count(token) FROM jobs").fetchall()
        assert rows == [(3, 3, 0)]
        connection.close()


async def test_an_answer_that_was_seen_is_not_given_again_when_its_time_is_over(
    tmp_path: Path,
) -> None:
    async with town() as music:
        async with started_bot(music.double, tmp_path) as bot:
            await ready(music, bot)
            music.double.fail_download("*", bytes_per_second=200_000)
            await music.command(0)
            await bot.logged("job accepted")
            with locked(bot):
                await music.until_answered(1)
                await kill(bot)
        expire(music, bot)
        async with running_bot(music.double, tmp_path) as bot:
            await bot.logged("song done", 2)
        music.check_answered_once()
        check_remembered_once(bot, 1)


async def test_what_a_bot_that_is_told_to_stop_leaves_is_answered_once(tmp_path: Path) -> None:
    async with town() as music:
        async with running_bot(music.double, tmp_path, workers=1, shutdown_grace=PATIENCE) as bot:
            await ready(music, bot)
            for seed in range(9):
                ask = (music.command, music.mention, music.just_post)[seed % 3]
                await ask(seed, user=seed % PEOPLE)
            await bot.logged("job accepted", 9)
            await bot.logged("song done")
            assert await bot.stop() == 0
        async with running_bot(music.double, tmp_path) as bot:
            await music.until_answered(9)
        assert 0 < bot.output().count("job resumed") < 9
        music.check_answered_once()
        check_remembered_once(bot, 9)


def expire(music: Town, bot: BotProcess) -> None:
    """Let the tokens of all commands end."""
    music.double.interactions.token_lifetime = 0
    connection = database(bot)
    connection.execute("UPDATE jobs SET expires = 0")
    connection.close()
