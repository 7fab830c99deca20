"""What a song costs, for reckoning how many machines are needed: ``python -m benchmarks.scaling``.

Printed, and written with ``--json``:

- songs of four minutes in a minute of one core (of its CPU time), by `hear` in a worker;
- seconds that a job takes that does nothing, by this machine's engine and by a Dask cluster on
  it, and the same with a song of 10 MiB there and a film of 10 MiB back; and the CPU time of these
  jobs in each process of the cluster, in milliseconds: what travelling costs;
- bytes of a song in the database, by the tables and indexes of SQLite;
- gateway events and HTTP requests of one ``/mood``;
- memory of each process, in MiB, after that (PSS: shared pages are divided).

What is measured is this machine; everything runs on it, the network is its loopback interface.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.engine import (
    Engine,
    InputFile,
    OutputFile,
    WorkerRules,
    hear,
    prepare,
)
from bot.engine.dask import DaskEngine
from bot.engine.local import LocalEngine
from bot.storage import Storage
from tests.bot.cluster import Cluster, running_cluster
from tests.bot.process import PATIENCE, is_answer, running_bot
from tests.bot.storage.samples import analysis, chroma, entry
from tests.discord_double import DiscordDouble, File

from .jobs import copy, hear_often, nothing
from .songs import song

MIB = 1024 * 1024
LIMIT = 120.0
ROUNDS = 10
ROWS = 100


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = json.dumps(asyncio.run(measure(Path(folder), songs=arguments.songs)), indent=2)
    print(figures)
    if arguments.json:
        arguments.json.write_text(figures + "\n", encoding="utf-8")


async def measure(folder: Path, *, songs: int) -> dict[str, Any]:
    """Measure everything.

    Parameters
    ----------
    folder : Path
        For all files.
    songs : int
        That are heard.
    """
    heard = await asyncio.to_thread(song, folder, 4)
    found: dict[str, Any] = {}
    with running_cluster(folder, workers=1) as cluster:
        async with AsyncExitStack() as stack:
            local: Engine = LocalEngine(
                workers=1,
                rules=WorkerRules(
                    memory=1024 * MIB, max_jobs=10**6, caches=folder, prepare=prepare
                ),
                folder=folder,
            )
            stack.push_async_callback(local.close)
            dask: Engine = DaskEngine(scheduler=cluster.address, jobs=2)
            stack.push_async_callback(dask.close)
            engines = {"local": local, "dask": dask}
            for engine in engines.values():
                await engine.start()
            for _ in range(2):  # The first loads what the model needs.
                await local.run(hear_often, InputFile(heard), 1, time_limit=LIMIT)
            seconds = await local.run(hear_often, InputFile(heard), songs, time_limit=LIMIT)
            found["songs_per_core_minute"] = round(60 * songs / seconds, 1)
            (folder / "song").write_bytes(bytes(10 * MIB))
            files = InputFile(folder / "song"), OutputFile(folder / "film")
            # Not the one that hears, which is replaced now and then.
            processes = dict(list(_processes(cluster).items())[:-1])
            for what, work, args in (("nothing", nothing, ()), ("20_mib", copy, files)):
                for name, engine in engines.items():
                    found[f"seconds_for_{what}_{name}"] = await _median(engine, work, *args)
                before = {name: _cpu(pid) for name, pid in processes.items()}
                for _ in range(ROUNDS):
                    await dask.run(work, *args, time_limit=LIMIT)
                for name, pid in processes.items():
                    used = (_cpu(pid) - before[name]) / ROUNDS
                    found[f"cpu_ms_for_{what}_{name}"] = round(1000 * used, 1)
            found["memory_mib"] = {name: _pss(pid) for name, pid in _processes(cluster).items()}
    found["bytes_of_a_song"] = await _bytes_of_a_song(folder)
    found |= await _events(folder)
    return found


async def _median(engine: Engine, work: Callable[..., None], *args: object) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        await engine.run(work, *args, time_limit=LIMIT)
        times.append(time.monotonic() - started)
    return round(statistics.median(times), 4)


def _processes(cluster: Cluster) -> dict[str, int]:
    """Return the processes of a cluster; from the scheduler to what hears a song."""
    worker = cluster.workers[0].process
    assert worker is not None
    assert cluster.scheduler.process is not None
    (dask, *_) = _children(worker.pid, b"spawn_main")
    return {
        "scheduler": cluster.scheduler.process.pid,
        "nanny": worker.pid,
        "dask_worker": dask,
        "worker": _children(dask, b"spawn_main")[0],
    }


def _cpu(pid: int) -> float:
    """Return the seconds of CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int, kind: bytes) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if kind in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise LookupError(pid)


async def _bytes_of_a_song(folder: Path) -> float:
    """Return by how much the database grows with an answer about a new song of four minutes."""
    heard = hear(InputFile(song(folder, 4)), "A song", 1e9).analysis
    path = folder / "rows.db"
    storage = await Storage.open(f"sqlite:///{path}")
    empty = _size(path)
    for number in range(ROWS):
        # Alike ones would be one song.
        other = replace(heard, fingerprint=analysis(heard=chroma(number, 240)).fingerprint)
        await storage.songs.record(entry(number, other, digest=number.to_bytes(32, "big")))
    await storage.close()
    return round((_size(path) - empty) / ROWS)


def _size(path: Path) -> int:
    """Return the size of a database, with what stands beside it written into it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


async def _events(folder: Path) -> dict[str, int]:
    """Return what one ``/mood`` costs at Discord: events from it, and requests to it."""
    async with DiscordDouble() as double:
        ann = double.add_user("Ann")
        channel = double.add_channel(double.add_guild("Music", owner=ann), "songs")
        home = folder / "bot"
        home.mkdir()
        async with running_bot(double, home, workers=2) as bot:
            await double.wait_command("mood", PATIENCE)
            await bot.logged("workers started")

            def sequence() -> int:
                return sum(each.sequence for each in double.gateway._sessions.values())

            events, requests = sequence(), len(double.requests)
            file = File("song.mp3", song(folder, 4).read_bytes())
            exchange = await double.slash("mood", user=ann, channel=channel, options={"file": file})
            await exchange.final(PATIENCE, when=is_answer)
            return {
                "gateway_events_of_a_song": sequence() - events,
                "http_requests_of_a_song": len(double.requests) - requests,
                "memory_mib_of_the_bot": round(_pss(bot.process.pid)),
            }


if __name__ == "__main__":
    main()
