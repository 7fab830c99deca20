from __future__ import annotations

import asyncio
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import text

from bot.requests import Post
from bot.storage import Storage
from moodify_core import Mood, analyze
from moodify_core.timeline import draw_timeline
from tests.bot.storage.samples import ROWS_A_SECOND, analysis, chroma, entry

TUNE = Path(__file__).parents[3] / "examples" / "medley_after_the_storm.mp3"


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


async def _rows(storage: Storage, table: str) -> int:
    async with storage._database.read() as connection:
        return await connection.scalar(text(f"SELECT count(*) FROM {table}"))


async def test_a_record_comes_back_as_it_was(storage: Storage) -> None:
    made = entry(2**56, title="Ünsinn 🎵", heard_at=123.456)
    found = await storage.songs.find(await storage.songs.record(made))
    assert found is not None
    for name in ("guild_id", "channel_id", "user_id", "post", "title", "private", "heard_at"):
        assert getattr(found, name) == getattr(made, name), name
    assert found.analysis == made.analysis
    assert found.answer_id is None


async def test_an_answer_elsewhere_than_in_a_server_comes_back_as_it_was(storage: Storage) -> None:
    made = entry(guild_id=None, post=None, private=True)
    found = await storage.songs.find(await storage.songs.record(made))
    assert found is not None
    assert (found.guild_id, found.post, found.private) == (None, None, True)


async def test_an_answer_is_recorded_once(storage: Storage) -> None:
    first = await storage.songs.record(entry())
    assert await storage.songs.record(entry(analysis=analysis(7), digest=_digest("b"))) == first
    assert await storage.songs.record(entry()) == first
    assert [await _rows(storage, table) for table in ("songs", "results", "records")] == [1, 1, 1]


async def test_the_same_answer_recorded_many_times_at_once_is_one(storage: Storage) -> None:
    ids = await asyncio.gather(*(storage.songs.record(entry()) for _ in range(8)))
    assert len(set(ids)) == 1


async def test_two_songs_of_one_request_are_two_records(storage: Storage) -> None:
    one = await storage.songs.record(entry())
    other = await storage.songs.record(
        entry(attachment_id=101, analysis=analysis(1), digest=_digest("b"))
    )
    assert one != other
    assert await _rows(storage, "songs") == 2


def _copies() -> dict[str, np.ndarray]:
    song = chroma(0)
    noise = np.random.default_rng(5).normal(0, 0.02, song.shape).astype(np.float32)
    return {
        "encoded again": song + noise,
        "without its beginning": song[3 * ROWS_A_SECOND :],
        "without its end": song[: -10 * ROWS_A_SECOND],
        "with silence before it": np.vstack((np.zeros((30, 12), np.float32), song)),
    }


@pytest.mark.parametrize("kind", _copies())
async def test_a_copy_is_the_same_song(storage: Storage, kind: str) -> None:
    for number in range(2, 12):
        await storage.songs.record(entry(number, analysis(number), digest=_digest(str(number))))
    original = await storage.songs.find(await storage.songs.record(entry()))
    copy = await storage.songs.find(
        await storage.songs.record(
            entry(50, analysis(heard=_copies()[kind]), digest=_digest("copy"), guild_id=32)
        )
    )
    assert original is not None
    assert copy is not None
    assert copy.song_id == original.song_id
    assert await _rows(storage, "songs") == 11


async def test_a_long_song_that_begins_as_another_is_another(storage: Storage) -> None:
    await storage.songs.record(entry())
    longer = np.vstack((chroma(0), chroma(3, 200)))
    await storage.songs.record(entry(2, analysis(heard=longer), digest=_digest("b")))
    assert await _rows(storage, "songs") == 2


async def test_a_clip_too_short_for_a_fingerprint_is_known_by_its_file(storage: Storage) -> None:
    short = analysis(heard=chroma(0)[:10])
    assert short.fingerprint == ""
    for number in (1, 2):
        await storage.songs.record(entry(number, short))
    assert await _rows(storage, "songs") == 1
    await storage.songs.record(entry(3, short, digest=_digest("another")))
    assert await _rows(storage, "songs") == 2


async def test_a_real_song_is_known_again_in_another_format(storage: Storage) -> None:
    samples, rate = soundfile.read(TUNE, dtype="float32")
    copy = io.BytesIO()
    soundfile.write(copy, samples[rate:] * 0.5, rate, format="MP3", bitrate_mode="CONSTANT")
    copy.seek(0)
    first, again = await asyncio.to_thread(analyze, TUNE), await asyncio.to_thread(analyze, copy)
    ids = [
        await storage.songs.record(entry(number, each, digest=_digest(str(number))))
        for number, each in enumerate((first, again))
    ]
    records = [await storage.songs.find(each) for each in ids]
    assert len({record.song_id for record in records if record}) == 1
    assert records[1] is not None
    # What is kept is the first copy's, to the last bit: the same picture comes of it.
    assert records[1].analysis == first
    assert draw_timeline(records[1].analysis, "x") == draw_timeline(first, "x")


async def test_each_model_has_a_say_of_its_own(storage: Storage) -> None:
    old = await storage.songs.record(entry(1, analysis(mood=Mood.SAD, model_version="old")))
    new = await storage.songs.record(entry(2, analysis(mood=Mood.HAPPY, model_version="new")))
    for record_id, mood in ((old, Mood.SAD), (new, Mood.HAPPY)):
        found = await storage.songs.find(record_id)
        assert found is not None
        assert found.analysis.dominant is mood
    assert await _rows(storage, "songs") == 1
    for version, record_id in (("old", old), ("new", new)):
        recalled = await storage.songs.recall(31, entry().digest, version)
        assert recalled is not None
        assert recalled.id == record_id


async def test_a_file_that_was_heard_in_this_server_is_recalled(storage: Storage) -> None:
    made = entry()
    first = await storage.songs.record(made)
    recalled = await storage.songs.recall(31, made.digest, "one")
    assert recalled is not None
    assert (recalled.id, recalled.analysis) == (first, made.analysis)
    newest = await storage.songs.record(entry(2, title="Another name"))
    recalled = await storage.songs.recall(31, made.digest, "one")
    assert recalled is not None
    assert (recalled.id, recalled.title) == (newest, "Another name")


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, {"guild_id": 32}),
        ({}, {"guild_id": None}),
        ({"guild_id": None}, {"guild_id": None}),
        ({}, {"digest": _digest("other")}),
        ({}, {"model_version": "two"}),
        ({"private": True}, {}),
    ],
    ids=["other server", "direct", "both direct", "other file", "other model", "private"],
)
async def test_nothing_else_is_recalled(
    storage: Storage, changes: dict[str, object], asked: dict[str, object]
) -> None:
    made = entry(**changes)
    await storage.songs.record(made)
    question = {"guild_id": 31, "digest": made.digest, "model_version": "one", **asked}
    assert await storage.songs.recall(**question) is None


async def test_the_message_with_the_answers_is_remembered(storage: Storage) -> None:
    ids = [
        await storage.songs.record(entry(number, analysis(number), digest=_digest(str(number))))
        for number in range(3)
    ]
    await storage.songs.answered(ids[:2], 99)
    found = [await storage.songs.find(each) for each in ids]
    assert [each and each.answer_id for each in found] == [99, 99, None]


async def test_titles_are_the_newest_of_each_public_song_of_the_server(storage: Storage) -> None:
    async def add(number: int, seed: int, title: str, **changes: object) -> int:
        heard = analysis(seed, mood=Mood.HAPPY)
        return await storage.songs.record(
            entry(number, heard, title=title, digest=_digest(str(seed)), **changes)
        )

    await add(1, 1, "Rain")
    sun = await add(2, 2, "Sun")
    rain = await add(3, 1, "Rain again")
    await add(4, 3, "Elsewhere", guild_id=32)
    await add(5, 4, "Secret", private=True)
    await add(6, 5, "Direct", guild_id=None)
    await add(7, 2, "Sun in secret", private=True)
    listed = await storage.songs.titles(31)
    assert [(each.record_id, each.title) for each in listed] == [(rain, "Rain again"), (sun, "Sun")]
    assert listed[0].dominant is Mood.HAPPY
    assert [each.record_id for each in await storage.songs.titles(31, limit=1)] == [rain]


@pytest.mark.parametrize(
    ("like", "found"),
    [
        ("über", ["Straßen ÜBER 100%"]),
        ("STRASSEN", ["Straßen ÜBER 100%"]),
        ("100%", ["Straßen ÜBER 100%"]),
        ("0%0", []),
        ("_", []),
        ("plain", ["Plain"]),
        ("", ["Plain", "Straßen ÜBER 100%"]),
    ],
)
async def test_titles_are_found_by_a_part_of_them(
    storage: Storage, like: str, found: list[str]
) -> None:
    await storage.songs.record(entry(1, analysis(1), title="Straßen ÜBER 100%"))
    await storage.songs.record(entry(2, analysis(2), title="Plain", digest=_digest("b")))
    assert [each.title for each in await storage.songs.titles(31, like)] == found


async def test_a_removed_record_leaves_nothing_of_its_song(storage: Storage) -> None:
    record_id = await storage.songs.record(entry())
    assert await storage.songs.remove(record_id)
    assert not await storage.songs.remove(record_id)
    assert await storage.songs.find(record_id) is None
    for table in ("records", "results", "songs", "landmarks"):
        assert await _rows(storage, table) == 0, table


async def test_a_song_stays_as_long_as_one_record_of_it(storage: Storage) -> None:
    first, second = [await storage.songs.record(entry(number)) for number in (1, 2)]
    await storage.songs.remove(first)
    found = await storage.songs.find(second)
    assert found is not None
    assert found.analysis == analysis()


async def test_the_number_of_a_removed_record_is_not_given_to_another(storage: Storage) -> None:
    record_id = await storage.songs.record(entry())
    await storage.songs.remove(record_id)
    assert await storage.songs.record(entry(2)) != record_id


async def test_a_deleted_message_takes_its_records_with_it(storage: Storage) -> None:
    for number, message_id in ((1, 60), (2, 60), (3, 61)):
        heard = analysis(number)
        await storage.songs.record(
            entry(number, heard, post=Post(41, message_id), digest=_digest(str(number)))
        )
    assert await storage.songs.remove_posts({60, 62}) == 2
    assert await storage.songs.remove_posts({60, 62}) == 0
    assert [await _rows(storage, table) for table in ("records", "songs")] == [1, 1]


async def test_songs_come_and_go_at_once(storage: Storage) -> None:
    async def come_and_go(number: int) -> None:
        for turn in range(5):
            record_id = await storage.songs.record(entry(number * 10 + turn))
            assert await storage.songs.find(record_id) is not None
            assert await storage.songs.remove(record_id)

    await asyncio.gather(*(come_and_go(number) for number in range(4)))
    for table in ("records", "results", "songs", "landmarks"):
        assert await _rows(storage, table) == 0, table


async def test_the_last_records_of_a_song_removed_at_once_take_it_with_them(
    storage: Storage,
) -> None:
    ids = [await storage.songs.record(entry(number)) for number in range(8)]
    assert all(await asyncio.gather(*(storage.songs.remove(each) for each in ids)))
    for table in ("records", "results", "songs", "landmarks"):
        assert await _rows(storage, table) == 0, table


async def test_an_unsure_answer_is_known_as_such(storage: Storage) -> None:
    await storage.songs.record(entry(analysis=replace(analysis(), unsure=True)))
    assert [each.unsure for each in await storage.songs.titles(31)] == [True]
