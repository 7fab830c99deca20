"""A long run of all that may happen: ``python -m benchmarks.soak --minutes 30``.

Twelve people in three servers ask the bot, which runs in a process of its own with two workers,
for songs in every way, and send it files that are none. They press buttons, cancel, and delete
what they posted. Meanwhile workers are killed and stopped, the gateway drops, and Discord's routes
and its CDN fail. At the end the following must hold, or the exit code is 1:

- each request was answered once, with moods or in words, and no job is left in the database;
- the memory of the bot and of its workers did not grow: the medians of the first and of the last
  five minutes are printed (of a sixth of the run where that is less);
- no temporary file, no descriptor, no task, no thread and no process is left over.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.crowd import towns
from benchmarks.disturbing import Disturber
from benchmarks.people import PATIENCE, Crowd
from tests.bot.process import BotProcess, running_bot
from tests.bot.watching import Metrics, Watch, free_port
from tests.discord_double import MESSAGE_CONTENT, DiscordDouble

SETTLING = 120.0
"""Seconds in which a bot that is left alone must have let go of everything."""
GOING = 10.0
"""Seconds in which the processes of a bot that has stopped must be gone."""
WARMING = 60.0
"""Most seconds in which everybody asks before anything is measured: what the bot keeps ready for
many at once, such as connections to its database, is there then."""
SERVERS = (6, 3, 3)
LOOK = 2.0
"""Seconds between two looks at the bot."""
EDGE = 5 * 60.0
"""Seconds at the beginning and at the end that are compared."""
JUDGED = 5.0
"""Minutes from which on it is judged whether memory grows; before that, all that is seen is that
things are used for the first time."""
FLAT = 1.15
"""Times what is held at the end may be what was held at the beginning."""
SLACK = {"descriptors": 6, "tasks": 3, "threads": min(32, (os.cpu_count() or 1) + 4)}
"""What may come and go by itself: connections that are kept alive, and the threads of asyncio's own
pool, which start when they are first needed and then stay."""


@dataclass(frozen=True)
class Look:
    """What the bot held at one moment.

    Attributes
    ----------
    at : float
        Seconds since the start.
    bot, workers, largest_worker : int
        Bytes.
    descriptors, tasks, threads : int
        Of the bot.
    """

    at: float
    bot: int
    workers: int
    largest_worker: int
    descriptors: int
    tasks: int
    threads: int


@dataclass
class Soak:
    """What came of it.

    Attributes
    ----------
    minutes : float
    requests : int
    ends : dict
        How often each thing that people did ended how.
    disturbances : dict
        What happened meanwhile, and how often.
    memory : dict
        MiB in the first and in the last minutes, by process.
    held : dict
        The bot's descriptors, tasks and threads in the first and in the last minutes.
    left : dict
        What an idle bot held before and after: descriptors, tasks, threads.
    outcomes : dict
        Of songs, as the bot counted them.
    worker_jobs : dict
        By their results, as the bot counted them.
    violations : int
        Of Discord's rules.
    failures : list of str
        What does not hold.
    """

    minutes: float
    requests: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    disturbances: dict[str, int] = field(default_factory=dict)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    held: dict[str, dict[str, float]] = field(default_factory=dict)
    left: dict[str, dict[str, int]] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    worker_jobs: dict[str, int] = field(default_factory=dict)
    violations: int = 0
    failures: list[str] = field(default_factory=list)


def main() -> None:
    """Run, print, and tell by the exit code whether all holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    # The bot's log is in the way here; what it says of errors is looked at all the same.
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        soak = asyncio.run(
            measure(
                Path(folder),
                minutes=arguments.minutes,
                workers=arguments.workers,
                seed=arguments.seed,
            )
        )
    figures = json.dumps(asdict(soak), indent=2)
    print(figures)
    if arguments.json:
        arguments.json.write_text(figures + "\n", encoding="utf-8")
    sys.exit(1 if soak.failures else 0)


async def measure(
    folder: Path, *, minutes: float, workers: int = 2, seed: int = 5, think: float = 8.0
) -> Soak:
    """Let everything happen, and see what is left.

    Parameters
    ----------
    folder : Path
        The bot's.
    minutes : float
    workers : int
    seed : int
        Of what people do.
    think : float
        Most seconds between two things that a person does.

    Returns
    -------
    Soak
    """
    watch, soak = Watch(free_port()), Soak(minutes)
    settings: dict[str, Any] = {
        "workers": workers,
        "metrics_port": watch.port,
        "job_timeout": 20,
        "film_timeout": 30,
        "stall_timeout": 2,
        "download_timeout": 15,
        "max_file_mib": 8,
        "queue_limit": 50,
        "log_level": "WARNING",
        "log_format": "json",
    }
    async with DiscordDouble(privileged_intents=MESSAGE_CONTENT) as double:
        crowd = Crowd(double, towns(double, SERVERS), seed=seed, think=think)
        # What must hold of every bot that has been stopped is held there, and told with the rest.
        with _told(soak):
            async with running_bot(double, folder, **settings) as bot:
                await double.wait_command("mood", PATIENCE)
                await watch.until("moodify_part_well", value=1, part="workers")
                await _live(soak, crowd, bot, watch, workers)
        soak.failures += crowd.unanswered()
    soak.requests, soak.ends = crowd.requests, dict(sorted(crowd.ends.items()))
    soak.violations = len(double.violations)
    soak.failures += [*crowd.failures, *map(str, double.violations), *double.own_errors]
    return soak


async def _live(soak: Soak, crowd: Crowd, bot: BotProcess, watch: Watch, workers: int) -> None:
    """Let everything happen to a running bot, and look at it before, meanwhile and after."""
    seconds = soak.minutes * 60
    looks: list[Look] = []
    processes, disturber = Processes(bot), Disturber(crowd, bot)
    await crowd.do_everything_once()
    await crowd.live(min(WARMING, seconds / 3))
    before = await _at_rest(watch, workers, crowd, bot)
    looking = asyncio.create_task(_look(watch, processes, looks))
    disturbing = asyncio.create_task(disturber.run(seconds))
    await crowd.live(seconds)
    await disturbing
    assert not looking.done(), looking.result()
    looking.cancel()
    after = await _at_rest(watch, workers, crowd, bot, no_more_than=before)
    counted = await watch.metrics()
    soak.disturbances = dict(sorted(disturber.done.items()))
    soak.outcomes = _counted(counted, "moodify_songs_total", "outcome")
    soak.worker_jobs = _counted(counted, "moodify_worker_jobs_total", "result")
    _check_memory(soak, looks)
    _check_left(soak, before, after)
    _check_database(soak, bot)
    await bot.stop()
    soak.failures += [*processes.left(), *_errors(bot)]


@contextmanager
def _told(soak: Soak) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        soak.failures.append(f"the bot did not stop as it should: {str(error)[-500:]}")


def _errors(bot: BotProcess) -> list[str]:
    """Return what the log holds of errors that nobody thought of."""
    lines = [json.loads(line) for line in bot.output().splitlines()]
    return [
        f"{line['event']}: {line['exception'].splitlines()[-1]}"
        for line in lines
        if "exception" in line
    ]


class Processes:
    """All processes that a bot has ever started.

    Parameters
    ----------
    bot : BotProcess
    """

    def __init__(self, bot: BotProcess) -> None:
        self._bot = psutil.Process(bot.process.pid)
        self._seen: set[psutil.Process] = set()

    def look(self) -> None:
        """Note those that there are now."""
        self._seen.update(self._bot.children(recursive=True))

    def left(self) -> list[str]:
        """Tell which of them are still there, once the bot is gone."""
        # They are told of its end by the system, and need a moment for theirs.
        _, left = psutil.wait_procs(self._seen, timeout=GOING)
        return [
            f"a process is left: {each.pid} ({each.status()})"
            for each in left
            # The system of a container may bury nobody.
            if each.is_running() and each.status() != psutil.STATUS_ZOMBIE
        ]


async def _look(watch: Watch, processes: Processes, looks: list[Look]) -> None:
    started = time.monotonic()
    while True:
        looks.append(_looked(await watch.metrics(), time.monotonic() - started))
        processes.look()
        await asyncio.sleep(LOOK)


def _looked(metrics: Metrics, at: float) -> Look:
    return Look(
        at=at,
        bot=int(metrics.of("process_resident_memory_bytes")),
        workers=int(metrics.of("moodify_workers_memory_bytes")),
        largest_worker=int(metrics.of("moodify_worker_memory_max_bytes")),
        descriptors=int(metrics.of("process_open_fds")),
        tasks=int(metrics.of("moodify_tasks")),
        threads=int(metrics.of("moodify_threads")),
    )


async def _at_rest(
    watch: Watch, workers: int, crowd: Crowd, bot: BotProcess, *, no_more_than: Look | None = None
) -> Look:
    """Wait until the bot has nothing to do, and has let go of what it needed for its work.

    Returns
    -------
    Look
        The bot as it is then, or as it is when it has had time enough.
    """
    end = time.monotonic() + SETTLING
    while True:
        metrics = await watch.metrics()
        look = _looked(metrics, 0.0)
        idle = (
            metrics.of("moodify_queue_songs", state="running") == 0
            and metrics.of("moodify_queue_songs", state="waiting") == 0
            and metrics.of("moodify_films_open") == 0
            and metrics.of("moodify_kept_writes") == 0
            and metrics.of("moodify_workers") == workers
            and not list((bot.data / "songs").iterdir())
            and not list((bot.log.parent / "tmp").iterdir())
        )
        if idle and (no_more_than is None or not _more(no_more_than, look)):
            return look
        if time.monotonic() > end:
            if not idle:
                crowd.failures.append("the bot does not come to rest")
            return look
        await asyncio.sleep(1)


def _more(before: Look, after: Look) -> list[str]:
    return [
        name
        for name, slack in SLACK.items()
        if getattr(after, name) > getattr(before, name) + slack
    ]


def _check_left(soak: Soak, before: Look, after: Look) -> None:
    for name in SLACK:
        soak.left[name] = {"before": getattr(before, name), "after": getattr(after, name)}
    soak.failures += [f"more {name} than before" for name in _more(before, after)]


def _check_database(soak: Soak, bot: BotProcess) -> None:
    connection = sqlite3.connect(bot.data / "moodify.db")
    (jobs,) = connection.execute("SELECT count(*) FROM jobs WHERE NOT done").fetchone()
    connection.close()
    if jobs:
        soak.failures.append(f"jobs are left in the database: {jobs}")


def _check_memory(soak: Soak, looks: Sequence[Look]) -> None:
    for name in ("bot", "workers", "largest_worker"):
        first, last, largest = _first_last_largest(name, looks)
        mebibytes = [round(value / 2**20, 1) for value in (first, last, largest)]
        soak.memory[name] = dict(zip(_FIGURES, mebibytes, strict=True))
        if soak.minutes >= JUDGED and last > first * FLAT:
            soak.failures.append(f"the memory of {name} grew")
    for name in SLACK:
        soak.held[name] = dict(zip(_FIGURES, _first_last_largest(name, looks), strict=True))


_FIGURES = ("first", "last", "largest")


def _first_last_largest(name: str, looks: Sequence[Look]) -> tuple[float, float, float]:
    """Return the medians of the first and of the last minutes, and the largest of all."""
    end = looks[-1].at
    edge = min(EDGE, end / 6)
    first = statistics.median(getattr(each, name) for each in looks if each.at <= edge)
    last = statistics.median(getattr(each, name) for each in looks if each.at >= end - edge)
    return first, last, max(getattr(each, name) for each in looks)


def _counted(metrics: Metrics, name: str, label: str) -> dict[str, int]:
    counts = {labels[label]: int(metrics.of(name, **labels)) for labels in metrics.labels(name)}
    return {key: value for key, value in sorted(counts.items()) if value}


if __name__ == "__main__":
    main()
