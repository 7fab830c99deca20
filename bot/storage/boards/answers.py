"""What the boards tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.requests import Post
from moodify_core import Mood
from moodify_core.moods import MoodShares

MoodSeconds = Mapping[Mood, float]
"""Seconds for every mood."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands on a board.

    Attributes
    ----------
    rank : int
        From 1 on; equals share a rank.
    user_id : int
    seconds : float
        Of the mood asked for; of all moods where none was.
    songs : int
        Songs that count, of whatever mood.
    """

    rank: int
    user_id: int
    seconds: float
    songs: int


@dataclass(frozen=True, slots=True)
class MembersPage:
    """A page of the board of people.

    Attributes
    ----------
    rows : tuple of Standing
    page, pages : int
        Number of this page, from 0 on, and how many there are, at least 1.
    ranked : int
        People on the whole board.
    own : Standing or None
        Where who looks at it stands; None if not on the board.
    own_songs : int
        Songs that count for who looks at it.
    """

    rows: tuple[Standing, ...]
    page: int
    pages: int
    ranked: int
    own: Standing | None
    own_songs: int


@dataclass(frozen=True, slots=True)
class RankedSong:
    """A song of a server, as it was first heard where the viewer can see it.

    Attributes
    ----------
    rank : int
        From 1 on; equals share a rank.
    song_id, record_id : int
    title : str
    channel_id : int
        Where it was answered.
    post : Post or None
        The message that shows the song.
    answer_id : int or None
        The bot's message, if it is known.
    user_id : int or None
        Who had it answered; None if that person is not to be named.
    shares : MoodShares
    confidence : float
        In 0..1.
    duration : float
        Seconds.
    heard_at : float
        Seconds of Unix time.
    """

    rank: int
    song_id: int
    record_id: int
    title: str
    channel_id: int
    post: Post | None
    answer_id: int | None
    user_id: int | None
    shares: MoodShares
    confidence: float
    duration: float
    heard_at: float


@dataclass(frozen=True, slots=True)
class SongsPage:
    """A page of the board of songs.

    Attributes
    ----------
    rows : tuple of RankedSong
    page, pages : int
        Number of this page, from 0 on, and how many there are, at least 1.
    songs : int
        Songs on the whole board.
    """

    rows: tuple[RankedSong, ...]
    page: int
    pages: int
    songs: int


@dataclass(frozen=True, slots=True)
class SimilarSong:
    """A song and how near it is to another.

    Attributes
    ----------
    song : RankedSong
    likeness : float
        In 0..1: 1 minus half the sum of the differences of the shares.
    """

    song: RankedSong
    likeness: float


@dataclass(frozen=True, slots=True)
class Week:
    """What a server heard in a week.

    Attributes
    ----------
    monday : date
    seconds : MoodSeconds
    songs : int
        Songs that count; one that two people had answered counts for each.
    """

    monday: date
    seconds: MoodSeconds
    songs: int


@dataclass(frozen=True, slots=True)
class Swing:
    """The largest change of a mood's share between two weeks that follow each other.

    Attributes
    ----------
    before, after : date
        The weeks' Mondays.
    mood : Mood
    change : float
        Of the mood's share, -1..1.
    """

    before: date
    after: date
    mood: Mood
    change: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often people hear what the bot hears.

    Attributes
    ----------
    agreed, asked : int
        Opinions that name the answer's mood, and all opinions.
    """

    agreed: int
    asked: int


@dataclass(frozen=True, slots=True)
class ServerMood:
    """The mood of a server.

    Attributes
    ----------
    weeks : tuple of Week
        Oldest first, from the first with a song on, none left out.
    mix : MoodShares
        Of all time; zeros if nothing counts.
    songs, members : int
        Songs that count, one that two people had answered for each of them, and people who have
        any.
    typical : RankedSong or None
        The song that is nearest to the mix.
    swing : Swing or None
    """

    weeks: tuple[Week, ...]
    mix: MoodShares
    songs: int
    members: int
    typical: RankedSong | None
    swing: Swing | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person shares in a server.

    Attributes
    ----------
    user_id, songs : int
    seconds : MoodSeconds
    mix : MoodShares
    favourite : Mood or None
        The mood with the most seconds.
    extremes : dict of Mood to RankedSong
        Their song with the highest share of each mood.
    likeness : float or None
        Of the mix to the server's, in 0..1: 1 minus half the sum of the differences.
    """

    user_id: int
    songs: int
    seconds: MoodSeconds
    mix: MoodShares
    favourite: Mood | None
    extremes: dict[Mood, RankedSong]
    likeness: float | None
