"""What a press on the panel changes: from ids and values, as Discord sends them, to the storage."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Unpack

from bot.commands.settings._panel import NONE, Action
from bot.storage import AuditLine, Changes, GuildSettings, Listening, SettingsStore, Storage

Change = Callable[[Storage], Awaitable[GuildSettings]]
"""Writes something, and returns all settings with it."""


def change(  # noqa: PLR0911, PLR0912 - a change for each action
    guild_id: int, action: Action, argument: str | None, values: Sequence[str], *, by: int
) -> Change | None:
    """Return what a press writes; None if it only leads to another view.

    Parameters
    ----------
    guild_id : int
    action : Action
    argument : str or None
        What the component's id says beside the action.
    values : sequence of str
        What was chosen in a menu; of a menu that may be left empty, perhaps nothing.
    by : int
        Who pressed, for the list of what was done.
    """
    value = values[0] if values else argument or NONE
    match action:
        case Action.SHOW | Action.CHANNEL | Action.MEMBER | Action.OTHER_ZONE | Action.REMOVE_SONG:
            return None
        case Action.MODE:
            return lambda storage: storage.settings.save(guild_id, listening=Listening(value))
        case Action.SHORTEST:
            return lambda storage: storage.settings.save(guild_id, min_seconds=float(value))
        case Action.CHANNEL_MODE:
            of_channel = int(argument or 0)
            mode = None if value == NONE else Listening(value)
            return lambda storage: storage.settings.set_channel(guild_id, of_channel, mode)
        case Action.REMOVE:
            return lambda storage: _without(storage.settings, guild_id, map(int, values))
        case Action.LANGUAGE:
            language = None if value == NONE else value
            return lambda storage: storage.settings.save(guild_id, language=language)
        case Action.ROLE:
            # The role that everybody has bears the server's id.
            role_id = None if value in (NONE, str(guild_id)) else int(value)
            return lambda storage: storage.settings.save(guild_id, role_id=role_id)
        case Action.LEADERBOARD:
            return _noted(guild_id, by, f"boards-{value}", None, leaderboard=value == "on")
        case Action.TIME_ZONE:
            return _noted(guild_id, by, "time-zone", value, time_zone=value)
        case Action.DIGEST:
            channel_id = None if value == NONE else int(value)
            title = None if channel_id is None else f"#{channel_id}"
            return _noted(guild_id, by, "digest", title, digest_channel_id=channel_id)
        case Action.EXCLUDE | Action.READMIT:
            user_id, out = int(argument or 0), action is Action.EXCLUDE
            return lambda storage: _exclude(storage, guild_id, user_id, by, out=out)
        case Action.LONGEST:
            length = _number(value)
            return lambda storage: storage.settings.save(guild_id, max_minutes=length)
        case Action.PAUSE:
            length = _number(value)
            return lambda storage: storage.settings.save(guild_id, cooldown=length)


def _noted(
    guild_id: int, by: int, action: str, title: str | None, **changes: Unpack[Changes]
) -> Change:
    """Return what changes settings, and notes who did."""

    async def write(storage: Storage) -> GuildSettings:
        settings = await storage.settings.save(guild_id, **changes)
        await storage.audit.note(AuditLine(guild_id, by, action, time.time(), title=title))
        return settings

    return write


async def _exclude(
    storage: Storage, guild_id: int, user_id: int, by: int, *, out: bool
) -> GuildSettings:
    write = storage.privacy.exclude if out else storage.privacy.readmit
    await write(guild_id, user_id, by)
    return await storage.settings.of(guild_id)


def _number(value: str) -> float | None:
    return None if value == NONE else float(value)


async def _without(
    settings: SettingsStore, guild_id: int, channel_ids: Iterable[int]
) -> GuildSettings:
    for channel_id in channel_ids:
        await settings.set_channel(guild_id, channel_id, None)
    return await settings.of(guild_id)
