"""Who shared how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    and_,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from bot.storage.boards._pages import PAGE, clamped, ranks
from bot.storage.boards.answers import MembersPage, Standing
from bot.storage.periods import Period
from bot.storage.tables import Exclusion, StandingRow, Wish
from moodify_core import Mood
from moodify_core.moods import MOODS

MINIMUM_SONGS = 3
"""Songs that must count for a person in a period before they are ranked."""


def unnamed(guild_id: int) -> CompoundSelect[Any]:
    """Select the people whom the boards of a server must not name."""
    return union_all(
        select(Wish.user_id).where(
            Wish.guild_id.in_((0, guild_id)), or_(Wish.hidden, Wish.unrecorded)
        ),
        select(Exclusion.user_id).where(Exclusion.guild_id == guild_id),
    )


async def is_unnamed(connection: AsyncConnection, guild_id: int, user_id: int) -> bool:
    """Tell whether the boards of a server must not name a person."""
    people = unnamed(guild_id).subquery()
    found = await connection.scalar(select(people).where(people.c.user_id == user_id).limit(1))
    return found is not None


@dataclass(frozen=True, slots=True)
class People:
    """The people of a server in a period.

    Attributes
    ----------
    guild_id : int
    period : Period
    first_day : date
        Of the period.
    """

    guild_id: int
    period: Period
    first_day: date

    async def page(
        self, connection: AsyncConnection, mood: Mood | None, page: int, viewer_id: int
    ) -> MembersPage:
        """Return a page of those who have most of a mood, or of all moods."""
        ms = _ms(mood)
        viewer = await self._viewer(connection, ms, viewer_id)
        number, ahead = await self._numbers(connection, ms, viewer.ms if viewer else 0)
        page, pages = clamped(page, number)
        # With the last row of the page before: only its equals have its rank, which is to be told.
        before = min(page, 1)
        rows = (
            await connection.execute(
                _figures(ms)
                .where(self._ranked(ms))
                .order_by(ms.desc(), StandingRow.user_id)
                .limit(PAGE + before)
                .offset(page * PAGE - before)
            )
        ).all()
        first = page * PAGE + 1
        if before and len(rows) > 1 and rows[0].ms == rows[1].ms:
            first = 1 + (await self._numbers(connection, ms, rows[0].ms))[1]
        rows = rows[before:]
        places = ranks([row.ms for row in rows], first, page * PAGE)
        own = None
        if viewer is not None and viewer.ranked:
            own = Standing(ahead + 1, viewer_id, viewer.ms / 1000, viewer.songs)
        return MembersPage(
            rows=tuple(
                Standing(rank, row.user_id, row.ms / 1000, row.songs)
                for rank, row in zip(places, rows, strict=True)
            ),
            page=page,
            pages=pages,
            ranked=number,
            own=own,
            own_songs=0 if viewer is None else viewer.songs,
        )

    async def leaders(self, connection: AsyncConnection) -> dict[Mood, Standing | None]:
        """Return who has most of each mood."""
        named = self._named()
        most = (
            await connection.execute(select(*(func.max(_ms(mood)) for mood in MOODS)).where(named))
        ).one()
        best = [and_(_ms(mood) == ms, _ms(mood) > 0) for mood, ms in zip(MOODS, most, strict=True)]
        rows = (
            await connection.execute(
                select(StandingRow).where(named, or_(*best)).order_by(StandingRow.user_id)
            )
        ).all()
        leaders: dict[Mood, Standing | None] = {}
        for mood, ms in zip(MOODS, most, strict=True):
            first = (row for row in rows if ms and getattr(row, f"ms_{mood}") == ms)
            leaders[mood] = next(
                (Standing(1, row.user_id, ms / 1000, row.songs) for row in first), None
            )
        return leaders

    async def _viewer(
        self, connection: AsyncConnection, ms: InstrumentedAttribute[int], user_id: int
    ) -> Row[*tuple[Any, ...]] | None:
        """Return what a person has, and whether it is enough to be ranked."""
        figures = select(ms.label("ms"), StandingRow.songs, self._ranked(ms).label("ranked")).where(
            self._all(), StandingRow.user_id == user_id
        )
        return (await connection.execute(figures)).one_or_none()

    async def _numbers(
        self, connection: AsyncConnection, ms: InstrumentedAttribute[int], value: int
    ) -> tuple[int, int]:
        """Return how many are ranked, and how many of them have more than some milliseconds."""
        row = await connection.execute(
            select(func.count(), func.count().filter(ms > value)).where(self._ranked(ms))
        )
        number, ahead = row.one()
        return number, ahead

    def _all(self) -> ColumnElement[bool]:
        return and_(
            StandingRow.guild_id == self.guild_id,
            StandingRow.period == self.period.value,
            StandingRow.starts_on == self.first_day.toordinal(),
        )

    def _named(self) -> ColumnElement[bool]:
        return and_(
            self._all(),
            StandingRow.songs >= MINIMUM_SONGS,
            StandingRow.user_id.not_in(unnamed(self.guild_id)),
        )

    def _ranked(self, ms: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return and_(self._named(), ms > 0)


def _ms(mood: Mood | None) -> InstrumentedAttribute[int]:
    column: InstrumentedAttribute[int] = getattr(StandingRow, f"ms_{mood or 'total'}")
    return column


def _figures(ms: InstrumentedAttribute[int]) -> Select[int, int, int]:
    return select(StandingRow.user_id, ms.label("ms"), StandingRow.songs)
