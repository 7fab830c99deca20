"""Who may ask for a song's mood now."""

from __future__ import annotations

import discord

from bot.cooldown import Cooldowns
from bot.memory import Memory
from bot.outcomes import CoolingDown, RoleNeeded
from bot.persons import Persons
from bot.storage import GuildSettings


class Admission:
    """Holds what a server has set against who asks.

    Parameters
    ----------
    memory : Memory
    persons : Persons
        Who asked in other processes.
    seconds : float
        From one request of a person to the next, where the server has not set a longer time.
    """

    def __init__(self, memory: Memory, persons: Persons, seconds: float) -> None:
        self._memory = memory
        self._persons = persons
        self._seconds = seconds
        self._cooldowns = Cooldowns()

    async def refusal(
        self, guild_id: int | None, user: discord.abc.User
    ) -> RoleNeeded | CoolingDown | None:
        """Return why somebody may not ask now; None, and their cooldown begins, if they may.

        Parameters
        ----------
        guild_id : int or None
            The server; None elsewhere.
        user : discord.Member or discord.User
        """
        settings = await self._memory.settings(guild_id)
        if reason := _role_needed(settings, user):
            return reason
        # A server may be stricter than whoever runs the bot, and not laxer.
        seconds = max(self._seconds, settings.cooldown or 0.0)
        if left := self._cooldowns.left(user.id, seconds):
            return CoolingDown(left)
        if left := await self._persons.cooldown(user.id, seconds):
            return CoolingDown(left)
        # Another request of theirs may have been accepted here meanwhile.
        if left := self._cooldowns.left(user.id, seconds):
            return CoolingDown(left)
        self._cooldowns.start(user.id)
        return None

    async def has_role(self, guild_id: int | None, user: discord.abc.User) -> bool:
        """Return whether somebody has the role that a server wants of who asks, if it wants one.

        Parameters
        ----------
        guild_id, user
            As for `refusal`.
        """
        return _role_needed(await self._memory.settings(guild_id), user) is None


def _role_needed(settings: GuildSettings, user: discord.abc.User) -> RoleNeeded | None:
    role_id = settings.role_id
    if role_id is None or not isinstance(user, discord.Member) or _has(user, role_id):
        return None
    return RoleNeeded(role_id)


def _has(member: discord.Member, role_id: int) -> bool:
    # A role that was deleted must not lock everybody out.
    if member.guild.get_role(role_id) is None:
        return True
    return member.get_role(role_id) is not None or member.guild_permissions.manage_guild
