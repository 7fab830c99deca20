from __future__ import annotations

import asyncio
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from bot.storage import Listening, Storage, StorageError
from bot.storage.migrating import alembic_config, migrate
from bot.storage.tables import Base
from tests.bot.storage.postgres import new_database
from tests.bot.storage.samples import TOKEN, at_interaction, entry, request

PASSWORD = "hush-hush"


async def test_the_migrations_make_what_the_models_say(storage: Storage) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return compare_metadata(context, Base.metadata)

    async with storage._database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_opening_again_keeps_everything(url: str) -> None:
    first = await Storage.open(url)
    record_id = await first.songs.record(entry())
    await first.settings.save(1, listening=Listening.OFF)
    await first.close()
    second = await Storage.open(url)
    assert await second.songs.find(record_id) is not None
    assert (await second.settings.of(1)).listening is Listening.OFF
    await second.close()


async def test_the_tables_can_be_taken_back_and_made_again(storage: Storage) -> None:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    async with storage._database.write() as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "base"))
        assert await connection.run_sync(names) == {"alembic_version"}
        await connection.run_sync(migrate)
        assert await connection.run_sync(names) == {"alembic_version", *Base.metadata.tables}


async def test_a_file_is_made_that_only_its_owner_reads(tmp_path: Path) -> None:
    storage = await Storage.open(f"sqlite:///{tmp_path}/new/folder/moodify.db")
    await storage.jobs.accept(request())
    files = list((tmp_path / "new" / "folder").iterdir())
    assert {each.name for each in files} >= {"moodify.db", "moodify.db-wal"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    await storage.close()


async def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    storage = await Storage.open(f"sqlite:///{tmp_path}/moodify.db", patience=0.1)
    async with storage._database.write() as connection:
        await connection.execute(text("DELETE FROM jobs"))
        assert await storage.jobs.unfinished() == ()
    await storage.close()


async def test_a_locked_file_is_an_error_and_then_works_again(tmp_path: Path) -> None:
    storage = await Storage.open(f"sqlite:///{tmp_path}/moodify.db", patience=0.2)
    other = sqlite3.connect(tmp_path / "moodify.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="SQLITE_BUSY"):
        await storage.jobs.accept(request())
    other.execute("ROLLBACK")
    other.close()
    assert await storage.jobs.accept(request()) == request().songs
    await storage.close()


async def test_a_file_that_is_locked_at_the_start_is_an_error(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "moodify.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="SQLITE_BUSY"):
        await Storage.open(f"sqlite:///{tmp_path}/moodify.db", patience=0.2)
    other.close()


async def test_tables_that_are_being_changed_are_waited_for_with_patience(
    postgres_server: Path,
) -> None:
    url = await new_database(postgres_server)
    first = await Storage.open(url)
    async with first._database.write() as connection:
        await connection.run_sync(migrate)
        with pytest.raises(StorageError, match="LockNotAvailable"):
            await Storage.open(url, patience=0.2)
    await (await Storage.open(url)).close()
    await first.close()


async def test_a_lock_that_is_let_go_in_time_is_waited_for(tmp_path: Path) -> None:
    storage = await Storage.open(f"sqlite:///{tmp_path}/moodify.db", patience=60)
    other = sqlite3.connect(tmp_path / "moodify.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    waiting = asyncio.create_task(storage.jobs.accept(request()))
    # The loop goes on meanwhile.
    await asyncio.sleep(0.3)
    assert not waiting.done()
    other.execute("ROLLBACK")
    other.close()
    assert await waiting == request().songs
    await storage.close()


async def test_who_gives_up_waiting_leaves_the_database_usable(tmp_path: Path) -> None:
    storage = await Storage.open(f"sqlite:///{tmp_path}/moodify.db", patience=1)
    other = sqlite3.connect(tmp_path / "moodify.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for _ in range(7):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await storage.jobs.accept(request())
    other.execute("ROLLBACK")
    other.close()
    assert await storage.jobs.accept(request()) == request().songs
    await storage.close()


async def test_a_full_disk_is_an_error_and_nothing_is_half_written(tmp_path: Path) -> None:
    storage = await Storage.open(f"sqlite:///{tmp_path}/moodify.db")
    async with storage._database.write() as connection:
        pages = await connection.scalar(text("PRAGMA page_count"))
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    accepting = (storage.jobs.accept(request(n, songs=50)) for n in range(20))
    ends = await asyncio.gather(*accepting, return_exceptions=True)
    failures = [end for end in ends if isinstance(end, BaseException)]
    assert failures
    for failure in failures:
        assert isinstance(failure, StorageError)
        assert "SQLITE_FULL" in str(failure)
    for waiting in await storage.jobs.unfinished():
        assert len(waiting.songs) == 50
    await storage.close()


@pytest.mark.parametrize("content", [b"not a database, " * 1000, b"SQLite format 3\0" + b"x" * 999])
async def test_a_file_that_is_no_database_is_an_error_and_stays_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "moodify.db"
    file.write_bytes(content)
    with pytest.raises(StorageError, match=r"SQLITE_(NOTADB|CORRUPT)"):
        await Storage.open(f"sqlite:///{file}")
    assert file.read_bytes() == content


async def test_a_folder_in_the_way_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="SQLITE_CANTOPEN"):
        await Storage.open(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("address", ["", "nonsense", "mysql://me:hush-hush@here/songs"])
async def test_another_address_is_an_error_in_words(address: str) -> None:
    with pytest.raises(StorageError, match="must begin with sqlite:/// or postgresql://") as caught:
        await Storage.open(address)
    assert PASSWORD not in str(caught.value)


async def test_a_server_that_is_away_is_an_error_without_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StorageError, match="ConnectionRefusedError") as caught:
        await Storage.open(f"postgresql://me:{PASSWORD}@127.0.0.1:{port}/songs?sslmode=disable")
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("query", "error"),
    [("SELECT * FROM nowhere", "nowhere"), ("INSERT INTO songs (id) VALUES (NULL)", "songs")],
)
async def test_what_the_database_says_of_values_is_not_passed_on(
    storage: Storage, query: str, error: str
) -> None:
    with pytest.raises(StorageError) as caught:
        async with storage._database.write() as connection:
            await connection.execute(text(query))
    assert error not in str(caught.value)


async def test_a_row_that_is_refused_does_not_show_its_token(storage: Storage) -> None:
    asked = request(place=at_interaction())
    broken = type(asked)(**{**{n: getattr(asked, n) for n in asked.__slots__}, "locale": None})
    with pytest.raises(StorageError) as caught:
        await storage.jobs.accept(broken)
    assert TOKEN not in str(caught.value)
    assert await storage.jobs.accept(asked) == asked.songs


async def test_a_connection_that_died_is_replaced(storage: Storage, url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("a file has no connections to lose")
    await storage.jobs.accept(request())
    other = await Storage.open(url)
    async with other._database.write() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await other.close()
    assert await storage.jobs.unfinished() == (request(),)


def test_without_the_package_for_postgresql_the_error_says_so() -> None:
    code = """
import asyncio, sys
sys.modules["asyncpg"] = None
from bot.storage import Storage, StorageError
try:
    asyncio.run(Storage.open("postgresql://me@127.0.0.1:1/songs"))
except StorageError as error:
    print(error)
"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "moodify[postgres]" in said
