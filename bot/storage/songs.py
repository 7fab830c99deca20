"""Songs that were answered: what they are, how they feel, who had them answered where."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from bot.requests import Post
from bot.storage.analyses import pack, unpack
from bot.storage.consent import Forgotten, may_record
from bot.storage.counting import count, discount, take_turn
from bot.storage.database import Conflict, Database, insert_into
from bot.storage.tables import Landmark, Record, Result, SongRow
from moodify_core import Mood, MoodAnalysis
from moodify_core.fingerprint import SAME_SONG, landmarks, similarity

_MOST_CANDIDATES = 10
_LENGTH_TOLERANCE = 30.0
"""Seconds by which copies of a song may differ in length: `similarity` lets them begin up to 20 s
apart, and some of the end may be missing."""
_ATTEMPTS = 5
_MOST_VALUES = 10_000
"""In one statement; both databases have a limit of about 32,000."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer that is to be recorded.

    Attributes
    ----------
    request_id, attachment_id : int
        Name the answer: it is recorded once.
    guild_id : int or None
        The server; None elsewhere.
    channel_id, user_id : int
        Where it was asked, and by whom.
    post : Post or None
        The message that shows the song to others.
    title : str
    private : bool
        Whether only who asked saw the answer.
    digest : bytes
        SHA-256 of the file.
    analysis : MoodAnalysis
    heard_at : float
        Seconds of Unix time.
    home_channel_id : int or None
        The channel whose members may see the title; None for a song that is on no board.
    """

    request_id: int
    attachment_id: int
    guild_id: int | None
    channel_id: int
    user_id: int
    post: Post | None
    title: str
    private: bool
    digest: bytes
    analysis: MoodAnalysis
    heard_at: float
    home_channel_id: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded answer.

    Attributes
    ----------
    id : int
        Of the record.
    song_id : int
        The same for all copies of a song.
    guild_id : int or None
    channel_id, user_id : int
    post : Post or None
        The message that shows the song to others.
    answer_id : int or None
        The bot's message, if it is known.
    title : str
    private : bool
    analysis : MoodAnalysis
        Of the song; of the copy of it that was heard first.
    heard_at : float
        Seconds of Unix time.
    """

    id: int
    song_id: int
    guild_id: int | None
    channel_id: int
    user_id: int
    post: Post | None
    answer_id: int | None
    title: str
    private: bool
    analysis: MoodAnalysis
    heard_at: float


@dataclass(frozen=True, slots=True)
class Titled:
    """A song of a server, to choose from a list.

    Attributes
    ----------
    record_id : int
        Of the newest record of the song.
    song_id, channel_id : int
        The song, and where that record is from.
    title : str
    dominant : Mood
    unsure : bool
    heard_at : float
        Seconds of Unix time.
    """

    record_id: int
    song_id: int
    channel_id: int
    title: str
    dominant: Mood
    unsure: bool
    heard_at: float


class SongStore:
    """Songs and their records.

    Every method raises `StorageError` if the database does not do its part.

    Parameters
    ----------
    database : Database
    forgotten : Forgotten
        Who was forgotten, so that nothing of them is recorded after that.
    """

    def __init__(self, database: Database, forgotten: Forgotten) -> None:
        self._database = database
        self._forgotten = forgotten

    async def recall(
        self, guild_id: int | None, digest: bytes, model_version: str
    ) -> Recorded | None:
        """Find what was answered in a server before about the very same file.

        Private answers are not found: nobody learns that another asked for one. Nor are those of
        other servers.

        Parameters
        ----------
        guild_id : int or None
            None, for direct messages, never finds anything.
        digest : bytes
            SHA-256 of the file.
        model_version : str
            The model that must have answered.

        Returns
        -------
        Recorded or None
            The newest.
        """
        if guild_id is None:
            return None
        return await self._one(
            _recorded()
            .where(
                Record.guild_id == guild_id,
                Record.digest == digest,
                ~Record.private,
                Result.model_version == model_version,
            )
            .order_by(Record.id.desc())
            .limit(1)
        )

    async def record(self, entry: Entry) -> int | None:
        """Record an answer, and count it, once however often it is called.

        The song is known again in any copy that sounds alike.

        Parameters
        ----------
        entry : Entry

        Returns
        -------
        int or None
            The id of the record; None if the person said that nothing is to be recorded, or was
            forgotten since they asked.
        """
        packed, details = await asyncio.gather(
            asyncio.to_thread(pack, entry.analysis),
            asyncio.to_thread(landmarks, entry.analysis.fingerprint),
        )
        for _ in range(_ATTEMPTS - 1):
            # The song can go, with its last other record, after it was looked for.
            with suppress(Conflict):
                return await self._record(entry, packed, details)
        return await self._record(entry, packed, details)

    async def answered(self, record_ids: Collection[int], answer_id: int) -> None:
        """Remember the bot's message that shows some recorded answers."""
        async with self._database.write() as connection:
            await connection.execute(
                update(Record).where(Record.id.in_(record_ids)).values(answer_id=answer_id)
            )

    async def find(self, record_id: int) -> Recorded | None:
        """Return a record, or None if it was removed."""
        return await self._one(_recorded().where(Record.id == record_id))

    async def titles(self, guild_id: int, like: str = "", limit: int = 25) -> list[Titled]:
        """List songs of a server to choose from, the newest first.

        Each song is listed once; private answers are left out.

        Parameters
        ----------
        guild_id : int
        like : str
            What the title must contain, in capitals or not.
        limit : int
            Most songs that are listed.
        """
        newer = aliased(Record)

        def listed(record: type[Record]) -> ColumnElement[bool]:
            return and_(
                record.guild_id == guild_id,
                ~record.private,
                record.title_folded.contains(like.casefold(), autoescape=True),
            )

        statement = (
            select(
                Record.id,
                Record.song_id,
                Record.channel_id,
                Record.title,
                Result.dominant,
                Record.unsure,
                Record.heard_at,
            )
            .join(Result, Result.id == Record.result_id)
            .where(
                listed(Record),
                ~exists().where(
                    listed(newer), newer.song_id == Record.song_id, newer.id > Record.id
                ),
            )
            .order_by(Record.id.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [
            Titled(
                row.id,
                row.song_id,
                row.channel_id,
                row.title,
                Mood(row.dominant),
                row.unsure,
                row.heard_at,
            )
            for row in rows
        ]

    async def remove(self, record_id: int) -> bool:
        """Delete a record, and its song if that was the last record of it.

        Returns
        -------
        bool
            Whether there was one.
        """
        return await self._remove(Record.id == record_id) > 0

    async def remove_posts(self, message_ids: Collection[int]) -> int:
        """Delete the records of the songs that messages showed.

        Parameters
        ----------
        message_ids : collection of int
            Any messages; most messages that are deleted never showed a song.

        Returns
        -------
        int
            How many records there were.
        """
        removed = 0
        for some in _portions(message_ids):
            removed += await self._remove(Record.post_message_id.in_(some))
        return removed

    async def _one(self, statement: Select[*tuple[Any, ...]]) -> Recorded | None:
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else await asyncio.to_thread(_from_row, row)

    async def _record(self, entry: Entry, packed: bytes, details: Sequence[int]) -> int | None:
        async with self._database.read() as connection:
            song_id = await _same_song(connection, entry, details)
        async with self._database.write() as connection:
            await connection.run_sync(take_turn)
            known = await _record_id(connection, entry)
            if known is not None or not await may_record(connection, entry, self._forgotten):
                return known
            if song_id is None:
                song_id = await _same_song(connection, entry, details)
            if song_id is None:
                song_id = await _new_song(connection, entry.analysis, details)
            result_id = await _result(connection, song_id, entry.analysis, packed)
            record_id = (
                await connection.execute(
                    insert_into(connection, Record)
                    .values(_row(entry, song_id, result_id))
                    .returning(Record.id)
                )
            ).scalar_one()
            await connection.run_sync(count, record_id)
            return record_id

    async def _remove(self, which: ColumnElement[bool]) -> int:
        async with self._database.write() as connection:
            return await remove_records(connection, which)


async def remove_records(connection: AsyncConnection, which: ColumnElement[bool]) -> int:
    """Delete records with all that hangs on them: what counts, and songs without a record.

    Parameters
    ----------
    connection : AsyncConnection
        In a transaction for writing.
    which : ColumnElement of bool
        A condition on `Record`.

    Returns
    -------
    int
        How many records there were.
    """
    await connection.run_sync(take_turn)
    songs = await connection.run_sync(discount, which)
    for some in _portions(set(songs)):
        await _drop_unused(connection, some)
    return len(songs)


def _portions(values: Collection[int]) -> Iterator[list[int]]:
    """Share values between as many statements as it takes."""
    ordered = sorted(values)
    for start in range(0, len(ordered), _MOST_VALUES):
        yield ordered[start : start + _MOST_VALUES]


async def _same_song(
    connection: AsyncConnection, entry: Entry, details: Sequence[int]
) -> int | None:
    same_file = await connection.scalar(
        select(Record.song_id).where(Record.digest == entry.digest).limit(1)
    )
    if same_file is not None:
        return same_file
    length = entry.analysis.duration
    candidates = (
        await connection.execute(
            select(SongRow.id, SongRow.fingerprint)
            .join(Landmark, Landmark.song_id == SongRow.id)
            .where(
                Landmark.detail.in_(details),
                SongRow.duration.between(length - _LENGTH_TOLERANCE, length + _LENGTH_TOLERANCE),
            )
            .group_by(SongRow.id)
            .order_by(func.count().desc(), SongRow.id)
            .limit(_MOST_CANDIDATES)
        )
    ).all()
    return await asyncio.to_thread(_most_alike, entry.analysis.fingerprint, candidates)


def _most_alike(fingerprint: str, candidates: Sequence[Row[int, str]]) -> int | None:
    likeness = {row.id: similarity(fingerprint, row.fingerprint) for row in candidates}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= SAME_SONG else None


async def _new_song(
    connection: AsyncConnection, analysis: MoodAnalysis, details: Sequence[int]
) -> int:
    song_id = (
        await connection.execute(
            insert_into(connection, SongRow)
            .values(duration=analysis.duration, fingerprint=analysis.fingerprint)
            .returning(SongRow.id)
        )
    ).scalar_one()
    if details:
        await connection.execute(
            insert_into(connection, Landmark),
            [{"detail": detail, "song_id": song_id} for detail in details],
        )
    return song_id


async def _result(
    connection: AsyncConnection, song_id: int, analysis: MoodAnalysis, packed: bytes
) -> int:
    await connection.execute(
        insert_into(connection, Result)
        .values(
            song_id=song_id,
            model_version=analysis.model_version,
            duration=analysis.duration,
            dominant=analysis.dominant,
            confidence=analysis.confidence,
            unsure=analysis.unsure,
            analysis=packed,
            **{f"share_{mood}": share for mood, share in analysis.breakdown.items()},
            **{f"probability_{mood}": each for mood, each in analysis.probabilities.items()},
        )
        .on_conflict_do_nothing(index_elements=["song_id", "model_version"])
    )
    result_id = await connection.scalar(
        select(Result.id).where(
            Result.song_id == song_id, Result.model_version == analysis.model_version
        )
    )
    if result_id is None:
        raise Conflict("The song was removed meanwhile.")
    return result_id


async def _record_id(connection: AsyncConnection, entry: Entry) -> int | None:
    return await connection.scalar(
        select(Record.id).where(
            Record.request_id == entry.request_id, Record.attachment_id == entry.attachment_id
        )
    )


async def _drop_unused(connection: AsyncConnection, song_ids: Collection[int]) -> None:
    """Delete results that no record refers to, and songs that are left without any."""
    await connection.execute(
        delete(Result).where(
            Result.song_id.in_(song_ids), ~exists().where(Record.result_id == Result.id)
        )
    )
    await connection.execute(
        delete(SongRow).where(
            SongRow.id.in_(song_ids), ~exists().where(Result.song_id == SongRow.id)
        )
    )


def _row(entry: Entry, song_id: int, result_id: int) -> dict[str, object]:
    return {
        "request_id": entry.request_id,
        "attachment_id": entry.attachment_id,
        "guild_id": entry.guild_id,
        "channel_id": entry.channel_id,
        "home_channel_id": entry.home_channel_id,
        "user_id": entry.user_id,
        "post_channel_id": entry.post and entry.post.channel_id,
        "post_message_id": entry.post and entry.post.message_id,
        "title": entry.title,
        "title_folded": entry.title.casefold(),
        "digest": entry.digest,
        "song_id": song_id,
        "result_id": result_id,
        "duration": entry.analysis.duration,
        "private": entry.private,
        "unsure": entry.analysis.unsure,
        "heard_at": entry.heard_at,
    }


def _recorded() -> Select[*tuple[Any, ...]]:
    return select(Record, Result.analysis).join(Result, Result.id == Record.result_id)


def _from_row(row: Row[*tuple[Any, ...]]) -> Recorded:
    return Recorded(
        id=row.id,
        song_id=row.song_id,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        user_id=row.user_id,
        post=row.post_message_id and Post(row.post_channel_id, row.post_message_id),
        answer_id=row.answer_id,
        title=row.title,
        private=row.private,
        analysis=unpack(row.analysis),
        heard_at=row.heard_at,
    )
