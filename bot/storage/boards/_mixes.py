"""Sums of a server's weeks, and what they are made of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.boards._people import MINIMUM_SONGS
from bot.storage.boards.answers import MoodSeconds, Swing, Week
from bot.storage.tables import GuildWeek
from moodify_core.moods import MOODS, MoodShares, shares


def seconds_of(row: Row[*tuple[Any, ...]]) -> MoodSeconds:
    """Return the seconds of a row of sums."""
    return shares((getattr(row, f"ms_{mood}") or 0) / 1000 for mood in MOODS)


def mix_of(seconds: MoodSeconds) -> MoodShares:
    """Return what share of the time each mood has; zeros of no time."""
    total = sum(seconds.values())
    return {mood: each / total if total else 0.0 for mood, each in seconds.items()}


def likeness(one: MoodShares, other: MoodShares) -> float:
    """Return 1 minus half the sum of the differences, in 0..1."""
    return 1 - sum(abs(one[mood] - other[mood]) for mood in MOODS) / 2


async def server_sums(connection: AsyncConnection, guild_id: int) -> tuple[int, MoodSeconds]:
    """Return how many songs count in a server, and the seconds of each mood, of all time."""
    sums = (func.sum(getattr(GuildWeek, f"ms_{mood}")).label(f"ms_{mood}") for mood in MOODS)
    songs = func.sum(GuildWeek.songs).label("songs")
    row = (
        await connection.execute(select(songs, *sums).where(GuildWeek.guild_id == guild_id))
    ).one()
    return int(row.songs or 0), seconds_of(row)


async def weeks_until(
    connection: AsyncConnection, guild_id: int, last_monday: date, number: int
) -> tuple[Week, ...]:
    """Return the last weeks of a server, from the first of them with a song on."""
    earliest = last_monday - timedelta(weeks=number - 1)
    rows = await connection.execute(
        select(GuildWeek).where(
            GuildWeek.guild_id == guild_id,
            GuildWeek.monday.between(earliest.toordinal(), last_monday.toordinal()),
        )
    )
    heard = {date.fromordinal(row.monday): row for row in rows}
    weeks = []
    monday = min(heard, default=last_monday + timedelta(weeks=1))
    while monday <= last_monday:
        row = heard.get(monday)
        silence = dict.fromkeys(MOODS, 0.0)
        weeks.append(Week(monday, seconds_of(row) if row else silence, row.songs if row else 0))
        monday += timedelta(weeks=1)
    return tuple(weeks)


def swing_of(weeks: Sequence[Week]) -> Swing | None:
    """Return the largest change from a week to the next, leaving out those with too few songs."""
    told = [(week, mix_of(week.seconds)) for week in weeks if week.songs >= MINIMUM_SONGS]
    swings = [
        Swing(before.monday, after.monday, mood, now[mood] - then[mood])
        for (before, then), (after, now) in itertools.pairwise(told)
        for mood in MOODS
    ]
    return max(swings, key=lambda swing: abs(swing.change), default=None)
