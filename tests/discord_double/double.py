"""The stand-in as a whole: start it, point a bot at it, act as the users."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

from aiohttp import web

from .api import PREFIX, Api
from .backend import Backend
from .cdn import Cdn, CdnFault
from .changes import Changes
from .faults import Fault
from .gateway import Gateway
from .interactions import Exchange, Interactions
from .limits import AUTOCOMPLETE, CHAT_INPUT, COMMAND, COMPONENT, MESSAGE_COMMAND, MODAL_SUBMIT
from .openapi import OpenApi
from .payloads import command_data, component_data, interaction_payload, message_command_data
from .posts import mentioned
from .validator import Validator, Violation
from .world import (
    BOT_PERMISSIONS,
    MEMBER_PERMISSIONS,
    Channel,
    File,
    Guild,
    Json,
    Member,
    Message,
    Role,
    User,
    World,
    now,
)

Options = Mapping[str, "str | int | float | bool | File | User | Channel"]


VOICE_MESSAGE = 1 << 13
# Seconds from seeing a message to using what is on it.
_HUMAN_REACTION = 0.25


class DiscordDouble:
    """A stand-in for Discord on a free port of the loopback interface.

    Use it as an async context manager.

    Parameters
    ----------
    token : str
        The bot token that is accepted.
    bot_name : str
        Name of the bot.
    shards : int
        How many shards are recommended to the bot.
    max_concurrency : int or None
        How many shards may identify within five seconds; None to let them all.
    privileged_intents : int
        Privileged intents that are switched on; a bot that asks for others is turned away.
    respond_within : float
        Seconds that a first response to an interaction may take.
    token_lifetime : float
        Seconds that an interaction's token lives.
    rate_limit : int
        Requests per second and bucket.
    openapi : OpenApi or None
        Discord's description of its API; by default it is read where it is at hand.

    Examples
    --------
    ::

        async with DiscordDouble() as double:
            ann = double.add_user("Ann")
            guild = double.add_guild("Music", owner=ann)
            channel = double.add_channel(guild, "songs")
            ...  # start the bot with double.token, double.api_url and double.host
            await double.wait_command("mood")
            exchange = await double.slash(
                "mood", user=ann, channel=channel, options={"file": File("a.mp3", data)}
            )
            message = await exchange.final()
            assert double.violations == []
    """

    def __init__(
        self,
        *,
        token: str = "MTA.local.stand-in",
        bot_name: str = "Moodify",
        shards: int = 1,
        max_concurrency: int | None = None,
        privileged_intents: int = 0,
        respond_within: float = 3.0,
        token_lifetime: float = 900.0,
        rate_limit: int = 50,
        openapi: OpenApi | None = None,
    ) -> None:
        self.token = token
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.changes = Changes()
        self.world = World(bot_name, f"http://{self.host}")
        self.gateway = Gateway(
            self.world,
            self.changes,
            token=token,
            url=self.gateway_url,
            shards=shards,
            max_concurrency=max_concurrency,
            privileged_intents=privileged_intents,
        )
        self.interactions = Interactions(respond_within, token_lifetime)
        self.backend = Backend(self.world, self.gateway, self.interactions, self.changes)
        validator = Validator(openapi or OpenApi.load())
        self.api = Api(self.backend, validator, token=token, rate_limit=rate_limit)
        self.cdn = Cdn(self.world)
        self._runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        """Address of the HTTP API, as discord.py's ``Route.BASE`` takes it."""
        return f"http://{self.host}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """Address of the gateway."""
        return f"ws://{self.host}/"

    @property
    def violations(self) -> list[Violation]:
        """Every rule of Discord's that the bot has broken, oldest first."""
        return self.api.violations

    @property
    def own_errors(self) -> list[str]:
        """Answers of the stand-in itself that are not like Discord's: none, it is hoped."""
        return self.api.own_errors

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and answered status of every request of the bot, oldest first."""
        return self.api.requests

    @property
    def commands(self) -> list[Json]:
        """Every registered command, global ones first."""
        scopes = sorted(self.backend.commands.items(), key=lambda item: item[0] or "")
        return [command for _, commands in scopes for command in commands.values()]

    async def __aenter__(self) -> Self:
        # Discord takes far larger bodies than aiohttp does by default; the limits on files are
        # the validator's to judge.
        app = web.Application(client_max_size=0)
        app.router.add_get("/", self.gateway.handle)
        for folder in ("attachments", "ephemeral-attachments"):
            app.router.add_get(
                f"/{folder}/{{channel}}/{{attachment}}/{{filename}}", self.cdn.handle
            )
        self.api.add_routes(app.router)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.drop(1001)
        if self._runner is not None:
            await self._runner.cleanup()
        self._socket.close()

    # --- who and what there is ----------------------------------------------------------------

    def add_user(
        self, name: str, *, accepts_dms: bool = True, locale: str = "en-US", bot: bool = False
    ) -> User:
        """Let a user, or another bot, exist."""
        return self.world.add_user(User(name, accepts_dms=accepts_dms, locale=locale, bot=bot))

    def add_guild(
        self,
        name: str,
        *,
        owner: User,
        members: Iterable[User] = (),
        tier: int = 0,
        locale: str = "en-US",
        with_bot: bool = True,
    ) -> Guild:
        """Let a server exist before the bot connects; `with_bot` says whether the bot is in it."""
        guild = Guild(name, owner.id, tier=tier, locale=locale)
        bots = (self.world.bot,) if with_bot else ()
        return self.world.add_guild(guild, (*bots, *members))

    def add_member(
        self,
        guild: Guild,
        user: User,
        *,
        permissions: int = MEMBER_PERMISSIONS,
        roles: Iterable[Role] = (),
    ) -> Member:
        """Let a user be in a server."""
        return self.world.add_member(guild, user, permissions, roles)

    def add_role(self, guild: Guild, name: str, *, of_bot: bool = False) -> Role:
        """Let a server have a role before the bot connects, which may be the bot's own."""
        role = Role(name, bot_id=self.world.bot.id if of_bot else None)
        current = self.world.guilds[guild.id]
        self.world.guilds[guild.id] = replace(current, roles=(*current.roles, role))
        return role

    def add_channel(
        self,
        guild: Guild,
        name: str,
        *,
        bot_permissions: int = BOT_PERMISSIONS,
        seen_by: Iterable[User] | None = None,
    ) -> Channel:
        """Let a text channel exist before the bot connects.

        Parameters
        ----------
        bot_permissions : int
            What the bot may do there.
        seen_by : iterable of User, optional
            Those who see it, besides the bot; by default everybody does.
        """
        seers = None if seen_by is None else (self.world.bot.id, *(user.id for user in seen_by))
        return self.world.add_channel(
            Channel(name, guild.id, bot_permissions=bot_permissions, seen_by=seers)
        )

    def set_system_channel(self, guild: Guild, channel: Channel) -> None:
        """Let a channel be the one in which Discord greets newcomers, before the bot connects."""
        self.world.guilds[guild.id] = replace(
            self.world.guilds[guild.id], system_channel_id=channel.id
        )

    def set_permissions(self, guild: Guild, user: User, permissions: int) -> None:
        """Let a member have other permissions from now on."""
        members = self.world.members[guild.id]
        members[user.id] = replace(members[user.id], permissions=permissions)

    def direct_channel(self, user: User) -> Channel:
        """Return the direct conversation of a user with the bot."""
        return self.world.direct_channel(user)

    async def invite(self, guild: Guild) -> None:
        """Let the connected bot join a server."""
        self.world.add_member(guild, self.world.bot)
        payload = self.gateway.guild_create(guild.id)
        # The key is there only when a known server comes back; clients tell the two apart by it.
        del payload["unavailable"]
        self._delivered(await self.gateway.dispatch("GUILD_CREATE", payload, guild_id=guild.id))

    async def kick_bot(self, guild: Guild) -> None:
        """Let the bot be removed from a server."""
        del self.world.members[guild.id][self.world.bot.id]
        await self.gateway.dispatch("GUILD_DELETE", {"id": guild.id}, guild_id=guild.id)

    async def lose_sight(self, guild: Guild) -> None:
        """Let a server have an outage that does not end."""
        self.gateway.out.add(guild.id)
        data = {"id": guild.id, "unavailable": True}
        await self.gateway.dispatch("GUILD_DELETE", data, guild_id=guild.id)

    async def delete_channel(self, channel: Channel) -> None:
        """Let a channel of a server be deleted, with all that is in it."""
        del self.world.channels[channel.id]
        for message in self.world.messages_in(channel):
            self.world.delete(message)
        payload = channel.payload()
        await self.gateway.dispatch("CHANNEL_DELETE", payload, guild_id=channel.guild_id)
        self.changes.notify()

    # --- what users do ------------------------------------------------------------------------

    async def post_message(
        self,
        author: User,
        channel: Channel,
        content: str = "",
        *,
        attachments: Iterable[File] = (),
        reply_to: Message | None = None,
        voice: bool = False,
        webhook: bool = False,
    ) -> Message:
        """Let a user post a message.

        Parameters
        ----------
        voice : bool
            Whether it is a voice message.
        webhook : bool
            Whether it comes through a webhook, with `author` for its name.
        """
        mentions = dict.fromkeys(mentioned(self.world, content))
        if reply_to is not None:
            mentions[reply_to.author] = None
        message = Message(
            author=author,
            channel=channel,
            content=content,
            attachments=tuple(self.world.store(file, channel) for file in attachments),
            kind=19 if reply_to else 0,
            mentions=tuple(mentions),
            reply_to=reply_to,
            flags=VOICE_MESSAGE if voice else 0,
            webhook_id=author.id if webhook else None,
        )
        self.world.save(message)
        self._delivered(await self.backend.announce("MESSAGE_CREATE", message))
        self.changes.notify()
        return message

    async def forward_message(self, author: User, channel: Channel, original: Message) -> Message:
        """Let a user forward a message to a channel."""
        message = Message(author=author, channel=channel, forwarded=original)
        self.world.save(message)
        self._delivered(await self.backend.announce("MESSAGE_CREATE", message))
        self.changes.notify()
        return message

    async def delete_message(self, message: Message) -> None:
        """Let a message be deleted."""
        await self.backend.delete(self.world.messages[message.id])
        self.changes.notify()

    async def purge(self, messages: Iterable[Message]) -> None:
        """Let a moderator delete several messages of one channel of a server at once."""
        gone = list(messages)
        for message in gone:
            self.world.delete(self.world.messages[message.id])
        channel = gone[0].channel
        ids = [message.id for message in gone]
        data = {"ids": ids, "channel_id": channel.id, "guild_id": channel.guild_id}
        await self.gateway.dispatch("MESSAGE_DELETE_BULK", data, guild_id=channel.guild_id)
        self.changes.notify()

    async def react(self, user: User, message: Message, emoji: str) -> None:
        """Let a user react to a message."""
        current = self.world.messages[message.id]
        await self.backend.react(current, emoji, user.id, present=True)

    async def slash(
        self,
        name: str,
        *,
        user: User,
        channel: Channel,
        options: Options | None = None,
        user_installed: bool = False,
    ) -> Exchange:
        """Let a user run a slash command.

        Parameters
        ----------
        name : str
            The command; a subcommand after a space, as in ``settings show``.
        options : Mapping
            Values by name: text, numbers, truth values, users, channels, and files.
        user_installed : bool
            Whether the app is the user's own and not the server's.

        Raises
        ------
        LookupError
            If no such command or option is registered.
        ValueError
            If a required option is missing: the client would not send the command.
        """
        exchange = self._exchange(COMMAND, user, channel, user_installed=user_installed)
        command = self._command(name.split(maxsplit=1)[0], CHAT_INPUT, channel)
        data = command_data(self.world, command, name.split()[1:], options or {}, channel)
        return await self._interact(exchange, data)

    async def autocomplete(
        self, name: str, focused: str, *, user: User, channel: Channel, options: Options
    ) -> Exchange:
        """Let a user type into the option `focused` of a slash command."""
        exchange = self._exchange(AUTOCOMPLETE, user, channel)
        command = self._command(name.split(maxsplit=1)[0], CHAT_INPUT, channel)
        data = command_data(
            self.world, command, name.split()[1:], options, channel, focused=focused
        )
        return await self._interact(exchange, data)

    async def message_command(
        self, name: str, *, user: User, message: Message, user_installed: bool = False
    ) -> Exchange:
        """Let a user run a command from a message's menu."""
        exchange = self._exchange(
            COMMAND, user, message.channel, user_installed=user_installed, context_menu=True
        )
        command = self._command(name, MESSAGE_COMMAND, message.channel)
        return await self._interact(exchange, message_command_data(self.world, command, message))

    async def click(self, user: User, message: Message, button: str) -> Exchange:
        """Let a user press a button, named by its custom_id or its label.

        Raises
        ------
        LookupError
            If the message has no such button.
        ValueError
            If the button is disabled.
        """
        return await self._use_component(user, message, button, None)

    async def select(
        self, user: User, message: Message, menu: str, values: Iterable[str]
    ) -> Exchange:
        """Let a user choose values in a select menu, named by its custom_id."""
        return await self._use_component(user, message, menu, list(values))

    async def submit_modal(self, exchange: Exchange, values: Mapping[str, str]) -> Exchange:
        """Let a user fill in the form that an exchange opened: values by custom_id.

        Raises
        ------
        LookupError
            If the exchange opened no form.
        """
        if exchange.modal is None:
            raise LookupError("the interaction was not answered with a form")
        components = [
            {"type": 1, "components": [{"type": 4, "custom_id": key, "value": value}]}
            for key, value in values.items()
        ]
        data = {"custom_id": exchange.modal["custom_id"], "components": components}
        submission = self._exchange(
            MODAL_SUBMIT,
            exchange.user,
            exchange.channel,
            source=exchange.source,
            trigger=exchange,
        )
        return await self._interact(submission, data)

    # --- what a test waits for ----------------------------------------------------------------

    async def wait_connected(self, within: float = 30.0) -> None:
        """Wait until every shard of the bot is connected."""

        def connected() -> bool | None:
            return len(self.gateway.connected_shards()) >= self.gateway.shards or None

        await self.changes.wait_for(connected, "every shard connected", within)

    async def wait_command(self, name: str, within: float = 30.0) -> Json:
        """Wait until the bot is connected and has registered a command."""

        def find() -> Json | None:
            return next((c for c in self.commands if c["name"] == name), None)

        await self.wait_connected(within)
        return await self.changes.wait_for(find, f"command {name!r}", within)

    async def wait_message(
        self,
        channel: Channel,
        within: float = 30.0,
        *,
        after: Message | None = None,
        when: Callable[[Message], object] = bool,
    ) -> Message:
        """Wait for a message of the bot in a channel that everybody sees.

        Parameters
        ----------
        after : Message, optional
            Only messages that are newer than this one.
        when : Callable[[Message], object]
            Which message is meant.
        """
        oldest = int(after.id) if after else 0

        def find() -> Message | None:
            for message in self.world.messages_in(channel):
                is_new = message.author == self.world.bot and int(message.id) > oldest
                if is_new and when(message):
                    return message
            return None

        return await self.changes.wait_for(find, f"a message in #{channel.name}", within)

    # --- what goes wrong ----------------------------------------------------------------------

    def fail(self, method: str, pattern: str, *, status: int = 503, **how: Any) -> Fault:
        """Let requests fail: see `Fault` for how.

        A status of 200 with a `delay` makes a route slow.
        """
        return self.api.faults.add(Fault(method, pattern, status, **how))

    def fail_download(self, pattern: str = "*", **how: Any) -> CdnFault:
        """Let downloads go wrong: see `CdnFault`."""
        return self.cdn.add_fault(CdnFault(pattern, **how))

    async def drop_gateway(self, code: int = 4000, *, resumable: bool = True) -> None:
        """Cut the bot's connections to the gateway."""
        await self.gateway.drop(code, resumable=resumable)

    async def close_gateway(self) -> None:
        """Cut the bot's connections to the gateway, and take no new ones."""
        self.gateway.away = True
        await self.gateway.drop()

    def open_gateway(self) -> None:
        """Take connections to the gateway again."""
        self.gateway.away = False

    # --- how it is done -----------------------------------------------------------------------

    def _exchange(self, kind: int, user: User, channel: Channel, **more: Any) -> Exchange:
        return Exchange(self.world, self.changes, kind, user, channel, **more)

    def _command(self, name: str, kind: int, channel: Channel) -> Json:
        for scope in (channel.guild_id, None):
            for command in self.backend.commands.get(scope, {}).values():
                if command["name"] == name and command["type"] == kind:
                    return command
        known = sorted(command["name"] for command in self.commands)
        raise LookupError(f"no command {name!r} is registered; there are {known}")

    async def _use_component(
        self, user: User, message: Message, key: str, values: list[str] | None
    ) -> Exchange:
        # A bot hears that its message stands a moment after the stand-in knows it, and no
        # person clicks within that moment.
        current = self.world.messages[message.id]
        age = now() - (current.edited or current.timestamp)
        await asyncio.sleep(max(0.0, _HUMAN_REACTION - age.total_seconds()))
        component = current.component(key)
        if component.get("disabled"):
            raise ValueError(f"component {key!r} is disabled")
        exchange = self._exchange(COMPONENT, user, current.channel, source=current)
        return await self._interact(exchange, component_data(component, values, self.world))

    async def _interact(self, exchange: Exchange, data: Json) -> Exchange:
        self.interactions.add(exchange)
        payload = interaction_payload(self.world, exchange, data)
        guild_id = exchange.channel.guild_id
        self._delivered(
            await self.gateway.dispatch("INTERACTION_CREATE", payload, guild_id=guild_id)
        )
        return exchange

    @staticmethod
    def _delivered(delivered: bool) -> None:
        if not delivered:
            raise RuntimeError("no bot has connected yet: wait for it with wait_connected()")
