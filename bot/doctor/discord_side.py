"""Checks at Discord: token, intents, gateway, and what the bot may do in its servers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress

import aiohttp
import discord
from discord.http import Route

from bot.config import TOKEN_NAME, Settings
from bot.doctor.findings import Finding, broken, fine, notice

LOGIN_LIMIT = 30.0
"""Seconds for the first requests; discord.py repeats them where Discord has a problem."""
GATEWAY_LIMIT = 60.0
"""Seconds until all servers are known, for each shard."""

_NEEDED = {
    "Send Messages": "send_messages",
    "Embed Links": "embed_links",
    "Attach Files": "attach_files",
    "Read Message History": "read_message_history",
    "Add Reactions": "add_reactions",
}
_MOST_CHANNELS = 5
"""Channels that are named for one permission."""

_AGAIN = "Try again later; status.discord.com tells whether others have the same problem."
_NETWORK = "Check the network, and whether a firewall or a proxy is in the way."


async def discord_side(settings: Settings) -> AsyncIterator[Finding]:
    """Log in, look at the application, connect, and look at the servers; says nothing there."""
    Route.BASE = settings.discord_api
    client = discord.AutoShardedClient(
        intents=discord.Intents(guilds=True),
        max_messages=None,
        shard_count=settings.shard_count,
        shard_ids=list(settings.shard_ids) or None,  # type: ignore[arg-type]  # its default
    )
    async with client:
        login = await _log_in(client, settings.discord_token.get_secret_value())
        yield login
        if client.application is None:
            return
        yield _message_content(client.application.flags)
        gateway = await _connect(client)
        yield gateway
        if client.is_ready():
            for finding in _servers(client):
                yield finding


async def _log_in(client: discord.Client, token: str) -> Finding:
    check = "Token"
    try:
        async with asyncio.timeout(LOGIN_LIMIT):
            await client.login(token)
    except discord.LoginFailure:
        return broken(
            check,
            f"Discord does not accept the token in {TOKEN_NAME}.",
            "Copy it again from the developer portal (Bot, Reset Token).",
        )
    except discord.HTTPException as error:
        return broken(check, f"Discord does not let the bot in ({error.status}).", _AGAIN)
    except (aiohttp.ClientError, OSError) as error:
        return broken(check, f"Discord cannot be reached ({type(error).__name__}).", _NETWORK)
    return fine(check, f"Discord knows the bot as {client.user}.")


def _message_content(flags: discord.ApplicationFlags) -> Finding:
    check = "Message Content intent"
    if flags.gateway_message_content or flags.gateway_message_content_limited:
        return fine(check, "It is on.")
    return notice(
        check,
        "It is off: the bot does not see songs that are just posted, nor the song that somebody "
        "replies to when they mention the bot. Everything else works.",
        "To have that too, turn it on in the developer portal (Bot, Privileged Gateway Intents), "
        "then restart the bot.",
    )


async def _connect(client: discord.AutoShardedClient) -> Finding:
    """Connect to the gateway and wait until all servers are known."""
    check = "Gateway"
    connecting = asyncio.create_task(client.connect(reconnect=False))
    ready = asyncio.create_task(client.wait_until_ready())
    try:
        async with asyncio.timeout(GATEWAY_LIMIT * (client.shard_count or 1)):
            await asyncio.wait({connecting, ready}, return_when=asyncio.FIRST_COMPLETED)
            if not client.is_ready():
                await connecting
    except discord.PrivilegedIntentsRequired:
        return broken(check, "Discord refuses the intents.", _AGAIN)
    except discord.ConnectionClosed as error:
        return broken(check, f"Discord has closed the connection ({error.code}).", _AGAIN)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        return broken(check, f"It cannot be reached ({type(error).__name__}).", _NETWORK)
    finally:
        ready.cancel()
        if not client.is_ready():
            connecting.cancel()
        with suppress(asyncio.CancelledError):
            await ready
    return fine(check, "The bot can connect.")


def _servers(client: discord.AutoShardedClient) -> Iterator[Finding]:
    if not client.guilds:
        assert client.application is not None  # known since the login
        wanted = discord.Permissions(view_channel=True, **dict.fromkeys(_NEEDED.values(), True))
        invitation = discord.utils.oauth_url(client.application.id, permissions=wanted)
        yield notice("Servers", "The bot is in no server yet.", f"Invite it: {invitation}")
        return
    well = 0
    for guild in client.guilds:
        lacking = _lacking(guild)
        if lacking:
            yield notice(
                f"Server “{guild.name}”",
                lacking,
                "Let its admins give the bot's role what it lacks, or leave it so: answers are "
                "plainer there, or private.",
            )
        else:
            well += 1
    if well:
        number = "1 server" if well == 1 else f"{well} servers"
        yield fine("Servers", f"In {number} the bot may do all that it needs.")


def _lacking(guild: discord.Guild) -> str:
    """Return what the bot lacks in the channels that it sees; empty if it is nothing."""
    channels: list[discord.abc.GuildChannel] = [*guild.text_channels, *guild.voice_channels]
    seen = [channel for channel in channels if channel.permissions_for(guild.me).view_channel]
    if not seen:
        return "The bot sees no channel."
    without: dict[str, list[str]] = defaultdict(list)
    for channel in seen:
        may = channel.permissions_for(guild.me)
        for name, permission in _NEEDED.items():
            if not getattr(may, permission):
                without[name].append(f"#{channel.name}")
    return " ".join(
        f"It lacks {name} in {_listed(lacking, len(seen))}." for name, lacking in without.items()
    )


def _listed(channels: Iterable[str], seen: int) -> str:
    names = list(channels)
    if len(names) == seen > 1:
        return "all channels"
    more = len(names) - _MOST_CHANNELS
    return ", ".join(names[:_MOST_CHANNELS]) + (f" and {more} more" if more > 0 else "")
