"""No question of a board, and no write, reads a large table from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage import Period, Storage
from bot.storage.database import maintenance
from bot.storage.tables import (
    GuildSong,
    GuildWeek,
    Landmark,
    Record,
    Result,
    SongRow,
    StandingRow,
)
from moodify_core import Mood
from tests.bot.storage.samples import NOON, analysis, entry, heard

LARGE = [
    table.__table__
    for table in (SongRow, Landmark, Result, Record, StandingRow, GuildSong, GuildWeek)
]
NAMES = {table.name for table in LARGE}
SERVERS = 300
APART = {"guild_id": 1000, "id": 10**5, "song_id": 10**5, "result_id": 10**5, "request_id": 10**5}
"""By how much the keys of the servers differ."""
GUILD = 31
CHANNELS = (41, 42)
MIXED = {Mood.SAD: 0.6, Mood.HAPPY: 0.4}


async def _ask_everything(storage: Storage) -> None:
    boards = storage.boards
    for period in Period:
        for page in (0, 1):
            for mood in (Mood.SAD, None):
                await boards.members(GUILD, mood, period, page=page, viewer_id=21, now=NOON)
            await boards.songs(GUILD, Mood.SAD, period, page=page, channels=CHANNELS, now=NOON)
        await boards.leaders(GUILD, period, now=NOON)
    await boards.server_mood(GUILD, channels=CHANNELS, now=NOON)
    await boards.profile(GUILD, 21, channels=CHANNELS)
    await boards.find(GUILD, Mood.SAD, strength=0.5, channels=CHANNELS)
    for record_id in (1, 2):
        await boards.similar(record_id, channels=CHANNELS)
    await boards.is_hidden(GUILD, 21)


async def _write(storage: Storage) -> None:
    await storage.songs.record(entry(900, analysis(5), home_channel_id=41))
    record_id = await storage.songs.record(heard(901, 1, user_id=99))
    await storage.songs.record(heard(902, 50))
    await storage.songs.answered([record_id], 5)
    await storage.songs.remove(record_id)
    await storage.songs.remove_posts({10**6 + 902})


async def _count_again(storage: Storage) -> None:
    await storage.settings.save(GUILD, time_zone="Asia/Tokyo")


@contextmanager
def _statements(storage: Storage) -> Iterator[list[tuple[str, Any]]]:
    """Note what is sent to the database, with its values."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            sent.append((statement, values[0] if many else values))

    engine = storage._database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def _read_from_end_to_end(
    connection: AsyncConnection, statement: str, values: Any
) -> set[str]:
    """Return the large tables that a statement reads without looking anything up."""
    if connection.dialect.name == "sqlite":
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [row.detail.split() for row in plan]
        return {step[1] for step in steps if step[0] == "SCAN"} & NAMES
    plan = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
    (root,) = plan.scalar_one()
    return {
        step["Relation Name"]
        for step in _steps(root["Plan"])
        if step["Node Type"] == "Seq Scan"
        or (step["Node Type"].startswith("Index") and "Index Cond" not in step)
        if step.get("Relation Name") in NAMES
    }


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _steps(part)


async def _enlarge(url: str) -> None:
    """Let many servers have the like, as small tables are read from end to end on PostgreSQL."""
    # On a busy machine this takes longer than a statement of the bot may.
    async with maintenance(url) as connection:
        for table in LARGE:
            values = [_elsewhere(column.name) for column in table.columns]
            await connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) "
                f"SELECT {', '.join(values)} "
                f"FROM {table.name}, generate_series(1, {SERVERS}) AS n"
            )
        await connection.exec_driver_sql("ANALYZE")


def _elsewhere(column: str) -> str:
    """Return what a column has in server n."""
    if column in APART:
        return f"{column} + n * {APART[column]}"
    return "sha256(digest || n::text::bytea)" if column == "digest" else column


async def test_no_large_table_is_read_from_end_to_end(storage: Storage, url: str) -> None:
    for number in range(1, 40):
        # Each song in two channels, by two people.
        felt = Mood.SAD if number % 2 else MIXED
        for user_id, channel in ((21, 41), (22, 42)):
            await storage.songs.record(
                heard(
                    number * 10 + user_id,
                    number,
                    felt=felt,
                    user_id=user_id,
                    home_channel_id=channel,
                )
            )
    for number in range(3):
        await storage.songs.record(entry(800 + number, analysis(number), digest=bytes([number])))
    if url.startswith("postgresql"):
        await _enlarge(url)
    for deed in (_ask_everything, _write, _count_again):
        with _statements(storage) as sent:
            await deed(storage)
        assert len(sent) > 5
        for statement, values in sent:
            async with storage._database.read() as connection:
                read = await _read_from_end_to_end(connection, statement, values)
            assert read == set(), statement
