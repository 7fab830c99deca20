"""Where the songs of the latest answers came from; no song is kept, and nothing on disk."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

from bot.requests import Post, Song

REMEMBERED = 500
"""Songs whose addresses are remembered."""
MEMORY = 60 * 60.0
"""Seconds for which they are; the signature in an address lasts longer."""


@dataclass(frozen=True, slots=True)
class SongSource:
    """Where a song can be had once more.

    Attributes
    ----------
    user_id : int
        Who asked for its moods.
    song : Song
    post : Post or None
        The message that shows it; None for a file that nobody but who asked has seen.
    """

    user_id: int
    song: Song
    post: Post | None


class Songs:
    """Remembers the latest songs for a while.

    Parameters
    ----------
    limit : int
        Songs that are remembered.
    seconds : float
        For how long.
    """

    def __init__(self, *, limit: int = REMEMBERED, seconds: float = MEMORY) -> None:
        self._limit = limit
        self._seconds = seconds
        self._songs: OrderedDict[str, tuple[float, SongSource]] = OrderedDict()

    def remember(self, key: str, source: SongSource) -> None:
        """Remember where the song of an answer came from, and forget what is too old."""
        now = time.monotonic()
        self._songs[key] = (now + self._seconds, source)
        while self._songs:
            oldest, (end, _) = next(iter(self._songs.items()))
            if end > now and len(self._songs) <= self._limit:
                break
            del self._songs[oldest]

    def forget(self, user_id: int) -> None:
        """Forget where the songs of somebody came from."""
        theirs = [key for key, (_, each) in self._songs.items() if each.user_id == user_id]
        for key in theirs:
            del self._songs[key]

    def find(self, key: str) -> SongSource | None:
        """Return where a song came from; None if that is not known any more."""
        end, source = self._songs.get(key, (0.0, None))
        return source if end > time.monotonic() else None
