"""What people hear in songs, beside what the bot said; never used to train anything."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from sqlalchemy import case, exists, func, select

from bot.storage.boards import Agreement
from bot.storage.database import Conflict, Database, insert_into
from bot.storage.tables import Opinion, Record, Result
from moodify_core import Mood


class OpinionStore:
    """One opinion of each person about each answer: the last one that they gave.

    Every method raises `StorageError` if the database does not do its part.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def say(self, record_id: int, user_id: int, mood: Mood, at: float) -> bool:
        """Remember the mood that a person hears.

        Parameters
        ----------
        record_id : int
            Of the answer.
        user_id : int
        mood : Mood
        at : float
            Seconds of Unix time.

        Returns
        -------
        bool
            False if the record is not there any more.
        """
        # On PostgreSQL the record can go at this very moment.
        with suppress(Conflict):
            async with self._database.write() as connection:
                if await connection.scalar(select(exists().where(Record.id == record_id))):
                    said = {"mood": mood.value, "said_at": at}
                    await connection.execute(
                        insert_into(connection, Opinion)
                        .values(record_id=record_id, user_id=user_id, **said)
                        .on_conflict_do_update(index_elements=["record_id", "user_id"], set_=said)
                    )
                    return True
        return False

    async def of(self, user_id: int, record_ids: Collection[int]) -> dict[int, Mood]:
        """Return what a person said of some answers, by the ids of the records."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(Opinion.record_id, Opinion.mood).where(
                    Opinion.user_id == user_id, Opinion.record_id.in_(record_ids)
                )
            )
        return {row.record_id: Mood(row.mood) for row in rows}

    async def agreement(self, guild_id: int | None = None) -> Agreement:
        """Count how often people hear what the bot does.

        Parameters
        ----------
        guild_id : int or None
            In which server; None for all.
        """
        statement = (
            select(
                func.coalesce(func.sum(case((Opinion.mood == Result.dominant, 1), else_=0)), 0),
                func.count(),
            )
            .select_from(Opinion)
            .join(Record, Record.id == Opinion.record_id)
            .join(Result, Result.id == Record.result_id)
        )
        if guild_id is not None:
            statement = statement.where(Record.guild_id == guild_id)
        async with self._database.read() as connection:
            agreed, asked = (await connection.execute(statement)).one()
        return Agreement(int(agreed), asked)
