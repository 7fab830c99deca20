"""Songs that were heard before the bot starts, written through the storage's public names."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bot.presentation.titles import song_title
from bot.requests import Post
from bot.storage import Entry, Storage
from moodify_core.moods import MOODS, Mood
from tests.bot.songs import analysis
from tests.discord_double import Channel, User

_NUMBERS = count(1)


@dataclass(frozen=True)
class Heard:
    """A song of somebody in a channel of a server.

    `share` of it has `mood`; the others share the rest. `again` is the number of a file that is
    the same for copies of a song.
    """

    user: User
    channel: Channel
    title: str
    mood: Mood = Mood.SAD
    share: float = 0.6
    minutes: float = 4.0
    ago: float = 0.0
    posted: bool = True
    private: bool = False
    unsure: bool = False
    home: str | None = None
    number: int = field(default_factory=lambda: next(_NUMBERS))

    @property
    def url(self) -> str:
        """Where the song's message is."""
        return f"https://discord.com/channels/{self.channel.guild_id}/{self.channel.id}/{self._id}"

    @property
    def _id(self) -> int:
        return 10**17 + self.number

    def entry(self) -> Entry:
        rest = (1 - self.share) / (len(MOODS) - 1)
        values = [self.share if mood is self.mood else rest for mood in MOODS]
        guild_id = self.channel.guild_id
        assert guild_id is not None
        channel_id = int(self.channel.id)
        return Entry(
            request_id=self._id,
            attachment_id=self._id,
            guild_id=int(guild_id),
            channel_id=channel_id,
            user_id=int(self.user.id),
            post=Post(channel_id, self._id) if self.posted else None,
            title=song_title(self.title),
            private=self.private,
            digest=hashlib.sha256(str(self.number).encode()).digest(),
            analysis=analysis(values, duration=60 * self.minutes, unsure=self.unsure),
            heard_at=time.time() - self.ago,
            home_channel_id=channel_id if self.home is None else int(self.home),
        )


@asynccontextmanager
async def storage_in(folder: Path) -> AsyncIterator[Storage]:
    """Open the database of a bot that runs in a folder, or will."""
    storage = await Storage.open(f"sqlite:///{folder / 'data' / 'moodify.db'}")
    try:
        yield storage
    finally:
        await storage.close()


async def hear(folder: Path, songs: Iterable[Heard]) -> list[int]:
    """Write songs into the database of a bot that runs in a folder, or will.

    Returns
    -------
    list of int
        Their records.
    """
    async with storage_in(folder) as storage:
        return [await storage.songs.record(song.entry()) for song in songs]
