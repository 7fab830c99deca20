"""What people may try to climb a board, and that it gets them nowhere."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from bot.storage import MembersPage, Period, Storage
from bot.storage.counting import DAILY_SECONDS
from moodify_core import MoodAnalysis, analyze
from tests.bot.storage.samples import DAY, NOON, entry, heard

GUILD = 31
TUNE = Path(__file__).parents[3] / "examples" / "romantic_last_dance.mp3"


def _copies() -> dict[str, bytes]:
    """Return a tune and what somebody may make of it, as files."""
    samples, rate = soundfile.read(TUNE, dtype="float32")

    def written(part: object, **how: object) -> bytes:
        file = io.BytesIO()
        soundfile.write(file, part, rate, **how)
        return file.getvalue()

    lower = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.9}
    return {
        "as it is": TUNE.read_bytes(),
        # ID3v1: the last 128 bytes of a file.
        "with another tag": TUNE.read_bytes() + b"TAG" + b"Another name".ljust(125, b"\0"),
        "encoded again and quieter": written(samples * 0.4, **lower),
        "in another format": written(samples, format="FLAC"),
        "trimmed at both ends": written(samples[2 * rate : -3 * rate], **lower),
    }


@pytest.fixture(scope="module")
def copies() -> Mapping[str, tuple[bytes, MoodAnalysis]]:
    """Return the digest and the analysis of each copy."""
    return {
        # Sure of it, so that nothing but its being a copy keeps it from counting.
        name: (hashlib.sha256(file).digest(), replace(analyze(io.BytesIO(file)), unsure=False))
        for name, file in _copies().items()
    }


async def _board(storage: Storage, *, viewer_id: int = 21) -> MembersPage:
    return await storage.boards.members(
        GUILD, None, Period.ALL, page=0, viewer_id=viewer_id, now=NOON
    )


async def test_copies_of_a_song_count_once_for_its_person_and_once_for_the_song(
    storage: Storage, copies: Mapping[str, tuple[bytes, MoodAnalysis]]
) -> None:
    await storage.songs.record(heard(1, 1))
    await storage.songs.record(heard(2, 2))
    before = (await _board(storage)).own_songs
    for number, (digest, told) in enumerate(copies.values(), 10):
        await storage.songs.record(
            entry(number, told, digest=digest, heard_at=NOON + number, home_channel_id=41)
        )
    page = await _board(storage)
    assert (before, page.own_songs) == (2, 3)
    assert page.own is not None
    length = copies["as it is"][1].duration
    assert page.own.seconds == pytest.approx(2 * 180 + length, abs=0.01)
    mood = copies["as it is"][1].dominant
    songs = await storage.boards.find(GUILD, mood, strength=0.01, channels=[41])
    assert len([song for song in songs if song.title == "Song"]) == 1


async def test_another_song_is_not_taken_for_a_copy(
    storage: Storage, copies: Mapping[str, tuple[bytes, MoodAnalysis]]
) -> None:
    other = await asyncio.to_thread(analyze, TUNE.with_name("happy_morning_run.mp3"))
    for number, (digest, told) in enumerate((copies["as it is"], (b"other", other))):
        await storage.songs.record(entry(number, replace(told, unsure=False), digest=digest))
    assert (await _board(storage)).own_songs == 2


async def test_a_day_of_many_songs_counts_for_no_more_than_the_limit(storage: Storage) -> None:
    for number in range(30):
        await storage.songs.record(heard(number, number, minutes=10, at=NOON + number))
    page = await _board(storage)
    assert page.own is not None
    assert (page.own.seconds, page.own.songs) == (DAILY_SECONDS, 18)


async def test_songs_that_were_past_the_limit_do_not_count_when_they_come_again(
    storage: Storage,
) -> None:
    for number in range(2):
        await storage.songs.record(heard(number, number, minutes=180, at=NOON + number))
    await storage.songs.record(heard(3, 1, minutes=180, at=NOON + DAY))
    assert (await _board(storage)).own_songs == 1


async def test_one_very_long_song_ranks_nobody(storage: Storage) -> None:
    await storage.songs.record(heard(1, 1, minutes=1000))
    page = await _board(storage)
    assert (page.ranked, page.own, page.own_songs) == (0, None, 1)


async def test_removing_and_posting_again_gains_nothing(storage: Storage) -> None:
    for number in range(6):
        record_id = await storage.songs.record(heard(number, 1, at=NOON + number))
        assert record_id is not None
        if number % 2:
            await storage.songs.remove(record_id)
    assert (await _board(storage)).own_songs == 1


async def test_who_posts_what_another_shared_first_does_not_take_it_over(
    storage: Storage,
) -> None:
    await storage.songs.record(heard(1, 1, user_id=21))
    await storage.songs.record(heard(2, 1, user_id=22, at=NOON + 1))
    (song,) = await storage.boards.find(
        GUILD, heard(1).analysis.dominant, strength=0, channels=[41]
    )
    assert song.user_id == 21


async def test_what_is_heard_in_private_or_elsewhere_moves_no_board(storage: Storage) -> None:
    for number, changes in enumerate(
        ({"private": True}, {"guild_id": None}, {"unsure": True}, {"guild_id": 32})
    ):
        for song in range(3):
            await storage.songs.record(heard(number * 10 + song, number * 10 + song, **changes))
    page = await _board(storage)
    assert (page.ranked, page.own_songs) == (0, 0)
    assert (
        await storage.boards.find(GUILD, heard(1).analysis.dominant, strength=0, channels=[41])
        == ()
    )
