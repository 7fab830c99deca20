"""What moderators did to the boards of their server."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.database import Database, insert_into
from bot.storage.tables import AuditRow


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Something that somebody did.

    Attributes
    ----------
    guild_id : int
    moderator_id : int or None
        Who; None if they are forgotten.
    action : str
        What: ``"exclude"``, ``"readmit"``, ``"remove"``, ``"boards-on"``, ``"boards-off"``,
        ``"time-zone"`` or ``"digest"``.
    at : float
        When, in seconds of Unix time.
    subject_id : int or None
        Whom it concerns; None for nobody, or if they are forgotten.
    title : str or None
        Of the song; or what was chosen, a channel as ``#`` and its id.
    """

    guild_id: int
    moderator_id: int | None
    action: str
    at: float
    subject_id: int | None = None
    title: str | None = None


class AuditStore:
    """What was done in each server.

    Every method raises `StorageError` if the database does not do its part.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, line: AuditLine) -> None:
        """Remember what somebody did."""
        async with self._database.write() as connection:
            await note(connection, line)

    async def lines(self, guild_id: int, limit: int = 10) -> tuple[AuditLine, ...]:
        """Return what was done last in a server, the latest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(AuditRow)
                .where(AuditRow.guild_id == guild_id)
                .order_by(AuditRow.id.desc())
                .limit(limit)
            )
        return tuple(
            AuditLine(row.guild_id, row.moderator_id, row.action, row.at, row.subject_id, row.title)
            for row in rows
        )


async def note(connection: AsyncConnection, line: AuditLine) -> None:
    """Remember what somebody did, in a transaction that does it."""
    await connection.execute(insert_into(connection, AuditRow).values(asdict(line)))
