"""Discord's side of what people hear: asked for, and noted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
import structlog

from bot.answers.access import may_open
from bot.answers.showing import NotShown, Ways, attending, show
from bot.memory import Memory
from bot.presentation import answer_texts, privacy_texts
from bot.presentation.answers import sentence
from bot.presentation.opinions import asked_about, opinion_view
from bot.presentation.titles import inline_code
from bot.storage import Recorded, Storage
from moodify_core.moods import Mood

if TYPE_CHECKING:
    from bot.client import MoodifyBot
    from bot.jobs import Jobs

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class OpinionDesk:
    """Asks people what they hear, and counts it; nothing is learned from it.

    Parameters
    ----------
    jobs : Jobs
        Waits for these presses, too, when the bot stops.
    memory : Memory
        Has the records of the answers.
    """

    def __init__(self, *, jobs: Jobs, memory: Memory) -> None:
        self._jobs = jobs
        self._memory = memory

    async def ask(
        self, interaction: discord.Interaction[MoodifyBot], record_ids: Sequence[int]
    ) -> None:
        """Ask, only who clicks, what they hear in the songs of an answer."""
        with attending(self._jobs, interaction) as reply:
            if await reply.defer(private=True):
                await show(reply, self._question(interaction, record_ids))

    async def say(
        self, interaction: discord.Interaction[MoodifyBot], record_id: int, mood: Mood
    ) -> None:
        """Note what somebody hears in a song, in place of what they said of it before."""
        with attending(self._jobs, interaction) as reply:
            if await reply.defer(private=True, thinking=False):
                await show(reply, self._noted(interaction, record_id, mood))

    async def _noted(
        self, interaction: discord.Interaction[MoodifyBot], record_id: int, mood: Mood
    ) -> Ways:
        (record,) = await self._records(interaction, (record_id,))
        user_id, now = interaction.user.id, time.time()
        noted = await self._memory.attempt(
            lambda storage: storage.opinions.say(record_id, user_id, mood, now), otherwise=None
        )
        if noted is None:
            raise NotShown(answer_texts.record_out_of_reach())
        if not noted:
            raise NotShown(answer_texts.record_gone())
        log.info("opinion noted", agreed=mood is record.analysis.dominant)
        said = privacy_texts.opinion_noted(
            inline_code(record.title), mood, record.analysis.dominant
        )
        asked = asked_about(interaction.message) or (record_id,)
        return await self._question(interaction, asked, said)

    async def _question(
        self,
        interaction: discord.Interaction[MoodifyBot],
        record_ids: Sequence[int],
        noted: str = "",
    ) -> Ways:
        records = await self._records(interaction, record_ids)
        user_id = interaction.user.id
        said = await self._memory.attempt(
            lambda storage: storage.opinions.of(user_id, record_ids), otherwise=None
        )
        if said is None:
            raise NotShown(answer_texts.record_out_of_reach())
        text = "\n".join(filter(None, (noted, privacy_texts.opinion_prompt())))
        return (lambda: sentence(text, opinion_view(records, said)),)

    async def _records(
        self, interaction: discord.Interaction[MoodifyBot], record_ids: Sequence[int]
    ) -> list[Recorded]:
        """Return the records that are still there, for somebody who may have a say."""
        user_id, guild_id = interaction.user.id, interaction.guild_id

        async def look(storage: Storage) -> tuple[list[Recorded | None], bool]:
            unrecorded = await storage.privacy.is_unrecorded(user_id, guild_id)
            return [await storage.songs.find(each) for each in record_ids], unrecorded

        found = await self._memory.attempt(look, otherwise=None)
        if found is None:
            raise NotShown(answer_texts.record_out_of_reach())
        records, unrecorded = found
        if unrecorded:
            raise NotShown(privacy_texts.opinion_unrecorded())
        there = [each for each in records if each is not None and may_open(interaction, each)]
        if not there:
            raise NotShown(answer_texts.record_gone())
        return there
