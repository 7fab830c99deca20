"""What counts for whom, and the sums of it, kept in the transaction that changes the records.

A record counts for its person if it is that person's first of its song in its server, the answer
was neither private nor unsure, and something is left of the day's `DAILY_SECONDS`. So what counts
follows from the records alone, in whatever order they came: `recount` makes of them what `count`
and `discount` have kept.

All functions work inside a transaction for writing that has taken its turn (`take_turn`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from bot.storage.database import insert_into
from bot.storage.periods import Calendar, Period, calendar
from bot.storage.tables import Base, GuildRow, GuildSong, GuildWeek, Record, Result, StandingRow
from moodify_core.moods import MOODS

DAILY_SECONDS = 3 * 3600.0
"""Seconds of music that count for a person in a server on one of its days."""

_LOCK = 0x736F6E6773
"""Number of the lock on PostgreSQL: "songs" in ASCII."""
_BATCH = 2000
_SHARES = tuple(f"share_{mood}" for mood in MOODS)
_SUMS = ("songs", "ms_total", *(f"ms_{mood}" for mood in MOODS))

_Rows = Sequence[dict[str, object]]

_Heard = Row[*tuple[Any, ...]]
"""A record with the shares of its result."""


def take_turn(connection: Connection) -> None:
    """Let one transaction at a time change songs, as on SQLite.

    Else two could make two of a new song, each leave to the other to drop an unused one, or both
    count a song for the same person.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def eligible(record: type[Record] = Record) -> ColumnElement[bool]:
    """Return the condition under which a record can count."""
    return and_(record.guild_id.is_not(None), ~record.private, ~record.unsure)


def count(connection: Connection, record_id: int) -> None:
    """Count a record that was just written."""
    row = connection.execute(_heard().where(Record.id == record_id, eligible())).one_or_none()
    if row is None:
        return
    if row.home_channel_id is not None:
        _list_song(connection, row)
    if connection.scalar(select(_heard_before()).where(Record.id == record_id)):
        return
    _settle(connection, row.guild_id, row.user_id, {row.song_id}, ())


def discount(connection: Connection, which: ColumnElement[bool]) -> Collection[int]:
    """Delete records, and take them out of all sums.

    Parameters
    ----------
    connection : Connection
    which : ColumnElement of bool
        A condition on `Record`.

    Returns
    -------
    collection of int
        The songs of the records, one for each.
    """
    gone = connection.execute(_heard().where(which).order_by(Record.guild_id)).all()
    connection.execute(delete(Record).where(which))
    for guild_id, rows in groupby(gone, lambda row: row.guild_id):
        if guild_id is not None:
            _forget(connection, guild_id, [row for row in rows if _is_eligible(row)])
    return [row.song_id for row in gone]


def recount(connection: Connection, guild_id: int) -> None:
    """Make all that counts in a server anew from its records."""
    days = calendar_of(connection, guild_id)
    sums, songs, changed = _Sums(days), _Songs(), []
    for theirs in _people(connection, guild_id):
        heard = [row for row in theirs if _is_eligible(row)]
        counted = _counted(_firsts(heard), days)
        for row in theirs:
            seconds = counted.get(row.id, 0.0)
            sums.add(row, 0.0, seconds)
            if seconds != row.counted_seconds:
                changed.append((row, seconds))
        for row in heard:
            songs.add(row)
    _set_counted(connection, changed)
    for table, rows in (*sums.rows(guild_id), (GuildSong, songs.rows(guild_id))):
        _replace(connection, table, guild_id, rows)


def recount_all(connection: Connection) -> None:
    """Make all that counts in all servers anew."""
    known = Record.guild_id.is_not(None)
    for guild_id in connection.scalars(select(Record.guild_id).where(known).distinct()).all():
        assert guild_id is not None
        recount(connection, guild_id)


class _Sums:
    """What is added to the sums of a server, in the order of `_SUMS`."""

    def __init__(self, days: Calendar) -> None:
        self._days = days
        self._standings: dict[tuple[str, int, int], list[int]] = defaultdict(_nothing)
        self._weeks: dict[int, list[int]] = defaultdict(_nothing)

    def add(self, row: _Heard, before: float, now: float) -> None:
        """Let more or less of a record count than before, in seconds."""
        if before == now:
            return
        more = [a - b for a, b in zip(_amounts(row, now), _amounts(row, before), strict=True)]
        beginnings = _beginnings(self._days.day(row.heard_at))
        for period, first_day in beginnings.items():
            _increase(self._standings[period.value, first_day, row.user_id], more)
        _increase(self._weeks[beginnings[Period.WEEK]], more)

    def rows(self, guild_id: int) -> tuple[tuple[type[StandingRow | GuildWeek], _Rows], ...]:
        """Return the rows of each table."""
        standings = [
            {"guild_id": guild_id, "period": period, "starts_on": day, "user_id": user_id}
            | _named(sums)
            for (period, day, user_id), sums in self._standings.items()
        ]
        weeks = [
            {"guild_id": guild_id, "monday": monday} | _named(sums)
            for monday, sums in self._weeks.items()
        ]
        return (StandingRow, standings), (GuildWeek, weeks)

    def write(self, connection: Connection, guild_id: int) -> None:
        """Add all to the tables, and delete what is empty then."""
        for table, rows in self.rows(guild_id):
            _increase_rows(connection, table, rows)
        if any(sums[0] < 0 for sums in self._weeks.values()):
            users = {user_id for _, _, user_id in self._standings}
            for table, ours in (
                (StandingRow, StandingRow.user_id.in_(users)),
                (GuildWeek, GuildWeek.monday.in_(self._weeks)),
            ):
                empty = and_(table.guild_id == guild_id, ours, table.songs == 0)
                connection.execute(delete(table).where(empty))


class _Songs:
    """The songs of a server that can be on its boards."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], float] = {}
        self._newest: dict[int, _Heard] = {}

    def add(self, row: _Heard) -> None:
        """Take note of an eligible record."""
        if row.home_channel_id is None:
            return
        key = (row.song_id, row.home_channel_id)
        self._last[key] = max(row.heard_at, self._last.get(key, row.heard_at))
        newest = self._newest.get(row.song_id)
        if newest is None or (newest.heard_at, newest.id) < (row.heard_at, row.id):
            self._newest[row.song_id] = row

    def rows(self, guild_id: int) -> _Rows:
        """Return the rows of the songs."""
        return [
            {
                "guild_id": guild_id,
                "song_id": song_id,
                "home_channel_id": channel_id,
                "last_at": last_at,
            }
            | _feeling(self._newest[song_id])
            for (song_id, channel_id), last_at in self._last.items()
        ]


def _settle(
    connection: Connection,
    guild_id: int,
    user_id: int,
    song_ids: Collection[int],
    moments: Iterable[float],
) -> None:
    """Count anew for a person what may have changed: some songs, and the days of some moments."""
    theirs = and_(Record.user_id == user_id, Record.guild_id == guild_id, eligible())
    in_order = _heard().where(theirs).order_by(Record.heard_at, Record.id)
    copies = connection.execute(in_order.where(Record.song_id.in_(song_ids))).all()
    firsts = {row.id for row in _firsts(copies)}
    touched = {row.heard_at for row in copies if row.id in firsts or row.counted_seconds}
    rows = {row.id: row for row in copies}
    counted = dict.fromkeys(rows, 0.0)
    days = calendar_of(connection, guild_id)
    for span in {days.span_of_day(moment) for moment in touched.union(moments)}:
        on_that_day = and_(Record.heard_at >= span.start, Record.heard_at < span.end)
        day = connection.execute(in_order.where(on_that_day, ~_heard_before())).all()
        rows |= {row.id: row for row in day}
        counted |= _counted(day, days)
    changed = [
        (row, counted[row.id]) for row in rows.values() if row.counted_seconds != counted[row.id]
    ]
    sums = _Sums(days)
    for row, seconds in changed:
        sums.add(row, row.counted_seconds, seconds)
    _set_counted(connection, changed)
    sums.write(connection, guild_id)


def _forget(connection: Connection, guild_id: int, gone: Sequence[_Heard]) -> None:
    """Make up for records of a server that were deleted."""
    if len(gone) > _BATCH:
        recount(connection, guild_id)
        return
    sums = _Sums(calendar_of(connection, guild_id))
    theirs: dict[int, list[_Heard]] = defaultdict(list)
    for row in gone:
        sums.add(row, row.counted_seconds, 0.0)
        theirs[row.user_id].append(row)
    sums.write(connection, guild_id)
    for user_id, rows in theirs.items():
        days = {row.heard_at for row in rows if row.counted_seconds}
        _settle(connection, guild_id, user_id, {row.song_id for row in rows}, days)
    _list_again(connection, guild_id, {row.song_id for row in gone})


def _list_song(connection: Connection, row: _Heard) -> None:
    """Put a song on the boards of a server as a new record of it says."""
    ours = and_(GuildSong.guild_id == row.guild_id, GuildSong.song_id == row.song_id)
    listed = connection.execute(select(GuildSong).where(ours)).all()
    feeling = _feeling(row)
    if any(other.last_at > row.heard_at for other in listed):
        # One that waited for the database: a newer one has the say.
        feeling = _feeling(listed[0])
    elif listed and _feeling(listed[0]) != feeling:
        connection.execute(update(GuildSong).where(ours).values(feeling))
    here = [other for other in listed if other.home_channel_id == row.home_channel_id]
    if not here:
        key = {name: getattr(row, name) for name in ("guild_id", "song_id", "home_channel_id")}
        _insert(connection, GuildSong, [{**key, "last_at": row.heard_at, **feeling}])
    elif here[0].last_at < row.heard_at:
        connection.execute(
            update(GuildSong)
            .where(ours, GuildSong.home_channel_id == row.home_channel_id)
            .values(last_at=row.heard_at)
        )


def _list_again(connection: Connection, guild_id: int, song_ids: Collection[int]) -> None:
    """Put songs on the boards of a server as their records say."""
    songs = _Songs()
    theirs = and_(Record.guild_id == guild_id, Record.song_id.in_(song_ids), eligible())
    for row in connection.execute(_heard().where(theirs)):
        songs.add(row)
    connection.execute(
        delete(GuildSong).where(GuildSong.guild_id == guild_id, GuildSong.song_id.in_(song_ids))
    )
    _insert(connection, GuildSong, songs.rows(guild_id))


def _heard() -> Select[*tuple[Any, ...]]:
    return select(
        Record.id,
        Record.guild_id,
        Record.user_id,
        Record.song_id,
        Record.home_channel_id,
        Record.duration,
        Record.private,
        Record.unsure,
        Record.heard_at,
        Record.counted_seconds,
        Result.confidence,
        *(getattr(Result, share) for share in _SHARES),
    ).join(Result, Result.id == Record.result_id)


def _heard_before() -> ColumnElement[bool]:
    """Return the condition that the person had the song answered in the server before."""
    before = aliased(Record)
    return (
        exists()
        .where(
            eligible(before),
            before.user_id == Record.user_id,
            before.guild_id == Record.guild_id,
            before.song_id == Record.song_id,
            tuple_(before.heard_at, before.id) < tuple_(Record.heard_at, Record.id),
        )
        .correlate(Record)
    )


def _is_eligible(row: _Heard) -> bool:
    return not (row.private or row.unsure)


def _people(connection: Connection, guild_id: int) -> Iterator[list[_Heard]]:
    """Return a server's records, those of a person at a time, each in their order."""
    statement = (
        _heard()
        .where(Record.guild_id == guild_id)
        .order_by(Record.user_id, Record.heard_at, Record.id)
        # In parts, between which others have their turn of the event loop.
        .execution_options(yield_per=_BATCH)
    )
    for _, rows in groupby(connection.execute(statement), lambda row: row.user_id):
        yield list(rows)


def _firsts(rows: Iterable[_Heard]) -> list[_Heard]:
    """Return the first record of each song, of records in their order."""
    by_song: dict[int, _Heard] = {}
    for row in rows:
        by_song.setdefault(row.song_id, row)
    return list(by_song.values())


def _counted(rows: Iterable[_Heard], days: Calendar) -> dict[int, float]:
    """Return how many seconds count of each of a person's records, given in their order."""
    counted = {}
    left: dict[object, float] = defaultdict(lambda: DAILY_SECONDS)
    for row in rows:
        day = days.day(row.heard_at)
        counted[row.id] = min(row.duration, left[day])
        left[day] -= counted[row.id]
    return counted


def _set_counted(connection: Connection, changed: Sequence[tuple[_Heard, float]]) -> None:
    statement = (
        update(Record)
        .where(Record.id == bindparam("record_id"))
        .values(counted_seconds=bindparam("seconds"))
    )
    for batch in _batches([{"record_id": row.id, "seconds": each} for row, each in changed]):
        connection.execute(statement, batch)


def _insert(connection: Connection, table: type[Base], rows: _Rows) -> None:
    for batch in _batches(rows):
        connection.execute(insert(table), batch)


def _increase_rows(
    connection: Connection, table: type[StandingRow | GuildWeek], rows: _Rows
) -> None:
    statement = insert_into(connection, table)
    more = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=table.__table__.primary_key,
        set_={name: getattr(table, name) + more[name] for name in _SUMS},
    )
    for batch in _batches(rows):
        connection.execute(statement, batch)


def _replace(
    connection: Connection,
    table: type[StandingRow | GuildWeek | GuildSong],
    guild_id: int,
    rows: _Rows,
) -> None:
    """Let a table have these rows of a server and no others, and write only what differs."""
    key = [column.name for column in table.__table__.primary_key]
    present = {
        tuple(row[name] for name in key): dict(row)
        for row in connection.execute(select(table).where(table.guild_id == guild_id)).mappings()
    }
    wanted = {tuple(row[name] for name in key): row for row in rows}
    gone = [
        {f"old_{name}": row[name] for name in key}
        for each, row in present.items()
        if each not in wanted
    ]
    old = and_(*(getattr(table, name) == bindparam(f"old_{name}") for name in key))
    for batch in _batches(gone):
        connection.execute(delete(table).where(old), batch)
    # In the order of the key, which a table is written fastest in.
    new = [row for each, row in sorted(wanted.items()) if present.get(each) != row]
    statement = insert_into(connection, table)
    statement = statement.on_conflict_do_update(
        index_elements=key, set_={c.name: c for c in statement.excluded if c.name not in key}
    )
    for batch in _batches(new):
        connection.execute(statement, batch)


def _batches(rows: _Rows) -> Iterator[list[dict[str, object]]]:
    for start in range(0, len(rows), _BATCH):
        yield list(rows[start : start + _BATCH])


@cache
def _beginnings(day: date) -> dict[Period, int]:
    """Return the ordinal of the first day of each period that a day is in."""
    return {period: period.first_day(day).toordinal() for period in Period}


def _nothing() -> list[int]:
    return [0] * len(_SUMS)


def _increase(sums: list[int], more: Sequence[int]) -> None:
    for position, each in enumerate(more):
        sums[position] += each


def _amounts(row: _Heard, seconds: float) -> list[int]:
    """Return what a record adds to the sums: whole milliseconds, whose order does not matter."""
    if not seconds:
        return _nothing()
    by_mood = [round(1000 * seconds * getattr(row, share)) for share in _SHARES]
    return [1, sum(by_mood), *by_mood]


def _named(sums: Sequence[int]) -> dict[str, object]:
    return dict(zip(_SUMS, sums, strict=True))


def _feeling(row: Row[Any]) -> dict[str, object]:
    return {name: getattr(row, name) for name in ("confidence", *_SHARES)}


def calendar_of(connection: Connection, guild_id: int) -> Calendar:
    """Return the days of a server, in its time zone."""
    zone = connection.scalar(select(GuildRow.time_zone).where(GuildRow.guild_id == guild_id))
    return calendar(zone or "UTC")
