"""Who and what there is: the application, users, servers, members, channels, the gateway."""

from __future__ import annotations

from ..backend import Backend, Call
from ..gateway import MESSAGE_CONTENT
from ..refusal import unknown
from ..world import MEMBER_PERMISSIONS, Channel, Json

# Discord shows this flag for applications in fewer than 100 servers.
MESSAGE_CONTENT_LIMITED = 1 << 19


async def _gateway(backend: Backend, call: Call) -> Json:
    return {"url": backend.gateway.url}


async def _gateway_bot(backend: Backend, call: Call) -> Json:
    limit = {
        "total": 1000,
        "remaining": 1000,
        "reset_after": 0,
        "max_concurrency": backend.gateway.max_concurrency or 1,
    }
    return {
        "url": backend.gateway.url,
        "shards": backend.gateway.shards,
        "session_start_limit": limit,
    }


async def _application(backend: Backend, call: Call) -> Json:
    return backend.world.application(
        MESSAGE_CONTENT_LIMITED if backend.gateway.privileged_intents & MESSAGE_CONTENT else 0
    )


async def _application_emojis(backend: Backend, call: Call) -> Json:
    return {"items": []}


async def _me(backend: Backend, call: Call) -> Json:
    return backend.world.bot.payload() | {
        "mfa_enabled": False,
        "locale": "en-US",
        "verified": True,
    }


async def _user(backend: Backend, call: Call) -> Json:
    user = backend.world.users.get(call.params["user"])
    if user is None:
        raise unknown("User", 10013)
    return user.payload()


async def _open_dm(backend: Backend, call: Call) -> Json:
    user = backend.world.users.get(str(call.request.body["recipient_id"]))
    if user is None:
        raise unknown("User", 10013)
    return backend.world.direct_channel(user).payload()


async def _my_guilds(backend: Backend, call: Call) -> list[Json]:
    return [
        {
            "id": guild.id,
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(MEMBER_PERMISSIONS),
            "features": [],
        }
        for guild in backend.world.guilds_of_bot()
    ]


async def _leave(backend: Backend, call: Call) -> None:
    guild = backend.guild(call.params["guild"])
    del backend.world.members[guild.id][backend.world.bot.id]
    await backend.gateway.dispatch("GUILD_DELETE", {"id": guild.id}, guild_id=guild.id)


async def _guild(backend: Backend, call: Call) -> Json:
    return backend.guild(call.params["guild"]).payload()


async def _roles(backend: Backend, call: Call) -> list[Json]:
    return list(backend.guild(call.params["guild"]).payload()["roles"])


def _channels_of(backend: Backend, guild_id: str) -> list[Channel]:
    return [c for c in backend.world.channels.values() if c.guild_id == guild_id]


async def _guild_channels(backend: Backend, call: Call) -> list[Json]:
    guild = backend.guild(call.params["guild"])
    return [channel.payload() for channel in _channels_of(backend, guild.id)]


async def _members(backend: Backend, call: Call) -> list[Json]:
    guild = backend.guild(call.params["guild"])
    members = sorted(backend.world.members[guild.id].values(), key=lambda m: int(m.user.id))
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 1))
    return [m.payload() for m in members if int(m.user.id) > after][:limit]


async def _member(backend: Backend, call: Call) -> Json:
    guild = backend.guild(call.params["guild"])
    member = backend.world.members[guild.id].get(call.params["user"])
    if member is None:
        raise unknown("Member", 10007)
    return member.payload()


async def _channel(backend: Backend, call: Call) -> Json:
    return backend.channel(call.params["channel"]).payload()


ROUTES = (
    ("GET", "/gateway", _gateway),
    ("GET", "/gateway/bot", _gateway_bot),
    ("GET", "/applications/@me", _application),
    ("GET", "/oauth2/applications/@me", _application),
    ("GET", "/applications/{application}/emojis", _application_emojis),
    ("GET", "/users/@me", _me),
    ("GET", "/users/@me/guilds", _my_guilds),
    ("DELETE", "/users/@me/guilds/{guild}", _leave),
    ("POST", "/users/@me/channels", _open_dm),
    ("GET", "/users/{user}", _user),
    ("GET", "/guilds/{guild}", _guild),
    ("GET", "/guilds/{guild}/roles", _roles),
    ("GET", "/guilds/{guild}/channels", _guild_channels),
    ("GET", "/guilds/{guild}/members", _members),
    ("GET", "/guilds/{guild}/members/{user}", _member),
    ("GET", "/channels/{channel}", _channel),
)
