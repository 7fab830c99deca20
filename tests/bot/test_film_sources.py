from __future__ import annotations

import time

from bot.film import Songs, SongSource
from bot.requests import Song


def source(number: int) -> SongSource:
    return SongSource(number, Song(number, f"{number}.mp3", "http://localhost", 1000), None)


def test_the_latest_songs_are_remembered() -> None:
    songs = Songs(limit=2)
    for number in range(3):
        songs.remember(str(number), source(number))
    assert songs.find("0") is None
    assert songs.find("1") == source(1)
    assert songs.find("2") == source(2)


def test_songs_are_forgotten_in_time() -> None:
    songs = Songs(seconds=0.01)
    songs.remember("1", source(1))
    time.sleep(0.02)
    assert songs.find("1") is None
