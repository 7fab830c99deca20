"""Discord's side of ``/privacy``: what is kept is shown, forgotten, hidden or not kept any more."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import discord
import structlog

from bot.answers.showing import NotShown, Ways, attending, show
from bot.home_channels import server_of
from bot.memory import Memory
from bot.presentation import privacy_texts as texts
from bot.presentation.answers import Content, sentence
from bot.presentation.privacy import (
    Deed,
    Kept,
    data_file,
    forget_view,
    privacy_embed,
    privacy_view,
)
from bot.replies import InteractionReply
from bot.storage import Storage

if TYPE_CHECKING:
    from bot.client import MoodifyBot
    from bot.jobs import Jobs

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeepingTimes:
    """For how long things are kept.

    Attributes
    ----------
    days : float or None
        Songs; None for as long as nobody deletes them.
    days_after_leaving : float
        What is kept of a server that the bot is not in any more.
    """

    days: float | None
    days_after_leaving: float


class PrivacyDesk:
    """Takes what people decide.

    Parameters
    ----------
    jobs : Jobs
        Waits for these presses, too, when the bot stops.
    memory : Memory
    times : KeepingTimes
    forget_sources : callable
        Takes the id of somebody whose songs' addresses are to be forgotten.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        memory: Memory,
        times: KeepingTimes,
        forget_sources: Callable[[int], None],
    ) -> None:
        self._jobs = jobs
        self._memory = memory
        self._times = times
        self._forget_sources = forget_sources

    async def open(
        self, interaction: discord.Interaction[MoodifyBot], deed: Deed | None = None
    ) -> None:
        """Answer the command, only to who gave it.

        Parameters
        ----------
        interaction : discord.Interaction
        deed : Deed or None
            What is to be done at once.
        """
        with attending(self._jobs, interaction) as reply:
            if await reply.defer(private=True):
                await show(reply, self._do(reply, deed))

    async def press(self, interaction: discord.Interaction[MoodifyBot], deed: Deed) -> None:
        """Do what a button says, and show what holds then in place of it."""
        with attending(self._jobs, interaction) as reply:
            if await reply.defer(private=True, thinking=False):
                await show(reply, self._do(reply, deed))

    async def _do(self, reply: InteractionReply, deed: Deed | None) -> Ways:
        interaction = reply.interaction
        user_id = interaction.user.id
        guild_id = server_of(interaction)
        match deed:
            case None | Deed.KEEP:
                return await self._page(interaction)
            case Deed.SHOW:
                return await self._file(reply)
            case Deed.FORGET:
                count = await self._now(lambda storage: storage.privacy.count_of(user_id))
                question = f"{texts.forget_question(count)}\n\n{texts.what_stays()}"
                return (lambda: sentence(question, forget_view()),)
            case Deed.FORGET_NOW | Deed.FORGET_AND_STOP:
                return await self._forget(interaction, for_good=deed is Deed.FORGET_AND_STOP)
            case Deed.HIDE_HERE | Deed.UNHIDE_HERE:
                hidden, where = deed is Deed.HIDE_HERE, guild_id
                await self._now(
                    lambda storage: storage.privacy.set_wish(user_id, where, hidden=hidden)
                )
            case Deed.HIDE | Deed.UNHIDE:
                hidden = deed is Deed.HIDE
                await self._now(
                    lambda storage: storage.privacy.set_wish(user_id, None, hidden=hidden)
                )
            case Deed.STOP | Deed.RESUME:
                unrecorded = deed is Deed.STOP
                await self._now(
                    lambda storage: storage.privacy.set_wish(user_id, None, unrecorded=unrecorded)
                )
        log.info("privacy wish", what=deed.value)
        return await self._page(interaction)

    async def _page(self, interaction: discord.Interaction[MoodifyBot], notice: str = "") -> Ways:
        kept = await self._kept(interaction)
        content = Content(
            content=notice or None,
            embeds=[privacy_embed(kept)],
            attachments=[],
            view=privacy_view(kept),
        )
        return (lambda: content,)

    async def _kept(self, interaction: discord.Interaction[MoodifyBot]) -> Kept:
        guild_id = server_of(interaction)
        user_id = interaction.user.id
        wishes = await self._now(lambda storage: storage.privacy.wishes(user_id, guild_id))
        count = await self._now(lambda storage: storage.privacy.count_of(user_id))
        application = interaction.client.application
        return Kept(
            wishes=wishes,
            entries=count,
            in_server=guild_id is not None,
            days=self._times.days,
            days_after_leaving=self._times.days_after_leaving,
            policy=application.privacy_policy_url if application else None,
        )

    async def _file(self, reply: InteractionReply) -> Ways:
        user_id = reply.interaction.user.id
        tables = await self._now(lambda storage: storage.privacy.everything_of(user_id))
        count = sum(map(len, tables.values()))
        if not count:
            return await self._page(reply.interaction, texts.nothing_to_show())
        if not reply.abilities.files:
            return await self._page(reply.interaction, texts.file_not_allowed())
        made = await asyncio.to_thread(
            data_file,
            user_id,
            tables,
            limit=reply.interaction.filesize_limit,
            at=time.time(),
        )
        if made is None:
            return await self._page(reply.interaction, texts.file_too_large())
        name, content = made
        view = privacy_view(await self._kept(reply.interaction))

        def composed() -> Content:
            # Afresh for each attempt, as a file is read but once.
            file = discord.File(io.BytesIO(content), name)
            return Content(content=texts.shown(count), embeds=[], attachments=[file], view=view)

        return (composed,)

    async def _forget(
        self, interaction: discord.Interaction[MoodifyBot], *, for_good: bool
    ) -> Ways:
        user_id = interaction.user.id
        count = await self._now(
            lambda storage: storage.privacy.forget(user_id, never_again=for_good)
        )
        self._forget_sources(user_id)
        log.info("person forgotten", rows=count, for_good=for_good)
        said = texts.forgotten_for_good(count) if for_good else texts.forgotten(count)
        return await self._page(interaction, said)

    async def _now(self, action: Callable[[Storage], Awaitable[T]]) -> T:
        """Do something with the database at once, or say that nothing was done."""
        done: list[T] = []

        async def act(storage: Storage) -> bool:
            done.append(await action(storage))
            return True

        if not await self._memory.attempt(act, otherwise=False):
            raise NotShown(texts.away())
        return done[0]
