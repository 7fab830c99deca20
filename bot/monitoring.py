"""What watches over the bot can ask of it: ``/metrics`` for Prometheus, and ``/healthz``.

Both tell of the bot as a whole: no name, no text and no id of anybody is in either.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING

import psutil
import structlog
from aiohttp import web
from prometheus_client.aiohttp import make_aiohttp_handler
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from bot import metrics

if TYPE_CHECKING:
    from bot.client import MoodifyBot
    from bot.film import Films
    from bot.jobs import Listener
    from bot.metrics import MeasuredEngine

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_WORKER = "spawn_main"
"""What is in the command line of a process that Python's multiprocessing has spawned."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bot.

    Attributes
    ----------
    well : bool
    says : str
        How it is, for the operator.
    """

    well: bool
    says: str


class Monitor:
    """Serves what watches over the bot.

    Parameters
    ----------
    bot : MoodifyBot
    listener : Listener
    engine : MeasuredEngine
    films : Films
    """

    def __init__(
        self, bot: MoodifyBot, *, listener: Listener, engine: MeasuredEngine, films: Films
    ) -> None:
        self._bot = bot
        self._listener = listener
        self._engine = engine
        self._films = films
        self._runner: web.AppRunner | None = None
        for event in metrics.GATEWAY_HAPPENINGS:
            bot.add_listener(_counted(event), f"on_shard_{event}")

    async def start(self) -> None:
        """Listen where the settings say, if they say so.

        Where that is not possible, songs are answered all the same.
        """
        host, port = self._bot.settings.metrics_host, self._bot.settings.metrics_port
        if not port:
            return
        metrics.REGISTRY.register(self)
        app = web.Application()
        app.router.add_get("/metrics", make_aiohttp_handler(metrics.REGISTRY))
        app.router.add_get("/healthz", self._ready)
        app.router.add_get("/healthz/live", _live)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            log.error(  # noqa: TRY400 - the text says it all
                "Metrics are not served, as nothing can listen at MOODIFY_METRICS_HOST and "
                "MOODIFY_METRICS_PORT.",
                host=host,
                port=port,
                error=error.strerror,
            )
        else:
            log.info("metrics served", host=host, port=port)

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            metrics.REGISTRY.unregister(self)

    def health(self) -> dict[str, Part]:
        """Tell how the parts of the bot are."""
        return {
            "gateway": self._gateway(),
            "workers": self._workers(),
            "database": self._database(),
        }

    def collect(self) -> Iterator[Metric]:
        """Yield what is so now, and need not be counted; the registry calls this."""
        bot, queue = self._bot, self._listener.queue
        yield InfoMetricFamily(
            "moodify",
            "Which bot and which model this is.",
            {"version": version("moodify"), "model": self._listener.model_version or ""},
        )
        yield _gauge(
            "moodify_part_well",
            "Whether a part of the bot is well, as /healthz tells.",
            "part",
            {name: part.well for name, part in self.health().items()},
        )
        yield _gauge(
            "moodify_queue_songs",
            "Songs in the queue: those that wait for their turn, and those whose turn it is.",
            "state",
            {"waiting": queue.waiting, "running": queue.running},
        )
        yield GaugeMetricFamily("moodify_queue_limit", "Songs that are accepted.", queue.limit)
        yield GaugeMetricFamily(
            "moodify_films_open", "Films that wait or are being made.", len(self._films)
        )
        yield GaugeMetricFamily(
            "moodify_kept_writes", "Writes that wait for the database.", bot.memory.waiting
        )
        yield GaugeMetricFamily("moodify_guilds", "Servers that the bot is in.", len(bot.guilds))
        shards = {str(number): shard for number, shard in bot.shards.items()}
        yield _gauge(
            "moodify_gateway_connected",
            "Whether a shard is connected to Discord's gateway.",
            "shard",
            {number: not shard.is_closed() for number, shard in shards.items()},
        )
        yield _gauge(
            "moodify_gateway_latency_seconds",
            "From the last heartbeat of a shard to Discord's answer.",
            "shard",
            {number: shard.latency for number, shard in shards.items()},
        )
        yield from _workers_now(bot.settings.workers)
        yield GaugeMetricFamily("moodify_tasks", "Tasks of asyncio.", len(asyncio.all_tasks()))
        yield GaugeMetricFamily("moodify_threads", "Threads of Python.", threading.active_count())

    async def _ready(self, _: web.Request) -> web.Response:
        await self._bot.memory.examine()
        parts = self.health()
        ready = all(part.well for part in parts.values())
        state = {
            "live": True,
            "ready": ready,
            "parts": {name: asdict(part) for name, part in parts.items()},
        }
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(state, status=status)

    def _gateway(self) -> Part:
        if self._bot.stopping:
            return Part(False, "The bot is being stopped.")
        away = [str(number) for number, shard in self._bot.shards.items() if shard.is_closed()]
        if away:
            return Part(False, f"Not connected to Discord: shard {', '.join(away)}.")
        if not self._bot.is_ready():
            return Part(False, "Discord has not told yet of all servers.")
        return Part(True, "All shards are connected.")

    def _workers(self) -> Part:
        if self._listener.model_version is None:
            return Part(False, "No worker has started yet; if it stays so, the log says why.")
        if not self._engine.well:
            return Part(False, "No worker could be had for the last song; the log says why.")
        return Part(True, "Workers have started.")

    def _database(self) -> Part:
        if self._bot.memory.away:
            return Part(False, f"It is away; writes kept for it: {self._bot.memory.waiting}.")
        return Part(True, "It is open.")


def worker_processes() -> tuple[int, ...]:
    """Look at the processes of this machine that analyse songs for this process.

    Returns
    -------
    tuple of int
        Bytes of memory that each of them holds.
    """
    held = []
    for child in psutil.Process().children():
        # It may have gone meanwhile.
        with suppress(psutil.Error):
            if any(_WORKER in argument for argument in child.cmdline()):
                held.append(child.memory_info().rss)
    return tuple(held)


def _workers_now(wanted: int) -> Iterator[Metric]:
    held = worker_processes()
    yield GaugeMetricFamily("moodify_workers_wanted", "Workers that are set.", wanted)
    yield GaugeMetricFamily("moodify_workers", "Worker processes on this machine.", len(held))
    yield GaugeMetricFamily(
        "moodify_workers_memory_bytes", "Memory that all of them hold.", sum(held)
    )
    yield GaugeMetricFamily(
        "moodify_worker_memory_max_bytes",
        "Memory that the largest of them holds.",
        max(held, default=0),
    )


def _gauge(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counted(event: str) -> Callable[[int], Coroutine[None, None, None]]:
    async def happened(_: int) -> None:
        metrics.GATEWAY_EVENTS.labels(event).inc()

    return happened


async def _live(_: web.Request) -> web.Response:
    return web.json_response({"live": True})
