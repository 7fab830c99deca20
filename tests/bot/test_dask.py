"""What can happen to a cluster while songs are heard: lost workers, a lost scheduler."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.engine import EngineUnavailable, InputFile, OutputFile, WorkerDied
from bot.engine.dask import DaskEngine
from bot.outcomes import NoWorker
from bot.presentation import texts
from tests.bot.cluster import SECRETS, Cluster, Part, free_port, running_cluster
from tests.bot.process import PATIENCE, ROOT, is_answer, running_bot
from tests.bot.test_restart import noise
from tests.bot.work import (
    LIMIT,
    add,
    environment,
    note_the_host_and_wait,
    start_method,
    wait_for_a_second_host,
)
from tests.discord_double import DiscordDouble, Exchange, File, Message

EXAMPLE = ROOT / "examples" / "medley_after_the_storm.mp3"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
async def engine(cluster: Cluster) -> AsyncIterator[DaskEngine]:
    async with _engine(cluster.address) as engine:
        yield engine


@asynccontextmanager
async def _engine(address: str, jobs: int = 4) -> AsyncIterator[DaskEngine]:
    engine = DaskEngine(scheduler=address, jobs=jobs)
    yield engine
    await engine.close()


async def _hosts(folder: Path, number: int = 1) -> list[int]:
    """Wait until so many of Dask's processes were noted."""
    async with asyncio.timeout(LIMIT):
        while len(noted := os.listdir(folder)) < number:  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.02)
    return [int(each) for each in noted]


async def _all_there(cluster: Cluster, engine: DaskEngine) -> None:
    """Wait until all workers are there again, so that the next test finds them."""
    client = await engine._connected()
    async with asyncio.timeout(LIMIT):
        while len(await client.nthreads()) < len(cluster.workers):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_job_whose_worker_is_lost_is_done_by_another(
    cluster: Cluster, engine: DaskEngine, tmp_path: Path
) -> None:
    work = asyncio.create_task(engine.run(wait_for_a_second_host, tmp_path, time_limit=LIMIT))
    (first,) = await _hosts(tmp_path)
    os.kill(first, signal.SIGKILL)
    assert await work != first
    await _all_there(cluster, engine)


async def test_a_job_whose_worker_is_told_to_stop_is_done_by_another(
    cluster: Cluster, engine: DaskEngine, tmp_path: Path
) -> None:
    work = asyncio.create_task(engine.run(wait_for_a_second_host, tmp_path, time_limit=LIMIT))
    await _hosts(tmp_path)
    (busy,) = (worker for worker in cluster.workers if _has_work(worker))
    assert await asyncio.to_thread(busy.stop) == 0
    await work
    starts = busy.log.count("worker started")
    busy.start()
    await asyncio.to_thread(busy.logged, "worker started", starts + 1)
    await _all_there(cluster, engine)


def _has_work(worker: Part) -> bool:
    return any(worker.folder.rglob("job-*"))


async def test_a_file_that_takes_down_all_that_touches_it_gets_two_workers_and_no_third(
    cluster: Cluster, engine: DaskEngine, tmp_path: Path
) -> None:
    hosts, song = tmp_path / "hosts", tmp_path / "poison"
    hosts.mkdir()
    song.write_bytes(b"poison")

    async def poison() -> None:
        await engine.run(note_the_host_and_wait, hosts, InputFile(song), time_limit=LIMIT)

    work = asyncio.create_task(poison())
    for number in (1, 2):
        for host in await _hosts(hosts, number):
            _kill(host)
    with pytest.raises(WorkerDied):
        await work
    assert len(os.listdir(hosts)) == 2
    # It is known from now on, under whatever name.
    song = song.rename(tmp_path / "renamed")
    with pytest.raises(WorkerDied):
        await poison()
    assert len(os.listdir(hosts)) == 2
    assert await engine.run(add, 1, 2, time_limit=LIMIT) == 3
    await _all_there(cluster, engine)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


async def test_what_is_beside_a_dangerous_file_is_answered(tmp_path: Path) -> None:
    hosts, beside, song = tmp_path / "hosts", tmp_path / "beside", tmp_path / "poison"
    for folder in (hosts, beside):
        folder.mkdir()
    song.write_bytes(b"poison")
    # One worker for both, so that what kills the one kills the other.
    with running_cluster(tmp_path, workers=1, songs_at_once=2) as cluster:
        async with _engine(cluster.address) as engine:
            poison = asyncio.create_task(
                engine.run(note_the_host_and_wait, hosts, InputFile(song), time_limit=LIMIT)
            )
            await _hosts(hosts)
            innocent = asyncio.create_task(
                engine.run(wait_for_a_second_host, beside, time_limit=LIMIT)
            )
            await _hosts(beside)
            for number in (1, 2):
                for host in await _hosts(hosts, number):
                    _kill(host)
            with pytest.raises(WorkerDied):
                await poison
            assert await innocent > 0


async def test_a_scheduler_that_goes_and_comes_back_costs_no_job(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    with running_cluster(tmp_path, workers=1) as cluster:
        async with _engine(cluster.address) as engine:
            work = asyncio.create_task(engine.run(wait_for_a_second_host, hosts, time_limit=LIMIT))
            await _hosts(hosts)
            assert await asyncio.to_thread(cluster.scheduler.stop, signal.SIGKILL) < 0
            cluster.scheduler.start()
            await work
            assert await engine.run(add, 1, 2, time_limit=LIMIT) == 3


async def test_a_scheduler_that_is_away_is_told_soon_and_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.dask.CONNECT_LIMIT", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    async with _engine(address) as engine:
        with pytest.raises(EngineUnavailable):
            await engine.start()
        asked = [engine.run(add, n, 1, time_limit=LIMIT) for n in range(4)]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(each) for each in told} == {EngineUnavailable}

        monkeypatch.setattr("bot.engine.dask.CONNECT_LIMIT", 30.0)
        monkeypatch.setattr("bot.engine.dask.CONNECT_PAUSE", 0.0)
        # There is a scheduler, but nobody at it.
        monkeypatch.setattr("bot.engine.dask.START_LIMIT", 0.0)
        monkeypatch.setattr("bot.engine.dask.LOOK", 0.1)
        scheduler = Part(("scheduler", "--listen", address), tmp_path / "scheduler")
        worker = Part(("worker", "--scheduler", address), tmp_path / "worker")
        scheduler.start()
        try:
            await asyncio.to_thread(scheduler.logged, "scheduler listens")
            with pytest.raises(EngineUnavailable):
                await engine.run(add, 1, 1, time_limit=LIMIT)
            monkeypatch.setattr("bot.engine.dask.START_LIMIT", LIMIT)
            waiting = asyncio.create_task(engine.run(add, 1, 1, time_limit=LIMIT))
            worker.start()
            assert await waiting == 2
        finally:
            codes = [await asyncio.to_thread(part.stop) for part in (worker, scheduler)]
        assert codes == [0, 0]


async def test_neither_a_worker_nor_what_runs_it_has_a_secret(engine: DaskEngine) -> None:
    inside = await engine.run(environment, time_limit=LIMIT)
    assert not SECRETS.keys() & inside.keys()
    assert inside["OMP_NUM_THREADS"] == "1"
    outside = await engine.run(environment_of_the_host, time_limit=LIMIT)
    assert not any(name in outside for name in SECRETS)


def environment_of_the_host() -> str:
    return Path(f"/proc/{os.getppid()}/environ").read_text()


def digest_and_grow(song: InputFile, film: OutputFile) -> str:
    content = song.path.read_bytes()
    with film.path.open("wb") as file:
        file.write(content)
        file.write(content)
    return hashlib.sha256(content).hexdigest()


async def test_the_largest_files_travel_whole(engine: DaskEngine, tmp_path: Path) -> None:
    song, film = tmp_path / "song", tmp_path / "film"
    content = os.urandom(50 * 1024 * 1024)
    song.write_bytes(content)
    digest = await engine.run(digest_and_grow, InputFile(song), OutputFile(film), time_limit=LIMIT)
    assert digest == hashlib.sha256(content).hexdigest()
    assert film.read_bytes() == content * 2


async def test_a_job_is_done_in_a_process_of_its_own(engine: DaskEngine) -> None:
    assert await engine.run(start_method, time_limit=LIMIT) == "fresh"
    assert await engine.run(os.getpid, time_limit=LIMIT) != await engine.run(
        os.getppid, time_limit=LIMIT
    )


async def _final(exchange: Exchange) -> Message:
    return await exchange.final(PATIENCE, when=is_answer)


async def test_a_bot_answers_with_the_workers_of_a_cluster(tmp_path: Path) -> None:
    async with DiscordDouble() as double:
        ann = double.add_user("Ann")
        channel = double.add_channel(double.add_guild("Music", owner=ann), "songs")
        song = File("song.mp3", EXAMPLE.read_bytes())

        async def ask(file: File) -> Message:
            options = {"file": file}
            return await _final(
                await double.slash("mood", user=ann, channel=channel, options=options)
            )

        with running_cluster(tmp_path) as cluster:
            async with running_bot(double, tmp_path, dask_scheduler=cluster.address) as bot:
                await double.wait_command("mood", PATIENCE)
                await bot.logged("workers started")
                assert bot.worker_pids() == []
                answer = await ask(song)
                assert answer.embeds
                film = await double.click(ann, answer, texts.film_button())
                with_film = await film.final(PATIENCE, when=lambda m: m.attachments)
                assert with_film.attachments[0].data[4:8] == b"ftyp"

                await asyncio.to_thread(cluster.scheduler.stop)
                told = await ask(noise(1, 1.2))
                assert told.content == texts.refusal(NoWorker())
                cluster.scheduler.start()
                await asyncio.to_thread(cluster.wait, 2)
                assert (await ask(noise(2, 1.2))).embeds
        assert double.violations == []


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_an_address_where_no_scheduler_can_listen_is_told(port: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1] if port == "taken" else port
        command = [sys.executable, "-m", "moodify_core", "scheduler"]
        done = subprocess.run(
            [*command, "--listen", f"tcp://127.0.0.1:{number}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert done.returncode == 2
    # The log of the start goes before it.
    assert done.stderr.splitlines()[-1].startswith("No scheduler can listen at tcp://127.0.0.1:")
    assert "Traceback" not in done.stderr
