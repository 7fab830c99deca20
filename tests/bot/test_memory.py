"""A database that goes away and comes back: nothing that was to be written is lost."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot import memory as module
from bot.memory import Memory, RemovedPosts
from bot.requests import Post
from bot.storage import GuildSettings, Period, SongStore
from tests.bot.storage.samples import DAY, NOON, analysis, entry, heard


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.05)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "moodify.db"


@pytest.fixture
async def memory(file: Path) -> AsyncIterator[Memory]:
    memory = Memory(f"sqlite:///{file}", patience=0.05)
    await memory.start()
    yield memory
    await memory.close()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Keep everybody else from writing."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


async def test_what_is_written_is_there(memory: Memory) -> None:
    await memory.write(lambda storage: storage.settings.save(1, language="de"))
    assert (await memory.settings(1)).language == "de"
    assert await memory.settings(None) == GuildSettings()


async def test_what_cannot_be_written_now_is_written_later_and_in_order(
    memory: Memory, file: Path
) -> None:
    with locked(file):
        for code in ("de", "fr", "ja"):
            await memory.write(lambda storage, code=code: storage.settings.save(1, language=code))
        assert (await memory.settings(1)).language is None
    await _all_written(memory)
    assert (await memory.settings(1)).language == "ja"


async def test_a_database_that_is_away_at_the_start_is_found_when_it_comes(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.write_text("not a folder yet")
    memory = Memory(f"sqlite:///{place}/moodify.db")
    await memory.start()
    await memory.write(lambda storage: storage.settings.save(1, language="es"))
    assert await memory.settings(1) == GuildSettings()
    place.unlink()
    async with asyncio.timeout(30):
        await memory.opened()
    await _all_written(memory)
    assert (await memory.settings(1)).language == "es"
    await memory.close()


async def test_what_waits_is_written_before_the_end(file: Path) -> None:
    memory = Memory(f"sqlite:///{file}", patience=0.05)
    await memory.start()
    with locked(file):
        await memory.write(lambda storage: storage.settings.save(1, language="fr"))
        assert memory.waiting == 1
    await memory.close()
    again = Memory(f"sqlite:///{file}")
    await again.start()
    assert (await again.settings(1)).language == "fr"
    await again.close()


async def test_a_write_that_is_never_taken_does_not_hold_up_the_others(
    memory: Memory, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 3)
    with locked(file):
        await memory.write(lambda storage: storage.settings.save(1, no_such_setting=True))  # type: ignore[call-arg]
        await memory.write(lambda storage: storage.settings.save(1, language="de"))
    await _all_written(memory)
    assert (await memory.settings(1)).language == "de"


async def test_what_is_recorded_later_counts_as_if_the_database_had_been_there(
    memory: Memory, file: Path
) -> None:
    first = heard(1, 1, at=NOON)
    with locked(file):
        # The second is the same song, and each comes twice.
        for each in (heard(2, 1, at=NOON + 1), first, heard(3, 2, at=NOON + DAY), first):
            await memory.write(lambda storage, each=each: storage.songs.record(each))
        assert memory.waiting == 4
    await _all_written(memory)
    page = await memory.attempt(
        lambda storage: storage.boards.members(
            first.guild_id, None, Period.ALL, page=0, viewer_id=first.user_id, now=NOON
        ),
        otherwise=None,
    )
    assert page is not None
    assert page.own_songs == 2
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "SELECT request_id FROM records WHERE counted_seconds > 0 ORDER BY request_id"
        )
        assert rows.fetchall() == [(1,), (3,)]


async def test_what_is_kept_of_a_person_is_not_written_after_they_are_forgotten(
    memory: Memory, file: Path
) -> None:
    mine, theirs = (entry(number, user_id=number, heard_at=time.time()) for number in (1, 2))
    with locked(file):
        for each in (mine, theirs):
            await memory.write(lambda storage, each=each: storage.songs.record(each))
        # Before the database is back, the person is forgotten already: as soon as it is.
        forgetting = asyncio.create_task(_insisting_on_forgetting(memory, 1))
        await asyncio.sleep(0.2)
        assert memory.waiting == 2
    await forgetting
    await _all_written(memory)
    assert await _count_of(memory, 1) == 0
    assert await _count_of(memory, 2)


async def test_many_deleted_messages_push_nothing_out(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WRITES", 10)
    memory = Memory(f"sqlite:///{file}", patience=0.05)
    await memory.start()
    with locked(file):
        await memory.write(lambda storage: storage.settings.save(1, language="de"))
        for message_id in range(1000, 1010):
            await memory.write(RemovedPosts({message_id}))
        # Posted and deleted while nothing can be written.
        post = Post(41, 999)
        await memory.write(lambda storage: storage.songs.record(entry(1, post=post)))
        await memory.write(RemovedPosts({999, 998}))
        assert memory.waiting == 4
    await _all_written(memory)
    assert (await memory.settings(1)).language == "de"
    assert await _count_of(memory, entry(1).user_id) == 0
    await memory.close()


async def test_messages_deleted_while_others_are_removed_are_removed_too(
    memory: Memory, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        each = entry(number, post=Post(41, number))
        await memory.write(lambda storage, each=each: storage.songs.record(each))
    removing, go_on = asyncio.Event(), asyncio.Event()
    remove_posts = SongStore.remove_posts

    async def slowly(store: SongStore, message_ids: set[int]) -> int:
        removed = await remove_posts(store, message_ids)
        removing.set()
        await go_on.wait()
        return removed

    with locked(file):
        await memory.write(RemovedPosts({1}))
        monkeypatch.setattr(SongStore, "remove_posts", slowly)
    await removing.wait()
    await memory.write(RemovedPosts({2}))
    go_on.set()
    await _all_written(memory)
    assert await _count_of(memory, entry(1).user_id) == 0


async def test_a_write_that_is_cancelled_keeps_nobody_from_writing(tmp_path: Path) -> None:
    memory = Memory(f"sqlite:///{tmp_path}/moodify.db", patience=1.0)
    await memory.start()
    gc.disable()
    try:
        for number in range(1, 60):
            each = entry(number, analysis(number), digest=bytes([number]))
            writing = asyncio.create_task(
                memory.write(lambda storage, each=each: storage.songs.record(each))
            )
            await asyncio.sleep(number / 2000)
            writing.cancel()
            saved = await memory.attempt(
                lambda storage: storage.settings.save(1, language="de"), otherwise=None
            )
            assert saved is not None, number
    finally:
        gc.enable()
        await memory.close()


async def test_a_message_takes_a_song_along_that_is_being_recorded(tmp_path: Path) -> None:
    memory = Memory(f"sqlite:///{tmp_path}/moodify.db")
    await memory.start()
    each = entry(1, post=Post(41, 60))
    with locked(tmp_path / "moodify.db"):
        writing = asyncio.create_task(memory.write(lambda storage: storage.songs.record(each)))
        await asyncio.sleep(0.2)
        writing.cancel()
        removing = asyncio.create_task(memory.write(RemovedPosts({60})))
        await asyncio.sleep(0.2)
    await removing
    assert await _count_of(memory, each.user_id) == 0
    await memory.close()


async def _all_written(memory: Memory) -> None:
    async with asyncio.timeout(30):
        while memory.waiting:  # noqa: ASYNC110 - a task of its own writes
            await asyncio.sleep(0.01)


async def _count_of(memory: Memory, user_id: int) -> int | None:
    """Return how much is kept of a person."""
    return await memory.attempt(lambda storage: storage.privacy.count_of(user_id), otherwise=None)


async def _insisting_on_forgetting(memory: Memory, user_id: int) -> None:
    while (  # noqa: ASYNC110 - a database does not tell that it is back
        await memory.attempt(lambda storage: storage.privacy.forget(user_id), otherwise=None)
    ) is None:
        await asyncio.sleep(0.01)
