"""Both engines with real processes, and real ways for them to die."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from bot.engine import (
    Engine,
    EngineUnavailable,
    InputFile,
    OutputFile,
    WorkerDied,
    WorkerOutOfMemory,
    WorkerRules,
    WorkerTimeout,
    prepare,
    progress_note,
)
from bot.engine.dask import DaskEngine
from bot.engine.local import LocalEngine
from bot.engine.worker import nothing
from moodify_core.errors import TooShort
from tests.bot.cluster import Cluster, running_cluster
from tests.bot.work import (
    LIMIT,
    MEMORY,
    add,
    burn_beyond_the_cpu_limit,
    copy,
    die,
    environment,
    exit_at_once,
    fail_with_half_a_file,
    freeze,
    hang_and_ignore_being_told_to_stop,
    hog,
    leave_a_file_and,
    limits,
    load_the_model_in_too_little_memory,
    note_and_wait,
    out_of_memory_in_other_words,
    process_id,
    shout,
    sleep,
    start_method,
    too_short,
    what_is_loaded,
    work_for_ever,
)

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


MakeEngine = Callable[[int], Awaitable[Engine]]
"""Makes an engine that runs so many jobs at the same time."""


@pytest.fixture(params=["local", "dask"])
async def make_engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MakeEngine]:
    address = request.getfixturevalue("cluster").address if request.param == "dask" else None
    async with AsyncExitStack() as stack:

        async def make(jobs: int) -> Engine:
            engine: Engine = (
                DaskEngine(scheduler=address, jobs=jobs)
                if address
                else _engine(tmp_path, workers=jobs)
            )
            stack.push_async_callback(engine.close)
            return engine

        yield make


@pytest.fixture
async def engine(make_engine: MakeEngine) -> Engine:
    return await make_engine(2)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalEngine]:
    engine = _engine(tmp_path)
    yield engine
    await engine.close()


def _engine(
    folder: Path, *, workers: int = 2, max_jobs: int = 50, prepare: Callable[[], None] = nothing
) -> LocalEngine:
    rules = WorkerRules(memory=MEMORY, max_jobs=max_jobs, caches=folder, prepare=prepare)
    return LocalEngine(workers=workers, rules=rules, folder=folder)


async def test_work_is_done_elsewhere(engine: Engine) -> None:
    assert await engine.run(add, 2, 3, time_limit=LIMIT) == 5
    assert await engine.run(process_id, time_limit=LIMIT) != os.getpid()


async def test_an_error_of_the_work_comes_back_with_its_figures(engine: Engine) -> None:
    with pytest.raises(TooShort) as caught:
        await engine.run(too_short, time_limit=LIMIT)
    assert (caught.value.duration, caught.value.minimum) == (0.5, 1.0)


@pytest.mark.parametrize("signum", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
async def test_a_dying_worker_hurts_nobody_else(engine: Engine, signum: int) -> None:
    other = asyncio.create_task(engine.run(sleep, 1.0, time_limit=LIMIT))
    with pytest.raises(WorkerDied):
        await engine.run(die, signum, time_limit=LIMIT)
    await other
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


async def test_work_that_takes_too_long_is_killed(engine: Engine) -> None:
    pid = await engine.run(process_id, time_limit=LIMIT)
    other = asyncio.create_task(engine.run(add, 1, 2, time_limit=LIMIT))
    with pytest.raises(WorkerTimeout):
        await engine.run(work_for_ever, time_limit=0.5)
    assert await other == 3
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2
    assert pid > 0


@pytest.mark.parametrize("hang", [hang_and_ignore_being_told_to_stop, freeze])
async def test_a_worker_that_hangs_is_killed_and_hurts_nobody_else(
    engine: Engine, hang: Callable[[], None]
) -> None:
    other = asyncio.create_task(engine.run(sleep, 2.0, time_limit=LIMIT))
    with pytest.raises(WorkerTimeout):
        await engine.run(hang, time_limit=1.0)
    await other
    results = await asyncio.gather(*(engine.run(add, n, 1, time_limit=LIMIT) for n in range(4)))
    assert results == [1, 2, 3, 4]


async def test_a_worker_that_is_killed_from_outside_is_told_at_once(
    engine: Engine, tmp_path: Path
) -> None:
    work = asyncio.create_task(engine.run(note_and_wait, tmp_path / "pid", time_limit=LIMIT))
    os.kill(await asyncio.to_thread(_pid_in, tmp_path / "pid"), signal.SIGKILL)
    with pytest.raises(WorkerDied):
        await work
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


async def test_every_job_among_failing_ones_gets_its_own_end(engine: Engine) -> None:
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


async def test_a_worker_that_starts_while_its_pool_is_stopped_leaves_no_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = _engine(tmp_path, max_jobs=1)
    # It takes three seconds to end this one, and so long the next one of the other is starting.
    frozen = asyncio.create_task(engine.run(freeze, time_limit=LIMIT))
    await asyncio.sleep(0)
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2
    known = {child.pid for child in multiprocessing.active_children()}
    async with asyncio.timeout(LIMIT):
        while {child.pid for child in multiprocessing.active_children()} <= known:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await engine.close()
    with pytest.raises(EngineUnavailable):
        await frozen
    assert "Traceback" not in capfd.readouterr().err


async def test_workers_that_hang_without_work_are_replaced(
    monkeypatch: pytest.MonkeyPatch, local: LocalEngine
) -> None:
    pids: set[int] = set()
    # On a busy machine one worker can do several jobs before the other has started.
    async with asyncio.timeout(LIMIT):
        while len(pids) < 2:
            pids.add(await local.run(process_id, time_limit=LIMIT))
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr("bot.engine.local.START_LIMIT", 10.0)
    jobs = (local.run(add, n, 1, time_limit=1.0) for n in range(4))
    results = await asyncio.gather(*jobs)
    assert results == [1, 2, 3, 4]
    async with asyncio.timeout(LIMIT):
        for pid in pids:
            await asyncio.to_thread(_wait_for_the_end_of, pid)


async def test_a_worker_that_just_leaves_is_noticed_at_the_time_limit(engine: Engine) -> None:
    with pytest.raises(WorkerTimeout):
        await engine.run(exit_at_once, time_limit=1.0)
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


async def test_work_beyond_its_cpu_time_counts_as_too_long(engine: Engine) -> None:
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


async def test_a_memory_hog_is_stopped(engine: Engine) -> None:
    with pytest.raises(WorkerOutOfMemory):
        await engine.run(hog, time_limit=LIMIT)
    assert await engine.run(add, 1, 1, time_limit=LIMIT) == 2


async def test_want_of_memory_is_told_whatever_a_library_calls_it(engine: Engine) -> None:
    with pytest.raises(WorkerOutOfMemory):
        await engine.run(out_of_memory_in_other_words, time_limit=LIMIT)


async def test_want_of_memory_for_the_model_is_told(local: LocalEngine) -> None:
    with pytest.raises(WorkerOutOfMemory):
        await local.run(load_the_model_in_too_little_memory, time_limit=LIMIT)


async def test_every_worker_has_the_model_before_its_first_song(tmp_path: Path) -> None:
    engine = _engine(tmp_path, workers=1, max_jobs=1, prepare=prepare)
    try:
        await engine.start()
        loaded, models = await engine.run(what_is_loaded, time_limit=LIMIT)
        assert models == 1
        assert {"onnxruntime", "matplotlib"} <= loaded
        # The bot's own process needs these, and all workers would hold them once more.
        assert not loaded & {"structlog", "rich", "discord", "aiohttp", "sqlalchemy", "pydantic"}
    finally:
        await engine.close()


async def test_workers_write_nothing_into_the_log(
    local: LocalEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    await local.run(shout, time_limit=LIMIT)
    assert capfd.readouterr() == ("", "")


async def test_workers_leave_no_core_file_and_have_a_memory_limit(engine: Engine) -> None:
    found = await engine.run(limits, time_limit=LIMIT)
    assert found["RLIMIT_AS"] == (MEMORY, MEMORY)
    assert found["RLIMIT_CORE"] == (0, 0)


async def test_an_idle_worker_that_dies_costs_no_job(local: LocalEngine) -> None:
    pids = {await local.run(process_id, time_limit=LIMIT) for _ in range(4)}
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    results = await asyncio.gather(*(local.run(add, n, 1, time_limit=LIMIT) for n in range(4)))
    assert results == [1, 2, 3, 4]


async def test_the_environment_of_a_worker_is_bare(
    monkeypatch: pytest.MonkeyPatch, local: LocalEngine
) -> None:
    monkeypatch.setenv("SOME_SECRET", "x")
    inside = await local.run(environment, time_limit=LIMIT)
    assert "SOME_SECRET" not in inside
    assert inside["OMP_NUM_THREADS"] == inside["OPENBLAS_NUM_THREADS"] == "1"


def _left(folder: Path) -> list[Path]:
    return list(folder.rglob("left"))


async def test_temporary_files_of_a_job_go_with_it(local: LocalEngine, tmp_path: Path) -> None:
    left = await local.run(leave_a_file_and, "return", time_limit=LIMIT)
    assert Path(left).is_relative_to(tmp_path)
    with pytest.raises(WorkerDied):
        await local.run(leave_a_file_and, "die", time_limit=LIMIT)
    assert not _left(tmp_path)


async def test_workers_are_replaced_after_so_many_jobs(tmp_path: Path) -> None:
    engine = _engine(tmp_path, workers=1, max_jobs=2)
    try:
        pids = [await engine.run(process_id, time_limit=LIMIT) for _ in range(6)]
    finally:
        await engine.close()
    assert len(set(pids)) == 3


async def test_workers_are_spawned_not_forked(
    monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    monkeypatch.setattr("tests.bot.work.MARK", "told by the parent")
    assert await engine.run(start_method, time_limit=LIMIT) == "fresh"


async def test_cancelling_kills_the_work(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = await make_engine(1)
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


async def test_closing_ends_running_work_and_takes_no_more(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = await make_engine(1)
    work = engine.run(note_and_wait, tmp_path / "pid", time_limit=LIMIT)
    running = asyncio.create_task(work)
    pid = await asyncio.to_thread(_pid_in, tmp_path / "pid")
    waiting = asyncio.create_task(engine.run(add, 1, 1, time_limit=LIMIT))
    await asyncio.sleep(0)
    await engine.close()
    for task in (running, waiting):
        with pytest.raises(EngineUnavailable):
            await task
    with pytest.raises(EngineUnavailable):
        await engine.run(add, 1, 1, time_limit=LIMIT)
    async with asyncio.timeout(LIMIT / 2):
        await asyncio.to_thread(_wait_for_the_end_of, pid)


async def test_no_more_runs_at_a_time_than_there_are_workers(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = await make_engine(1)
    first = asyncio.create_task(engine.run(note_and_wait, tmp_path / "a", time_limit=LIMIT))
    second = asyncio.create_task(engine.run(note_and_wait, tmp_path / "b", time_limit=LIMIT))
    third = asyncio.create_task(engine.run(add, 1, 2, time_limit=LIMIT))
    await asyncio.to_thread(_pid_in, tmp_path / "a")
    second.cancel()
    await asyncio.wait({second})
    first.cancel()
    assert await third == 3
    # What was cancelled while it waited has never been begun.
    assert not (tmp_path / "b").exists()


async def test_files_are_handed_over_and_come_back_and_leave_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    source, target = tmp_path / "song.mp3", tmp_path / "film.mp4"
    source.write_bytes(bytes(range(256)) * 4096)
    with progress_note(tmp_path) as note:
        work = asyncio.create_task(
            engine.run(copy, InputFile(source), OutputFile(target), note, time_limit=LIMIT)
        )
        shares = {note.share}
        while not work.done():
            await asyncio.sleep(0.01)
            shares.add(note.share)
        where = Path(await work)
    assert target.read_bytes() == source.read_bytes()[::-1]
    assert {0.0, 0.5} < shares <= {0.0, 0.25, 0.5, 1.0}
    if where != source:
        assert not await asyncio.to_thread(where.parent.exists)


async def test_work_that_fails_makes_no_file(engine: Engine, tmp_path: Path) -> None:
    target = tmp_path / "films" / "film.mp4"
    target.parent.mkdir()
    with pytest.raises(TooShort):
        await engine.run(fail_with_half_a_file, OutputFile(target), time_limit=LIMIT)
    assert not target.exists()


async def test_a_place_without_room_is_told(engine: Engine, tmp_path: Path) -> None:
    source = tmp_path / "song"
    source.write_bytes(b"x")
    target = OutputFile(tmp_path / "no" / "such" / "folder" / "film.mp4")
    with progress_note(tmp_path) as note, pytest.raises(OSError, match="No such file"):
        await engine.run(copy, InputFile(source), target, note, time_limit=LIMIT)


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
