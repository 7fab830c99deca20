"""What happens around a press, whatever was pressed: it is attended to, and something is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import discord
import structlog

from bot.insisting import DISCORD_ERRORS
from bot.outcomes import Failed
from bot.presentation import texts
from bot.presentation.answers import Content, sentence
from bot.presentation.language import speaking
from bot.replies import InteractionReply, present

if TYPE_CHECKING:
    from bot.client import MoodifyBot
    from bot.jobs import Jobs

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Ways = Sequence[Callable[[], Content]]
"""Versions of a message, as `bot.replies.present` takes them."""


class NotShown(Exception):
    """Something is not to be shown.

    Attributes
    ----------
    sentence : str
        What is told instead.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@contextmanager
def attending(
    jobs: Jobs, interaction: discord.Interaction[MoodifyBot]
) -> Iterator[InteractionReply]:
    """Attend to an interaction whose outcome only who made it sees.

    Parameters
    ----------
    jobs : Jobs
        Wait for it when the bot stops.
    interaction : discord.Interaction
    """
    reply = InteractionReply(interaction)
    with (
        structlog.contextvars.bound_contextvars(job=str(interaction.id)),
        jobs.attended(),
        speaking(interaction.locale),
    ):
        yield reply


async def show(reply: InteractionReply, finding: Awaitable[Ways]) -> None:
    """Show what is found, or the sentence why it is not."""
    await present(reply, await found_or_why(reply, finding))


async def found_or_why(reply: InteractionReply, finding: Awaitable[Ways]) -> Ways:
    """Return what is found, or the sentence why it is not."""
    try:
        return await finding
    except NotShown as reason:
        said = reason.sentence
    except Exception:
        log.exception("nothing found to show")
        said = texts.refusal(Failed(str(reply.interaction.id)))
    return (lambda: sentence(said),)


async def tell(interaction: discord.Interaction[MoodifyBot], said: str) -> None:
    """Say something to who clicks, and to nobody else."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(said, ephemeral=True)
        else:
            await interaction.response.send_message(said, ephemeral=True)
    except DISCORD_ERRORS as error:
        log.warning("answer lost", error=repr(error))
