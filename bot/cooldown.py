"""How soon somebody may ask again."""

from __future__ import annotations

import time
from collections.abc import Callable

from discord.ext.commands import CooldownMapping


class Cooldowns:
    """Keeps each person from asking too often, and nobody in memory for longer than that.

    Parameters
    ----------
    seconds : float
        From one accepted request of a person to the next; 0 lets everybody ask at any time.
    clock : callable, optional
        Tells the time in seconds, and never goes back.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._persons = CooldownMapping[int].from_cooldown(1, seconds, lambda user_id: user_id)

    def left(self, user_id: int) -> float:
        """Return the seconds for which somebody has to wait; 0 if a request is in order."""
        now = self._clock()
        person = self._persons.get_bucket(user_id, now)
        return person.get_retry_after(now) if person else 0.0

    def start(self, user_id: int) -> None:
        """Begin somebody's wait, as a request was accepted."""
        self._persons.update_rate_limit(user_id, self._clock())
