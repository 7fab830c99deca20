"""What the bot counts and times of its work; `bot.monitoring` serves it.

Labels are taken from short lists that stand in the code: what a person or a song is called never
becomes one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar, TypeVarTuple, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from bot.engine import Engine, EngineUnavailable, WorkerDied, WorkerOutOfMemory, WorkerTimeout
from bot.outcomes import Outcome

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Stage = Literal["wait", "download", "record", "answer"]
"""What is timed of a song beside the work of a worker, which is a stage by its own name."""
Sent = Literal["sent", "lost", "given_up"]
GATEWAY_HAPPENINGS = ("connect", "disconnect", "resumed")

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
_LATE = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)

SONGS = Counter(
    "moodify_songs", "Songs that were done, by outcome.", ["outcome"], registry=REGISTRY
)
FILMS = Counter(
    "moodify_films", "Films that were done, by outcome.", ["outcome"], registry=REGISTRY
)
ANSWERS = Counter(
    "moodify_answers",
    "Answers to requests: sent, lost as Discord did not take them, or given up as too late.",
    ["result"],
    registry=REGISTRY,
)
ANSWERED_AFTER = Histogram(
    "moodify_request_seconds",
    "From a request to the end of all that is done for it.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
STAGES = Histogram(
    "moodify_stage_seconds",
    "What the stages of a song take; those of a worker with the wait for one that is free.",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
WORK = Counter(
    "moodify_worker_jobs", "Jobs of workers, by how they ended.", ["result"], registry=REGISTRY
)
LOOP_LATE = Histogram(
    "moodify_event_loop_late_seconds",
    "By how much the event loop was late, looked at 20 times a second.",
    buckets=_LATE,
    registry=REGISTRY,
)
GATEWAY_EVENTS = Counter(
    "moodify_gateway_events",
    "Connections to Discord's gateway that came and went.",
    ["event"],
    registry=REGISTRY,
)
DATABASE_ERRORS = Counter(
    "moodify_database_errors", "Times that the database did not do its part.", registry=REGISTRY
)
WRITES_LOST = Counter("moodify_writes_lost", "Kept writes that were given up.", registry=REGISTRY)

_RESULTS: dict[type[BaseException], str] = {
    WorkerTimeout: "timeout",
    WorkerOutOfMemory: "out_of_memory",
    WorkerDied: "died",
    EngineUnavailable: "unavailable",
    asyncio.CancelledError: "cancelled",
}
_DONE, _FAILED = "done", "failed"

# An alert on what happens for the first time sees a step from 0, and not a figure out of nothing.
for _outcome in get_args(Outcome):
    SONGS.labels(_outcome.__name__)
    FILMS.labels(_outcome.__name__)
for _stage in get_args(Stage):
    STAGES.labels(_stage)
for _result in get_args(Sent):
    ANSWERS.labels(_result)
for _result in (_DONE, _FAILED, *_RESULTS.values()):
    WORK.labels(_result)
for _event in GATEWAY_HAPPENINGS:
    GATEWAY_EVENTS.labels(_event)


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """Time a stage of a song, however it ends.

    Parameters
    ----------
    name : str
    """
    with STAGES.labels(name).time():
        yield


def song_done(outcome: Outcome) -> None:
    """Count a song."""
    SONGS.labels(type(outcome).__name__).inc()


def film_done(outcome: Outcome) -> None:
    """Count a film."""
    FILMS.labels(type(outcome).__name__).inc()


def answer(result: Sent) -> None:
    """Count an answer.

    Parameters
    ----------
    result : {"sent", "lost", "given_up"}
    """
    ANSWERS.labels(result).inc()


def request_over(received: float) -> None:
    """Tell that all is done for a request.

    Parameters
    ----------
    received : float
        When it came, in seconds of Unix time.
    """
    # The clock of this machine may have been set back meanwhile.
    ANSWERED_AFTER.observe(max(0.0, time.time() - received))


class MeasuredEngine:
    """Counts and times what an engine does; an `Engine` itself.

    Parameters
    ----------
    engine : Engine

    Attributes
    ----------
    advice : str
        As for `Engine`.
    well : bool
        Whether workers could be had when they were asked last.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.advice = engine.advice
        self.well = True

    async def start(self) -> None:
        """Have workers now; see `Engine.start`."""
        await self._engine.start()

    async def run(self, function: Callable[[*Ts], T], *args: *Ts, time_limit: float) -> T:
        """Run `function` in a worker; see `Engine.run`."""
        started = time.monotonic()
        result = _FAILED
        try:
            done = await self._engine.run(function, *args, time_limit=time_limit)
            result = _DONE
        except BaseException as error:
            result = _RESULTS.get(type(error), _FAILED)
            raise
        finally:
            self.well = result != _RESULTS[EngineUnavailable]
            WORK.labels(result).inc()
            STAGES.labels(function.__name__).observe(time.monotonic() - started)
        return done

    async def close(self) -> None:
        """Stop all workers at once."""
        await self._engine.close()
