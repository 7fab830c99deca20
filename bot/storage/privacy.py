"""What people want to be kept of them, and what goes when a server does or its time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.audit import AuditLine, note
from bot.storage.consent import EVERYWHERE, Forgotten, is_unrecorded
from bot.storage.counting import take_turn
from bot.storage.database import Database, insert_into
from bot.storage.people import count_rows_of, erase, rows_of
from bot.storage.settings import SettingsStore
from bot.storage.songs import remove_records
from bot.storage.tables import AuditRow, Base, Departure, Exclusion, Opinion, Record, Wish

_BATCH = 500
"""Records that are deleted in one transaction, so that nobody waits long for it."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants, where they ask.

    Attributes
    ----------
    hidden_here : bool
        To be kept off the boards of this server.
    hidden : bool
        To be kept off the boards of all servers.
    unrecorded : bool
        That nothing is recorded of them, anywhere.
    """

    hidden_here: bool = False
    hidden: bool = False
    unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class Excluded:
    """A member who is kept off the boards of a server.

    Attributes
    ----------
    user_id : int
    moderator_id : int or None
        Who did so; None if they are forgotten.
    since : float
        Seconds of Unix time.
    """

    user_id: int
    moderator_id: int | None
    since: float


class PrivacyStore:
    """What is kept of whom.

    Every method raises `StorageError` if the database does not do its part.

    Parameters
    ----------
    database : Database
    settings : SettingsStore
        Of the servers that may go.
    forgotten : Forgotten
        Is told who was forgotten.
    """

    def __init__(self, database: Database, settings: SettingsStore, forgotten: Forgotten) -> None:
        self._database = database
        self._settings = settings
        self._forgotten = forgotten

    # --- people ----------------------------------------------------------------------------------

    async def wishes(self, user_id: int, guild_id: int | None) -> Wishes:
        """Return what a person wants, in a server or elsewhere."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(Wish).where(Wish.user_id == user_id))).all()
        return Wishes(
            hidden_here=any(row.hidden for row in rows if row.guild_id == guild_id),
            hidden=any(row.hidden for row in rows if row.guild_id == EVERYWHERE),
            unrecorded=any(row.unrecorded for row in rows if row.guild_id == EVERYWHERE),
        )

    async def set_wish(
        self,
        user_id: int,
        guild_id: int | None,
        *,
        hidden: bool | None = None,
        unrecorded: bool | None = None,
    ) -> None:
        """Remember what a person wants.

        Parameters
        ----------
        user_id : int
        guild_id : int or None
            Where; None for everywhere.
        hidden, unrecorded : bool or None
            Whether to be kept off the boards, and out of the records; None for as before.
        """
        changes = {
            name: value
            for name, value in (("hidden", hidden), ("unrecorded", unrecorded))
            if value is not None
        }
        async with self._database.write() as connection:
            await _wish(connection, user_id, guild_id, changes)

    async def is_unrecorded(self, user_id: int, guild_id: int | None) -> bool:
        """Tell whether a person wants nothing to be recorded, in a server or everywhere."""
        async with self._database.read() as connection:
            return await is_unrecorded(connection, user_id, guild_id)

    async def everything_of(self, user_id: int) -> dict[str, list[dict[str, Any]]]:
        """Return all rows that name a person, of all tables, in plain JSON types."""
        async with self._database.read() as connection:
            return await rows_of(connection, user_id)

    async def count_of(self, user_id: int) -> int:
        """Return how many rows name a person."""
        async with self._database.read() as connection:
            return await count_rows_of(connection, user_id)

    async def forget(self, user_id: int, *, never_again: bool = False) -> int:
        """Take a person out of all tables.

        What they asked for before is still answered, and not recorded.

        Parameters
        ----------
        user_id : int
        never_again : bool
            Whether to remember just this one thing: that nothing is to be recorded of them.

        Returns
        -------
        int
            How many rows named them.
        """
        # First: a record that is under way waits for its turn, and must not come after.
        self._forgotten.note(user_id)
        async with self._database.write() as connection:
            await connection.run_sync(take_turn)
            rows = await count_rows_of(connection, user_id)
            await erase(connection, user_id)
            if never_again:
                await _wish(connection, user_id, None, {"unrecorded": True})
        return rows

    # --- moderators ------------------------------------------------------------------------------

    async def excluded(self, guild_id: int) -> tuple[Excluded, ...]:
        """Return who is kept off the boards of a server, the latest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(Exclusion)
                .where(Exclusion.guild_id == guild_id)
                .order_by(Exclusion.since.desc(), Exclusion.user_id)
            )
        return tuple(Excluded(row.user_id, row.moderator_id, row.since) for row in rows)

    async def exclude(self, guild_id: int, user_id: int, moderator_id: int) -> None:
        """Keep a member off the boards of a server, and note who did."""
        now = time.time()
        async with self._database.write() as connection:
            done = await connection.execute(
                insert_into(connection, Exclusion)
                .values(guild_id=guild_id, user_id=user_id, moderator_id=moderator_id, since=now)
                .on_conflict_do_nothing()
            )
            if done.rowcount:
                await note(connection, AuditLine(guild_id, moderator_id, "exclude", now, user_id))

    async def readmit(self, guild_id: int, user_id: int, moderator_id: int) -> None:
        """Let a member back onto the boards of a server, and note who did."""
        async with self._database.write() as connection:
            done = await connection.execute(
                delete(Exclusion).where(
                    Exclusion.guild_id == guild_id, Exclusion.user_id == user_id
                )
            )
            if done.rowcount:
                await note(
                    connection, AuditLine(guild_id, moderator_id, "readmit", time.time(), user_id)
                )

    async def remove_message(self, guild_id: int, message_id: int, moderator_id: int) -> int:
        """Delete the records of a message of a server, the song's or the answer's; note who did.

        Returns
        -------
        int
            How many there were.
        """
        of_message = and_(
            Record.guild_id == guild_id,
            or_(Record.post_message_id == message_id, Record.answer_id == message_id),
        )
        async with self._database.write() as connection:
            await connection.run_sync(take_turn)
            gone = await connection.execute(select(Record.user_id, Record.title).where(of_message))
            for row in gone.all():
                line = AuditLine(
                    guild_id, moderator_id, "remove", time.time(), row.user_id, row.title
                )
                await note(connection, line)
            return await remove_records(connection, of_message)

    # --- servers and time ------------------------------------------------------------------------

    async def remove_channel(self, guild_id: int, channel_id: int) -> int:
        """Delete the records of a channel of a server, and of its public threads.

        Returns
        -------
        int
            How many there were.
        """
        of_channel = and_(
            Record.guild_id == guild_id,
            or_(
                Record.channel_id == channel_id,
                Record.post_channel_id == channel_id,
                Record.home_channel_id == channel_id,
            ),
        )
        return await self._remove_in_parts(of_channel)

    async def servers(self) -> set[int]:
        """Return all servers of which anything is kept."""
        found: set[int] = set()
        async with self._database.read() as connection:
            for table in Base.metadata.sorted_tables:
                if "guild_id" in table.columns:
                    column = table.columns["guild_id"]
                    known = column.is_not(None) & (column != EVERYWHERE)
                    found.update(await connection.scalars(select(column).where(known).distinct()))
        return found

    async def leave(self, guild_id: int, at: float) -> None:
        """Remember since when the bot is not in a server any more."""
        async with self._database.write() as connection:
            await connection.execute(
                insert_into(connection, Departure)
                .values(guild_id=guild_id, left_at=at)
                .on_conflict_do_nothing()
            )

    async def returned(self, guild_id: int) -> None:
        """Remember that the bot is in a server again."""
        async with self._database.write() as connection:
            await connection.execute(delete(Departure).where(Departure.guild_id == guild_id))

    async def departures(self) -> dict[int, float]:
        """Return the servers that the bot is not in any more, and since when."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(Departure.guild_id, Departure.left_at))
        return {row.guild_id: row.left_at for row in rows}

    async def forget_departed(
        self, before: float, *, ours: Callable[[int], bool] = lambda _: True
    ) -> tuple[int, ...]:
        """Delete all rows of the servers that the bot left before a time.

        Parameters
        ----------
        before : float
            Seconds of Unix time.
        ours : callable
            Tells of a server whether it is this process that looks after it.

        Returns
        -------
        tuple of int
            The servers.
        """
        left = await self.departures()
        gone = tuple(each for each, at in left.items() if at < before and ours(each))
        for guild_id in gone:
            await self._remove_in_parts(Record.guild_id == guild_id)
            async with self._database.write() as connection:
                for table in reversed(Base.metadata.sorted_tables):
                    if "guild_id" in table.columns:
                        column = table.columns["guild_id"]
                        await connection.execute(delete(table).where(column == guild_id))
            await self._settings.forget(guild_id)
        return gone

    async def expire(self, before: float) -> int:
        """Delete the records of songs that were heard before a time, and what is as old.

        Returns
        -------
        int
            How many records there were.
        """
        async with self._database.write() as connection:
            await connection.execute(delete(Opinion).where(Opinion.said_at < before))
            await connection.execute(delete(AuditRow).where(AuditRow.at < before))
        return await self._remove_in_parts(Record.heard_at < before, order=Record.id.asc())

    async def _remove_in_parts(
        self, which: ColumnElement[bool], order: UnaryExpression[int] | None = None
    ) -> int:
        """Delete records: the newest first, as no later one has to count for them then."""
        order = Record.id.desc() if order is None else order
        removed = 0
        while True:
            async with self._database.write() as connection:
                await connection.run_sync(take_turn)
                ids = (
                    await connection.scalars(
                        select(Record.id).where(which).order_by(order).limit(_BATCH)
                    )
                ).all()
                if not ids:
                    return removed
                removed += await remove_records(connection, Record.id.in_(ids))


async def _wish(
    connection: AsyncConnection, user_id: int, guild_id: int | None, changes: dict[str, bool]
) -> None:
    where = EVERYWHERE if guild_id is None else guild_id
    nothing = {"hidden": False, "unrecorded": False}
    await connection.execute(
        insert_into(connection, Wish)
        .values(user_id=user_id, guild_id=where, **{**nothing, **changes})
        .on_conflict_do_update(index_elements=["user_id", "guild_id"], set_=changes)
    )
    # Who wants nothing need not be known.
    await connection.execute(
        delete(Wish).where(Wish.user_id == user_id, ~Wish.hidden, ~Wish.unrecorded)
    )
