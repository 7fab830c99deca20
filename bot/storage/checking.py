"""Look at a database without changing it."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from bot.storage.database import PATIENCE, Database
from bot.storage.migrating import revision_of, revisions


class Tables(Enum):
    """How the tables of a database relate to this version of Moodify."""

    CURRENT = auto()
    MISSING = auto()
    """They are made at the first start."""
    OLDER = auto()
    """They are brought up to date at the next start."""
    NEWER = auto()
    """This version does not know them."""


async def look_at(url: str, *, patience: float = PATIENCE) -> Tables:
    """See whether a database can be written to, and what its tables are.

    Parameters
    ----------
    url : str
        As for `Storage.open`. A SQLite file that is not there is not made.
    patience : float
        Seconds to wait for the server, or for others to let go of the database.

    Raises
    ------
    StorageError
        If the database cannot be used.
    """
    if is_missing_file(url):
        return Tables.MISSING
    database = Database.at(url, patience)
    try:
        async with database.write() as connection:
            return await connection.run_sync(_tables)
    finally:
        await database.close()


def is_missing_file(url: str) -> bool:
    """Tell whether an address is that of a SQLite file that is not there."""
    try:
        address = make_url(url)
    except ArgumentError:
        return False
    return address.drivername.startswith("sqlite") and not Path(address.database or "").exists()


def _tables(connection: Connection) -> Tables:
    revision, known = revision_of(connection), revisions()
    if revision is None:
        return Tables.MISSING
    if revision == known[0]:
        return Tables.CURRENT
    return Tables.OLDER if revision in known else Tables.NEWER
