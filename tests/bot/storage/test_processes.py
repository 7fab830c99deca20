from __future__ import annotations

from sqlalchemy import text

from bot.storage import Storage
from tests.bot.storage import rivals
from tests.bot.storage.rivals import REQUESTS, SONGS
from tests.bot.storage.samples import TOKEN
from tests.bot.storage.test_counting import check_sums


async def _value(storage: Storage, query: str) -> object:
    async with storage._database.read() as connection:
        return await connection.scalar(text(query))


async def _counts(storage: Storage) -> list[object]:
    tables = ("records", "songs", "results")
    return [await _value(storage, f"SELECT count(*) FROM {table}") for table in tables]


async def test_several_processes_can_make_the_tables_at_once(url: str) -> None:
    await rivals.together(url, "opens", 4)
    storage = await Storage.open(url)
    assert await storage.jobs.unfinished() == ()
    await storage.close()


async def test_a_request_is_accepted_by_one_of_several_processes(
    storage: Storage, url: str
) -> None:
    new = [song for each in await rivals.together(url, "accepts", 4) for song in each]
    assert sorted(new) == [number * 100 + each for number in REQUESTS for each in (0, 1)]


async def test_several_processes_record_an_answer_once(storage: Storage, url: str) -> None:
    ids = await rivals.together(url, "records", 4)
    assert all(each == ids[0] for each in ids)
    assert await _counts(storage) == [len(REQUESTS), SONGS, SONGS]
    assert await _value(storage, "SELECT songs FROM guild_weeks") == SONGS
    await check_sums(storage)


async def test_several_processes_lose_no_answer_and_make_no_song_twice(
    storage: Storage, url: str
) -> None:
    await rivals.together(url, "records_own", 8)
    assert await _counts(storage) == [8 * len(REQUESTS), SONGS, SONGS]
    # One person had each song answered many times.
    assert await _value(storage, "SELECT songs FROM guild_weeks") == SONGS
    await check_sums(storage)


async def test_several_processes_that_record_and_remove_leave_the_sums_of_what_is_left(
    storage: Storage, url: str
) -> None:
    kept = [each for mine in await rivals.together(url, "comes_and_goes", 8) for each in mine]
    assert await _value(storage, "SELECT count(*) FROM records") == len(set(kept))
    assert await _value(storage, "SELECT count(*) FROM records WHERE counted_seconds > 0") == (
        await _value(
            storage, "SELECT count(*) FROM (SELECT DISTINCT user_id, song_id FROM records) s"
        )
    )
    await check_sums(storage)


async def test_killed_at_any_moment_it_goes_on_where_it_was(storage: Storage, url: str) -> None:
    for steps in (1, 9, 16, 37):
        process = await rivals.start(url, "serves")
        process.stdin.write(b"go\n")
        for _ in range(steps):
            await process.stdout.readline()
        process.kill()
        await process.communicate()
    await rivals.together(url, "serves", 1)
    assert await _counts(storage) == [2 * len(REQUESTS), SONGS, SONGS]
    assert await _value(storage, "SELECT songs FROM guild_weeks") == SONGS
    await check_sums(storage)
    assert await storage.jobs.unfinished() == ()
    assert await _value(storage, f"SELECT count(*) FROM jobs WHERE token = '{TOKEN}'") == 0
    if url.startswith("sqlite"):
        assert await _value(storage, "PRAGMA integrity_check") == "ok"
        assert await _value(storage, "PRAGMA foreign_key_check") is None
