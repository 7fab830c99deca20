"""How soon somebody may ask again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

LONGEST = 3600.0
"""Most seconds that anybody can be made to wait."""


class Cooldowns:
    """Remembers when each person asked last, and forgets it as soon as it cannot matter.

    discord.py's own cooldowns are of one length for everybody; here each server sets its own.

    Parameters
    ----------
    clock : callable, optional
        Tells the time in seconds, and never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: OrderedDict[int, float] = OrderedDict()

    def left(self, user_id: int, seconds: float) -> float:
        """Return the seconds for which somebody has to wait; 0 if a request is in order.

        Parameters
        ----------
        user_id : int
        seconds : float
            From one accepted request of a person to the next, up to `LONGEST`.
        """
        asked = self._asked.get(user_id)
        return 0.0 if asked is None else max(0.0, asked + seconds - self._clock())

    def start(self, user_id: int) -> None:
        """Begin somebody's wait, as a request was accepted."""
        now = self._clock()
        self._asked[user_id] = now
        self._asked.move_to_end(user_id)
        while next(iter(self._asked.values())) < now - LONGEST:
            self._asked.popitem(last=False)
