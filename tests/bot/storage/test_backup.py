from __future__ import annotations

import asyncio
import gzip
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text

from bot.storage import Storage, StorageError
from bot.storage.backup import BackupError, back_up, restore
from bot.storage.database import maintenance
from bot.storage.migrating import alembic_config, revisions
from bot.storage.tables import Base
from tests.bot.storage.filling import fill, rows
from tests.bot.storage.postgres import new_database
from tests.bot.storage.samples import TOKEN, analysis, at_interaction, entry, request


@pytest.fixture
async def empty(request: pytest.FixtureRequest, tmp_path: Path, url: str) -> str:
    """Address of another empty database, of the same kind as the first if nothing else is said."""
    if getattr(request, "param", url.partition(":")[0]) == "sqlite":
        return f"sqlite:///{tmp_path}/restored/moodify.db"
    return await new_database(request.getfixturevalue("postgres_server"))


of_either_kind = pytest.mark.parametrize("empty", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "moodify.backup"


def _lines(file: Path) -> list[Any]:
    with gzip.open(file, "rt") as opened:
        return [json.loads(line) for line in opened]


def _text(file: Path) -> str:
    return gzip.decompress(file.read_bytes()).decode()


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def _files(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def _write(file: Path, lines: list[Any]) -> None:
    with gzip.open(file, "wt") as opened:
        opened.writelines(json.dumps(line) + "\n" for line in lines)


@of_either_kind
async def test_what_is_restored_is_what_was_backed_up(
    storage: Storage, url: str, empty: str, file: Path
) -> None:
    await fill(storage)
    before = await rows(storage)
    assert all(before[table] for table in Base.metadata.tables)
    count = await back_up(url, file)
    assert count == sum(map(len, before.values()))
    assert await restore(empty, file) == count
    restored = await Storage.open(empty)
    after = await rows(restored)
    await restored.close()
    # All but the tokens of jobs, and until when they hold.
    columns = Base.metadata.tables["jobs"].columns.keys()
    for name in ("token", "expires"):
        at = columns.index(name)
        for tables in (before, after):
            tables["jobs"] = [(*row[:at], None, *row[at + 1 :]) for row in tables["jobs"]]
    assert after == before


@of_either_kind
async def test_a_real_answer_comes_back_to_the_last_bit(
    storage: Storage, url: str, empty: str, file: Path
) -> None:
    made = entry(2**56, title="Ünsinn 🎵", heard_at=123.456)
    record_id = await storage.songs.record(made)
    await back_up(url, file)
    await restore(empty, file)
    restored = await Storage.open(empty)
    assert await restored.songs.find(record_id) == await storage.songs.find(record_id)
    assert await restored.songs.record(made) == record_id
    await restored.close()


@of_either_kind
async def test_a_number_that_was_given_is_not_given_again(
    storage: Storage, url: str, empty: str, file: Path
) -> None:
    await storage.songs.record(entry(1))
    gone = await storage.songs.record(entry(2))
    await storage.songs.remove(gone)
    await back_up(url, file)
    await restore(empty, file)
    restored = await Storage.open(empty)
    assert await restored.songs.record(entry(3)) > gone
    await restored.close()


async def test_no_token_is_in_a_backup_and_its_job_is_still_to_be_answered(
    storage: Storage, url: str, empty: str, file: Path
) -> None:
    await storage.jobs.accept(request(1, place=at_interaction()))
    await back_up(url, file)
    assert TOKEN not in _text(file)
    await restore(empty, file)
    restored = await Storage.open(empty)
    (waiting,) = await restored.jobs.unfinished()
    assert waiting.songs == request(1).songs
    assert (waiting.place.token, waiting.place.expires) == ("", 0.0)
    await restored.close()


async def test_a_backup_is_of_one_moment_though_others_write(
    storage: Storage, url: str, empty: str, file: Path
) -> None:
    """Each record needs its song, so a table read later than another would have loose ends."""
    done = asyncio.Event()

    async def write() -> int:
        number = 0
        while not done.is_set():
            number += 1
            record_id = await storage.songs.record(
                entry(number, analysis(number % 7), digest=number.to_bytes(32))
            )
            if number > 20:
                await storage.songs.remove(record_id - 15)
        return number

    writing = asyncio.create_task(write())
    for _ in range(5):
        await back_up(url, file)
    done.set()
    assert await writing > 0
    await restore(empty, file)
    restored = await Storage.open(empty)
    async with restored._database.read() as connection:
        loose = "SELECT count(*) FROM records WHERE result_id NOT IN (SELECT id FROM results)"
        assert await connection.scalar(text(loose)) == 0
    await restored.close()


async def test_only_its_owner_reads_a_backup_and_it_replaces_an_older_one(
    storage: Storage, url: str, file: Path
) -> None:
    _write(file, ["of yesterday"])
    assert _mode(file) != 0o600
    await back_up(url, file)
    assert _mode(file) == 0o600
    assert _lines(file)[0]["moodify"] == "backup"
    assert f"{file.name}.part" not in _files(file.parent)


async def test_a_backup_that_cannot_be_written_leaves_the_older_one(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    with pytest.raises(BackupError, match="cannot be written to"):
        await back_up(url, tmp_path / "nowhere" / "moodify.backup")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(BackupError, match="cannot be written to"):
        await back_up(url, folder)
    assert not any(name.endswith(".part") for name in _files(tmp_path))


async def test_there_is_nothing_to_back_up_before_the_first_start(url: str, file: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        await back_up(url, file)
    assert file.name not in _files(file.parent)


async def test_tables_without_a_row_count_as_empty(
    storage: Storage, url: str, empty: str, file: Path
) -> None:
    await storage.songs.record(entry(1))
    await back_up(url, file)
    await (await Storage.open(empty)).close()
    assert await restore(empty, file) > 0


async def test_a_database_that_is_not_empty_is_left_as_it_is(
    storage: Storage, url: str, file: Path
) -> None:
    await storage.songs.record(entry(1))
    await back_up(url, file)
    await storage.songs.record(entry(2))
    before = await rows(storage)
    with pytest.raises(BackupError, match="not empty"):
        await restore(url, file)
    assert await rows(storage) == before


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def _without_end(file: Path) -> None:
    _write(file, _lines(file)[:-1])


def _without_a_row(file: Path) -> None:
    lines = _lines(file)
    del lines[next(at for at, line in enumerate(lines) if isinstance(line, list))]
    _write(file, lines)


def _twice_the_same_row(file: Path) -> None:
    lines = _lines(file)
    at = next(at for at, line in enumerate(lines) if isinstance(line, list))
    _write(file, [*lines[:at], lines[at], *lines[at:]])


def _without_a_column(file: Path) -> None:
    lines = _lines(file)
    next(line for line in lines if "columns" in line)["columns"].pop()
    _write(file, lines)


def _of_another_table(file: Path) -> None:
    lines = _lines(file)
    next(line for line in lines if "table" in line)["table"] = "alembic_version"
    _write(file, lines)


def _no_json(file: Path) -> None:
    with gzip.open(file, "wt") as opened:
        opened.write('{"moodify": "backup", "format": 1, "revision": "0001"}\n[1, 2')


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _flip,
        _without_end,
        _without_a_row,
        _twice_the_same_row,
        _without_a_column,
        _of_another_table,
        _no_json,
    ],
)
async def test_a_damaged_backup_restores_nothing(
    storage: Storage, url: str, empty: str, file: Path, damage: Callable[[Path], None]
) -> None:
    for number in range(1, 4):
        await storage.songs.record(entry(number))
    await back_up(url, file)
    damage(file)
    with pytest.raises(BackupError, match="damaged"):
        await restore(empty, file)
    restored = await Storage.open(empty)
    assert not any((await rows(restored)).values())
    await restored.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no backup of Moodify"),
        (b"SQLite format 3\0", "damaged"),
        (gzip.compress(b'{"another": "file"}\n'), "no backup of Moodify"),
        (gzip.compress(b"[]\n"), "no backup of Moodify"),
        (
            gzip.compress(b'{"moodify": "backup", "format": 1, "revision": "9999"}\n'),
            "newer version",
        ),
        (
            gzip.compress(b'{"moodify": "backup", "format": 2, "revision": "0001"}\n'),
            "newer version",
        ),
    ],
    ids=["empty", "database", "another", "list", "newer tables", "newer form"],
)
def test_what_is_no_backup_of_this_version_is_refused_in_words(
    tmp_path: Path, file: Path, content: bytes, says: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(BackupError, match=says):
        asyncio.run(restore(f"sqlite:///{tmp_path}/moodify.db", file))
    assert not (tmp_path / "moodify.db").exists()


async def test_a_backup_that_is_not_there_is_refused_in_words(tmp_path: Path, file: Path) -> None:
    with pytest.raises(BackupError, match="cannot be read"):
        await restore(f"sqlite:///{tmp_path}/moodify.db", file)


async def test_a_newer_database_is_not_backed_up(storage: Storage, url: str, file: Path) -> None:
    async with storage._database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BackupError, match="newer version"):
        await back_up(url, file)


async def test_a_database_that_is_away_is_an_error_without_its_password(file: Path) -> None:
    with pytest.raises(StorageError) as caught:
        await back_up("postgresql://me:hush@127.0.0.1:1/songs", file)
    assert "hush" not in str(caught.value)


@of_either_kind
@pytest.mark.parametrize("revision", revisions()[1:])
async def test_a_backup_of_an_older_version_is_brought_up_to_date(
    url: str, empty: str, file: Path, revision: str
) -> None:
    def older(connection: Connection) -> None:
        command.downgrade(alembic_config(connection), revision)

    storage = await Storage.open(url)
    for number in range(1, 5):
        await storage.songs.record(entry(number, analysis(number), digest=bytes([number]) * 32))
    kept = (await rows(storage))["songs"]
    async with maintenance(url) as connection:
        await connection.run_sync(older)
    await storage.close()
    await back_up(url, file)
    assert _lines(file)[0]["revision"] == revision
    await restore(empty, file)
    restored = await Storage.open(empty)
    assert (await rows(restored))["songs"] == kept
    assert len((await rows(restored))["records"]) == 4
    # What the newer tables hold was made of what the older ones do.
    assert (await rows(restored))["standings"]
    await restored.close()
