"""What goes wrong around the bot while `benchmarks.soak` runs."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from contextlib import suppress
from itertools import cycle

from benchmarks.people import PATIENCE, Crowd
from tests.bot.process import BotProcess


class Disturber:
    """Lets things go wrong, one after the other.

    Parameters
    ----------
    crowd : Crowd
        Told when nobody can ask.
    bot : BotProcess

    Attributes
    ----------
    done : Counter
        What was done how often.
    """

    def __init__(self, crowd: Crowd, bot: BotProcess) -> None:
        self._crowd = crowd
        self._double = crowd.double
        self._bot = bot
        self._chance = crowd.chance
        self.done: Counter[str] = Counter()

    async def run(self, seconds: float) -> None:
        """Let things go wrong for some time; those that are seldom come last."""
        end = time.monotonic() + seconds
        disturbances = cycle(
            (
                self._kill_a_worker,
                self._drop_the_gateway,
                self._fail_a_route,
                self._kill_a_worker,
                self._end_the_session,
                self._fail_a_route,
                self._ask_to_reconnect,
                self._stop_a_worker,
            )
        )
        pause = min(15.0, seconds / 10)
        while time.monotonic() + pause < end:
            await asyncio.sleep(pause)
            disturb = next(disturbances)
            await disturb()
            self.done[disturb.__name__.strip("_")] += 1

    async def _kill_a_worker(self) -> None:
        self._signal_a_worker(signal.SIGKILL)

    async def _stop_a_worker(self) -> None:
        self._signal_a_worker(signal.SIGSTOP)

    def _signal_a_worker(self, signum: int) -> None:
        # Workers come and go by themselves, too.
        with suppress(FileNotFoundError, ProcessLookupError):
            if workers := self._bot.worker_pids():
                os.kill(self._chance.choice(workers), signum)

    async def _drop_the_gateway(self) -> None:
        await self._double.drop_gateway()

    async def _end_the_session(self) -> None:
        # What happens until the bot has a new session is lost, with Discord as well.
        async with self._crowd.connected:
            await self._double.drop_gateway(resumable=False)
            await self._double.wait_connected(PATIENCE)

    async def _ask_to_reconnect(self) -> None:
        await self._double.gateway.request_reconnect()

    async def _fail_a_route(self) -> None:
        method, route = self._chance.choice(
            (
                ("POST", "/interactions/*/callback"),
                ("PATCH", "/webhooks/*/messages/@original"),
                ("POST", "/channels/*/messages"),
                ("PATCH", "/channels/*/messages/*"),
            )
        )
        status = self._chance.choice((429, 500, 502, 503))
        self._double.fail(method, route, status=status, retry_after=0.3)
