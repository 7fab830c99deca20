"""Boards: who shares what, which songs feel so, how a server's mood moves."""

from bot.storage.boards._pages import PAGE
from bot.storage.boards._people import MINIMUM_SONGS
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
from bot.storage.boards.store import BoardStore

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
