"""What can be chosen for a server, within what the operator allows."""

from __future__ import annotations

from dataclasses import dataclass

from bot.storage import GuildSettings

SHORTEST = (0.0, 10.0, 30.0, 60.0, 90.0, 120.0, 180.0, 300.0)
"""Shortest songs that are answered unasked, in seconds."""

_LONGEST = (2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0)
_PAUSES = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)


@dataclass(frozen=True, slots=True)
class OperatorLimits:
    """What no server can go beyond.

    Attributes
    ----------
    max_minutes : float
        Longest song, in minutes.
    cooldown : float
        Shortest time between two songs of one person, in seconds.
    """

    max_minutes: float
    cooldown: float

    @property
    def longest_songs(self) -> tuple[float, ...]:
        """Stricter choices of the longest song, in minutes."""
        return tuple(minutes for minutes in _LONGEST if minutes < self.max_minutes)

    @property
    def pauses(self) -> tuple[float, ...]:
        """Stricter choices of the time between two songs, in seconds."""
        return tuple(seconds for seconds in _PAUSES if seconds > self.cooldown)

    def longest_song(self, settings: GuildSettings) -> float:
        """Return the longest song that a server takes, in minutes."""
        own = settings.max_minutes
        return self.max_minutes if own is None else min(own, self.max_minutes)

    def pause(self, settings: GuildSettings) -> float:
        """Return the time between two songs of one person in a server, in seconds."""
        own = settings.cooldown
        return self.cooldown if own is None else max(own, self.cooldown)
