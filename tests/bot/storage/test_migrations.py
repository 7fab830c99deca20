"""From each earlier version to this one, with what it held, and back."""

from __future__ import annotations

from typing import Any

from alembic import command
from sqlalchemy import Connection, inspect, text

from bot.storage import Period, Storage
from bot.storage.analyses import pack
from bot.storage.database import Database
from bot.storage.migrating import alembic_config
from moodify_core import MOODS, Mood
from tests.bot.storage.samples import NOON, analysis, heard
from tests.bot.storage.test_counting import check_sums, counted

GUILD = 31


def _insert(connection: Connection, table: str, **values: object) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def _fill_first_version(connection: Connection) -> None:
    """Write what the first version had: two songs, four records, settings and a job."""
    command.upgrade(alembic_config(connection), "0001")
    told = analysis(0, mood=Mood.HAPPY)
    for song in (1, 2):
        _insert(connection, "songs", duration=180.0, fingerprint="")
        _insert(
            connection,
            "results",
            **{"song_id": song, "model_version": "one", "duration": 180.0},
            **{"dominant": "happy", "confidence": 0.5, "unsure": False, "analysis": pack(told)},
            **{f"share_{mood}": told.breakdown[mood] for mood in MOODS},
            **{f"probability_{mood}": told.probabilities[mood] for mood in MOODS},
        )
    for number, song, guild_id, private in (
        (1, 1, GUILD, False),
        (2, 1, GUILD, False),
        (3, 2, GUILD, True),
        (4, 2, None, True),
        (5, 2, GUILD, False),
    ):
        _insert(
            connection,
            "records",
            **{"request_id": number, "attachment_id": number, "guild_id": guild_id},
            **{"channel_id": 41, "user_id": 21, "title": "Song", "title_folded": "song"},
            **{"digest": bytes([song]) * 32, "song_id": song, "result_id": song},
            **{"duration": 180.0, "private": private, "unsure": False, "heard_at": NOON + number},
        )
    _insert(
        connection,
        "guild_settings",
        **{"guild_id": GUILD, "listening": "offer", "min_seconds": 30.0},
        **{"leaderboard": True, "welcomed": True},
    )
    _insert(
        connection,
        "jobs",
        **{"request_id": 9, "attachment_id": 9, "position": 0, "user_id": 21, "guild_id": GUILD},
        **{"channel_id": 41, "filename": "song.mp3", "url": "https://cdn.example/9", "size": 1},
        **{"reply_to": 51, "quiet": False, "locale": "de", "private": False},
        **{"received": NOON, "done": False},
    )


def _columns(connection: Connection) -> dict[str, set[str]]:
    looked = inspect(connection)
    return {
        table: {column["name"] for column in looked.get_columns(table)}
        for table in looked.get_table_names()
    }


def _indexes(connection: Connection) -> set[str | None]:
    looked = inspect(connection)
    return {
        index["name"] for table in looked.get_table_names() for index in looked.get_indexes(table)
    }


def _rows(connection: Connection) -> dict[str, list[Any]]:
    return {
        table: sorted(
            tuple(row)
            for row in connection.execute(text(f"SELECT {', '.join(sorted(columns))} FROM {table}"))
        )
        for table, columns in _columns(connection).items()
        if table in ("songs", "results", "records", "guild_settings")
    }


def _all(connection: Connection) -> list[object]:
    return [_columns(connection), _indexes(connection), _rows(connection)]


async def _filled(url: str) -> list[object]:
    """Make a database of the first version; return all of it."""
    database = Database.at(url)
    async with database.write() as connection:
        await connection.run_sync(_fill_first_version)
        made = await connection.run_sync(_all)
    await database.close()
    return made


async def test_what_the_first_version_recorded_is_counted_and_listed(url: str) -> None:
    await _filled(url)
    storage = await Storage.open(url)
    assert await counted(storage, GUILD) == {1: 180, 2: 0, 3: 0, 5: 180}
    await check_sums(storage, GUILD)
    songs = await storage.boards.songs(
        GUILD, Mood.HAPPY, Period.ALL, page=0, channels=[41], now=NOON
    )
    assert {(row.song_id, row.record_id) for row in songs.rows} == {(1, 1), (2, 5)}
    assert (await storage.settings.of(GUILD)).time_zone == "UTC"
    (waiting,) = await storage.jobs.unfinished()
    assert waiting.home_channel_id == 41
    # And what is new is counted with it.
    await storage.songs.record(heard(100, 9, user_id=21, at=NOON + 100))
    page = await storage.boards.members(GUILD, None, Period.ALL, page=0, viewer_id=21, now=NOON)
    assert (page.own_songs, page.ranked) == (3, 1)
    await storage.close()


async def test_the_way_back_keeps_all_that_the_first_version_had(url: str) -> None:
    made = await _filled(url)
    storage = await Storage.open(url)
    async with storage._database.write() as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0001"))
        assert await connection.run_sync(_all) == made
    await storage.close()
    again = await Storage.open(url)
    assert await counted(again, GUILD) == {1: 180, 2: 0, 3: 0, 5: 180}
    await again.close()
