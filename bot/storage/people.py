"""Where a person stands in the tables: found, shown and erased in all of them.

What names a person is in a column of one of the names in `PERSON_COLUMNS`, in whatever table; a
test holds every table against that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.consent import NOBODY
from bot.storage.songs import remove_records
from bot.storage.tables import Base, Job, Record, Result
from moodify_core.moods import MOODS

PERSON_COLUMNS = ("user_id", "moderator_id", "subject_id")
"""Columns that name a person."""

_SECRET = frozenset({("jobs", "token")})
"""Whoever has it can answer in the bot's name."""


async def rows_of(connection: AsyncConnection, user_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return all rows that name a person, of all tables, in plain JSON types.

    Who else such a row names is left out: that is theirs. A record comes with the moods of its
    song.

    Parameters
    ----------
    connection : AsyncConnection
    user_id : int

    Returns
    -------
    dict
        Rows by the names of their tables, as dictionaries of columns.
    """
    found = {}
    for table, named in _named_in_tables(user_id):
        rows = (await connection.execute(select(table).where(named))).mappings().all()
        found[table.name] = [_plain(table, dict(row), user_id) for row in rows]
    moods = await _moods_of(connection, user_id)
    for record in found[Record.__tablename__]:
        record["moods"] = moods[record["result_id"]]
    return found


async def count_rows_of(connection: AsyncConnection, user_id: int) -> int:
    """Return how many rows name a person, in all tables."""
    counted = [
        await connection.scalar(select(func.count()).select_from(table).where(named)) or 0
        for table, named in _named_in_tables(user_id)
    ]
    return sum(counted)


async def erase(connection: AsyncConnection, user_id: int) -> None:
    """Take a person out of all tables.

    Their rows are deleted. Where others are the subject of a row, only the name goes. A song of
    theirs that is not answered yet is answered all the same, for nobody: else it would be lost if
    the bot stopped now. Its row goes with its answer, and it is not recorded.

    Parameters
    ----------
    connection : AsyncConnection
        In a transaction for writing.
    user_id : int
    """
    waiting = (Job.user_id == user_id) & ~Job.done
    await connection.execute(update(Job).where(waiting).values(user_id=NOBODY))
    await remove_records(connection, Record.user_id == user_id)
    # Those last that others refer to.
    for table in reversed(Base.metadata.sorted_tables):
        names = [each for each in PERSON_COLUMNS if each in table.columns]
        if "user_id" in names:
            await connection.execute(delete(table).where(table.columns["user_id"] == user_id))
        if "subject_id" in names:
            about = table.columns["subject_id"] == user_id
            await connection.execute(update(table).where(about).values(subject_id=None, title=None))
        if "moderator_id" in names:
            by = table.columns["moderator_id"] == user_id
            await connection.execute(update(table).where(by).values(moderator_id=None))


def _named_in_tables(user_id: int) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Yield the tables that can name a person, with the condition that a row does."""
    for table in Base.metadata.sorted_tables:
        columns = [table.columns[name] for name in PERSON_COLUMNS if name in table.columns]
        if columns:
            yield table, or_(*(column == user_id for column in columns))


def _plain(table: Table, row: dict[str, Any], user_id: int) -> dict[str, Any]:
    return {
        name: _plain_value(value)
        for name, value in row.items()
        if (table.name, name) not in _SECRET
        and not (name in PERSON_COLUMNS and value is not None and value != user_id)
    }


def _plain_value(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    return value.hex() if isinstance(value, bytes) else value


async def _moods_of(connection: AsyncConnection, user_id: int) -> dict[int, dict[str, Any]]:
    """Return what the results of a person's records say, by their ids."""
    theirs = select(Record.result_id).where(Record.user_id == user_id)
    columns = [getattr(Result, f"share_{mood}") for mood in MOODS]
    statement = select(Result.id, Result.dominant, Result.confidence, *columns)
    rows = await connection.execute(statement.where(Result.id.in_(theirs)))
    return {
        row.id: {
            "dominant": row.dominant,
            "confidence": row.confidence,
            "shares": {mood.value: getattr(row, f"share_{mood}") for mood in MOODS},
        }
        for row in rows
    }
