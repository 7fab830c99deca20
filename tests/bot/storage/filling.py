"""Rows for every table there is, made from what the tables say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    Table,
    insert,
    select,
)
from sqlalchemy.types import TypeEngine

from bot.storage import Storage
from bot.storage.people import PERSON_COLUMNS
from bot.storage.tables import Base

PERSON, OTHER = 4_242_424_242_424_242_424, 1_717_171_717_171_717_000
GUILD = 3_131_313_131_313_131_000

NO_PERSON = frozenset(
    {
        *("request_id", "attachment_id", "application_id", "reply_to", "answer_id"),
        *("guild_id", "channel_id", "home_channel_id", "digest_channel_id", "role_id"),
        *("post_channel_id", "post_message_id", "record_id", "song_id", "result_id", "id", "size"),
        *("ms_total", "ms_aggressive", "ms_dramatic", "ms_happy", "ms_romantic", "ms_sad"),
    }
)
"""Columns of large numbers that name nobody."""


async def fill(storage: Storage) -> None:
    """Put some rows into every table.

    Where a row can name people, each of its columns names `PERSON` once, and all of them somebody
    else in the last row.
    """
    async with storage._database.write() as connection:
        for table in Base.metadata.sorted_tables:
            people = [name for name in PERSON_COLUMNS if name in table.columns]
            for number, who in enumerate([*people, None, *([] if people else [None])], start=1):
                others = {name: OTHER + number for name in people if name != who}
                row = dict(_row(table, number)) | others | ({who: PERSON} if who else {})
                await connection.execute(insert(table).values(row))


def _row(table: Table, number: int) -> Iterator[tuple[str, Any]]:
    for column in table.columns:
        yield column.name, _value(table, column, number)


def _value(table: Table, column: Column[Any], number: int) -> Any:
    if column.foreign_keys or column.name in ("id", "record_id", "song_id", "result_id"):
        return number
    if column.name == "guild_id":
        # A table may have but one row for each.
        own = number - 1 if len(table.primary_key) == 1 and column.primary_key else 0
        return GUILD + own
    values: dict[type[TypeEngine[Any]], Any] = {
        Boolean: False,
        Float: 0.25 * number,
        LargeBinary: bytes([number, 0, 255]),
        JSON: [[number, "more.mp3", None]] if number == 1 else None,
        Integer: 1000 + number,
    }
    words = f"{column.name} {number} ünsinn 🎵"
    return next((v for kind, v in values.items() if isinstance(column.type, kind)), words)


async def rows(storage: Storage) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, in the order of their keys."""
    async with storage._database.read() as connection:
        return {
            table.name: [
                tuple(row)
                for row in await connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }


async def tables_naming(storage: Storage, number: int) -> set[str]:
    """Return the tables that hold an id, in whatever column and however written."""
    return {
        name
        for name, found in (await rows(storage)).items()
        if any(str(number) in str(value) for row in found for value in row)
    }
