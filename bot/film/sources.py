"""Where the songs of the latest answers came from; no song is kept, and nothing on disk."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

REMEMBERED = 500
"""Songs whose addresses are remembered."""
MEMORY = 60 * 60.0
"""Seconds for which they are; the signature in an address lasts longer."""


@dataclass(frozen=True, slots=True)
class Post:
    """The message that a song was posted in.

    Attributes
    ----------
    channel_id, message_id, attachment_id : int
    """

    channel_id: int
    message_id: int
    attachment_id: int


@dataclass(frozen=True, slots=True)
class SongSource:
    """Where a song can be had once more.

    Attributes
    ----------
    user_id : int
        Who asked for its moods.
    filename : str
        As Discord hands it over: hostile text.
    url : str
        Where the file is.
    post : Post or None
        The message that shows it; None for a file that nobody but who asked has seen.
    """

    user_id: int
    filename: str
    url: str
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

    def find(self, key: str) -> SongSource | None:
        """Return where a song came from; None if that is not known any more."""
        end, source = self._songs.get(key, (0.0, None))
        return source if end > time.monotonic() else None
