"""Interactions: what a user did, how the bot answered, and the rules between the two."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .changes import Changes
from .limits import AUTOCOMPLETE, EPHEMERAL
from .refusal import Refusal, unknown
from .world import Channel, Json, Message, User, World, new_id

LOADING = 1 << 7
REPLY, DEFER, DEFER_UPDATE, UPDATE, SUGGEST, MODAL = 4, 5, 6, 7, 8, 9
USER_INSTALL_FOLLOWUPS = 5


@dataclass(slots=True, eq=False)
class Exchange:
    """One interaction, from the user's action to the bot's last word.

    Attributes
    ----------
    responded_after : float or None
        Seconds until the bot's first response; None before it.
    callback : dict or None
        The first response as the bot sent it.
    source : Message or None
        For a component: the message that it is on.
    context_menu : bool
        Whether a message command began it, not a slash command.
    trigger : Exchange or None
        For a form: the exchange that opened it.
    reply_lost : bool
        Whether the bot was not told that its first response was taken.
    """

    world: World
    changes: Changes
    kind: int
    user: User
    channel: Channel
    user_installed: bool = False
    source: Message | None = None
    context_menu: bool = False
    trigger: Exchange | None = None
    id: str = field(default_factory=new_id)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(96))
    sent_at: float = field(default_factory=time.monotonic)
    responded_after: float | None = None
    callback: Json | None = None
    response_id: str | None = None
    followup_ids: list[str] = field(default_factory=list)
    reply_lost: bool = False
    _source_edits: int = field(default=0, init=False)

    @property
    def owners(self) -> dict[str, str]:
        """Who installed the app: a user ("1") or the server ("0"; 0 in a direct message)."""
        if self.user_installed:
            return {"1": self.user.id}
        return {"0": self.channel.guild_id or "0"}

    @property
    def deferred_after(self) -> float | None:
        """Seconds until the bot deferred; None if it has not, or answered at once."""
        deferred = self.callback is not None and self.callback["type"] in (DEFER, DEFER_UPDATE)
        return self.responded_after if deferred else None

    @property
    def response(self) -> Message | None:
        """The response as it stands now; None before it and after its deletion."""
        return self.world.messages.get(self.response_id) if self.response_id else None

    @property
    def thinking(self) -> bool:
        """Whether the user sees "thinking…"."""
        return self.response is not None and bool(self.response.flags & LOADING)

    @property
    def edits(self) -> tuple[Message, ...]:
        """What the response was before it became what it is, oldest first."""
        return tuple(self.world.history[self.response_id]) if self.response_id else ()

    @property
    def followups(self) -> tuple[Message, ...]:
        """Further messages, oldest first, without those that were deleted."""
        messages = self.world.messages
        return tuple(messages[key] for key in self.followup_ids if key in messages)

    @property
    def choices(self) -> list[Json] | None:
        """For autocomplete: what the bot suggests."""
        if self.callback is None or self.callback["type"] != SUGGEST:
            return None
        return list(self.callback["data"]["choices"])

    @property
    def modal(self) -> Json | None:
        """The form that the bot opened, if that was its response."""
        if self.callback is None or self.callback["type"] != MODAL:
            return None
        return dict(self.callback["data"])

    async def final(
        self, within: float = 30.0, *, when: Callable[[Message], object] = bool
    ) -> Message:
        """Wait for the answer that the user sees.

        Parameters
        ----------
        within : float
            Seconds to wait.
        when : Callable[[Message], object]
            Which answer is meant, for a bot that shows its progress by edits; by default the
            first that is more than "thinking…".

        Raises
        ------
        TimeoutError
            If no such answer came.
        """

        def find() -> Message | None:
            message = self._visible()
            return message if message is not None and when(message) else None

        return await self.changes.wait_for(find, "an answer to the interaction", within)

    async def responded(self, within: float = 3.0) -> Json:
        """Wait for the first response, whatever it is, and return it as the bot sent it."""
        return await self.changes.wait_for(lambda: self.callback, "a first response", within)

    async def followup(self, number: int = 0, within: float = 30.0) -> Message:
        """Wait for a further message, counted from 0."""

        def find() -> Message | None:
            return self.followups[number] if len(self.followups) > number else None

        return await self.changes.wait_for(find, f"follow-up {number}", within)

    def begin(self, callback: Json, message: Message | None) -> None:
        """Note the first response and the message that it made or will change."""
        self.responded_after = time.monotonic() - self.sent_at
        self.callback = callback
        self.response_id = message.id if message else None
        if callback["type"] == DEFER_UPDATE and message is not None:
            self._source_edits = len(self.world.history[message.id])

    def _visible(self) -> Message | None:
        if self.callback is None or self.response is None or self.thinking:
            return None
        unchanged = len(self.world.history[self.response.id]) <= self._source_edits
        if self.callback["type"] == DEFER_UPDATE and unchanged:
            return None
        return self.response


class Interactions:
    """All exchanges, and the rules of time and order.

    Parameters
    ----------
    respond_within : float
        Seconds that a first response may take.
    token_lifetime : float
        Seconds that the token lives.
    """

    def __init__(self, respond_within: float, token_lifetime: float) -> None:
        self.respond_within = respond_within
        self.token_lifetime = token_lifetime
        self._by_token: dict[str, Exchange] = {}

    def add(self, exchange: Exchange) -> Exchange:
        """Let an exchange begin."""
        self._by_token[exchange.token] = exchange
        return exchange

    def find(self, token: str) -> Exchange | None:
        """Find an exchange by its token."""
        return self._by_token.get(token)

    def to_respond(self, interaction_id: str, token: str) -> Exchange:
        """Find the exchange that a first response is for.

        Raises
        ------
        Refusal
            If it is unknown, was answered before, or has waited too long.
        """
        exchange = self._by_token.get(token)
        if exchange is None or exchange.id != interaction_id:
            raise unknown("interaction", 10062)
        if exchange.callback is not None:
            violation = None if exchange.reply_lost else "an interaction was answered twice"
            raise Refusal(
                400, 40060, "Interaction has already been acknowledged.", violation=violation
            )
        waited = time.monotonic() - exchange.sent_at
        if waited > self.respond_within:
            raise Refusal(
                404,
                10062,
                "Unknown interaction",
                violation=f"first response after {waited:.1f} s, not {self.respond_within:g} s",
            )
        return exchange

    def to_follow(self, token: str) -> Exchange:
        """Find the exchange that a follow-up or an edit is for.

        Raises
        ------
        Refusal
            If it is unknown, not answered yet, or its token has expired.
        """
        exchange = self._by_token.get(token)
        if exchange is None:
            raise unknown("Webhook", 10015)
        if exchange.callback is None:
            raise Refusal(
                404,
                10015,
                "Unknown Webhook",
                violation="an interaction was followed up before its first response",
            )
        if time.monotonic() - exchange.sent_at > self.token_lifetime:
            raise Refusal(
                401,
                50027,
                "Invalid Webhook Token",
                violation="an interaction token was used after its end",
            )
        if exchange.kind == AUTOCOMPLETE:
            raise unknown("Webhook", 10015)
        return exchange


def check_followup(exchange: Exchange, flags: int) -> None:
    """Refuse a follow-up that cannot be what it wants to be.

    Raises
    ------
    Refusal
        If a user-installed app has used up its follow-ups, or if the follow-up that fills a
        deferral wants another visibility than the deferral has.
    """
    if exchange.user_installed and len(exchange.followup_ids) >= USER_INSTALL_FOLLOWUPS:
        raise Refusal(
            400,
            40094,
            "This interaction has reached the maximum number of follow-up messages.",
            violation=f"more than {USER_INSTALL_FOLLOWUPS} follow-ups of a user-installed app",
        )
    deferral = exchange.response
    if deferral is not None and exchange.thinking and (deferral.flags ^ flags) & EPHEMERAL:
        raise Refusal(
            400,
            50035,
            "Invalid Form Body",
            violation="ephemeral or not is fixed by the deferral, a follow-up cannot change it",
        )
