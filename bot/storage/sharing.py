"""What several processes of one bot know of each other's persons.

A place is lent to a process for a while, which it prolongs as long as it lives: what a killed one
held is free again by itself. All times are those of the database's clock. Only for PostgreSQL.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Float, cast, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.database import Database
from bot.storage.tables import AskedRow, PlaceRow

LEASE = 30.0
"""Seconds for which a place is lent."""

NOW: ColumnElement[float] = cast(func.extract("epoch", func.clock_timestamp()), Float(53))


@dataclass(frozen=True, slots=True)
class Place:
    """A song of a person that waits or is heard.

    Attributes
    ----------
    request_id, attachment_id : int
        Which song.
    user_id : int
        Whose.
    """

    request_id: int
    attachment_id: int
    user_id: int

    @property
    def is_this(self) -> ColumnElement[bool]:
        """Whether a row is this place's."""
        return (PlaceRow.request_id == self.request_id) & (
            PlaceRow.attachment_id == self.attachment_id
        )


class SharingStore:
    """Limits of persons that hold over all processes.

    Every method raises `StorageError` if the database does not do its part.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._process = uuid.uuid4().hex

    async def ask(self, user_id: int, seconds: float) -> float:
        """Return the seconds that somebody has to wait; 0, and their wait begins, if they may ask.

        Parameters
        ----------
        user_id : int
        seconds : float
            From one accepted request of a person to the next.
        """
        new = insert(AskedRow).values(user_id=user_id, asked=NOW)
        accept = new.on_conflict_do_update(
            index_elements=["user_id"],
            set_={"asked": new.excluded.asked},
            where=AskedRow.asked + seconds <= new.excluded.asked,
        ).returning(AskedRow.user_id)
        left = select(AskedRow.asked + seconds - NOW).where(AskedRow.user_id == user_id)
        async with self._database.write() as connection:
            if await connection.scalar(accept) is not None:
                return 0.0
            return max(await connection.scalar(left) or 0.0, 0.0)

    async def enter(self, place: Place, limit: int | None) -> bool:
        """Take a place, and return whether there was one left for the person.

        Parameters
        ----------
        place : Place
        limit : int or None
            Places that one person may have; None for any number.
        """
        async with self._database.write() as connection:
            await _alone_with(connection, place.user_id)
            if limit is not None:
                mine = PlaceRow.user_id == place.user_id
                count = await connection.scalar(select(func.count()).where(mine, ~place.is_this))
                if (count or 0) >= limit:
                    return False
            await self._put(connection, place, called=None, running=False)
        return True

    async def take_turn(self, place: Place) -> bool:
        """Begin with a song, unless another of the person runs, or was called before.

        Returns
        -------
        bool
            Whether it may begin. If not, it will be told by `free`.
        """
        async with self._database.write() as connection:
            await _alone_with(connection, place.user_id)
            rows = (
                await connection.execute(
                    select(PlaceRow.running, PlaceRow.called, place.is_this.label("this")).where(
                        PlaceRow.user_id == place.user_id
                    )
                )
            ).all()
            # It has none if the database was away so long that it was taken for dead.
            called = next((row.called for row in rows if row.this), None)
            if called is None:
                called = await connection.scalar(select(NOW))
            may = not any(
                row.running or (row.called is not None and row.called < called)
                for row in rows
                if not row.this
            )
            await self._put(connection, place, called=called, running=may)
        return may

    async def free(self, user_ids: Collection[int]) -> set[int]:
        """Return those of some persons who are not at work, and whose turn is this process's."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(PlaceRow).where(
                    PlaceRow.user_id.in_(user_ids),
                    PlaceRow.called.is_not(None),
                    PlaceRow.until > NOW,
                )
            )
            called = defaultdict(list)
            for row in rows:
                called[row.user_id].append((not row.running, row.called, row.process, row.running))
        heads = {user_id: min(places) for user_id, places in called.items()}
        return {
            user_id
            for user_id in user_ids
            if user_id not in heads
            or (not heads[user_id][3] and heads[user_id][2] == self._process)
        }

    async def leave(self, place: Place) -> None:
        """Give a place back."""
        async with self._database.write() as connection:
            await connection.execute(delete(PlaceRow).where(place.is_this))

    async def prolong(self, forget: float) -> None:
        """Keep the places of this process, and forget what is over.

        Parameters
        ----------
        forget : float
            Seconds after which it does not matter any more that somebody asked.
        """
        async with self._database.write() as connection:
            await connection.execute(
                update(PlaceRow).where(PlaceRow.process == self._process).values(until=NOW + LEASE)
            )
            await connection.execute(delete(PlaceRow).where(PlaceRow.until < NOW))
            await connection.execute(delete(AskedRow).where(AskedRow.asked < NOW - forget))

    async def _put(
        self, connection: AsyncConnection, place: Place, *, called: float | None, running: bool
    ) -> None:
        state = {
            "process": self._process,
            "called": called,
            "running": running,
            "until": NOW + LEASE,
        }
        await connection.execute(
            insert(PlaceRow)
            .values(
                request_id=place.request_id,
                attachment_id=place.attachment_id,
                user_id=place.user_id,
                **state,
            )
            .on_conflict_do_update(index_elements=["request_id", "attachment_id"], set_=state)
        )


async def _alone_with(connection: AsyncConnection, user_id: int) -> None:
    """Keep others from a person's places until the transaction ends, and free what is over."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:user)"), {"user": user_id})
    await connection.execute(
        delete(PlaceRow).where(PlaceRow.user_id == user_id, PlaceRow.until < NOW)
    )
