"""Waiting for something to become true, without polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Wakes whoever waits, each time something has changed."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def notify(self) -> None:
        """Tell everybody who waits to look again."""
        for event in self._waiting:
            event.set()

    async def wait_for(self, find: Callable[[], T | None], what: str, within: float) -> T:
        """Wait until `find` finds something, and return it.

        Raises
        ------
        TimeoutError
            If nothing is found within `within` seconds; its text names `what`.
        """
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(within):
                while (found := find()) is None:
                    event.clear()
                    await event.wait()
                return found
        except TimeoutError:
            raise TimeoutError(f"{what}: not within {within:g} s") from None
        finally:
            self._waiting.discard(event)
