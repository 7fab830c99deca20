"""Whether an answer may be recorded, as far as its person is concerned."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.requests import REMEMBERED
from bot.storage.tables import Job, Wish

if TYPE_CHECKING:
    from bot.storage.songs import Entry

EVERYWHERE = 0
"""In place of a server's id, in wishes that hold in all of them."""
NOBODY = 0
"""In place of a person's id, in jobs of somebody who was forgotten."""


async def is_unrecorded(connection: AsyncConnection, user_id: int, guild_id: int | None) -> bool:
    """Tell whether a person wants nothing to be recorded, in a server or everywhere."""
    return bool(
        await connection.scalar(
            select(
                exists().where(
                    Wish.user_id == user_id,
                    Wish.guild_id.in_({EVERYWHERE, guild_id or EVERYWHERE}),
                    Wish.unrecorded,
                )
            )
        )
    )


class Forgotten:
    """Who was forgotten when, by this process: what they had asked for before is not recorded.

    The jobs in the database say the same of themselves, but some may not be there: those that
    were accepted while it was away.

    Parameters
    ----------
    seconds : float
        For how long that is remembered; no job takes longer.
    """

    def __init__(self, seconds: float = REMEMBERED) -> None:
        self._seconds = seconds
        self._at: dict[int, float] = {}

    def note(self, user_id: int) -> None:
        """Remember that a person is being forgotten now."""
        now = time.time()
        self._at = {each: at for each, at in self._at.items() if at > now - self._seconds}
        self._at[user_id] = now

    def covers(self, user_id: int, moment: float) -> bool:
        """Tell whether a person was forgotten after a moment of Unix time."""
        return moment <= self._at.get(user_id, float("-inf"))


async def may_record(connection: AsyncConnection, entry: Entry, forgotten: Forgotten) -> bool:
    """Tell whether an answer may be recorded.

    Not if its person wants none to be, and not if they were forgotten after they had asked for
    it: then its job is nobody's, whichever process has it.

    Parameters
    ----------
    connection : AsyncConnection
        In a transaction for writing that has taken its turn (`bot.storage.counting.take_turn`).
    entry : Entry
    forgotten : Forgotten
    """
    if entry.user_id == NOBODY or forgotten.covers(entry.user_id, entry.heard_at):
        return False
    of_another = await connection.scalar(
        select(
            exists().where(
                Job.request_id == entry.request_id,
                Job.attachment_id == entry.attachment_id,
                Job.user_id != entry.user_id,
            )
        )
    )
    return not of_another and not await is_unrecorded(connection, entry.user_id, entry.guild_id)
