"""A place to ask for songs' moods in every way, and what people do there."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from bot.commands.listening._cog import OFFER
from bot.config import MIB
from bot.presentation.titles import song_title
from bot.storage import Listening, Storage
from tests.bot.process import PATIENCE, ROOT, BotProcess, is_answer, running_bot
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
from tests.discord_double.world import BOT_PERMISSIONS, MEMBER_PERMISSIONS, Json

MAX_FILE_MIB = 2
MAX_MINUTES = 2
SONGS_PER_MESSAGE = 3
MANAGE_MESSAGES = 1 << 13
RATE = 8000
LONG_ENOUGH = "song.mp3"
"""A song of more than the 60 s from which on songs are answered unasked."""


class Way(StrEnum):
    """How somebody asks for the mood of a song."""

    SLASH = "a slash command with a file"
    LINK = "a slash command with a link"
    MENU = "the message command"
    MENTION = "a mention with a file"
    REPLY = "a reply that mentions"
    POST = "nothing but the song"
    OFFER = "a click on an offer"
    DIRECT = "a direct message"
    OWN = "an app of their own"
    OWN_MENU = "the message command of an app of their own"


INTERACTIONS = frozenset({Way.SLASH, Way.LINK, Way.MENU, Way.OWN, Way.OWN_MENU})
"""Ways that can be answered privately."""


@dataclass(frozen=True)
class Place:
    """Where the bot is: a server with channels of every mode, and one without the bot.

    Ann owns the server, Cy asks for what Bo posts, Mod may manage messages.
    """

    double: DiscordDouble
    guild: Guild
    elsewhere: Channel
    ann: User
    bo: User
    cy: User
    mod: User
    channels: dict[Listening, Channel] = field(default_factory=dict)
    modes: dict[Channel, Listening] = field(default_factory=dict)
    bots: list[BotProcess] = field(default_factory=list)

    def channel(self, mode: Listening, *, bot_permissions: int = BOT_PERMISSIONS) -> Channel:
        """Let a further channel exist, in which the bot listens in a way of its own."""
        channel = self.double.add_channel(
            self.guild, f"{mode}-{bot_permissions}", bot_permissions=bot_permissions
        )
        self.modes[channel] = mode
        return channel

    @property
    def bot(self) -> BotProcess:
        return self.bots[-1]

    @property
    def mention(self) -> str:
        return f"<@{self.double.world.bot.id}>"

    def channel_of(self, way: Way) -> Channel:
        """Return where somebody asks in a way."""
        match way:
            case Way.POST:
                return self.channels[Listening.AUTOMATIC]
            case Way.OFFER:
                return self.channels[Listening.OFFER]
            case Way.DIRECT:
                return self.double.direct_channel(self.cy)
            case Way.OWN | Way.OWN_MENU:
                return self.elsewhere
        return self.channels[Listening.MENTION]

    async def asked(
        self, way: Way, files: Iterable[File], *, channel: Channel | None = None
    ) -> Message:
        """Let Cy ask for songs, and return the bot's last word."""
        asked = await self.ask(way, files, channel=channel)
        if isinstance(asked, Exchange):
            return await self.last_word(asked)
        if way is Way.OFFER:
            await self.offered(asked)
            await self.double.react(self.cy, asked, OFFER)
        return await self.reply(asked)

    async def ask(
        self, way: Way, files: Iterable[File], *, channel: Channel | None = None
    ) -> Exchange | Message:
        """Let Cy ask for songs, and return what they did; an offer is not taken up yet."""
        channel = channel or self.channel_of(way)
        attachments = list(files)
        own = way in (Way.OWN, Way.OWN_MENU)
        if way in (Way.SLASH, Way.OWN):
            options = {"file": attachments[0]} if attachments else {}
            return await self.double.slash(
                "mood", user=self.cy, channel=channel, options=options, user_installed=own
            )
        if way in (Way.MENTION, Way.DIRECT):
            text = self.mention if way is Way.MENTION else ""
            return await self.double.post_message(self.cy, channel, text, attachments=attachments)
        posted = await self.double.post_message(self.bo, channel, "listen", attachments=attachments)
        match way:
            case Way.LINK:
                return await self.linked(posted)
            case Way.REPLY:
                return await self.double.post_message(
                    self.cy, channel, f"{self.mention} how is this?", reply_to=posted
                )
            case Way.MENU | Way.OWN_MENU:
                return await self.double.message_command(
                    "Analyze mood", user=self.cy, message=posted, user_installed=own
                )
        return posted

    async def linked(self, message: Message, *, private: bool = False) -> Exchange:
        """Let Cy ask for the songs of a message by its link."""
        channel = message.channel
        link = f"https://discord.com/channels/{channel.guild_id}/{channel.id}/{message.id}"
        return await self.double.slash(
            "mood",
            user=self.cy,
            channel=channel,
            options={"link": link, "private": private},
        )

    async def last_word(self, exchange: Exchange) -> Message:
        message = await exchange.final(PATIENCE, when=is_answer)
        assert exchange.followups == ()
        assert exchange.deferred_after is not None
        assert exchange.deferred_after < 3
        return message

    async def reply(self, message: Message) -> Message:
        """Return the bot's last word about a message."""
        return await self.double.wait_message(
            message.channel, PATIENCE, after=message, when=is_answer
        )

    async def logged(self, message: Message, words: str) -> None:
        """Wait until the bot's log says something of the request that a message made."""
        pattern = re.compile(f"{words}.*job={message.id}")
        async with asyncio.timeout(PATIENCE):
            while not pattern.search(self.bot.output()):  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.05)

    async def silence(self, message: Message, *, tried: bool = False) -> None:
        """Check that the bot says nothing to a message.

        Parameters
        ----------
        tried : bool
            Whether it hears the song, and then finds nothing to say.
        """
        if tried:
            await self.logged(message, "job over")
        await self.settled()
        assert self.replies(message) == []
        assert tried or f"job={message.id}" not in self.bot.output()

    def replies(self, message: Message) -> list[Message]:
        """Return the bot's messages in the channel of a message that are newer."""
        return [
            each
            for each in self.double.world.messages_in(message.channel)
            if each.author == self.double.world.bot and int(each.id) > int(message.id)
        ]

    async def settled(self) -> None:
        """Give the bot time for all that has happened, save for what takes long.

        A command that needs nothing is answered after it.
        """
        exchange = await self.double.slash(
            "mood", user=self.ann, channel=self.channels[Listening.OFF]
        )
        await exchange.final(PATIENCE, when=is_answer)

    async def offered(self, message: Message) -> None:
        """Wait until the bot has put its reaction under a message."""
        await self.double.changes.wait_for(
            lambda: self.is_offered(message) or None, "an offer", PATIENCE
        )

    def is_offered(self, message: Message) -> bool:
        """Tell whether the bot's reaction is under a message."""
        reactions = self.double.world.messages[message.id].reactions
        return self.double.world.bot.id in reactions.get(OFFER, ())

    async def told(self, user: User, after: Message) -> str:
        """Return what the bot tells somebody in a direct message."""
        channel = self.double.direct_channel(user)
        return (await self.double.wait_message(channel, PATIENCE, after=after)).content

    def direct_messages(self, user: User) -> list[str]:
        """Return all that the bot has told somebody in direct messages."""
        messages = self.double.world.messages_in(self.double.direct_channel(user))
        return [each.content for each in messages if each.author == self.double.world.bot]


@asynccontextmanager
async def place(*, intents: int = MESSAGE_CONTENT) -> AsyncIterator[Place]:
    """Make a place whose bot breaks none of Discord's rules."""
    async with DiscordDouble(privileged_intents=intents) as double:
        ann, bo, cy, mod = (double.add_user(name) for name in ("Ann", "Bo", "Cy", "Mod"))
        guild = double.add_guild("Music", owner=ann, members=(bo, cy))
        double.add_member(guild, mod, permissions=MEMBER_PERMISSIONS | MANAGE_MESSAGES)
        foreign = double.add_guild("Elsewhere", owner=bo, members=(cy,), with_bot=False)
        elsewhere = double.add_channel(foreign, "talk")
        where = Place(double, guild, elsewhere, ann, bo, cy, mod)
        where.channels.update({mode: where.channel(mode) for mode in Listening})
        yield where
        assert double.violations == []
        assert double.own_errors == []


@asynccontextmanager
async def bot_at(where: Place, folder: Path, **settings: object) -> AsyncIterator[BotProcess]:
    """Run a bot in whose channels the modes hold."""
    async with stored(folder) as storage:
        await storage.settings.save(int(where.guild.id), welcomed=True)
        for channel, mode in where.modes.items():
            await storage.settings.set_channel(int(where.guild.id), int(channel.id), mode)
    limits = {
        "max_file_mib": MAX_FILE_MIB,
        "max_minutes": MAX_MINUTES,
        "songs_per_message": SONGS_PER_MESSAGE,
    }
    async with running_bot(where.double, folder, **{**limits, **settings}) as bot:
        await where.double.wait_command("mood", PATIENCE)
        where.bots.append(bot)
        yield bot


@asynccontextmanager
async def stored(folder: Path) -> AsyncIterator[Storage]:
    """Open what the bot of a folder remembers."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    storage = await Storage.open(f"sqlite:///{data / 'moodify.db'}")
    yield storage
    await storage.close()


def left_behind(
    double: DiscordDouble, channel: Channel, components: Sequence[Json], content: str = "🎵"
) -> Message:
    """Put a message of the bot's there that it does not know of any more."""
    message = Message(
        author=double.world.bot,
        channel=channel,
        content=content,
        components=tuple(components),
    )
    return double.world.save(message)


def song(name: str = LONG_ENOUGH) -> File:
    """Return a song that is long enough to be answered unasked, and whose mood is sure."""
    return example(name, "romantic_last_dance", "romantic_last_dance")


def example(name: str, *tunes: str) -> File:
    """Return a song made of example tunes, one after the other."""
    return File(name, _joined(tunes))


@cache
def _joined(tunes: tuple[str, ...]) -> bytes:
    parts = [soundfile.read(ROOT / "examples" / f"{tune}.mp3", always_2d=True) for tune in tunes]
    file = io.BytesIO()
    soundfile.write(
        file, np.concatenate([samples for samples, _ in parts]), parts[0][1], format="MP3"
    )
    return file.getvalue()


def tune(seed: int, seconds: float = 8, name: str = "tune.wav") -> File:
    """Return music that is like no other."""
    times = np.arange(round(seconds * RATE)) / RATE
    rng = np.random.default_rng(seed)
    notes = rng.choice([220, 262, 294, 330, 392, 440], size=(int(seconds) + 1) * 2)
    pitches = notes[(times * 2).astype(int)]
    return _wave(name, 0.2 * np.sin(2 * np.pi * pitches * times) * (1 - (times * 2) % 1))


def noise(seconds: float, level: float = 0.1, name: str = "sound.wav") -> File:
    samples = np.random.default_rng(0).standard_normal(round(seconds * RATE)) * level
    return _wave(name, samples)


def _wave(name: str, samples: np.ndarray) -> File:
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples, -1, 1), RATE, format="WAV", subtype="PCM_16")
    return File(name, file.getvalue())


def large() -> File:
    return File("large.wav", bytes(MAX_FILE_MIB * MIB + 1))


def titles(message: Message) -> list[str]:
    """Return what the songs of an answer are called."""
    return [embed["title"] for embed in message.embeds]


def titled(*names: str) -> list[str]:
    return [f"🎵 `{song_title(name)}`" for name in names]
