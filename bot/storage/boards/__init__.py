"""Boards: who shares what, which songs feel so, how a server's mood moves."""

from bot.storage.boards.answers import (
    Agreement,
    MembersPage,
    MoodSeconds,
    Profile,
    RankedSong,
    ServerMood,
    SimilarSong,
    SongsPage,
    Standing,
    Swing,
    Week,
)
from bot.storage.boards.store import MINIMUM_SONGS, PAGE, BoardStore

__all__ = [
    "MINIMUM_SONGS",
    "PAGE",
    "Agreement",
    "BoardStore",
    "MembersPage",
    "MoodSeconds",
    "Profile",
    "RankedSong",
    "ServerMood",
    "SimilarSong",
    "SongsPage",
    "Standing",
    "Swing",
    "Week",
]
