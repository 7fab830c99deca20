"""The weekly message of each server: who wants it, and which week was summed up last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select, update

from bot.storage.database import Database
from bot.storage.tables import GuildRow


@dataclass(frozen=True, slots=True)
class Subscription:
    """A server that wants a message about each week.

    Attributes
    ----------
    guild_id, channel_id : int
        The server, and where the message goes.
    time_zone : str
        IANA name of the zone in which its weeks begin.
    language : str or None
        Of all answers, as Discord writes it; None for none in particular.
    digested : date or None
        The Monday after the week that was summed up last.
    """

    guild_id: int
    channel_id: int
    time_zone: str
    language: str | None
    digested: date | None


class DigestStore:
    """Weekly messages of all servers.

    Every method raises `StorageError` if the database does not do its part.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def subscriptions(self) -> list[Subscription]:
        """Return the servers that want the message and have boards."""
        statement = select(
            GuildRow.guild_id,
            GuildRow.digest_channel_id,
            GuildRow.time_zone,
            GuildRow.language,
            GuildRow.digested,
        ).where(GuildRow.digest_channel_id.is_not(None), GuildRow.leaderboard)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [
            Subscription(
                row.guild_id,
                row.digest_channel_id,
                row.time_zone,
                row.language,
                None if row.digested is None else date.fromordinal(row.digested),
            )
            for row in rows
        ]

    async def claim(self, guild_id: int, monday: date) -> bool:
        """Take the message about the week before a Monday upon oneself.

        Returns
        -------
        bool
            Whether nobody had; of all that try, in whatever process, one is told so.
        """
        async with self._database.write() as connection:
            claimed = await connection.execute(
                update(GuildRow)
                .where(
                    GuildRow.guild_id == guild_id,
                    or_(GuildRow.digested.is_(None), GuildRow.digested < monday.toordinal()),
                )
                .values(digested=monday.toordinal())
            )
            return claimed.rowcount > 0
