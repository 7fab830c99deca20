"""The boards' queries."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.boards._mixes import (
    likeness,
    mix_of,
    seconds_of,
    server_sums,
    swing_of,
    weeks_until,
)
from bot.storage.boards._people import People, is_unnamed
from bot.storage.boards._songs import View
from bot.storage.boards.answers import (
    MembersPage,
    Profile,
    RankedSong,
    ServerMood,
    SimilarSong,
    SongsPage,
    Standing,
)
from bot.storage.counting import calendar_of, recount, take_turn
from bot.storage.database import Database
from bot.storage.periods import Period, monday_of
from bot.storage.tables import Record, Result, StandingRow
from moodify_core import Mood
from moodify_core.moods import MOODS, shares


class BoardStore:
    """What the boards show, from what counts (`bot.storage.counting`).

    Every method raises `StorageError` if the database does not do its part. ``now`` is a moment of
    the period that is meant, in seconds of Unix time; ``channels`` are those that the viewer can
    see.

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
        """Rank the people of a server by the minutes of a mood that they shared.

        Parameters
        ----------
        guild_id : int
        mood : Mood or None
            None for the minutes of all moods together.
        period : Period
        page : int
            From 0 on; the nearest one that there is is returned.
        viewer_id : int
            Who looks at it.
        now : float
        """
        async with self._database.read() as connection:
            people = await _people(connection, guild_id, period, now)
            return await people.page(connection, mood, page, viewer_id)

    async def leaders(
        self, guild_id: int, period: Period, *, now: float
    ) -> dict[Mood, Standing | None]:
        """Tell who leads in each mood; of equals, who has the smallest id."""
        async with self._database.read() as connection:
            people = await _people(connection, guild_id, period, now)
            return await people.leaders(connection)

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
        """Rank the songs of a server by their share of a mood.

        Equal shares are ranked by confidence. Songs without the mood are left out.

        Parameters
        ----------
        guild_id : int
        mood : Mood
        period : Period
        page : int
            From 0 on; the nearest one that there is is returned.
        channels : collection of int
        now : float
        """
        async with self._database.read() as connection:
            days = await connection.run_sync(calendar_of, guild_id)
            first_day = period.first_day(days.day(now))
            span = days.span(first_day, period.day_after(first_day))
            view = await View.of_period(connection, guild_id, channels, span)
            return await view.page(mood, page)

    async def server_mood(
        self, guild_id: int, *, weeks: int = 26, channels: Collection[int], now: float
    ) -> ServerMood:
        """Tell how a server sounds, and how that changed.

        Parameters
        ----------
        guild_id : int
        weeks : int
            Most weeks to tell of.
        channels : collection of int
        now : float
        """
        async with self._database.read() as connection:
            days = await connection.run_sync(calendar_of, guild_id)
            told = await weeks_until(connection, guild_id, monday_of(days.day(now)), weeks)
            songs, seconds = await server_sums(connection, guild_id)
            members = await connection.scalar(
                select(func.count()).where(
                    StandingRow.guild_id == guild_id,
                    StandingRow.period == Period.ALL.value,
                    StandingRow.starts_on == date.min.toordinal(),
                )
            )
            mix = mix_of(seconds)
            typical = await View(connection, guild_id, channels).nearest(mix, 1.0, 1)
        return ServerMood(
            weeks=told,
            mix=mix,
            songs=songs,
            members=members or 0,
            typical=typical[0].song if typical and songs else None,
            swing=swing_of(told),
        )

    async def profile(
        self, guild_id: int, user_id: int, *, channels: Collection[int]
    ) -> Profile | None:
        """Tell what a person shares in a server; None if nothing counts.

        Whether the person wants to be seen is for the caller to ask (`is_hidden`).
        """
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(StandingRow).where(
                        StandingRow.guild_id == guild_id,
                        StandingRow.period == Period.ALL.value,
                        StandingRow.starts_on == date.min.toordinal(),
                        StandingRow.user_id == user_id,
                    )
                )
            ).one_or_none()
            if row is None:
                return None
            _, all_seconds = await server_sums(connection, guild_id)
            extremes = await View(connection, guild_id, channels).extremes(user_id)
        seconds = seconds_of(row)
        mix = mix_of(seconds)
        return Profile(
            user_id=user_id,
            songs=row.songs,
            seconds=seconds,
            mix=mix,
            favourite=max(MOODS, key=lambda mood: mix[mood]),
            extremes=extremes,
            likeness=likeness(mix, mix_of(all_seconds)),
        )

    async def find(
        self,
        guild_id: int,
        mood: Mood,
        *,
        strength: float,
        channels: Collection[int],
        limit: int = 25,
    ) -> tuple[RankedSong, ...]:
        """List the songs of a server that have at least some share of a mood, most of it first.

        Parameters
        ----------
        guild_id : int
        mood : Mood
        strength : float
            The least share, 0..1; songs without the mood are left out in any case.
        channels : collection of int
        limit : int
            Most songs.
        """
        async with self._database.read() as connection:
            return await View(connection, guild_id, channels).strongest(mood, strength, limit)

    async def similar(
        self, record_id: int, *, channels: Collection[int], limit: int = 10
    ) -> tuple[SimilarSong, ...]:
        """List the songs of a record's server whose shares are nearest to its song's.

        Of equally near ones, first those whose mood is about as certain. Nothing for a record
        that is gone, or of no server.
        """
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(
                        Record.guild_id,
                        Record.song_id,
                        Result.confidence,
                        *(getattr(Result, f"share_{mood}") for mood in MOODS),
                    )
                    .join(Result, Result.id == Record.result_id)
                    .where(Record.id == record_id)
                )
            ).one_or_none()
            if row is None or row.guild_id is None:
                return ()
            target = shares(getattr(row, f"share_{mood}") for mood in MOODS)
            return await View(connection, row.guild_id, channels).nearest(
                target, row.confidence, limit, but=row.song_id
            )

    async def is_hidden(self, guild_id: int, user_id: int) -> bool:
        """Tell whether a person is kept out of a server's boards, by whomever."""
        async with self._database.read() as connection:
            return await is_unnamed(connection, guild_id, user_id)

    async def recount(self, guild_id: int) -> None:
        """Make all that counts in a server anew from its records."""
        async with self._database.write() as connection:
            await connection.run_sync(take_turn)
            await connection.run_sync(recount, guild_id)


async def _people(connection: AsyncConnection, guild_id: int, period: Period, now: float) -> People:
    days = await connection.run_sync(calendar_of, guild_id)
    return People(guild_id, period, period.first_day(days.day(now)))
