"""What a press on the panel changes: from ids and values, as Discord sends them, to the storage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from bot.commands.settings._panel import NONE, Action
from bot.storage import GuildSettings, Listening, SettingsStore, Storage

Change = Callable[[Storage], Awaitable[GuildSettings]]
"""Writes something, and returns all settings with it."""


def change(  # noqa: PLR0911 - a change for each action
    guild_id: int, action: Action, argument: str | None, values: Sequence[str]
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
    """
    value = values[0] if values else argument or NONE
    match action:
        case Action.SHOW | Action.CHANNEL:
            return None
        case Action.MODE:
            return lambda storage: storage.settings.save(guild_id, listening=Listening(value))
        case Action.SHORTEST:
            return lambda storage: storage.settings.save(guild_id, min_seconds=float(value))
        case Action.CHANNEL_MODE:
            channel_id = int(argument or 0)
            mode = None if value == NONE else Listening(value)
            return lambda storage: storage.settings.set_channel(guild_id, channel_id, mode)
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
            return lambda storage: storage.settings.save(guild_id, leaderboard=value == "on")
        case Action.LONGEST:
            length = _number(value)
            return lambda storage: storage.settings.save(guild_id, max_minutes=length)
        case Action.PAUSE:
            length = _number(value)
            return lambda storage: storage.settings.save(guild_id, cooldown=length)


def _number(value: str) -> float | None:
    return None if value == NONE else float(value)


async def _without(
    settings: SettingsStore, guild_id: int, channel_ids: Iterable[int]
) -> GuildSettings:
    for channel_id in channel_ids:
        await settings.set_channel(guild_id, channel_id, None)
    return await settings.of(guild_id)
