"""Bring the outcomes of a request to whoever asked: the fullest answer that gets through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
import discord
import structlog
from structlog.contextvars import bound_contextvars
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_before_delay,
    wait_exponential,
)

from bot.insisting import DISCORD_ERRORS, insist, may_pass
from bot.outcomes import Outcome
from bot.presentation.answers import Abilities, Content, versions
from bot.presentation.buttons import cancel_request_view
from bot.requests import AtInteraction, AtMessage, Request

if TYPE_CHECKING:
    from bot.client import MoodifyBot
    from bot.memory import Memory

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LIFETIME = 15 * 60.0
"""Seconds from an interaction to the end of its token, says Discord's documentation."""
MESSAGE_LIFETIME = 60 * 60.0
"""Seconds after which an answer to a message is not expected any more."""

DEFERRALS = 2
"""Attempts to defer; a lost connection is often one that was idle and is new the next time."""
DEFERRAL_LIMIT = 10.0
"""Seconds for one of them, Discord's own 3 and discord.py's repetitions among them."""

FIRST_PAUSE = 1.0
"""Seconds before an answer is sent again; doubled before each further time."""
LONGEST_PAUSE = 20.0
ATTEMPT_LIMIT = 60.0
"""Seconds for one attempt: a connection that died in silence is not waited for longer."""

LATEST = 120.0
"""Seconds that an interaction must still have for its songs to be heard and answered there."""
LATEST_PRIVATE = 20.0
"""The same of a private one, which can be answered nowhere else, and be it with a refusal."""

NEARBY = 50
"""Messages after an interaction among which its answer is looked for."""

_ALREADY_ACKNOWLEDGED = 40060


class Spot(Protocol):
    """A place where something can be shown."""

    @property
    def until(self) -> float:
        """When it is too late for an answer, on the clock of `time.monotonic`."""

    async def show(self, content: Content) -> None:
        """Show `content` in place of whatever stands there."""


class Reply(Spot, Protocol):
    """A place for one answer."""

    @property
    def abilities(self) -> Abilities:
        """What the bot may show there."""

    @property
    def answer_id(self) -> int | None:
        """The message that shows the answer, as soon as it is known."""

    async def tell(self, sentence: str) -> None:
        """Show how far the answer is, and a button to cancel it."""

    async def withdraw(self) -> None:
        """Take back whatever stands there, as there is nothing to say any more."""


class InteractionReply:
    """The answer to an interaction; a `Reply`. To be made when the interaction is received.

    Parameters
    ----------
    interaction : discord.Interaction

    Attributes
    ----------
    interaction : discord.Interaction
    until : float
        When the interaction ends, on the clock of `time.monotonic`.
    """

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self.interaction = interaction
        # Counted here from the receipt: Discord's time of the interaction would have to be held
        # against the clock of this machine, which may be wrong.
        self.until = time.monotonic() + LIFETIME
        self.asker_id = interaction.user.id
        may = interaction.app_permissions
        self.abilities = Abilities(embeds=may.embed_links, files=may.attach_files)
        self.answer_id: int | None = None

    async def defer(self, *, private: bool, thinking: bool = True) -> bool:
        """Tell Discord that an answer will come; it waits 3 s for this sign.

        Parameters
        ----------
        private : bool
            Whether only who asked sees the answer.
        thinking : bool
            Whether the answer is a new message; else it replaces the one that was used.

        Returns
        -------
        bool
            Whether an answer may still be shown. Where it is not known whether Discord has
            heard, it is: nothing is lost by an answer to nobody.
        """
        with bound_contextvars(job=str(self.interaction.id)):
            for _ in range(DEFERRALS):
                try:
                    async with asyncio.timeout(DEFERRAL_LIMIT):
                        await self.interaction.response.defer(thinking=thinking, ephemeral=private)
                except discord.HTTPException as error:
                    # What comes of a repetition when it was only Discord's reply that got lost.
                    if error.code == _ALREADY_ACKNOWLEDGED:
                        return True
                    log.warning("not deferred", error=repr(error))
                    return error.status != HTTPStatus.NOT_FOUND
                except (aiohttp.ClientError, OSError) as error:
                    log.warning("deferral uncertain", error=repr(error))
                else:
                    return True
        return True

    async def show(self, content: Content) -> None:
        """Edit the deferred answer."""
        message = await self.interaction.edit_original_response(**content)
        self.answer_id = message.id

    async def tell(self, sentence: str) -> None:
        """Show how far the answer is, and a button to cancel it."""
        view = cancel_request_view(self.interaction.id, self.asker_id)
        await self.interaction.edit_original_response(content=sentence, view=view)

    async def withdraw(self) -> None:
        """Delete the answer."""
        await self.interaction.delete_original_response()


class TokenReply:
    """The answer to an interaction that an earlier run of the bot received; a `Reply`.

    Parameters
    ----------
    bot : MoodifyBot
    request : Request
    place : AtInteraction
    """

    def __init__(self, bot: MoodifyBot, request: Request, place: AtInteraction) -> None:
        self._webhook = discord.Webhook.partial(place.application_id, place.token, client=bot)
        self._request_id = request.id
        self.until = time.monotonic() + place.expires - time.time()
        self.asker_id = request.user_id
        self.abilities = channel_abilities(bot, request)
        self.answer_id: int | None = None

    async def show(self, content: Content) -> None:
        """Edit the deferred answer."""
        message = await self._webhook.edit_message(_ORIGINAL, **content)
        self.answer_id = message.id

    async def tell(self, sentence: str) -> None:
        """Show how far the answer is, and a button to cancel it."""
        view = cancel_request_view(self._request_id, self.asker_id)
        await self._webhook.edit_message(_ORIGINAL, content=sentence, view=view)

    async def withdraw(self) -> None:
        """Delete the answer."""
        await self._webhook.delete_message(_ORIGINAL)


_ORIGINAL: Any = "@original"
"""Discord's name for the deferred answer; discord.py says that it must be a number."""


class MessageReply:
    """An answer that is a message of its own; a `Reply`.

    It is sent with a number that Discord accepts once, so that a repetition after a lost
    connection, or after a restart, makes no second message.

    Parameters
    ----------
    bot : MoodifyBot
    request : Request
    memory : Memory
        Remembers where the answer is.
    """

    def __init__(self, bot: MoodifyBot, request: Request, memory: Memory) -> None:
        place = request.place
        replied = place.message_id if isinstance(place, AtMessage) else None
        if replied is None and request.post and request.post.channel_id == request.channel_id:
            replied = request.post.message_id
        self._channel = bot.get_partial_messageable(request.channel_id, guild_id=request.guild_id)
        # Where the message is gone, or Discord takes no replies, the answer stands by itself.
        may = _permissions(bot, request)
        if may is not None and not may.read_message_history:
            replied = None
        self._reference = (
            discord.MessageReference(
                message_id=replied,
                channel_id=request.channel_id,
                guild_id=request.guild_id,
                fail_if_not_exists=False,
            )
            if replied is not None
            else None
        )
        self._request = request
        self._memory = memory
        # Counted from now: after a restart the answer is late as it is.
        self.until = time.monotonic() + MESSAGE_LIFETIME
        self.asker_id = request.user_id
        self.abilities = channel_abilities(bot, request)
        self.answer_id = place.answer_id if isinstance(place, AtMessage) else None

    async def show(self, content: Content) -> None:
        """Send the answer, or edit it if it stands already.

        Raises
        ------
        OlderMessage
            If an earlier attempt has got through after all, and shows something else.
        """
        if self.answer_id is not None:
            await self._message(self.answer_id).edit(**content)
            return
        sent = await self._channel.send(
            content=content["content"],
            embeds=content["embeds"],
            files=content["attachments"],
            view=content["view"] or discord.utils.MISSING,
            reference=self._reference,  # type: ignore[arg-type]  # None is its default
            mention_author=False,
            # Discord answers a second message of this number with the first.
            nonce=str(self._request.id),
        )
        self.answer_id = sent.id
        request_id, answer_id = self._request.id, sent.id
        await self._memory.write(lambda storage: storage.jobs.answer_at(request_id, answer_id))
        if sent.content != (content["content"] or "") or len(sent.embeds) != len(content["embeds"]):
            raise OlderMessage

    async def tell(self, sentence: str) -> None:
        """Show how far the answer is, and a button to cancel it."""
        view = cancel_request_view(self._request.id, self.asker_id)
        with suppress(OlderMessage):
            await self.show(Content(content=sentence, embeds=[], attachments=[], view=view))

    async def withdraw(self) -> None:
        """Delete the answer."""
        if self.answer_id is not None:
            try:
                await insist(self._message(self.answer_id).delete)
            except DISCORD_ERRORS as error:
                log.info("answer not deleted", error=repr(error))

    def _message(self, message_id: int) -> discord.PartialMessage:
        return self._channel.get_partial_message(message_id)


class OlderMessage(Exception):
    """What was sent before is still shown."""


async def reply_to(bot: MoodifyBot, request: Request, memory: Memory) -> Reply | None:
    """Return where a request of an earlier run can still be answered; None if nowhere.

    An interaction whose time is over is answered in its channel, unless it was private: in place
    of what it showed last, where that is found.
    """
    place = request.place
    if isinstance(place, AtInteraction):
        latest = LATEST_PRIVATE if request.private else LATEST
        if place.expires - time.time() > latest:
            return TokenReply(bot, request, place)
        if request.private:
            return None
    if not may_speak(bot, request):
        return None
    reply = MessageReply(bot, request, memory)
    if isinstance(place, AtInteraction):
        reply.answer_id = await _shown_last(bot, request)
    return reply


async def _shown_last(bot: MoodifyBot, request: Request) -> int | None:
    """Find the message that an interaction was answered by; it is the bot's own, to edit.

    It shows how far the answer was, or even the answer itself.
    """
    channel = bot.get_partial_messageable(request.channel_id, guild_id=request.guild_id)

    async def nearby() -> list[discord.Message]:
        # The message came right after the interaction.
        history = channel.history(limit=NEARBY, after=discord.Object(request.id), oldest_first=True)
        return [message async for message in history]

    try:
        for message in await insist(nearby):
            asked = message.interaction_metadata
            if asked is not None and asked.id == request.id:
                if not message.flags.loading:
                    return message.id
                # Discord shows it as failed.
                await message.delete()
    except DISCORD_ERRORS as error:
        log.info("earlier answer not found", job=str(request.id), error=repr(error))
    return None


def may_speak(bot: MoodifyBot, request: Request) -> bool:
    """Tell whether the bot may send messages in the channel of a request."""
    may = _permissions(bot, request)
    if may is None:
        return request.guild_id is None
    return may.view_channel and may.send_messages


def may_offer(bot: MoodifyBot, request: Request) -> bool:
    """Tell whether the bot may react to a song, and may answer it then."""
    may = _permissions(bot, request)
    reacts = may is not None and may.add_reactions and may.read_message_history
    return reacts and may_speak(bot, request)


def channel_abilities(bot: MoodifyBot, request: Request) -> Abilities:
    """Return what the bot may show in the channel of a request."""
    may = _permissions(bot, request)
    return Abilities() if may is None else Abilities(may.embed_links, may.attach_files)


def _permissions(bot: MoodifyBot, request: Request) -> discord.Permissions | None:
    """Return the bot's permissions in a channel of a server that it is in; else None."""
    guild = bot.get_guild(request.guild_id) if request.guild_id is not None else None
    if guild is None:
        return None
    channel = guild.get_channel_or_thread(request.channel_id)
    if channel is None:
        # An archived thread, or a channel that the bot cannot see.
        return discord.Permissions.none()
    may = channel.permissions_for(guild.me)
    if isinstance(channel, discord.Thread):
        may.send_messages = may.send_messages_in_threads
    return may


async def deliver(
    reply: Reply,
    outcomes: Sequence[Outcome],
    *,
    titles: Sequence[str] = (),
    view: Callable[[], discord.ui.View | None] = lambda: None,
) -> bool:
    """Show the outcomes of a request; see `present`.

    Parameters
    ----------
    reply : Reply
    outcomes : sequence of Outcome
        One for each song.
    titles : sequence of str
        What the songs are called, harmless; needed for more than one.
    view : callable
        Makes the buttons under the answer.
    """
    return await present(reply, versions(outcomes, titles, reply.abilities, view))


async def present(reply: Spot, ways: Sequence[Callable[[], Content]]) -> bool:
    """Show something; if Discord does not take it, show the next plainer version.

    Raises nothing: when nothing gets through, the log tells why.

    Parameters
    ----------
    reply : Spot
    ways : sequence of callable
        Versions, the fullest first; each makes its content afresh.

    Returns
    -------
    bool
        Whether anything could be shown.
    """
    try:
        for rest, compose in zip(range(len(ways), 0, -1), ways, strict=True):
            # Each leaves the plainer ones their share of the time.
            patience = (reply.until - time.monotonic()) / rest
            try:
                await _insist(reply, compose, patience)
            except (*DISCORD_ERRORS, OlderMessage) as error:
                log.warning("answer not taken", error=repr(error))
                if _is_over(error):
                    break
            else:
                return True
    except Exception:
        log.exception("answer lost")
        return False
    log.error("answer lost")
    return False


async def _insist(reply: Spot, compose: Callable[[], Content], patience: float) -> None:
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
    return may_pass(error) or isinstance(error, OlderMessage)


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
