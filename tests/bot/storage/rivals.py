"""Processes that use one database at the same time.

``python -m tests.bot.storage.rivals URL DEED`` prints a line when it is ready, waits for one, and
prints what came of its deed as JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from bot.storage import Entry, Storage
from tests.bot.storage.samples import analysis, at_interaction, entry, request

ROOT = Path(__file__).parents[3]
REQUESTS = range(1, 13)
SONGS = 4


async def start(url: str, deed: str) -> asyncio.subprocess.Process:
    """Start a process that waits for a line before its deed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bot.storage.rivals", url, deed),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert await process.stdout.readline() == b"ready\n"
    return process


async def together(url: str, deed: str, number: int) -> list[object]:
    """Let some processes do the same thing at once; return what came of each."""
    processes = [await start(url, deed) for _ in range(number)]
    outcomes = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0] * number
    return [json.loads(out.splitlines()[-1]) for out, _ in outcomes]


async def opens(storage: Storage) -> list[int]:
    return []


async def accepts(storage: Storage) -> list[int]:
    """Accept the same requests as everybody; tell which songs were new."""
    new = []
    for number in REQUESTS:
        for song in await storage.jobs.accept(request(number, songs=2)):
            new.append(song.attachment_id)
    return new


async def records(storage: Storage) -> list[int]:
    """Record the same answers as everybody; tell the records' numbers."""
    return [await storage.songs.record(_entry(number)) for number in REQUESTS]


async def records_own(storage: Storage) -> list[int]:
    """Record answers of its own about the songs that everybody records."""
    return [
        await storage.songs.record(_entry(number, request_id=os.getpid() * 100 + number))
        for number in REQUESTS
    ]


async def comes_and_goes(storage: Storage) -> list[int]:
    """Record answers of its own about the songs that everybody records, and remove every other."""
    kept = []
    for number in REQUESTS:
        # Few people, so that all processes change the same sums.
        made = _entry(number, request_id=os.getpid() * 100 + number, user_id=21 + number % 2)
        record_id = await storage.songs.record(made)
        if number % 2:
            await storage.songs.remove(record_id)
        else:
            kept.append(record_id)
    return kept


async def serves(storage: Storage) -> list[int]:
    """Do what the bot does: first what was left by another, then all that is new.

    Says a word before each step, so that it can be killed there or a little later.
    """
    waiting = list(await storage.jobs.unfinished())
    for number in REQUESTS:
        asked = request(number, songs=2, place=at_interaction())
        _say("accepts")
        waiting.append(replace(asked, songs=await storage.jobs.accept(asked)))
    for asked in waiting:
        for song in asked.songs:
            _say("records")
            await storage.songs.record(_entry(asked.id, attachment_id=song.attachment_id))
            _say("finishes")
            await storage.jobs.finish(asked.id, song.attachment_id)
    return []


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _entry(number: int, **changes: object) -> Entry:
    seed = number % SONGS
    return entry(
        number,
        analysis(seed),
        digest=hashlib.sha256(str(changes.get("request_id", number)).encode()).digest(),
        home_channel_id=41,
        **changes,
    )


async def _main(url: str, deed: Callable[[Storage], Awaitable[list[int]]]) -> None:
    for seed in range(SONGS):
        analysis(seed)
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    storage = await Storage.open(url, patience=60)
    came_of_it = await deed(storage)
    await storage.close()
    _say(json.dumps(came_of_it))


if __name__ == "__main__":
    deeds = {
        each.__name__: each
        for each in (opens, accepts, records, records_own, comes_and_goes, serves)
    }
    asyncio.run(_main(sys.argv[1], deeds[sys.argv[2]]))
