"""What every route works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .changes import Changes
from .gateway import MESSAGE_CONTENT, Gateway, without_content
from .interactions import Interactions
from .refusal import Refusal, unknown
from .validator import Request
from .world import VIEW_CHANNEL, Channel, Guild, Json, Message, World


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a route: what was sent, the path's parameters, the query's."""

    request: Request
    params: Mapping[str, str]
    query: Mapping[str, str]


@dataclass(slots=True)
class Backend:
    """The state behind the API, and the look-ups that every route needs.

    Attributes
    ----------
    commands : dict
        Registered commands by scope: a server's id, or None for the global ones.
    """

    world: World
    gateway: Gateway
    interactions: Interactions
    changes: Changes
    commands: dict[str | None, dict[str, Json]] = field(default_factory=dict)

    def channel(self, channel_id: str, needed: int = 0) -> Channel:
        """Find a channel in which the bot has the needed permissions, or refuse."""
        channel = self.world.channels.get(channel_id)
        if channel is None:
            raise unknown("Channel", 10003)
        if not channel.bot_permissions & VIEW_CHANNEL:
            raise Refusal(403, 50001, "Missing Access")
        if needed & ~channel.bot_permissions:
            raise Refusal(403, 50013, "Missing Permissions")
        return channel

    def message(self, channel_id: str, message_id: str) -> Message:
        """Find a message in a channel that the bot sees, or refuse."""
        self.channel(channel_id)
        message = self.world.messages.get(message_id)
        if message is None or message.channel.id != channel_id or message.ephemeral:
            raise unknown("Message", 10008)
        return message

    def guild(self, guild_id: str) -> Guild:
        """Find a server that the bot is in, or refuse."""
        guild = self.world.guilds.get(guild_id)
        if guild is None or self.world.bot.id not in self.world.members[guild_id]:
            raise unknown("Guild", 10004)
        return guild

    def written(self, message: Message) -> Json:
        """Write a message as the bot gets it over HTTP."""
        payload = message.payload(viewer_id=self.world.bot.id)
        if self.gateway.privileged_intents & MESSAGE_CONTENT:
            return payload
        return without_content(payload, self.world.bot.id, message.channel.guild_id)

    async def announce(self, event: str, message: Message) -> bool:
        """Tell the gateway of a message; an ephemeral one is nobody else's business."""
        guild_id = message.channel.guild_id
        if message.ephemeral or not message.channel.in_sight:
            return True
        data = self.gateway.strip(message.payload(viewer_id=self.world.bot.id), guild_id=guild_id)
        if guild_id is not None:
            data["guild_id"] = guild_id
            member = self.world.members[guild_id].get(message.author.id)
            if member is not None:
                data["member"] = {k: v for k, v in member.payload().items() if k != "user"}
        return await self.gateway.dispatch(event, data, guild_id=guild_id)

    async def post(self, message: Message) -> Message:
        """Save a new message and tell of it."""
        self.world.save(message)
        await self.announce("MESSAGE_CREATE", message)
        return message

    async def edit(self, message: Message) -> Message:
        """Save an edited message and tell of it."""
        self.world.save(message)
        await self.announce("MESSAGE_UPDATE", message)
        return message

    async def delete(self, message: Message) -> None:
        """Delete a message and tell of it."""
        self.world.delete(message)
        if not message.ephemeral and message.channel.in_sight:
            place = _place(message)
            await self.gateway.dispatch(
                "MESSAGE_DELETE", {"id": message.id, **place}, guild_id=message.channel.guild_id
            )

    async def react(self, message: Message, emoji: str, user_id: str, *, present: bool) -> None:
        """Add or remove a reaction and tell of it."""
        user = self.world.users[user_id]
        self.world.react(message, emoji, user, present=present)
        data = {
            "user_id": user_id,
            "message_id": message.id,
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
            **_place(message),
        }
        guild_id = message.channel.guild_id
        if present:
            data["message_author_id"] = message.author.id
            if guild_id is not None:
                data["member"] = self.world.members[guild_id][user_id].payload()
        event = "MESSAGE_REACTION_ADD" if present else "MESSAGE_REACTION_REMOVE"
        if message.channel.in_sight:
            await self.gateway.dispatch(event, data, guild_id=guild_id)


def _place(message: Message) -> Json:
    guild_id = message.channel.guild_id
    return {"channel_id": message.channel.id, **({"guild_id": guild_id} if guild_id else {})}
