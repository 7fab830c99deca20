"""People who do all that people do with the bot, for `benchmarks.soak`."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count

from benchmarks.crowd import Town, cut
from benchmarks.hostile import files
from bot.presentation import answer_texts, texts
from tests.bot.process import is_answer
from tests.discord_double import DiscordDouble, Exchange, File, Message, User
from tests.discord_double.interactions import LOADING

PATIENCE = 400.0
"""Seconds to wait for an answer, however much happens meanwhile."""
SONGS = 60
SECONDS = 12.0
SLOW = 30_000
"""Bytes per second at which a song takes so long that there is time to cancel it."""


class Crowd:
    """People who do things, and what comes of them.

    Parameters
    ----------
    double : DiscordDouble
    places : sequence of Town
    seed : int
    think : float
        Most seconds between two things that a person does.

    Attributes
    ----------
    double : DiscordDouble
    chance : random.Random
    requests : int
        What was asked for.
    ends : Counter
        How it ended, by what was done and how.
    failures : list of str
        What nobody answered.
    connected : asyncio.Lock
        Held while nobody can ask, as Discord itself would not tell the bot.
    """

    def __init__(
        self, double: DiscordDouble, places: Sequence[Town], *, seed: int, think: float
    ) -> None:
        self.double = double
        self._places = places
        self.chance = random.Random(seed)
        self._think = think
        self._numbers = count()
        self._songs = [cut(number, SONGS, SECONDS) for number in range(SONGS)]
        self._hostile = files()
        self._exchanges: list[Exchange] = []
        self._posts: list[Message] = []
        self._mention = f"<@{double.world.bot.id}> what is this?"
        self.requests = 0
        self.ends: Counter[str] = Counter()
        self.failures: list[str] = []
        self.connected = asyncio.Lock()
        self._ways: dict[Callable[[User, Town], Awaitable[str]], int] = {
            self._command: 30,
            self._private: 5,
            self._several: 10,
            self._hostile_file: 30,
            self._bad_download: 8,
            self._details: 5,
            self._film: 1,
            self._cancelled: 4,
            self._deleted: 4,
        }

    async def do_everything_once(self) -> None:
        """Let everything happen that people do, so that all that the bot loads late is there."""
        town = self._places[0]
        for way in self._ways:
            await self._do(way, town.people[0], town)
        for name in self._hostile:
            await self._do(partial(self._send, name=name), town.people[0], town)

    async def live(self, seconds: float) -> None:
        """Let all people do things for some time, and wait for what comes of the last."""
        end = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for town in self._places:
                for person in town.people:
                    group.create_task(self._live_alone(person, town, end))

    def unanswered(self) -> list[str]:
        """Tell what has no answer, or several, once the bot has stopped."""
        wrong = []
        for exchange in self._exchanges:
            answer = exchange.response
            if answer is None or answer.flags & LOADING or not (answer.content or answer.embeds
                    or answer.attachments):  # fmt: skip
                wrong.append(f"an interaction is unanswered: {exchange.id}")
            if exchange.followups:
                wrong.append(f"an interaction is answered twice: {exchange.id}")
        answers = Counter(
            message.reply_to.id
            for message in self.double.world.messages.values()
            if message.author == self.double.world.bot and message.reply_to
        )
        for post in self._posts:
            # Whoever deletes a post may have had the answer before.
            deleted = post.id not in self.double.world.messages
            if answers[post.id] != 1 and not (deleted and answers[post.id] == 0):
                wrong.append(f"a message has {answers[post.id]} answers: {post.id}")
        return wrong

    async def _live_alone(self, person: User, town: Town, end: float) -> None:
        while time.monotonic() < end:
            (way,) = self.chance.choices(list(self._ways), list(self._ways.values()))
            await self._do(way, person, town)
            await asyncio.sleep(self.chance.uniform(0, self._think))

    async def _do(
        self, way: Callable[[User, Town], Awaitable[str]], person: User, town: Town
    ) -> None:
        self.requests += 1
        name = getattr(way, "__name__", "hostile_file").strip("_")
        try:
            self.ends[f"{name}: {await way(person, town)}"] += 1
        except (TimeoutError, LookupError, AssertionError) as error:
            self.failures.append(f"{name}: {error!r}")

    # --- what people do ---------------------------------------------------------------------------

    async def _command(self, person: User, town: Town) -> str:
        return _end(await self._asked(person, town, self._song()))

    async def _private(self, person: User, town: Town) -> str:
        return _end(await self._asked(person, town, self._song(), private=True))

    async def _several(self, person: User, town: Town) -> str:
        post = await self._post(person, town, [self._song() for _ in range(3)])
        return _end(await self._reply(post))

    async def _hostile_file(self, person: User, town: Town) -> str:
        return await self._send(person, town, self.chance.choice(list(self._hostile)))

    async def _send(self, person: User, town: Town, name: str) -> str:
        file = File(name, self._hostile[name](self.chance))
        return f"{name}: {_end(await self._asked(person, town, file))}"

    async def _bad_download(self, person: User, town: Town) -> str:
        song = self._song()
        fault = self.chance.choice(
            ({"status": 404}, {"status": 500}, {"truncate_after": 999}, {"stall_after": 999})
        )
        times = self.chance.choice((1, 9))
        self.double.fail_download(song.name, times=times, **fault)
        return _end(await self._asked(person, town, song))

    async def _details(self, person: User, town: Town) -> str:
        answer = await self._asked(person, town, self._song())
        if not answer.embeds:
            return _end(answer)
        return _end(await self._click(person, answer, answer_texts.details_button()))

    async def _film(self, person: User, town: Town) -> str:
        answer = await self._asked(person, town, self._song())
        if not answer.embeds:
            return _end(answer)
        click = await self._clicked(person, answer, texts.film_button())
        film = await click.final(PATIENCE, when=lambda message: not message.components)
        return "film" if film.attachments else "words"

    async def _cancelled(self, person: User, town: Town) -> str:
        exchange = await self._ask(person, town, self._slow_song())
        shown = await exchange.final(PATIENCE, when=lambda message: message.components)
        if not is_answer(shown):
            # The answer may come before the click, and has no such button.
            with suppress(LookupError):
                async with self.connected:
                    await self.double.click(person, shown, texts.cancel_button())
        return _end(await exchange.final(PATIENCE, when=is_answer))

    async def _deleted(self, person: User, town: Town) -> str:
        post = await self._post(person, town, [self._slow_song()])
        await asyncio.sleep(self.chance.uniform(0.5, 3.0))
        async with self.connected:
            await self.double.delete_message(post)
        return "gone"

    # --- how they do it ---------------------------------------------------------------------------

    def _song(self, name: str = "song") -> File:
        return File(f"{name}-{next(self._numbers)}.mp3", self.chance.choice(self._songs))

    def _slow_song(self) -> File:
        song = self._song("slow")
        self.double.fail_download(song.name, bytes_per_second=SLOW)
        return song

    async def _ask(
        self, person: User, town: Town, file: File, *, private: bool = False
    ) -> Exchange:
        async with self.connected:
            exchange = await self.double.slash(
                "mood",
                user=person,
                channel=town.channel,
                options={"file": file, "private": private},
            )
        self._exchanges.append(exchange)
        return exchange

    async def _asked(
        self, person: User, town: Town, file: File, *, private: bool = False
    ) -> Message:
        exchange = await self._ask(person, town, file, private=private)
        return await exchange.final(PATIENCE, when=is_answer)

    async def _post(self, person: User, town: Town, songs: Sequence[File]) -> Message:
        async with self.connected:
            post = await self.double.post_message(
                person, town.channel, self._mention, attachments=songs
            )
        self._posts.append(post)
        return post

    async def _reply(self, post: Message) -> Message:
        return await self.double.wait_message(
            post.channel,
            PATIENCE,
            after=post,
            when=lambda each: each.reply_to and each.reply_to.id == post.id and is_answer(each),
        )

    async def _clicked(self, person: User, answer: Message, button: str) -> Exchange:
        async with self.connected:
            exchange = await self.double.click(person, answer, button)
        self._exchanges.append(exchange)
        return exchange

    async def _click(self, person: User, answer: Message, button: str) -> Message:
        return await (await self._clicked(person, answer, button)).final(PATIENCE)


def _end(answer: Message) -> str:
    return "moods" if answer.embeds else "words"
