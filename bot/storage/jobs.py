"""Jobs: what was asked for and is not answered yet."""

from __future__ import annotations

from dataclasses import astuple
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, select, update

from bot.requests import AtInteraction, AtMessage, Place, Post, Request, Song
from bot.storage.consent import NOBODY
from bot.storage.database import Database, insert_into
from bot.storage.tables import Job

if TYPE_CHECKING:
    from collections.abc import Sequence


class JobStore:
    """Remembers each song of each request until its answer is out, and that it was asked for.

    Every method raises `StorageError` if the database does not do its part.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, request: Request) -> tuple[Song, ...]:
        """Remember a request.

        Parameters
        ----------
        request : Request

        Returns
        -------
        tuple of Song
            Those that were not accepted before, by whichever process; empty if this is a request
            that came twice.
        """
        async with self._database.write() as connection:
            statement = (
                insert_into(connection, Job)
                .values([_row(request, position) for position in range(len(request.songs))])
                .on_conflict_do_nothing()
                .returning(Job.attachment_id)
            )
            new = set(await connection.scalars(statement))
        return tuple(song for song in request.songs if song.attachment_id in new)

    async def answer_at(self, request_id: int, message_id: int) -> None:
        """Remember the bot's message that holds, or will hold, the answer to a request."""
        async with self._database.write() as connection:
            await connection.execute(
                update(Job).where(Job.request_id == request_id).values(answer_id=message_id)
            )

    async def finish(self, request_id: int, attachment_id: int | None = None) -> None:
        """Remember that a song, or a whole request, is answered.

        Its token and its files' names and addresses are erased by the same statement. Of somebody
        who was forgotten, nothing stays.

        Parameters
        ----------
        request_id : int
        attachment_id : int or None
            None for all songs of the request.
        """
        ours = Job.request_id == request_id
        if attachment_id is not None:
            ours &= Job.attachment_id == attachment_id
        async with self._database.write() as connection:
            await connection.execute(delete(Job).where(ours, Job.user_id == NOBODY))
            await connection.execute(
                update(Job)
                .where(ours)
                .values(done=True, token=None, url=None, filename=None, more=None)
            )

    async def unfinished(self) -> tuple[Request, ...]:
        """Return the requests that still wait for answers, oldest first.

        Each holds only the songs that are not done.
        """
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(Job).where(~Job.done).order_by(Job.received, Job.request_id, Job.position)
            )
        return tuple(
            _request(list(songs)) for _, songs in groupby(rows, key=lambda row: row.request_id)
        )

    async def close_stale(self, before: float) -> int:
        """Delete all jobs that were received before a time, done or not.

        A done job is kept that long only so that its request is known if it comes again.

        Parameters
        ----------
        before : float
            Seconds of Unix time.

        Returns
        -------
        int
            How many of them were never done.
        """
        async with self._database.write() as connection:
            done = await connection.scalars(
                delete(Job).where(Job.received < before).returning(Job.done)
            )
            return sum(not each for each in done)


def _row(request: Request, position: int) -> dict[str, object]:
    song, place, post = request.songs[position], request.place, request.post
    at = place if isinstance(place, AtInteraction) else None
    reply = place if isinstance(place, AtMessage) else None
    return {
        "request_id": request.id,
        "attachment_id": song.attachment_id,
        "position": position,
        "user_id": request.user_id,
        "guild_id": request.guild_id,
        "channel_id": request.channel_id,
        "home_channel_id": request.home_channel_id,
        "filename": song.filename,
        "url": song.url,
        "size": song.size,
        "more": [astuple(each) for each in request.more] or None,
        "application_id": at and at.application_id,
        "token": at and at.token,
        "expires": at and at.expires,
        "reply_to": reply and reply.message_id,
        "quiet": reply is not None and reply.quiet,
        "answer_id": reply and reply.answer_id,
        "post_channel_id": post and post.channel_id,
        "post_message_id": post and post.message_id,
        "locale": request.locale,
        "private": request.private,
        "received": request.received,
        "done": False,
    }


def _request(rows: Sequence[Row[*tuple[Any, ...]]]) -> Request:
    first = rows[0]
    place: Place
    if first.reply_to is None:
        place = AtInteraction(first.application_id, first.token, first.expires)
    else:
        place = AtMessage(first.reply_to, first.quiet, first.answer_id)
    return Request(
        id=first.request_id,
        user_id=first.user_id,
        guild_id=first.guild_id,
        channel_id=first.channel_id,
        songs=tuple(Song(row.attachment_id, row.filename, row.url, row.size) for row in rows),
        place=place,
        post=first.post_message_id and Post(first.post_channel_id, first.post_message_id),
        locale=first.locale,
        private=first.private,
        received=first.received,
        more=tuple(Song(*each) for each in first.more or ()),
        home_channel_id=first.home_channel_id,
    )
