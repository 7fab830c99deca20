from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.requests import AtInteraction, AtMessage
from bot.storage import Storage
from tests.bot.storage.samples import TOKEN, at_interaction, request


async def test_a_request_is_new_once(storage: Storage) -> None:
    asked = request(songs=3)
    assert await storage.jobs.accept(asked) == asked.songs
    assert await storage.jobs.accept(asked) == ()


async def test_only_the_songs_that_were_not_asked_for_before_are_new(storage: Storage) -> None:
    asked = request(songs=3)
    await storage.jobs.accept(replace(asked, songs=asked.songs[1:2]))
    assert await storage.jobs.accept(asked) == (asked.songs[0], asked.songs[2])


async def test_the_same_file_in_another_request_is_new(storage: Storage) -> None:
    await storage.jobs.accept(request(1))
    again = replace(request(2), songs=request(1).songs)
    assert await storage.jobs.accept(again) == again.songs


@pytest.mark.parametrize(
    "place",
    [
        at_interaction(),
        AtMessage(message_id=5, quiet=False),
        AtMessage(message_id=5, quiet=True, answer_id=6),
    ],
    ids=["interaction", "message", "answered message"],
)
@pytest.mark.parametrize(
    "changes",
    [{"home_channel_id": 41}, {"guild_id": None, "post": None, "private": True, "more": ()}],
)
async def test_a_request_comes_back_as_it_was(
    url: str, place: AtInteraction | AtMessage, changes: dict[str, object]
) -> None:
    asked = replace(request(2**56, songs=2, place=place), **changes)
    before = await Storage.open(url)
    await before.jobs.accept(asked)
    await before.close()
    after = await Storage.open(url)
    assert await after.jobs.unfinished() == (asked,)
    await after.close()


async def test_the_oldest_request_is_served_first(storage: Storage) -> None:
    for number, received in ((1, 30.0), (2, 10.0), (3, 20.0)):
        await storage.jobs.accept(request(number, songs=2, received=received))
    assert [each.id for each in await storage.jobs.unfinished()] == [2, 3, 1]


async def test_what_is_answered_is_not_served_again(storage: Storage) -> None:
    asked = request(songs=3)
    await storage.jobs.accept(asked)
    await storage.jobs.finish(asked.id, asked.songs[1].attachment_id)
    left = replace(asked, songs=(asked.songs[0], asked.songs[2]))
    assert await storage.jobs.unfinished() == (left,)
    await storage.jobs.finish(asked.id)
    assert await storage.jobs.unfinished() == ()
    assert await storage.jobs.accept(asked) == ()


async def test_finishing_one_request_leaves_the_others(storage: Storage) -> None:
    for number in (1, 2):
        await storage.jobs.accept(request(number))
    await storage.jobs.finish(1)
    assert await storage.jobs.unfinished() == (request(2),)


async def test_the_message_with_the_answer_is_known_after_a_restart(storage: Storage) -> None:
    await storage.jobs.accept(request(songs=2))
    await storage.jobs.answer_at(1, 77)
    (asked,) = await storage.jobs.unfinished()
    assert asked.place == AtMessage(message_id=51, quiet=True, answer_id=77)


async def test_a_finished_job_leaves_nothing_that_opens_anything(tmp_path: Path) -> None:
    storage = await Storage.open(f"sqlite:///{tmp_path}/moodify.db")
    asked = request(place=at_interaction())
    await storage.jobs.accept(asked)
    assert TOKEN.encode() in _bytes_in(tmp_path)
    await storage.jobs.finish(asked.id)
    await storage.close()
    left = _bytes_in(tmp_path)
    assert TOKEN.encode() not in left
    assert asked.songs[0].url.encode() not in left
    assert asked.songs[0].filename.encode() not in left
    assert asked.more[0].url.encode() not in left


def _bytes_in(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.iterdir())


async def test_stale_jobs_go_and_are_counted(storage: Storage) -> None:
    for number, received in ((1, 10.0), (2, 20.0), (3, 30.0)):
        await storage.jobs.accept(request(number, songs=2, received=received))
    await storage.jobs.finish(1)
    assert await storage.jobs.close_stale(30.0) == 2
    assert [each.id for each in await storage.jobs.unfinished()] == [3]
    assert await storage.jobs.accept(request(1)) == request(1).songs


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("'; DROP TABLE jobs; --.mp3", "'; DROP TABLE jobs; --.mp3"),
        ("🎵 \u202egnp.mp3", "🎵 \u202egnp.mp3"),
        ("nul\0.mp3", "nul\ufffd.mp3"),
        ("half\ud83c.mp3", "half\ufffd.mp3"),
        ("x" * 5000, "x" * 5000),
    ],
)
async def test_hostile_file_names_are_kept_as_far_as_they_are_text(
    storage: Storage, name: str, kept: str
) -> None:
    asked = request()
    await storage.jobs.accept(replace(asked, songs=(replace(asked.songs[0], filename=name),)))
    (back,) = await storage.jobs.unfinished()
    assert back.songs[0].filename == kept
