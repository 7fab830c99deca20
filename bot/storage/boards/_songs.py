"""Which songs feel so, of those that the viewer can see."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from bot.requests import Post
from bot.storage.boards._pages import PAGE, clamped, ranks
from bot.storage.boards._people import unnamed
from bot.storage.boards.answers import RankedSong, SimilarSong, SongsPage
from bot.storage.counting import eligible
from bot.storage.periods import Span
from bot.storage.tables import GuildSong, Record
from moodify_core import Mood
from moodify_core.moods import MOODS, MoodShares, shares

ALWAYS = Span(-math.inf, math.inf)
_NEAR = 0.03
"""Difference of a share within which similar songs are looked for first, by an index."""
_FAR = 0.12
"""The same for all songs of a server in a row: further away, that is faster."""
_ROUNDING = 1e-9

_Near = tuple[float, float, int]
"""How much the shares and the confidence of a song differ from others, and the song."""


@dataclass(frozen=True, slots=True)
class View:
    """The songs of a server that somebody can see.

    Attributes
    ----------
    connection : AsyncConnection
    guild_id : int
    channels : collection of int
        That the viewer can see.
    span : Span
        When the songs were heard.
    """

    connection: AsyncConnection
    guild_id: int
    channels: Collection[int]
    span: Span = ALWAYS

    @classmethod
    async def of_period(
        cls, connection: AsyncConnection, guild_id: int, channels: Collection[int], span: Span
    ) -> Self:
        """Return the songs that were heard in a time."""
        later = select(Record.id).where(Record.guild_id == guild_id, Record.heard_at >= span.end)
        if await connection.scalar(later.limit(1)) is None:
            # An end that nothing comes after need not be looked for.
            span = replace(span, end=math.inf)
        return cls(connection, guild_id, channels, span)

    async def page(self, mood: Mood, page: int) -> SongsPage:
        """Return a page of the songs with the largest shares of a mood."""
        share = _share(mood)
        songs = self._by(share)
        number = await self._number(songs)
        page, pages = clamped(page, number)
        # With the last row of the page before: only its equals have its rank, which is to be told.
        before = min(page, 1)
        found = songs.limit(PAGE + before).offset(page * PAGE - before)
        rows = (await self.connection.execute(found)).all()
        first = page * PAGE + 1
        if before and len(rows) > 1 and rows[0][:2] == rows[1][:2]:
            ahead = tuple_(share, GuildSong.confidence) > tuple_(*rows[0][:2])
            first = 1 + await self._number(songs.where(ahead))
        return SongsPage(
            rows=await self._ranked(rows[before:], first, page * PAGE),
            page=page,
            pages=pages,
            songs=number,
        )

    async def strongest(self, mood: Mood, least: float, limit: int) -> tuple[RankedSong, ...]:
        """Return the songs with the largest shares of a mood, of at least some share."""
        share = _share(mood)
        songs = self._by(share).where(share >= least).limit(limit)
        return await self._ranked((await self.connection.execute(songs)).all(), 1, 0)

    async def nearest(
        self, target: MoodShares, confidence: float, limit: int, *, but: int | None = None
    ) -> tuple[SimilarSong, ...]:
        """Return the songs whose shares differ least from others, in sum.

        Parameters
        ----------
        target : MoodShares
        confidence : float
            Of equally near songs, those with about this confidence come first.
        limit : int
        but : int or None
            A song that is left out.
        """
        mood = max(MOODS, key=lambda each: target[each])
        others = true() if but is None else GuildSong.song_id != but
        near: list[_Near] = []
        if target[mood] == 1:
            # Very many songs have one mood only, and differ in nothing but their confidence.
            near = await self._of_one_mood(mood, confidence, limit, others)
        if len(near) < limit:
            near = await self._by_difference(target, confidence, limit, others)
        places = ranks([difference for difference, *_ in near], 1, 0)
        songs = await self._first_heard(
            {song_id: rank for rank, (*_, song_id) in zip(places, near, strict=True)}
        )
        differences = {song_id: difference for difference, _, song_id in near}
        return tuple(SimilarSong(song, 1 - differences[song.song_id] / 2) for song in songs)

    async def extremes(self, user_id: int) -> dict[Mood, RankedSong]:
        """Return a person's songs with the largest share of each mood."""
        theirs = (
            select(Record.id, *_feeling())
            .join(GuildSong, _listed_as(Record))
            .where(self._heard(Record), Record.user_id == user_id)
            .cte("theirs")
        )
        best = []
        for mood in MOODS:
            share = theirs.c[f"share_{mood}"]
            order = (share.desc(), theirs.c.confidence.desc(), theirs.c.id)
            one = select(literal(mood.value).label("mood"), theirs.c.id).where(share > 0)
            best.append(select(one.order_by(*order).limit(1).subquery()))
        rows = await self.connection.execute(union_all(*best))
        chosen = {Mood(row.mood): row.id for row in rows}
        songs = {row.id: row for row in await self._rows(Record.id.in_(set(chosen.values())))}
        return {mood: _song(songs[id_], 1) for mood, id_ in chosen.items() if id_ in songs}

    async def _of_one_mood(
        self, mood: Mood, confidence: float, limit: int, others: ColumnElement[bool]
    ) -> list[_Near]:
        share, sure = _share(mood), GuildSong.confidence
        songs = (
            select(sure, GuildSong.song_id)
            .where(self._visible(), others, share == 1)
            .group_by(share, sure, GuildSong.song_id)
            .limit(limit)
        )
        rows = [
            *await self.connection.execute(
                songs.where(sure >= confidence).order_by(share, sure, GuildSong.song_id)
            ),
            *await self.connection.execute(
                songs.where(sure < confidence).order_by(
                    share.desc(), sure.desc(), GuildSong.song_id.desc()
                )
            ),
        ]
        return sorted((0.0, abs(row.confidence - confidence), row.song_id) for row in rows)[:limit]

    async def _by_difference(
        self, target: MoodShares, confidence: float, limit: int, others: ColumnElement[bool]
    ) -> list[_Near]:
        # The largest first: in it, most songs differ.
        moods = sorted(MOODS, key=lambda mood: -target[mood])
        differences = [func.abs(_share(mood) - target[mood]) for mood in moods]
        difference = func.min(sum(differences[1:], differences[0]))
        doubt = func.min(func.abs(GuildSong.confidence - confidence))
        songs = (
            select(difference, doubt, GuildSong.song_id)
            .where(self._visible(), others)
            .order_by(difference, doubt, GuildSong.song_id)
            .limit(limit)
        )
        in_the_index = songs.where(
            *(_share(each).between(target[each] - _NEAR, target[each] + _NEAR) for each in moods)
        ).group_by(_share(moods[0]), GuildSong.confidence, GuildSong.song_id)
        near = await self._near(in_the_index)
        looked, widths = _NEAR, [_FAR, 1.0]
        while widths:
            # As shares sum to 1, where one of them differs by more, all do by more than twice that.
            enough = near[-1][0] / 2 if len(near) == limit else 1.0
            if enough <= looked:
                break
            looked = min(enough + _ROUNDING, widths.pop(0))
            in_a_row = songs.where(*(each <= looked for each in differences))
            near = await self._near(in_a_row.group_by(GuildSong.song_id))
        return near

    async def _near(self, songs: Select[float, float, int]) -> list[_Near]:
        rows = await self.connection.execute(songs)
        return [(difference, doubt, song_id) for difference, doubt, song_id in rows]

    async def _ranked(
        self, rows: Sequence[Row[float, float, int]], first: int, before: int
    ) -> tuple[RankedSong, ...]:
        places = ranks([(row.share, row.confidence) for row in rows], first, before)
        return await self._first_heard(
            {row.song_id: rank for row, rank in zip(rows, places, strict=True)}
        )

    async def _first_heard(self, places: Mapping[int, int]) -> tuple[RankedSong, ...]:
        """Return songs, by their ranks, as they were first heard where the viewer can see them."""
        songs = self._listed(places)
        first = (
            select(Record.id)
            .where(self._heard(Record), Record.song_id == songs.c.value)
            .order_by(Record.heard_at, Record.id)
            .limit(1)
            .correlate(songs)
            .scalar_subquery()
        )
        chosen = Record.id.in_(select(first).select_from(songs))
        rows = {row.song_id: row for row in await self._rows(chosen)}
        # One that was removed meanwhile is left out.
        return tuple(
            _song(rows[song_id], rank) for song_id, rank in places.items() if song_id in rows
        )

    async def _rows(self, which: ColumnElement[bool]) -> Sequence[Row[*tuple[Any, ...]]]:
        statement = (
            select(
                Record.id,
                Record.song_id,
                Record.title,
                Record.channel_id,
                Record.post_channel_id,
                Record.post_message_id,
                Record.answer_id,
                Record.user_id,
                Record.user_id.in_(unnamed(self.guild_id)).label("unnamed"),
                Record.duration,
                Record.heard_at,
                *_feeling(),
            )
            .join(GuildSong, _listed_as(Record))
            .where(which)
        )
        return (await self.connection.execute(statement)).all()

    async def _number(self, songs: Select[float, float, int]) -> int:
        each = songs.order_by(None).subquery()
        return await self.connection.scalar(select(func.count()).select_from(each)) or 0

    def _by(self, share: InstrumentedAttribute[float]) -> Select[float, float, int]:
        """Select the songs in the order of an index, the largest share first."""
        order = (share, GuildSong.confidence, GuildSong.song_id)
        return (
            select(share.label("share"), GuildSong.confidence, GuildSong.song_id)
            .where(self._visible(), share > 0)
            # One that was heard in several channels has a row for each.
            .group_by(*order)
            .order_by(*(each.desc() for each in order))
        )

    def _visible(self) -> ColumnElement[bool]:
        here = and_(
            GuildSong.guild_id == self.guild_id,
            GuildSong.home_channel_id.in_(select(self._listed(self.channels).c.value)),
        )
        since = and_(here, GuildSong.last_at >= self.span.start)
        if self.span.end == math.inf:
            return here if self.span.start == -math.inf else since
        heard = (
            select(Record.id)
            .where(self._heard(Record), _listed_as(Record))
            .limit(1)
            .correlate(GuildSong)
            .scalar_subquery()
        )
        # No EXISTS: for one, PostgreSQL would read all records of the server.
        return and_(since, or_(GuildSong.last_at < self.span.end, heard.is_not(None)))

    def _heard(self, record: type[Record]) -> ColumnElement[bool]:
        """Return the condition that a record is one that the viewer can see."""
        return and_(
            eligible(record),
            record.guild_id == self.guild_id,
            record.home_channel_id.in_(select(self._listed(self.channels).c.value)),
            record.heard_at >= self.span.start,
            record.heard_at < self.span.end,
        )

    def _listed(self, ids: Collection[int]) -> Any:  # noqa: ANN401 - of either database
        """Return numbers as rows, so that the statement is the same however many there are."""
        if self.connection.dialect.name == "sqlite":
            return func.json_each(json.dumps(list(ids))).table_valued("value")
        numbers = cast(literal(list(ids), ARRAY(BigInteger)), ARRAY(BigInteger))
        return func.unnest(numbers).table_valued("value").render_derived()


def _share(mood: Mood) -> InstrumentedAttribute[float]:
    column: InstrumentedAttribute[float] = getattr(GuildSong, f"share_{mood}")
    return column


def _feeling() -> list[InstrumentedAttribute[float]]:
    return [GuildSong.confidence, *map(_share, MOODS)]


def _listed_as(record: type[Record]) -> ColumnElement[bool]:
    return and_(
        GuildSong.guild_id == record.guild_id,
        GuildSong.song_id == record.song_id,
        GuildSong.home_channel_id == record.home_channel_id,
    )


def _song(row: Row[*tuple[Any, ...]], rank: int) -> RankedSong:
    return RankedSong(
        rank=rank,
        song_id=row.song_id,
        record_id=row.id,
        title=row.title,
        channel_id=row.channel_id,
        post=row.post_message_id and Post(row.post_channel_id, row.post_message_id),
        answer_id=row.answer_id,
        user_id=None if row.unnamed else row.user_id,
        shares=shares(getattr(row, f"share_{mood}") for mood in MOODS),
        confidence=row.confidence,
        duration=row.duration,
        heard_at=row.heard_at,
    )
