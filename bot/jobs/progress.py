"""How far a request is, and how people see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto

import structlog

from bot.engine import HearingStage, ProgressNote
from bot.insisting import DISCORD_ERRORS
from bot.presentation import texts
from bot.queue import Ticket

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

EDIT_PAUSE = 2.0
"""Seconds between two edits that show the progress."""
EDIT_LIMIT = 10.0
"""Seconds for one of them."""


class Stage(Enum):
    """What is being done for a song."""

    WAITING = auto()
    FETCHING = auto()
    LISTENING = auto()
    DRAWING = auto()


@dataclass(slots=True)
class Progress:
    """How far a song is; what works at it writes here, and who shows it looks now and then."""

    _ticket: Ticket | None = field(default=None)
    _note: ProgressNote | None = field(default=None)
    _fetching: bool = field(default=False)

    @contextmanager
    def waiting(self, ticket: Ticket) -> Iterator[None]:
        """Tell that the song waits for its turn."""
        self._ticket = ticket
        try:
            yield
        finally:
            self._ticket = None

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """Tell that the song is being downloaded, and then heard."""
        self._fetching = True
        try:
            yield
        finally:
            self._fetching, self._note = False, None

    def heard(self, note: ProgressNote) -> None:
        """Tell that a worker has the song, and keeps a note of how far it is."""
        self._note = note

    @property
    def stage(self) -> Stage:
        """What is being done."""
        if self._note is not None:
            heard = self._note.stage is HearingStage.DRAWING
            return Stage.DRAWING if heard else Stage.LISTENING
        return Stage.FETCHING if self._fetching else Stage.WAITING

    def sentence(self) -> str:
        """Return it in words."""
        match self.stage:
            case Stage.WAITING:
                position = self._ticket.position if self._ticket is not None else None
                return texts.progress_waiting(position)
            case Stage.FETCHING:
                return texts.progress_downloading()
            case Stage.LISTENING:
                return texts.progress_listening(self._note.share if self._note else 0.0)
            case Stage.DRAWING:
                return texts.progress_drawing()


async def tell(
    show: Callable[[str], Awaitable[object]],
    sentence: Callable[[], str],
    done: asyncio.Event,
    *,
    first_after: float = 0.0,
) -> None:
    """Show how far something is, now and then, until it is done.

    Parameters
    ----------
    show : callable
        Shows a sentence in place of the one before.
    sentence : callable
        What is to be shown now.
    done : asyncio.Event
        Ends it. An edit that is under way then is waited for, as it could come after the answer.
    first_after : float
        Seconds until the first sentence: what is done soon needs none.
    """
    shown = None
    pause = first_after
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await done.wait()
        if done.is_set():
            return
        pause = EDIT_PAUSE
        if (now := sentence()) != shown:
            try:
                async with asyncio.timeout(EDIT_LIMIT):
                    await show(now)
                shown = now
            except DISCORD_ERRORS as error:
                log.info("progress not shown", error=repr(error))
            except Exception:
                # Whatever it is, it must not cost the answer.
                log.exception("progress not shown")
