"""The button "Film", the whole way: pressed by a user, made by the bot's own process."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import resource
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import pytest_asyncio
import soundfile

from bot import outcomes
from bot.config import MIB
from bot.engine import InputFile, OutputFile, WorkerRules, progress_note
from bot.engine.filming import film
from bot.engine.local import LocalEngine
from bot.jobs.progress import EDIT_PAUSE
from bot.presentation import texts
from bot.presentation.buttons import cancel_view
from bot.presentation.language import speaking
from moodify_core.moods import MOODS
from tests.bot.process import PATIENCE, BotProcess, is_answer, running_bot
from tests.bot.ways import left_behind, stored
from tests.discord_double import Channel, DiscordDouble, Exchange, File, Guild, Message, User

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

RATE = 8000
SECONDS = 5
FILM_MINUTES = 5
LONG = 240
"""Seconds of a song whose film takes long enough to press a button meanwhile."""


def song(seconds: float = SECONDS, name: str = "song.wav") -> File:
    time_ = np.arange(round(seconds * RATE)) / RATE
    samples = 0.4 * np.sin(2 * np.pi * 330 * time_) * (0.5 + 0.5 * np.sin(2 * np.pi * 2 * time_))
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype="PCM_16")
    return File(name, file.getvalue())


@dataclass(frozen=True)
class Server:
    """A server with a channel and three people, the first of whom owns it."""

    double: DiscordDouble
    bot: BotProcess
    guild: Guild
    channel: Channel
    people: tuple[User, ...]

    async def answer(self, file: File, *, user: int = 0, **options: bool) -> Message:
        """Let a user ask for a song's moods, and return the answer."""
        exchange = await self.double.slash(
            "mood", user=self.people[user], channel=self.channel, options={"file": file} | options
        )
        message = await exchange.final(PATIENCE, when=is_answer)
        assert message.embeds, message.content
        return message

    async def posted(self, file: File) -> tuple[Message, Message]:
        """Return a message with a song, and the answer to it, asked for by who posted it."""
        posted = await self.double.post_message(
            self.people[0], self.channel, "listen", attachments=[file]
        )
        exchange = await self.double.message_command(
            "Analyze mood", user=self.people[0], message=posted
        )
        return posted, await exchange.final(PATIENCE, when=is_answer)

    async def film(self, message: Message, *, user: int = 0) -> Exchange:
        return await self.double.click(self.people[user], message, texts.film_button())

    async def film_is_under_way(self, exchange: Exchange) -> Message:
        return await exchange.final(PATIENCE, when=lambda m: "Filming" in m.content)


@asynccontextmanager
async def serving(folder: Path, **settings: object) -> AsyncIterator[Server]:
    async with DiscordDouble() as double:
        people = tuple(double.add_user(name) for name in ("Ann", "Bo", "Cy"))
        guild = double.add_guild("Music", owner=people[0], members=people[1:])
        channel = double.add_channel(guild, "songs")
        async with running_bot(double, folder, **{"workers": 2, **settings}) as bot:
            await double.wait_command("mood", PATIENCE)
            yield Server(double, bot, guild, channel, people)
        assert double.violations == []
        assert double.api.own_errors == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server at which one bot serves all tests that do it no harm."""
    folder = tmp_path_factory.mktemp("bot")
    async with serving(folder, film_minutes=FILM_MINUTES, films_per_server=1) as server:
        yield server


def film_of(message: Message, seconds: float = SECONDS) -> bytes:
    """Check that a message holds a whole film, and nothing else, and return it."""
    attached = message.attachment("film.mp4")
    assert len(message.attachments) == 1
    assert message.components == ()
    assert message.embeds == ()
    assert attached.description
    assert len(attached.data) <= 10 * MIB
    with av.open(io.BytesIO(attached.data), "r") as container:
        sound, picture = container.streams.audio[0], container.streams.video[0]
        assert float((sound.duration or 0) * (sound.time_base or 0)) == pytest.approx(
            seconds, abs=0.05
        )
        assert any(frame.to_ndarray().any() for frame in container.decode(sound))
        container.seek(0)
        shown = len(list(container.decode(picture))) / float(picture.average_rate or 1)
        assert shown == pytest.approx(seconds, abs=0.05)
    return attached.data


def is_last_word(message: Message) -> bool:
    return not message.components


async def last_word(exchange: Exchange) -> Message:
    """Return what stands there in the end."""
    return await exchange.final(PATIENCE, when=is_last_word)


async def sentence(exchange: Exchange) -> str:
    """Return the sentence that is all that stands there in the end."""
    message = await last_word(exchange)
    assert message.attachments == ()
    return message.content


async def until_nothing_is_left(bot: BotProcess) -> None:
    """Wait until the folder of songs and films is empty."""
    await asyncio.to_thread(_poll_until_empty, bot.data / "songs")


def _poll_until_empty(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while left := list(folder.iterdir()):
        assert time.monotonic() < end, left
        time.sleep(0.05)


async def test_a_click_brings_the_film_of_the_song(server: Server) -> None:
    answer = await server.answer(song(name="Evening.wav"))
    exchange = await server.film(answer)
    message = await last_word(exchange)
    film_of(message)
    assert "`Evening`" in message.content
    assert "“Evening”" in (message.attachments[0].description or "")
    assert exchange.deferred_after is not None
    assert exchange.deferred_after < 3
    assert not message.ephemeral
    assert exchange.followups == ()
    await until_nothing_is_left(server.bot)


async def test_films_speak_the_language_that_the_server_has_chosen(server: Server) -> None:
    guild = server.double.add_guild("Musique", owner=server.people[0])
    place = replace(server, guild=guild, channel=server.double.add_channel(guild, "chansons"))
    async with stored(server.bot.data.parent) as storage:
        await storage.settings.save(int(guild.id), language="fr", welcomed=True)
    with speaking("fr"):
        message = await last_word(await place.film(await place.answer(song())))
        film_of(message)
        told = message.attachments[0].description or ""
        assert any(texts.mood_name(mood) in told for mood in MOODS)


async def test_a_private_answer_has_a_private_film(server: Server) -> None:
    answer = await server.answer(song(), private=True)
    message = await last_word(await server.film(answer))
    film_of(message)
    assert message.ephemeral


async def test_a_song_that_only_its_sender_could_hear_is_filmed_for_nobody_else(
    server: Server,
) -> None:
    answer = await server.answer(song())
    exchange = await server.film(answer, user=1)
    assert await sentence(exchange) == texts.refusal(outcomes.NotYourSong())
    assert (await last_word(exchange)).ephemeral


async def test_a_posted_song_is_filmed_for_who_can_read_it(server: Server) -> None:
    _, answer = await server.posted(song())
    film_of(await last_word(await server.film(answer, user=1)))


async def test_a_posted_song_that_was_deleted_is_not_filmed(server: Server) -> None:
    posted, answer = await server.posted(song())
    await server.double.delete_message(posted)
    assert await sentence(await server.film(answer)) == texts.refusal(outcomes.FileVanished())


async def test_a_song_that_is_too_long_is_refused_with_the_limit(server: Server) -> None:
    answer = await server.answer(song(FILM_MINUTES * 60 + 5))
    limit = outcomes.SongTooLongToFilm(FILM_MINUTES * 60)
    assert await sentence(await server.film(answer)) == texts.refusal(limit)
    await until_nothing_is_left(server.bot)


async def test_while_a_film_is_made_its_progress_is_seen_and_further_ones_are_refused(
    server: Server,
) -> None:
    seconds = LONG / 2
    _, answer = await server.posted(song(seconds))
    exchange = await server.film(answer)
    await server.film_is_under_way(exchange)
    for user, reason in ((0, outcomes.FilmUnderWay()), (1, outcomes.ServerFilmsFull(1))):
        refused = await server.film(answer, user=user)
        assert await sentence(refused) == texts.refusal(reason)
        assert (await last_word(refused)).ephemeral
    film_of(await last_word(exchange), seconds)
    told = [message for message in exchange.edits if message.components]
    assert len(told) >= 2
    assert len({message.content for message in told}) == len(told)
    times = [message.edited for message in told]
    pauses = [
        (later - earlier).total_seconds() for earlier, later in pairwise(times) if earlier and later
    ]
    # They leave the bot this far apart; the way may take them a little closer to each other.
    assert all(pause > EDIT_PAUSE * 0.8 for pause in pauses)


async def test_only_who_asked_or_a_moderator_can_cancel_a_film(server: Server) -> None:
    _, answer = await server.posted(song(LONG))
    exchange = await server.film(answer, user=1)
    under_way = await server.film_is_under_way(exchange)
    refused = await server.double.click(server.people[2], under_way, texts.cancel_button())
    assert await sentence(refused) == texts.refusal(outcomes.NotYourFilm())
    await server.double.click(server.people[0], under_way, texts.cancel_button())
    assert await sentence(exchange) == texts.refusal(outcomes.FilmStopped())
    await until_nothing_is_left(server.bot)
    # Its place, its person's and its worker are free again.
    film_of(await last_word(await server.film(await server.answer(song(), user=1), user=1)))


async def test_a_killed_worker_is_told_and_costs_nothing_else(tmp_path: Path) -> None:
    async with serving(tmp_path, workers=1) as server:
        answer = await server.answer(song(LONG))
        exchange = await server.film(answer)
        await server.film_is_under_way(exchange)
        (worker,) = server.bot.worker_pids()
        os.kill(worker, signal.SIGKILL)
        assert await sentence(exchange) == texts.refusal(outcomes.FilmCrashed())
        await until_nothing_is_left(server.bot)
        film_of(await last_word(await server.film(await server.answer(song()))))


async def test_a_film_that_takes_too_long_is_stopped_with_the_limit(tmp_path: Path) -> None:
    async with serving(tmp_path, film_timeout=0.3) as server:
        answer = await server.answer(song(LONG))
        limit = outcomes.FilmTookTooLong(0.3)
        assert await sentence(await server.film(answer)) == texts.refusal(limit)
        await until_nothing_is_left(server.bot)


async def test_after_a_restart_the_button_says_what_to_do(tmp_path: Path) -> None:
    async with DiscordDouble() as double:
        ann = double.add_user("Ann")
        guild = double.add_guild("Music", owner=ann)
        channel = double.add_channel(guild, "songs")
        async with running_bot(double, tmp_path) as bot:
            await double.wait_command("mood", PATIENCE)
            server = Server(double, bot, guild, channel, (ann,))
            answer = await server.answer(song())
        async with running_bot(double, tmp_path):
            exchange = await server.film(answer)
            assert await sentence(exchange) == texts.refusal(outcomes.SongForgotten())
            assert (await last_word(exchange)).ephemeral
        assert double.violations == []


async def test_a_film_of_an_earlier_run_cannot_be_cancelled(server: Server) -> None:
    view = cancel_view("1234567890")
    filming = texts.film_progress("FILMING", 0.5)
    left = left_behind(server.double, server.channel, view.to_components(), filming)
    exchange = await server.double.click(server.people[0], left, texts.cancel_button())
    assert await sentence(exchange) == texts.film_not_in_the_making()
    assert (await last_word(exchange)).ephemeral


async def test_a_bot_that_may_not_wait_tells_that_the_film_stops(tmp_path: Path) -> None:
    async with serving(tmp_path, shutdown_grace=0) as server:
        exchange = await server.film(await server.answer(song(LONG)))
        await server.film_is_under_way(exchange)
        assert await server.bot.stop() == 0
        assert await sentence(exchange) == texts.refusal(outcomes.Stopping())


def film_on_a_full_disk(*args: object) -> str:
    # Python ignores the signal that goes with this limit, so writing fails.
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    return film(*args)  # type: ignore[arg-type]


async def test_a_full_disk_is_an_error_that_the_bot_knows_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    films, work = tmp_path / "films", tmp_path / "work"
    films.mkdir()
    work.mkdir()
    heard, target = films / "song", films / "film.mp4"
    heard.write_bytes(song().data)
    engine = LocalEngine(
        workers=1,
        rules=WorkerRules(memory=1024 * MIB, max_jobs=5, caches=work),
        folder=work,
    )
    try:
        with progress_note(films) as note, pytest.raises(OSError, match="large") as caught:
            await engine.run(
                film_on_a_full_disk,
                *(InputFile(heard), "x", 60.0, 10 * MIB, OutputFile(target), note),
                time_limit=PATIENCE,
            )
    finally:
        await engine.close()
    assert caught.value.errno == errno.EFBIG
    heard.unlink()
    films.rmdir()  # Fails if there is anything else.
