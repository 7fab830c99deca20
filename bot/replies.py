"""Bring an outcome to whoever asked: the fullest answer that gets through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, TypedDict

import aiohttp
import discord
import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_before_delay,
    wait_exponential,
)

from bot.outcomes import Answered, Filmed, Outcome
from bot.presentation import embeds, texts
from bot.presentation.buttons import film_view
from bot.presentation.titles import inline_code

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LIFETIME = 15 * 60.0
"""Seconds from an interaction to the end of its token, says Discord's documentation."""

DEFERRALS = 2
"""Attempts to defer; a lost connection is often one that was idle and is new the next time."""
DEFERRAL_LIMIT = 10.0
"""Seconds for one of them, Discord's own 3 and discord.py's repetitions among them."""

FIRST_PAUSE = 1.0
"""Seconds before an answer is sent again; doubled before each further time."""
LONGEST_PAUSE = 20.0
ATTEMPT_LIMIT = 60.0
"""Seconds for one attempt: a connection that died in silence is not waited for longer."""

FILM_NAME = "film.mp4"

_ALREADY_ACKNOWLEDGED = 40060


class Content(TypedDict):
    """What a message shows, in the words of discord.py."""

    content: str | None
    embeds: list[discord.Embed]
    attachments: list[discord.File]
    view: discord.ui.View | None


class Reply(Protocol):
    """A place for one answer."""

    @property
    def until(self) -> float:
        """When it is too late for an answer, on the clock of `time.monotonic`."""

    async def show(self, content: Content) -> None:
        """Show `content` in place of whatever stands there."""


def _end_of_life() -> float:
    # Counted here from the receipt: Discord's time of the interaction would have to be held
    # against the clock of this machine, which may be wrong.
    return time.monotonic() + LIFETIME


@dataclass(frozen=True, slots=True)
class InteractionReply:
    """The answer to an interaction; a `Reply`. To be made when the interaction is received.

    Attributes
    ----------
    interaction : discord.Interaction
    until : float
        When the interaction ends, on the clock of `time.monotonic`.
    """

    interaction: discord.Interaction
    until: float = field(default_factory=_end_of_life)

    async def defer(self, *, private: bool) -> bool:
        """Tell Discord that an answer will come; it waits 3 s for this sign.

        Parameters
        ----------
        private : bool
            Whether only who asked sees the answer.

        Returns
        -------
        bool
            Whether an answer may still be shown. Where it is not known whether Discord has
            heard, it is: nothing is lost by an answer to nobody.
        """
        for _ in range(DEFERRALS):
            try:
                async with asyncio.timeout(DEFERRAL_LIMIT):
                    await self.interaction.response.defer(thinking=True, ephemeral=private)
            except discord.HTTPException as error:
                # What comes of a repetition when it was only Discord's reply that got lost.
                if error.code == _ALREADY_ACKNOWLEDGED:
                    return True
                log.warning("not deferred", job=str(self.interaction.id), error=repr(error))
                return error.status != HTTPStatus.NOT_FOUND
            except (aiohttp.ClientError, OSError) as error:
                log.warning("deferral uncertain", job=str(self.interaction.id), error=repr(error))
            else:
                return True
        return True

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
        versions = _versions(outcome)
        for rest, compose in zip(range(len(versions), 0, -1), versions, strict=True):
            # Each leaves the plainer ones their share of the time.
            patience = (reply.until - time.monotonic()) / rest
            try:
                await _insist(reply, compose, patience)
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning("answer not taken", error=repr(error))
                if _is_over(error):
                    break
            else:
                return True
    except Exception:
        log.exception("answer lost")
        return False
    log.error("answer lost", outcome=type(outcome).__name__)
    return False


def _versions(outcome: Outcome) -> tuple[Callable[[], Content], ...]:
    """Return ways to say `outcome`, from the fullest to the plainest.

    Each makes its content afresh, as a file can be sent only once.
    """
    if isinstance(outcome, Answered):
        return (
            lambda: _illustrated(outcome),
            lambda: _without_picture(outcome),
            lambda: _in_words(outcome),
        )
    if isinstance(outcome, Filmed):
        return (lambda: _film(outcome), lambda: _sentence(texts.FILM_NOT_TAKEN))
    sentence = texts.refusal(outcome)
    return (lambda: _sentence(sentence),)


def _sentence(sentence: str) -> Content:
    return Content(content=sentence, embeds=[], attachments=[], view=None)


def _film(outcome: Filmed) -> Content:
    file = discord.File(
        outcome.path, filename=FILM_NAME, description=outcome.description[: embeds.ALT_TEXT_LIMIT]
    )
    caption = texts.film_caption(inline_code(outcome.title))
    return Content(content=caption, embeds=[], attachments=[file], view=None)


def _button(outcome: Answered) -> discord.ui.View | None:
    return film_view(outcome.film_key) if outcome.film_key is not None else None


def _illustrated(outcome: Answered) -> Content:
    embed = embeds.mood_embed(outcome.title, outcome.hearing.analysis)
    embed, file = embeds.with_picture(embed, outcome.hearing)
    return Content(content=None, embeds=[embed], attachments=[file], view=_button(outcome))


def _without_picture(outcome: Answered) -> Content:
    embed = embeds.mood_embed(outcome.title, outcome.hearing.analysis)
    view = _button(outcome)
    return Content(content=texts.NO_PICTURE, embeds=[embed], attachments=[], view=view)


def _in_words(outcome: Answered) -> Content:
    text = f"{embeds.plain_text(outcome.title, outcome.hearing.analysis)}\n{texts.NO_EMBED}"
    return Content(content=text, embeds=[], attachments=[], view=_button(outcome))


async def _insist(reply: Reply, compose: Callable[[], Content], patience: float) -> None:
    """Show content, as often as it takes while Discord or the network is away."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception(_may_pass),
        wait=wait_exponential(FIRST_PAUSE, max=LONGEST_PAUSE),
        stop=stop_before_delay(patience),
        before_sleep=_log_failure,
        reraise=True,
    ):
        with attempt:
            async with asyncio.timeout(ATTEMPT_LIMIT):
                await reply.show(compose())


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, discord.HTTPException):
        return (
            error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or error.status == HTTPStatus.TOO_MANY_REQUESTS
        )
    return isinstance(error, (aiohttp.ClientError, OSError))


def _log_failure(state: RetryCallState) -> None:
    assert state.outcome is not None
    log.warning(
        "answer not sent", attempt=state.attempt_number, error=repr(state.outcome.exception())
    )


def _is_over(error: Exception) -> bool:
    """Whether no answer can be shown any more: the interaction ended or its message is gone."""
    return isinstance(error, discord.HTTPException) and error.status in (
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNAUTHORIZED,
    )
