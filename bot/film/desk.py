"""Discord's side of films: what the buttons do, who may press them, and what is seen."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import TYPE_CHECKING

import discord
import structlog

from bot.answers.showing import tell
from bot.film.making import FilmProgress, FilmRefused, FilmRequest, Films
from bot.film.sources import Songs, SongSource
from bot.home_channels import language_at
from bot.insisting import DISCORD_ERRORS
from bot.jobs.progress import tell as tell_progress
from bot.outcomes import FileVanished, NotYourFilm, NotYourSong, Refusal, SongForgotten
from bot.presentation import texts
from bot.presentation.buttons import cancel_view
from bot.presentation.language import speaking
from bot.presentation.titles import song_title
from bot.replies import InteractionReply, deliver
from bot.requests import Request

if TYPE_CHECKING:
    from bot.client import MoodifyBot
    from bot.jobs import Jobs

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

RESERVE = 120.0
"""Seconds kept back of the time that Discord gives, so that there are some left to upload."""

_UNKNOWN_MESSAGE = 10008


class FilmDesk:
    """Takes what people press.

    Parameters
    ----------
    jobs : Jobs
        Waits for films, too, when the bot stops.
    films : Films
    songs : Songs
        The songs that can be filmed.
    """

    def __init__(self, jobs: Jobs, films: Films, songs: Songs) -> None:
        self.songs = songs
        self._jobs = jobs
        self._films = films

    def remember(self, request: Request) -> None:
        """Remember where the songs of a request are, so that they can be filmed."""
        for song in (*request.songs, *request.more):
            source = SongSource(request.user_id, song, request.post)
            self.songs.remember(str(song.attachment_id), source)

    async def film(self, interaction: discord.Interaction[MoodifyBot], key: str) -> None:
        """Film the song of the answer that the button is under.

        Parameters
        ----------
        interaction : discord.Interaction
        key : str
            Id of the song's attachment.
        """
        reply = InteractionReply(interaction)
        if self._jobs.closed:
            return
        with (
            structlog.contextvars.bound_contextvars(job=str(interaction.id)),
            self._jobs.attended(),
            speaking(await language_at(interaction)),
        ):
            source = self.songs.find(key)
            if source is None:
                await _refuse(interaction, SongForgotten())
            elif not _may_see(interaction, source):
                await _refuse(interaction, NotYourSong())
            else:
                await self._film(reply, source)

    async def cancel(self, interaction: discord.Interaction[MoodifyBot], film_id: str) -> None:
        """Stop a film that is in the making.

        Parameters
        ----------
        interaction : discord.Interaction
        film_id : str
            Its `FilmRequest.id`.
        """
        asker = self._films.whose(film_id)
        if asker is None:
            with speaking(await language_at(interaction)):
                await tell(interaction, texts.film_not_in_the_making())
        elif interaction.user.id != asker and not _moderates(interaction):
            with speaking(await language_at(interaction)):
                await _refuse(interaction, NotYourFilm())
        else:
            log.info("film cancelled", job=film_id)
            self._films.stop(film_id)
            try:
                await interaction.response.defer()
            except DISCORD_ERRORS as error:
                log.warning("not deferred", job=film_id, error=repr(error))

    async def _film(self, reply: InteractionReply, source: SongSource) -> None:
        interaction = reply.interaction
        assert interaction.message is not None  # a button is under one
        request = FilmRequest(
            id=str(interaction.id),
            user_id=interaction.user.id,
            guild_id=interaction.guild_id,
            title=song_title(source.song.filename),
            max_bytes=interaction.filesize_limit,
            deadline=reply.until - RESERVE,
        )
        try:
            with self._films.admitted(request):
                log.info("film accepted", max_bytes=request.max_bytes)
                # Seen by whom the answer is seen.
                if await reply.defer(private=interaction.message.flags.ephemeral):
                    await self._make_and_show(reply, request, source)
        except FilmRefused as error:
            await _refuse(interaction, error.reason)

    async def _make_and_show(
        self, reply: InteractionReply, request: FilmRequest, source: SongSource
    ) -> None:
        async def address() -> str:
            return await _address_now(reply.interaction, source)

        def sentence() -> str:
            return texts.film_progress(progress.stage.name, progress.share)

        async def show(now: str) -> None:
            view = cancel_view(str(reply.interaction.id))
            await reply.interaction.edit_original_response(content=now, view=view)

        progress, done = FilmProgress(), asyncio.Event()
        telling = asyncio.create_task(tell_progress(show, sentence, done))
        try:
            async with self._films.made(request, address, progress) as outcome:
                # Not cut off, as an edit that is under way could arrive after the film.
                done.set()
                await telling
                await deliver(reply, (outcome,))
        finally:
            telling.cancel()


async def _address_now(interaction: discord.Interaction, source: SongSource) -> str:
    """Return where a song is now; one whose message was deleted is not filmed."""
    if source.post is None:
        return source.song.url
    # This is a client's; `discord.Interaction` has no such method.
    channel = interaction.client.get_partial_messageable(source.post.channel_id)
    try:
        message = await channel.fetch_message(source.post.message_id)
    except discord.HTTPException as error:
        if error.code == _UNKNOWN_MESSAGE:
            raise FilmRefused(FileVanished()) from None
        # Where only a person has brought the bot, it may read nothing.
        return source.song.url
    # Empty without the intent to read messages.
    forwarded = (snapshot.attachments for snapshot in message.message_snapshots)
    files = {file.id: file.url for file in chain(message.attachments, *forwarded)}
    return files.get(source.song.attachment_id, source.song.url)


def _may_see(interaction: discord.Interaction, source: SongSource) -> bool:
    """Whether who presses the button can see the song, and not only its moods."""
    if interaction.user.id == source.user_id:
        return True
    if source.post is None or source.post.channel_id != interaction.channel_id:
        return False
    may = interaction.permissions
    return interaction.guild_id is None or may.administrator or may.read_message_history


def _moderates(interaction: discord.Interaction) -> bool:
    may = interaction.permissions
    return interaction.guild_id is not None and (may.administrator or may.manage_messages)


async def _refuse(interaction: discord.Interaction[MoodifyBot], reason: Refusal) -> None:
    log.info("film refused", reason=type(reason).__name__)
    await tell(interaction, texts.refusal(reason))
