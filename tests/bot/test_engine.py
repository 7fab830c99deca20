"""The local engine with real processes, and real ways for them to die."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot.engine import (
    EngineUnavailable,
    LocalEngine,
    WorkerDied,
    WorkerOutOfMemory,
    WorkerRules,
    WorkerTimeout,
    prepare,
)
from bot.engine.worker import nothing
from moodify_core.errors import ModelCorrupt, TooShort

pytestmark = pytest.mark.long

MIB = 1024 * 1024
MEMORY = 768 * MIB
LIMIT = 60.0
"""Seconds for work that is to succeed, however busy the machine is."""


def add(a: int, b: int) -> int:
    return a + b


def process_id() -> int:
    return os.getpid()


def die(signum: int) -> None:
    os.kill(os.getpid(), signum)


def exit_at_once() -> None:
    os._exit(0)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def work_for_ever() -> None:
    while True:
        pass


def note_and_wait(note: Path) -> None:
    note.write_text(str(os.getpid()))
    time.sleep(LIMIT)


def hang_and_ignore_being_told_to_stop() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(LIMIT)


def freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def burn_beyond_the_cpu_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (1, hard))
    work_for_ever()


def hog() -> int:
    return len(bytearray(4 * MEMORY))


def too_short() -> None:
    raise TooShort(0.5, 1.0)


def out_of_memory_in_other_words() -> None:
    raise ModelCorrupt("it cannot be run") from RuntimeError("FAIL : std::bad_alloc")


def load_the_model_in_too_little_memory() -> None:
    from moodify_core.model import load_model

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 8 * MIB, hard))
    try:
        load_model.__wrapped__()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def what_is_loaded() -> tuple[bool, int]:
    loaded = "onnxruntime" in sys.modules
    from moodify_core.model import load_model

    return loaded, load_model.cache_info().currsize


def shout() -> None:
    print("a decoder to stdout", flush=True)  # noqa: T201
    os.write(2, b"a decoder to stderr\n")


def environment() -> dict[str, str]:
    return dict(os.environ)


def limits() -> dict[str, tuple[int, int]]:
    names = ("RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU")
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


def leave_a_file_and(then: str) -> str:
    file = Path(tempfile.mkdtemp()) / "left"
    file.write_bytes(b"left behind")
    if then == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return str(file)


def start_method() -> str:
    # A forked worker would know what this module was told in the parent.
    return _MARK


_MARK = "fresh"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[LocalEngine]:
    engine = _engine(tmp_path)
    yield engine
    await engine.close()


def _engine(
    folder: Path, *, workers: int = 2, max_jobs: int = 50, prepare: Callable[[], None] = nothing
) -> LocalEngine:
    rules = WorkerRules(memory=MEMORY, max_jobs=max_jobs, caches=folder, prepare=prepare)
    return LocalEngine(workers=workers, rules=rules, folder=folder)


async def test_work_is_done_elsewhere(engine: LocalEngine) -> None:
    assert await engine.run(add, 2, 3, time_limit=LIMIT) == 5
    assert await engine.run(process_id, time_limit=LIMIT) != os.getpid()


async def test_an_error_of_the_work_comes_back_with_its_figures(engine: LocalEngine) -> None:
    with pytest.raises(TooShort) as caught:
        await engine.run(too_short, time_limit=LIMIT)
    assert (caught.value.duration, caught.value.minimum) == (0.5, 1.0)


@pytest.mark.parametrize("signum", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
async def test_a_dying_worker_hurts_nobody_else(engine: LocalEngine, signum: int) -> None:
    other = asyncio.create_task(engine.run(sleep, 1.0, time_limit=LIMIT))
    with pytest.raises(WorkerDied):
        await engine.run(die, signum, time_limit=LIMIT)
    await other
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


async def test_work_that_takes_too_long_is_killed(engine: LocalEngine) -> None:
    pid = await engine.run(process_id, time_limit=LIMIT)
    other = asyncio.create_task(engine.run(add, 1, 2, time_limit=LIMIT))
    with pytest.raises(WorkerTimeout):
        await engine.run(work_for_ever, time_limit=0.5)
    assert await other == 3
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2
    assert pid > 0


@pytest.mark.parametrize("hang", [hang_and_ignore_being_told_to_stop, freeze])
async def test_a_worker_that_hangs_is_killed_and_hurts_nobody_else(
    engine: LocalEngine, hang: Callable[[], None]
) -> None:
    other = asyncio.create_task(engine.run(sleep, 2.0, time_limit=LIMIT))
    with pytest.raises(WorkerTimeout):
        await engine.run(hang, time_limit=1.0)
    await other
    results = await asyncio.gather(*(engine.run(add, n, 1, time_limit=LIMIT) for n in range(4)))
    assert results == [1, 2, 3, 4]


async def test_a_worker_that_is_killed_from_outside_is_told_at_once(
    engine: LocalEngine, tmp_path: Path
) -> None:
    work = asyncio.create_task(engine.run(note_and_wait, tmp_path / "pid", time_limit=LIMIT))
    os.kill(await asyncio.to_thread(_pid_in, tmp_path / "pid"), signal.SIGKILL)
    with pytest.raises(WorkerDied):
        await work
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


async def test_every_job_among_failing_ones_gets_its_own_end(engine: LocalEngine) -> None:
    kinds = [
        lambda n: engine.run(add, n, n, time_limit=LIMIT),
        lambda _: engine.run(die, signal.SIGKILL, time_limit=LIMIT),
        lambda n: engine.run(add, n, n, time_limit=LIMIT),
        lambda _: engine.run(work_for_ever, time_limit=0.3),
        lambda _: engine.run(too_short, time_limit=LIMIT),
    ]
    ends = await asyncio.gather(
        *(kinds[n % len(kinds)](n) for n in range(20)), return_exceptions=True
    )
    for n, end in enumerate(ends):
        match n % len(kinds):
            case 1:
                assert isinstance(end, WorkerDied)
            case 3:
                assert isinstance(end, WorkerTimeout)
            case 4:
                assert isinstance(end, TooShort)
            case _:
                assert end == 2 * n


def _pid_in(note: Path) -> int:
    while not (note.exists() and note.read_text()):
        time.sleep(0.01)
    return int(note.read_text())


def _wait_for_the_end_of(pid: int) -> None:
    stat = Path(f"/proc/{pid}/stat")
    with suppress(OSError):  # which there is as soon as it is gone
        while stat.read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)


async def test_workers_that_hang_without_work_are_replaced(
    monkeypatch: pytest.MonkeyPatch, engine: LocalEngine
) -> None:
    pids: set[int] = set()
    # On a busy machine one worker can do several jobs before the other has started.
    async with asyncio.timeout(LIMIT):
        while len(pids) < 2:
            pids.add(await engine.run(process_id, time_limit=LIMIT))
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr("bot.engine.local.START_LIMIT", 10.0)
    jobs = (engine.run(add, n, 1, time_limit=1.0) for n in range(4))
    results = await asyncio.gather(*jobs)
    assert results == [1, 2, 3, 4]
    async with asyncio.timeout(LIMIT):
        for pid in pids:
            await asyncio.to_thread(_wait_for_the_end_of, pid)


async def test_a_worker_that_just_leaves_is_noticed_at_the_time_limit(engine: LocalEngine) -> None:
    with pytest.raises(WorkerTimeout):
        await engine.run(exit_at_once, time_limit=1.0)
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


async def test_work_beyond_its_cpu_time_counts_as_too_long(engine: LocalEngine) -> None:
    with pytest.raises(WorkerTimeout):
        await engine.run(burn_beyond_the_cpu_limit, time_limit=LIMIT)
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


async def test_the_cpu_budget_is_given_anew_to_each_job(tmp_path: Path) -> None:
    engine = _engine(tmp_path, workers=1)
    try:
        first = (await engine.run(limits, time_limit=LIMIT))["RLIMIT_CPU"][0]
        with pytest.raises(WorkerTimeout):
            await engine.run(work_for_ever, time_limit=1.5)
        second = (await engine.run(limits, time_limit=2 * LIMIT))["RLIMIT_CPU"][0]
    finally:
        await engine.close()
    assert LIMIT < first < 2 * LIMIT < second


async def test_a_memory_hog_is_stopped(engine: LocalEngine) -> None:
    with pytest.raises(WorkerOutOfMemory):
        await engine.run(hog, time_limit=LIMIT)
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


@pytest.mark.parametrize(
    "work", [out_of_memory_in_other_words, load_the_model_in_too_little_memory]
)
async def test_want_of_memory_is_told_whatever_a_library_calls_it(
    engine: LocalEngine, work: Callable[[], None]
) -> None:
    with pytest.raises(WorkerOutOfMemory):
        await engine.run(work, time_limit=LIMIT)


async def test_every_worker_has_the_model_before_its_first_song(tmp_path: Path) -> None:
    engine = _engine(tmp_path, workers=1, max_jobs=1, prepare=prepare)
    try:
        await engine.start()
        assert await engine.run(what_is_loaded, time_limit=LIMIT) == (True, 1)
    finally:
        await engine.close()


async def test_workers_write_nothing_into_the_log(
    engine: LocalEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    await engine.run(shout, time_limit=LIMIT)
    assert capfd.readouterr() == ("", "")


async def test_workers_leave_no_core_file_and_have_a_memory_limit(engine: LocalEngine) -> None:
    found = await engine.run(limits, time_limit=LIMIT)
    assert found["RLIMIT_AS"] == (MEMORY, MEMORY)
    assert found["RLIMIT_CORE"] == (0, 0)


async def test_an_idle_worker_that_dies_costs_no_job(engine: LocalEngine) -> None:
    pids = {await engine.run(process_id, time_limit=LIMIT) for _ in range(4)}
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    results = await asyncio.gather(*(engine.run(add, n, 1, time_limit=LIMIT) for n in range(4)))
    assert results == [1, 2, 3, 4]


async def test_the_environment_of_a_worker_is_bare(
    monkeypatch: pytest.MonkeyPatch, engine: LocalEngine
) -> None:
    monkeypatch.setenv("SOME_SECRET", "x")
    inside = await engine.run(environment, time_limit=LIMIT)
    assert "SOME_SECRET" not in inside
    assert inside["OMP_NUM_THREADS"] == inside["OPENBLAS_NUM_THREADS"] == "1"


def _left(folder: Path) -> list[Path]:
    return list(folder.rglob("left"))


async def test_temporary_files_of_a_job_go_with_it(engine: LocalEngine, tmp_path: Path) -> None:
    left = await engine.run(leave_a_file_and, "return", time_limit=LIMIT)
    assert Path(left).is_relative_to(tmp_path)
    with pytest.raises(WorkerDied):
        await engine.run(leave_a_file_and, "die", time_limit=LIMIT)
    assert not _left(tmp_path)


async def test_workers_are_replaced_after_so_many_jobs(tmp_path: Path) -> None:
    engine = _engine(tmp_path, workers=1, max_jobs=2)
    try:
        pids = [await engine.run(process_id, time_limit=LIMIT) for _ in range(6)]
    finally:
        await engine.close()
    assert len(set(pids)) == 3


async def test_workers_are_spawned_not_forked(
    monkeypatch: pytest.MonkeyPatch, engine: LocalEngine
) -> None:
    monkeypatch.setattr("tests.bot.test_engine._MARK", "told by the parent")
    assert await engine.run(start_method, time_limit=LIMIT) == "fresh"


async def test_cancelling_kills_the_work(tmp_path: Path) -> None:
    engine = _engine(tmp_path, workers=1)
    try:
        await engine.run(add, 1, 1, time_limit=LIMIT)
        work = engine.run(note_and_wait, tmp_path / "pid", time_limit=2 * LIMIT)
        task = asyncio.create_task(work)
        pid = await asyncio.to_thread(_pid_in, tmp_path / "pid")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(LIMIT / 2):
            assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2
            await asyncio.to_thread(_wait_for_the_end_of, pid)
    finally:
        await engine.close()


async def test_closing_ends_running_work_and_takes_no_more(tmp_path: Path) -> None:
    engine = _engine(tmp_path, workers=1)
    await engine.run(add, 1, 1, time_limit=LIMIT)
    running = asyncio.create_task(engine.run(sleep, LIMIT, time_limit=LIMIT))
    waiting = asyncio.create_task(engine.run(add, 1, 1, time_limit=LIMIT))
    await asyncio.sleep(0.5)
    await engine.close()
    for task in (running, waiting):
        with pytest.raises(EngineUnavailable):
            await task
    with pytest.raises(EngineUnavailable):
        await engine.run(add, 1, 1, time_limit=LIMIT)


async def test_workers_that_cannot_start_are_an_error_and_not_a_hang(tmp_path: Path) -> None:
    impossible = 2**70
    rules = WorkerRules(memory=impossible, max_jobs=1, caches=tmp_path)
    engine = LocalEngine(workers=1, rules=rules, folder=tmp_path)
    try:
        with pytest.raises(EngineUnavailable):
            await engine.run(add, 1, 1, time_limit=LIMIT)
    finally:
        await engine.close()


async def test_a_preparation_that_fails_is_told_at_the_start(tmp_path: Path) -> None:
    engine = _engine(tmp_path, workers=1, prepare=too_short)
    try:
        with pytest.raises(TooShort):
            await engine.start()
        assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2
    finally:
        await engine.close()
