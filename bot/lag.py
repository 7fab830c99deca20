"""How long the event loop keeps everybody waiting: nothing in the bot may hold it for long."""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from bot import metrics

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

PAUSE = 0.05
"""Seconds between two looks."""
LOOKS = 20 * 60 * 60
"""Looks that are kept: those of the last hour."""


class LoopLag:
    """Measures by how much the event loop is late, as long as `watch` runs."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=LOOKS)

    async def watch(self) -> None:
        """Look again and again, until this is cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + PAUSE
            await asyncio.sleep(PAUSE)
            late = clock() - due
            self._lags.append(late)
            metrics.LOOP_LATE.observe(late)

    def tell(self) -> None:
        """Log percentiles of the last hour, in milliseconds."""
        lags = sorted(self._lags)
        if not lags:
            return
        last = len(lags) - 1
        shares = {"p50": 0.5, "p99": 0.99, "p99_9": 0.999, "longest": 1.0}
        log.info(
            "event loop late by",
            unit="ms",
            **{name: round(lags[round(last * share)] * 1000, 1) for name, share in shares.items()},
        )
