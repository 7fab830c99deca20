"""What the bot remembers: jobs, songs with their moods, and settings, in SQLite or PostgreSQL.

Every error of the database is raised as `StorageError`, so that a caller can go on without it.
"""

from __future__ import annotations

from typing import Self

from sqlalchemy import text

from bot.storage.audit import AuditLine, AuditStore
from bot.storage.boards import (
    MINIMUM_SONGS,
    PAGE,
    Agreement,
    BoardStore,
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
from bot.storage.consent import Forgotten
from bot.storage.database import PATIENCE, Database, StorageError
from bot.storage.digests import DigestStore, Subscription
from bot.storage.jobs import JobStore
from bot.storage.opinions import OpinionStore
from bot.storage.periods import Calendar, Period
from bot.storage.privacy import Excluded, PrivacyStore, Wishes
from bot.storage.settings import Changes, GuildSettings, Listening, SettingsStore
from bot.storage.sharing import LEASE, Place, SharingStore
from bot.storage.songs import Entry, Recorded, SongStore, Titled

__all__ = [
    "LEASE",
    "MINIMUM_SONGS",
    "PAGE",
    "PATIENCE",
    "Agreement",
    "AuditLine",
    "AuditStore",
    "BoardStore",
    "Calendar",
    "Changes",
    "DigestStore",
    "Entry",
    "Excluded",
    "GuildSettings",
    "JobStore",
    "Listening",
    "MembersPage",
    "MoodSeconds",
    "OpinionStore",
    "Period",
    "Place",
    "PrivacyStore",
    "Profile",
    "RankedSong",
    "Recorded",
    "ServerMood",
    "SettingsStore",
    "SharingStore",
    "SimilarSong",
    "SongStore",
    "SongsPage",
    "Standing",
    "Storage",
    "StorageError",
    "Subscription",
    "Swing",
    "Titled",
    "Week",
    "Wishes",
]


class Storage:
    """All that the bot remembers; made by `open`.

    Parameters
    ----------
    database : Database

    Attributes
    ----------
    jobs : JobStore
    songs : SongStore
    settings : SettingsStore
    boards : BoardStore
    digests : DigestStore
    sharing : SharingStore
        For several processes; only on PostgreSQL.
    privacy : PrivacyStore
    opinions : OpinionStore
    audit : AuditStore
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.jobs = JobStore(database)
        forgotten = Forgotten()
        self.songs = SongStore(database, forgotten)
        self.settings = SettingsStore(database)
        self.boards = BoardStore(database)
        self.digests = DigestStore(database)
        self.sharing = SharingStore(database)
        self.privacy = PrivacyStore(database, self.settings, forgotten)
        self.opinions = OpinionStore(database)
        self.audit = AuditStore(database)

    @classmethod
    async def open(cls, url: str, *, patience: float = PATIENCE) -> Self:
        """Connect to a database and bring its tables up to date.

        Parameters
        ----------
        url : str
            ``sqlite:///path``, made if it is not there, or
            ``postgresql://user:password@host/name``.
        patience : float
            Seconds that a statement waits for a lock or for the server.

        Returns
        -------
        Storage

        Raises
        ------
        StorageError
            If the database cannot be used.
        """
        return cls(await Database.open(url, patience))

    async def check(self) -> None:
        """Ask the database for a sign of life.

        Raises
        ------
        StorageError
            If it gives none.
        """
        async with self._database.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()
