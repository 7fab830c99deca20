"""What a bot tells those who watch over it."""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
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


_SUFFIXES = defaultdict(
    lambda: ("",), counter=("_total",), histogram=("_bucket", "_count", "_sum"), info=("_info",)
)
"""What the names of samples end with, by the type of what they belong to."""


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

    async def until(
        self,
        name: str,
        *,
        value: float | None = None,
        more_than: Metrics | None = None,
        **labels: str,
    ) -> Metrics:
        """Wait until a metric has a value, or more than it had before."""
        async with asyncio.timeout(PATIENCE):
            while True:
                now = await self.metrics()
                found = now.of(name, **labels)
                if found == value or (more_than and found > more_than.of(name, **labels)):
                    return now
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
    names : frozenset of str
        What may have samples, whether anything has been counted yet or not.
    """

    text: str
    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]
    names: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Metrics:
        """Read what a bot serves."""
        families = list(text_string_to_metric_families(text))
        samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }
        names = {
            f"{family.name}{suffix}" for family in families for suffix in _SUFFIXES[family.type]
        }
        return cls(text, samples, frozenset(names))

    def labels(self, name: str) -> list[dict[str, Any]]:
        """Return the labels of all samples of a name."""
        return [dict(labels) for found, labels in self.samples if found == name]

    def of(self, name: str, **labels: str) -> float:
        """Return the value of one sample; 0 where it has not been counted yet."""
        assert name in self.names, name
        return self.samples.get((name, frozenset(labels.items())), 0)
