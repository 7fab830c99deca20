"""The boards' queries."""

from __future__ import annotations

from collections.abc import Collection

from bot.storage.boards.answers import (
    MembersPage,
    Profile,
    RankedSong,
    ServerMood,
    SimilarSong,
    SongsPage,
    Standing,
)
from bot.storage.database import Database
from bot.storage.periods import Period
from moodify_core import Mood

PAGE = 10
"""Rows of a page."""
MINIMUM_SONGS = 3
"""Songs that must count for a person in a period before they are ranked."""


class BoardStore:
    """What the boards show, from what counts (`bot.storage.counting`).

    Every method raises `StorageError` if the database does not do its part. ``now`` is in seconds
    of Unix time; ``channels`` are those that the viewer can see.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def members(
        self,
        guild_id: int,
        mood: Mood | None,
        period: Period,
        *,
        page: int,
        viewer_id: int,
        now: float,
    ) -> MembersPage:
        """Rank the people of a server by the minutes of a mood, or of all, that they shared."""
        raise NotImplementedError

    async def songs(
        self,
        guild_id: int,
        mood: Mood,
        period: Period,
        *,
        page: int,
        channels: Collection[int],
        now: float,
    ) -> SongsPage:
        """Rank the songs of a server by their share of a mood."""
        raise NotImplementedError

    async def leaders(
        self, guild_id: int, period: Period, *, now: float
    ) -> dict[Mood, Standing | None]:
        """Tell who leads in each mood."""
        raise NotImplementedError

    async def server_mood(
        self, guild_id: int, *, weeks: int = 26, channels: Collection[int], now: float
    ) -> ServerMood:
        """Tell how a server sounds, and how that changed."""
        raise NotImplementedError

    async def profile(
        self, guild_id: int, user_id: int, *, channels: Collection[int], now: float
    ) -> Profile | None:
        """Tell what a person shares in a server; None if nothing counts."""
        raise NotImplementedError

    async def find(
        self,
        guild_id: int,
        mood: Mood,
        *,
        strength: float,
        channels: Collection[int],
        limit: int = 25,
    ) -> tuple[RankedSong, ...]:
        """List the songs of a server that have at least some share of a mood, most of it first."""
        raise NotImplementedError

    async def similar(
        self, record_id: int, *, channels: Collection[int], limit: int = 10
    ) -> tuple[SimilarSong, ...]:
        """List the songs of a record's server whose shares are nearest to its song's."""
        raise NotImplementedError

    async def is_hidden(self, guild_id: int, user_id: int) -> bool:
        """Tell whether a person is kept out of a server's boards, by whomever."""
        raise NotImplementedError

    async def recount(self, guild_id: int) -> None:
        """Make all sums of a server anew from its records."""
        raise NotImplementedError
