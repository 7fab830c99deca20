"""What a bot tells those who watch over it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.bot.process import PATIENCE


def free_port() -> int:
    """Return a port of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@dataclass(frozen=True)
class Watch:
    """Watches a bot.

    Attributes
    ----------
    port : int
        Its `MOODIFY_METRICS_PORT`.
    """

    port: int

    async def get(self, path: str) -> tuple[int, str]:
        """Return the status and the text of an answer."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}{path}") as response,
        ):
            return response.status, await response.text()

    async def metrics(self) -> Metrics:
        """Return all metrics as they are now."""
        status, text = await self.get("/metrics")
        assert status == 200, text
        return Metrics.parse(text)

    async def until(self, name: str, value: float, **labels: str) -> None:
        """Wait until a metric has a value."""
        async with asyncio.timeout(PATIENCE):
            while (await self.metrics()).of(name, **labels) != value:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Metrics:
    """Metrics of one moment.

    Attributes
    ----------
    text : str
        As they are served.
    samples : mapping of (str, frozenset of (str, str)) to float
        Values by name and labels.
    """

    text: str
    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    @classmethod
    def parse(cls, text: str) -> Metrics:
        """Read what a bot serves."""
        return cls(
            text,
            {
                (sample.name, frozenset(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            },
        )

    @property
    def names(self) -> set[str]:
        """The names of all samples."""
        return {name for name, _ in self.samples}

    def labels(self, name: str) -> list[dict[str, Any]]:
        """Return the labels of all samples of a name."""
        return [dict(labels) for found, labels in self.samples if found == name]

    def of(self, name: str, **labels: str) -> float:
        """Return the value of one sample."""
        return self.samples[name, frozenset(labels.items())]
