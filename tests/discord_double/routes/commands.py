"""Application commands: registered for all, or for one server."""

from __future__ import annotations

from ..backend import Backend, Call
from ..limits import CHAT_INPUT
from ..refusal import Refusal, unknown
from ..world import Json, new_id

_DEFAULTS: Json = {
    "description": "",
    "default_member_permissions": None,
    "nsfw": False,
    "dm_permission": True,
    "contexts": None,
    "integration_types": [0],
    "name_localizations": None,
    "description_localizations": None,
}


def _scope(backend: Backend, call: Call) -> dict[str, Json]:
    if call.params["application"] != backend.world.application_id:
        raise Refusal(403, 20012, "You are not authorized to perform this action")
    guild_id = call.params.get("guild")
    if guild_id is not None:
        backend.guild(guild_id)
    return backend.commands.setdefault(guild_id, {})


def _registered(backend: Backend, call: Call, body: Json, old: Json | None) -> Json:
    given = {key: value for key, value in body.items() if value is not None}
    command = _DEFAULTS | (old or {}) | given
    permissions = command["default_member_permissions"]
    guild_id = call.params.get("guild")
    return command | {
        "id": old["id"] if old else new_id(),
        "application_id": backend.world.application_id,
        "version": new_id(),
        "type": command.get("type", CHAT_INPUT),
        "default_member_permissions": None if permissions is None else str(permissions),
        **({"guild_id": guild_id} if guild_id else {}),
    }


def _same(scope: dict[str, Json], body: Json) -> Json | None:
    wanted = (body.get("name"), body.get("type") or CHAT_INPUT)
    return next((c for c in scope.values() if (c["name"], c["type"]) == wanted), None)


def _one(scope: dict[str, Json], call: Call) -> Json:
    if call.params["command"] not in scope:
        raise unknown("application command", 10063)
    return scope[call.params["command"]]


async def _list(backend: Backend, call: Call) -> list[Json]:
    return list(_scope(backend, call).values())


async def _overwrite(backend: Backend, call: Call) -> list[Json]:
    scope = _scope(backend, call)
    commands = [
        _registered(backend, call, body, _same(scope, body)) for body in call.request.body or ()
    ]
    scope.clear()
    scope.update({command["id"]: command for command in commands})
    return commands


async def _create(backend: Backend, call: Call) -> Json:
    scope = _scope(backend, call)
    command = _registered(backend, call, call.request.body, _same(scope, call.request.body))
    scope[command["id"]] = command
    return command


async def _get(backend: Backend, call: Call) -> Json:
    return _one(_scope(backend, call), call)


async def _change(backend: Backend, call: Call) -> Json:
    scope = _scope(backend, call)
    old = _one(scope, call)
    scope[old["id"]] = _registered(backend, call, call.request.body, old)
    return scope[old["id"]]


async def _delete(backend: Backend, call: Call) -> None:
    scope = _scope(backend, call)
    del scope[_one(scope, call)["id"]]


_PLACES = (
    "/applications/{application}/commands",
    "/applications/{application}/guilds/{guild}/commands",
)
ROUTES = tuple(
    route
    for place in _PLACES
    for route in (
        ("GET", place, _list),
        ("PUT", place, _overwrite),
        ("POST", place, _create),
        ("GET", place + "/{command}", _get),
        ("PATCH", place + "/{command}", _change),
        ("DELETE", place + "/{command}", _delete),
    )
)
