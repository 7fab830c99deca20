"""What is counted of workers, with real ones."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from prometheus_client import generate_latest

from bot.engine import WorkerRules
from bot.engine.local import LocalEngine
from bot.metrics import REGISTRY, MeasuredEngine
from tests.bot.watching import Metrics
from tests.bot.work import LIMIT, MEMORY, add, die, hog, sleep, too_short


def now() -> Metrics:
    return Metrics.parse(generate_latest(REGISTRY).decode())


async def test_each_way_in_which_the_work_of_a_worker_ends_is_counted(tmp_path: Path) -> None:
    rules = WorkerRules(memory=MEMORY, max_jobs=50, caches=tmp_path)
    local = LocalEngine(workers=1, rules=rules, folder=tmp_path)
    engine = MeasuredEngine(local)
    await local.start()

    async def cancelled() -> None:
        work = asyncio.create_task(engine.run(sleep, LIMIT, time_limit=LIMIT))
        await asyncio.sleep(0)
        work.cancel()
        await work

    async def closed() -> None:
        await engine.close()
        await engine.run(add, 1, 2, time_limit=LIMIT)

    ends: list[tuple[str, Callable[[], Awaitable[object]]]] = [
        ("done", lambda: engine.run(add, 1, 2, time_limit=LIMIT)),
        ("failed", lambda: engine.run(too_short, time_limit=LIMIT)),
        ("out_of_memory", lambda: engine.run(hog, time_limit=LIMIT)),
        ("died", lambda: engine.run(die, signal.SIGKILL, time_limit=LIMIT)),
        ("timeout", lambda: engine.run(sleep, LIMIT, time_limit=0.1)),
        ("cancelled", cancelled),
        ("unavailable", closed),
    ]
    for result, run in ends:
        before = now()
        with suppress(Exception, asyncio.CancelledError):
            await run()
        counted = {
            each["result"]: now().of("moodify_worker_jobs_total", **each)
            - before.of("moodify_worker_jobs_total", **each)
            for each in before.labels("moodify_worker_jobs_total")
        }
        assert {name for name, count in counted.items() if count} == {result}
        assert engine.well is (result != "unavailable")
    assert now().of("moodify_stage_seconds_count", stage="sleep") == 2
