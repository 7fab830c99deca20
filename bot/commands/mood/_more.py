"""Discord's side of the menu of further songs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.commands.mood._requests import request_of
from bot.home_channels import language_at, server_of
from bot.outcomes import MoreForgotten
from bot.presentation.language import speaking
from bot.replies import InteractionReply, deliver

if TYPE_CHECKING:
    from bot.client import MoodifyBot


class MoreDesk:
    """Takes what people choose.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot

    async def take(self, interaction: discord.Interaction[MoodifyBot], key: str) -> None:
        """Answer one more song, in a message of its own.

        Parameters
        ----------
        interaction : discord.Interaction
        key : str
            Id of the song's attachment.
        """
        assert interaction.message is not None  # a menu is under one
        reply = InteractionReply(interaction)
        private = interaction.message.flags.ephemeral
        with self._bot.jobs.attended():
            source = self._bot.film_desk.songs.find(key)
            refusal = (
                MoreForgotten()
                if source is None
                else await self._bot.admission.refusal(server_of(interaction), interaction.user)
            )
            if not await reply.defer(private=private or refusal is not None):
                return
            if refusal is not None:
                with speaking(await language_at(interaction)):
                    await deliver(reply, (refusal,))
                return
            assert source is not None  # else it is refused
            request = request_of(interaction, (source.song,), source.post, private=private)
            await self._bot.take(request, reply)
