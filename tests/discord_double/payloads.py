"""What an interaction tells the bot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .interactions import Exchange
from .world import (
    BOT_PERMISSIONS,
    DM_CHANNEL,
    MEMBER_PERMISSIONS,
    Channel,
    File,
    Json,
    Member,
    Message,
    User,
    World,
)

SUBCOMMAND, GROUP = 1, 2
IN_GUILD, IN_BOT_DM = 0, 1
USER_SELECT, CHANNEL_SELECT = 5, 8


def interaction_payload(world: World, exchange: Exchange, data: Json) -> Json:
    """Write INTERACTION_CREATE for an exchange."""
    channel, user = exchange.channel, exchange.user
    guild = world.guild_of(channel)
    payload: Json = {
        "id": exchange.id,
        "application_id": world.application_id,
        "type": exchange.kind,
        "token": exchange.token,
        "version": 1,
        "data": data,
        "channel_id": channel.id,
        "channel": channel.payload(),
        "locale": user.locale,
        "entitlements": [],
        "authorizing_integration_owners": exchange.owners,
        "context": IN_BOT_DM if guild is None else IN_GUILD,
        "attachment_size_limit": world.file_size(channel),
        "app_permissions": str(channel.bot_permissions if guild else BOT_PERMISSIONS),
    }
    if guild is None:
        payload["user"] = user.payload()
        payload["channel"] |= {"type": DM_CHANNEL}
    else:
        member = world.members[guild.id].get(user.id) or Member(user)
        payload |= {
            "guild_id": guild.id,
            "guild_locale": guild.locale,
            "guild": {"id": guild.id, "locale": guild.locale, "features": []},
            "member": member.payload() | {"permissions": str(member.permissions)},
        }
        payload["channel"] |= {"permissions": str(member.permissions)}
    if exchange.source is not None:
        payload["message"] = exchange.source.payload(viewer_id=world.bot.id)
    return payload


def message_command_data(world: World, command: Json, message: Message) -> Json:
    """Write the data of a command from a message's menu.

    The message comes whole: resolved data needs no intent.
    """
    current = world.messages[message.id]
    return _command_head(command) | {
        "target_id": message.id,
        "resolved": {"messages": {message.id: current.payload(viewer_id=world.bot.id)}},
    }


def component_data(component: Json, values: Iterable[str] | None, world: World) -> Json:
    """Write the data of a button that is pressed, or of a menu in which `values` are chosen."""
    data: Json = {
        "custom_id": component["custom_id"],
        "component_type": component["type"],
        "id": component.get("id", 1),
    }
    if values is None:
        return data
    chosen = list(values)
    data["values"] = chosen
    if component["type"] == CHANNEL_SELECT:
        permissions = {"permissions": str(MEMBER_PERMISSIONS)}
        channels = {each: world.channels[each].payload() | permissions for each in chosen}
        data["resolved"] = {"channels": channels}
    if component["type"] == USER_SELECT:
        data["resolved"] = {"users": {each: world.users[each].payload() for each in chosen}}
    return data


def command_data(
    world: World,
    command: Json,
    path: Iterable[str],
    options: Mapping[str, Any],
    channel: Channel,
    *,
    focused: str | None = None,
) -> Json:
    """Write the data of a slash command, its files uploaded.

    Parameters
    ----------
    path : Iterable[str]
        Names of the group and the subcommand, where there are any.
    options : Mapping[str, Any]
        Values by name.
    focused : str, optional
        For autocomplete: the option that is typed into; others may be missing.

    Raises
    ------
    LookupError
        If there is no such subcommand or option.
    ValueError
        If a required option is missing.
    """
    resolved: Json = {}
    names = list(path)
    leaf = command
    parents: list[Json] = []
    for name in names:
        leaf = _child(leaf, name)
        parents.append(leaf)
    known = {option["name"]: option for option in leaf.get("options", [])}
    for name in options:
        if name not in known:
            raise LookupError(f"{command['name']} has no option {name!r}; it has {list(known)}")
    missing = [n for n, o in known.items() if o.get("required") and n not in options]
    if missing and focused is None:
        raise ValueError(f"required options are missing: {missing}")
    if any(option["type"] in (SUBCOMMAND, GROUP) for option in known.values()):
        raise ValueError(f"{command['name']} needs one of its subcommands: {list(known)}")
    values = [
        {
            "name": name,
            "type": known[name]["type"],
            "value": _value(world, value, channel, resolved),
            **({"focused": True} if name == focused else {}),
        }
        for name, value in options.items()
    ]
    for parent in reversed(parents):
        values = [{"name": parent["name"], "type": parent["type"], "options": values}]
    data = _command_head(command) | {"options": values}
    return data | ({"resolved": resolved} if resolved else {})


def _command_head(command: Json) -> Json:
    head = {key: command[key] for key in ("id", "name", "type")}
    return head | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _child(command: Json, name: str) -> Json:
    for option in command.get("options", []):
        if option["name"] == name and option["type"] in (SUBCOMMAND, GROUP):
            found: Json = option
            return found
    raise LookupError(f"{command['name']} has no subcommand {name!r}")


def _value(world: World, value: Any, channel: Channel, resolved: Json) -> Any:
    if isinstance(value, File):
        attachment = world.store(value, channel, ephemeral=True)
        resolved.setdefault("attachments", {})[attachment.id] = attachment.payload()
        return attachment.id
    if isinstance(value, User):
        resolved.setdefault("users", {})[value.id] = value.payload()
        member = world.members.get(channel.guild_id or "", {}).get(value.id)
        if member is not None:
            left_out = {"user", "deaf", "mute"}
            written = {k: v for k, v in member.payload().items() if k not in left_out}
            written["permissions"] = str(member.permissions)
            resolved.setdefault("members", {})[value.id] = written
        return value.id
    if isinstance(value, Channel):
        written = value.payload() | {"permissions": str(MEMBER_PERMISSIONS)}
        resolved.setdefault("channels", {})[value.id] = written
        return value.id
    return value
