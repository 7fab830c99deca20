"""Discord's side of the buttons under an answer: what is shown, and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import TYPE_CHECKING

import discord
import structlog

from bot.answers.access import answers_for, may_open, sees
from bot.answers.showing import NotShown, Ways, attending, show, tell
from bot.engine import Engine, EngineError, compare
from bot.insisting import DISCORD_ERRORS
from bot.memory import Memory
from bot.outcomes import Stopping
from bot.presentation import answer_texts, texts
from bot.presentation.answers import sentence
from bot.presentation.buttons import CHOICES, SearchForm, records_of, songs_view
from bot.presentation.comparisons import comparison
from bot.presentation.details import details
from bot.presentation.titles import inline_code
from bot.replies import InteractionReply
from bot.storage import Recorded, Storage, Titled

if TYPE_CHECKING:
    from bot.client import MoodifyBot
    from bot.jobs import Jobs

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

COMPARISON_LIMIT = 60.0
"""Seconds that drawing a comparison may take."""
COMPARISON_PATIENCE = 300.0
"""Seconds that somebody waits for a comparison, the songs before it included."""

_LISTED = 200
"""Songs that are looked through for those that a person can see."""


class AnswerDesk:
    """Takes what people press.

    Parameters
    ----------
    jobs : Jobs
        Waits for these clicks, too, when the bot stops.
    memory : Memory
        Has the records of the answers.
    engine : Engine
        Draws comparisons.
    """

    def __init__(self, *, jobs: Jobs, memory: Memory, engine: Engine) -> None:
        self._jobs = jobs
        self._memory = memory
        self._engine = engine
        self._comparing: set[int] = set()

    async def details(
        self, interaction: discord.Interaction[MoodifyBot], record_ids: Sequence[int]
    ) -> None:
        """Show the figures of some songs, only to who clicks.

        Parameters
        ----------
        interaction : discord.Interaction
        record_ids : sequence of int
            Of the songs of an answer.
        """
        with self._attending(interaction) as reply:
            if await reply.defer(private=True):
                await show(reply, self._page(interaction, record_ids, 0))

    async def page(
        self, interaction: discord.Interaction[MoodifyBot], record_ids: Sequence[int], page: int
    ) -> None:
        """Turn to another page of the details.

        Parameters
        ----------
        interaction : discord.Interaction
        record_ids : sequence of int
            Of the songs of the answer.
        page : int
            Counted from 0.
        """
        with self._attending(interaction) as reply:
            if await reply.defer(private=True, thinking=False):
                await show(reply, self._page(interaction, record_ids, page))

    async def compare(self, interaction: discord.Interaction[MoodifyBot], record_id: int) -> None:
        """Ask, only who clicks, which song to compare with.

        Parameters
        ----------
        interaction : discord.Interaction
        record_id : int
            Of the song that was answered.
        """
        with self._attending(interaction) as reply:
            if await reply.defer(private=True):
                await show(reply, self._choice(interaction, record_id))

    async def search(self, interaction: discord.Interaction[MoodifyBot], record_id: int) -> None:
        """Open the form that finds a song to compare with by its name.

        Parameters
        ----------
        interaction : discord.Interaction
        record_id : int
            Of the song that was answered.
        """
        with self._attending(interaction):
            try:
                await interaction.response.send_modal(SearchForm(record_id, interaction.id))
            except DISCORD_ERRORS as error:
                log.warning("form not shown", error=repr(error))

    async def found(
        self, interaction: discord.Interaction[MoodifyBot], record_id: int, part: str
    ) -> None:
        """Show the songs that have something in their names, in place of the others.

        Parameters
        ----------
        interaction : discord.Interaction
        record_id : int
            Of the song that was answered.
        part : str
            Of the name of the other; as somebody has typed it.
        """
        with self._attending(interaction) as reply:
            if await reply.defer(private=True, thinking=False):
                await show(reply, self._choice(interaction, record_id, part.strip()))

    async def compared(
        self, interaction: discord.Interaction[MoodifyBot], record_id: int, other_id: int
    ) -> None:
        """Show two songs side by side, in place of the choice.

        Parameters
        ----------
        interaction : discord.Interaction
        record_id, other_id : int
            Of the two songs.
        """
        with self._attending(interaction) as reply:
            if not await reply.defer(private=True, thinking=False):
                return
            if interaction.user.id in self._comparing:
                await tell(interaction, answer_texts.comparing_already())
                return
            self._comparing.add(interaction.user.id)
            try:
                await show(reply, self._comparison(reply, record_id, other_id))
            finally:
                self._comparing.discard(interaction.user.id)

    async def delete(self, interaction: discord.Interaction[MoodifyBot], asker_id: int) -> None:
        """Delete an answer and its records.

        Parameters
        ----------
        interaction : discord.Interaction
        asker_id : int
            Who had asked for the answer.
        """
        with self._attending(interaction) as reply:
            if not answers_for(interaction, asker_id):
                await tell(interaction, answer_texts.not_yours_to_delete())
                return
            assert interaction.message is not None  # a button is under one
            record_ids = records_of(interaction.message)
            if not await reply.defer(private=True, thinking=False):
                return
            try:
                await interaction.delete_original_response()
            except discord.NotFound:
                log.info("answer was deleted before")
            except DISCORD_ERRORS as error:
                log.warning("answer not deleted", error=repr(error))
                await tell(interaction, answer_texts.not_deleted())
                return
            log.info("answer deleted", records=record_ids)
            await self._memory.write(lambda storage: _remove(storage, record_ids, asker_id))

    async def cancel(
        self, interaction: discord.Interaction[MoodifyBot], request_id: int, asker_id: int
    ) -> None:
        """Stop a request that is under way.

        Parameters
        ----------
        interaction : discord.Interaction
        request_id, asker_id : int
            The request, and who asks.
        """
        with self._attending(interaction) as reply:
            if not answers_for(interaction, asker_id):
                await tell(interaction, answer_texts.not_yours_to_cancel())
            elif not self._jobs.cancel(request_id):
                await tell(interaction, answer_texts.not_under_way())
            else:
                # Told with the songs of that request, not with the click.
                log.info("request cancelled", job=str(request_id), click=interaction.id)
                await reply.defer(private=True, thinking=False)

    def _attending(
        self, interaction: discord.Interaction[MoodifyBot]
    ) -> AbstractContextManager[InteractionReply]:
        return attending(self._jobs, interaction)

    async def _page(
        self, interaction: discord.Interaction[MoodifyBot], record_ids: Sequence[int], page: int
    ) -> Ways:
        found = await self._memory.attempt(
            lambda storage: _find(storage, record_ids), otherwise=None
        )
        if found is None:
            raise NotShown(answer_texts.record_out_of_reach())
        records = [record for record in found if may_open(interaction, record)]
        if not records:
            raise NotShown(answer_texts.record_gone())
        return (lambda: details(records, page),)

    async def _choice(
        self, interaction: discord.Interaction[MoodifyBot], record_id: int, part: str = ""
    ) -> Ways:
        record = await self._record(interaction, record_id)
        text = answer_texts.compare_prompt(inline_code(record.title))
        songs = await self._others(interaction, record, part)
        if part and not songs:
            text = answer_texts.nothing_found()
            songs = await self._others(interaction, record)
        if not songs:
            raise NotShown(answer_texts.nothing_to_compare_with())
        return (lambda: sentence(text, songs_view(record_id, songs)),)

    async def _comparison(self, reply: InteractionReply, record_id: int, other_id: int) -> Ways:
        if self._jobs.closing:
            raise NotShown(texts.refusal(Stopping()))
        first = await self._record(reply.interaction, record_id)
        second = await self._record(reply.interaction, other_id)
        songs = await self._others(reply.interaction, first)
        titles = (first.title, second.title)
        try:
            async with asyncio.timeout(COMPARISON_PATIENCE):
                drawn = await self._engine.run(
                    compare,
                    *(first.analysis, second.analysis, titles, texts.picture_words()),
                    time_limit=COMPARISON_LIMIT,
                )
        except (EngineError, TimeoutError) as error:
            log.warning("not compared", error=repr(error))
            raise NotShown(answer_texts.not_compared()) from None
        return comparison(titles, drawn, reply.abilities, lambda: songs_view(record_id, songs))

    async def _record(
        self, interaction: discord.Interaction[MoodifyBot], record_id: int
    ) -> Recorded:
        found = await self._memory.attempt(
            lambda storage: _find(storage, (record_id,)), otherwise=None
        )
        if found is None:
            raise NotShown(answer_texts.record_out_of_reach())
        if not found or not may_open(interaction, found[0]):
            raise NotShown(answer_texts.record_gone())
        return found[0]

    async def _others(
        self, interaction: discord.Interaction[MoodifyBot], record: Recorded, part: str = ""
    ) -> list[Titled]:
        """Return other songs of the server that whoever clicks can see, the newest first."""
        guild_id = interaction.guild_id
        if guild_id is None:
            return []
        listed = await self._memory.attempt(
            lambda storage: storage.songs.titles(guild_id, part, _LISTED), otherwise=None
        )
        if listed is None:
            raise NotShown(answer_texts.record_out_of_reach())
        others = (
            song
            for song in listed
            if song.song_id != record.song_id and sees(interaction, song.channel_id)
        )
        return list(islice(others, CHOICES))


async def _find(storage: Storage, record_ids: Sequence[int]) -> list[Recorded]:
    """Return the records that are still there."""
    found = [await storage.songs.find(record_id) for record_id in record_ids]
    return [record for record in found if record is not None]


async def _remove(storage: Storage, record_ids: Sequence[int], asker_id: int) -> None:
    for record in await _find(storage, record_ids):
        if record.user_id == asker_id:
            await storage.songs.remove(record.id)
