"""Bring an outcome to whoever asked: the fullest answer that gets through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, TypedDict

import aiohttp
import discord
import structlog

from bot.outcomes import Answered, Outcome
from bot.presentation import embeds, texts

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

PAUSES = (1.0, 3.0)
"""Seconds between attempts when the network fails; Discord's own errors discord.py repeats."""


class Content(TypedDict):
    """What a message shows, in the words of discord.py."""

    content: str | None
    embeds: list[discord.Embed]
    attachments: list[discord.File]


class Reply(Protocol):
    """A place for one answer."""

    async def show(self, content: Content) -> None:
        """Show `content` in place of whatever stands there."""


@dataclass(frozen=True, slots=True)
class InteractionReply:
    """The answer to an interaction whose response was deferred; a `Reply`.

    Attributes
    ----------
    interaction : discord.Interaction
    """

    interaction: discord.Interaction

    async def show(self, content: Content) -> None:
        """Edit the deferred answer."""
        await self.interaction.edit_original_response(**content)


async def deliver(reply: Reply, outcome: Outcome) -> bool:
    """Show an outcome; if Discord does not take it whole, show less, down to one sentence.

    Raises nothing: when nothing gets through, the log tells why.

    Parameters
    ----------
    reply : Reply
    outcome : Outcome

    Returns
    -------
    bool
        Whether anything could be shown.
    """
    try:
        for compose in _versions(outcome):
            try:
                await _insist(reply, compose)
            except discord.HTTPException as error:
                log.warning("answer not taken", status=error.status, code=error.code)
                if _is_over(error):
                    break
            else:
                return True
    except Exception:
        log.exception("answer lost")
        return False
    log.error("answer lost", outcome=type(outcome).__name__)
    return False


def _versions(outcome: Outcome) -> Iterator[Callable[[], Content]]:
    """Yield ways to say `outcome`, from the fullest to the plainest.

    Each makes its content afresh, as a file can be sent only once.
    """
    if not isinstance(outcome, Answered):
        sentence = texts.refusal(outcome)
        yield lambda: Content(content=sentence, embeds=[], attachments=[])
        return
    yield lambda: _illustrated(outcome)
    embed = embeds.mood_embed(outcome.title, outcome.hearing.analysis)
    yield lambda: Content(content=texts.NO_PICTURE, embeds=[embed], attachments=[])
    text = f"{embeds.plain_text(outcome.title, outcome.hearing.analysis)}\n{texts.NO_EMBED}"
    yield lambda: Content(content=text, embeds=[], attachments=[])


def _illustrated(outcome: Answered) -> Content:
    embed = embeds.mood_embed(outcome.title, outcome.hearing.analysis)
    embed, file = embeds.with_picture(embed, outcome.hearing)
    return Content(content=None, embeds=[embed], attachments=[file])


async def _insist(reply: Reply, compose: Callable[[], Content]) -> None:
    for pause in PAUSES:
        try:
            return await reply.show(compose())
        except (aiohttp.ClientError, OSError) as error:
            log.warning("answer not sent", error=repr(error))
            await asyncio.sleep(pause)
    await reply.show(compose())


def _is_over(error: discord.HTTPException) -> bool:
    """Whether no answer can be shown any more: the interaction ended or its message is gone."""
    return error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED)
