"""How fast the boards are on a large bot: ``python -m benchmarks.boards``.

Makes a million records of 50,000 people on 1,000 servers, as skewed as such things are: servers,
people and songs after Zipf's law, over two years, the same ones each time. Then, on the largest
server, asks for each board many times, for first and deep pages, by its busiest members and by
any: at rest, and right after 100 writes by the way that the bot writes. Nothing is kept between
two questions. Printed, and written with ``--json``, for each database: milliseconds of each
question and of a write, by percentile; how long all took to be counted; and bytes per record.

SQLite's file and a PostgreSQL server of its own (Debian's package ``postgresql``; it does not wait
for its disk, as that of the tests) are made in a folder for temporary files, or ``--url`` names an
empty database.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
from sqlalchemy import text

from bot.requests import Post
from bot.storage import BoardStore, Entry, Period, Storage
from bot.storage.analyses import pack
from moodify_core.moods import MOODS
from tests.bot.storage import postgres
from tests.bot.storage.samples import analysis, chroma

RECORDS = 1_000_000
SERVERS = 1000
PEOPLE = 50_000
SONGS = 250_000
SEED = 6
NOW = 1_790_000_000.0
YEARS = 2
LANDMARKS = 32
WRITES = 100
REPEATS = 40
_BATCH = 20_000


@dataclass(frozen=True)
class World:
    """What is recorded, a number for each record or song.

    Attributes
    ----------
    guild, channel, user, song : ndarray of int64, shape (records,)
    heard_at : ndarray of float64, shape (records,)
    private, unsure : ndarray of bool, shape (records,)
    duration, confidence : ndarray of float64, shape (songs,)
    shares : ndarray of float64, shape (songs, 5)
    """

    guild: np.ndarray
    channel: np.ndarray
    user: np.ndarray
    song: np.ndarray
    heard_at: np.ndarray
    private: np.ndarray
    unsure: np.ndarray
    duration: np.ndarray
    confidence: np.ndarray
    shares: np.ndarray


def zipf(number: int, exponent: float) -> np.ndarray:
    """Return the probabilities of Zipf's law."""
    weights = np.arange(1, number + 1) ** -exponent
    return weights / weights.sum()


def make_world(records: int) -> World:
    """Draw all records."""
    draw = np.random.default_rng(SEED)
    share = records / RECORDS
    songs, people = max(50, round(SONGS * share)), max(50, round(PEOPLE * share))
    server = draw.choice(SERVERS, records, p=zipf(SERVERS, 1.0))
    user, channel = np.empty(records, np.int64), np.empty(records, np.int64)
    for each in range(SERVERS):
        here = np.flatnonzero(server == each)
        members = draw.choice(people, min(people, max(5, len(here) // 8)), replace=False)
        user[here] = members[draw.choice(len(members), len(here), p=zipf(len(members), 0.8))]
        rooms = int(np.clip(len(here) // 1000, 1, 50))
        channel[here] = each * 100 + draw.choice(rooms, len(here), p=zipf(rooms, 1.0))
    moods = draw.dirichlet(np.full(len(MOODS), 0.6), songs)
    # Many songs have one mood from the beginning to the end.
    one = draw.random(songs) < 0.4
    moods[one] = np.eye(len(MOODS))[moods[one].argmax(axis=1)]
    return World(
        guild=server + 10**17,
        channel=channel + 2 * 10**17,
        user=user + 3 * 10**17,
        song=draw.choice(songs, records, p=zipf(songs, 0.9)) + 1,
        heard_at=np.sort(NOW - draw.random(records) * YEARS * 365 * 86400),
        private=draw.random(records) < 0.03,
        unsure=draw.random(records) < 0.05,
        duration=draw.uniform(60, 420, songs),
        confidence=draw.uniform(0.3, 0.95, songs),
        shares=moods,
    )


SONG_COLUMNS = ("id", "duration", "fingerprint")
LANDMARK_COLUMNS = ("detail", "song_id")
RESULT_COLUMNS = (
    *("id", "song_id", "model_version", "duration", "dominant", "confidence", "unsure"),
    *(f"share_{mood}" for mood in MOODS),
    *(f"probability_{mood}" for mood in MOODS),
    "analysis",
)
RECORD_COLUMNS = (
    *("id", "request_id", "attachment_id", "guild_id", "channel_id", "home_channel_id", "user_id"),
    *("post_channel_id", "post_message_id", "answer_id", "title", "title_folded", "digest"),
    *("song_id", "result_id", "duration", "private", "unsure", "heard_at"),
)


def tables(world: World) -> Iterator[tuple[str, Sequence[str], Iterator[tuple[Any, ...]]]]:
    """Return the rows of each table."""
    draw = np.random.default_rng(SEED + 1)
    songs = len(world.duration)
    sample = analysis(0)
    details = draw.integers(0, 2**24, (songs, LANDMARKS))
    order = np.argsort(details, axis=None)
    yield (
        "songs",
        SONG_COLUMNS,
        ((n + 1, float(world.duration[n]), sample.fingerprint) for n in range(songs)),
    )
    yield (
        "landmarks",
        LANDMARK_COLUMNS,
        (
            (int(detail), int(song))
            for detail, song in dict.fromkeys(
                zip(
                    details.ravel()[order].tolist(),
                    (order // LANDMARKS + 1).tolist(),
                    strict=True,
                )
            )
        ),
    )
    packed = pack(sample)
    yield (
        "results",
        RESULT_COLUMNS,
        (
            (
                *(n + 1, n + 1, "one", float(world.duration[n])),
                *(MOODS[int(world.shares[n].argmax())].value, float(world.confidence[n]), False),
                *world.shares[n].tolist() * 2,
                packed,
            )
            for n in range(songs)
        ),
    )
    yield "records", RECORD_COLUMNS, _records(world)


def _records(world: World) -> Iterator[tuple[Any, ...]]:
    columns = zip(
        world.guild.tolist(),
        world.channel.tolist(),
        world.user.tolist(),
        world.song.tolist(),
        world.heard_at.tolist(),
        world.private.tolist(),
        world.unsure.tolist(),
        strict=True,
    )
    for number, (guild, channel, user, song, heard_at, private, unsure) in enumerate(columns, 1):
        title = f"Song number {song}"
        yield (
            *(number, number, number, guild, channel, channel, user),
            *(channel, 10**18 + number, 2 * 10**18 + number, title, title.casefold()),
            *(hashlib.sha256(str(song).encode()).digest(), song, song),
            *(float(world.duration[song - 1]), private, unsure, heard_at),
        )


def fill_sqlite(url: str, world: World) -> None:
    """Write all rows."""
    database = sqlite3.connect(url.removeprefix("sqlite:///"))
    database.execute("PRAGMA synchronous = OFF")
    # A table is filled faster without its indexes.
    indexes = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "
        "AND tbl_name IN ('records', 'landmarks')"
    ).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    for table, columns, rows in tables(world):
        marks = ", ".join("?" * len(columns))
        names = ", ".join(columns)
        database.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
    for _, statement in indexes:
        database.execute(statement)
    database.commit()
    database.close()


async def fill_postgres(url: str, world: World) -> None:
    """Write all rows."""
    connection = await asyncpg.connect(url)
    for table, columns, rows in tables(world):
        await connection.copy_records_to_table(table, records=rows, columns=columns)
        if columns[0] == "id":
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
    await connection.close()


async def settle(url: str) -> None:
    """Do what autovacuum does a minute later."""
    if url.startswith("postgresql"):
        connection = await asyncpg.connect(url)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()


class Questions:
    """What is asked of the boards of a server.

    Parameters
    ----------
    boards : BoardStore
    world : World
    """

    def __init__(self, boards: BoardStore, world: World) -> None:
        self._boards = boards
        guilds, sizes = np.unique(world.guild, return_counts=True)
        self.guild = int(guilds[sizes.argmax()])
        here = world.guild == self.guild
        people, theirs = np.unique(world.user[here], return_counts=True)
        channels = np.unique(world.channel[here])
        shown = here & ~world.private & ~world.unsure
        self._busiest = [int(each) for each in people[theirs.argsort()[::-1][:5]]]
        self._people = [int(each) for each in people]
        # One in five is not for everybody.
        self.channels = [int(each) for each in channels if each % 5 or len(channels) < 5]
        self._records = (np.flatnonzero(shown) + 1).tolist()
        self.size = {
            "records": int(here.sum()),
            "people": len(people),
            "songs": len(np.unique(world.song[here])),
            "channels": len(channels),
            "records of the busiest": int(theirs.max()),
        }

    def all(self, random: random.Random) -> dict[str, Callable[[], Awaitable[object]]]:
        """Return a question of each kind."""
        boards, guild, channels = self._boards, self.guild, self.channels
        mood = random.choice(MOODS)
        anybody = random.choice([*self._busiest, *random.sample(self._people, 5)])
        record = random.choice(self._records)
        asked: dict[str, Callable[[], Awaitable[object]]] = {}
        for period in Period:
            for name, page in (("first", 0), ("a deep", random.randrange(10**4))):
                for kind in (mood, None):
                    asked[f"members by {'mood' if kind else 'all'}, {period}, {name} page"] = (
                        lambda kind=kind, page=page, period=period: boards.members(
                            guild, kind, period, page=page, viewer_id=anybody, now=NOW
                        )
                    )
                asked[f"songs, {period}, {name} page"] = lambda page=page, period=period: (
                    boards.songs(guild, mood, period, page=page, channels=channels, now=NOW)
                )
            asked[f"leaders, {period}"] = lambda period=period: boards.leaders(
                guild, period, now=NOW
            )
        asked["server mood"] = lambda: boards.server_mood(guild, channels=channels, now=NOW)
        asked["profile"] = lambda: boards.profile(guild, anybody, channels=channels, now=NOW)
        asked["profile of the busiest"] = lambda: boards.profile(
            guild, self._busiest[0], channels=channels, now=NOW
        )
        for strength in (0.0, 0.5, 0.9):
            asked[f"find, from {strength}"] = lambda strength=strength: boards.find(
                guild, mood, strength=strength, channels=channels
            )
        asked["similar"] = lambda: boards.similar(record, channels=channels)
        return asked


async def ask(questions: Questions, repeats: int) -> dict[str, list[float]]:
    """Ask everything some times; return milliseconds."""
    draw = random.Random(SEED)
    took: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, question in questions.all(draw).items():
            began = time.perf_counter()
            await question()
            took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
    return took


async def write(storage: Storage, questions: Questions, number: int, round_: int) -> list[float]:
    """Record answers in the largest server, half of them of new songs; return milliseconds."""
    draw = random.Random(SEED + round_)
    took = []
    for each in range(number):
        heard = analysis(heard=chroma(1000 * round_ + each), mood=draw.choice(MOODS))
        song = draw.randrange(1, 1000)
        name = str(song) if each % 2 else f"new {round_} {each}"
        channel = draw.choice(questions.channels)
        entry = Entry(
            request_id=10**12 * round_ + each,
            attachment_id=each,
            guild_id=questions.guild,
            channel_id=channel,
            user_id=draw.choice(questions._people),
            post=Post(channel, 5 * 10**18 + each),
            title=f"New song {each}",
            private=False,
            digest=hashlib.sha256(name.encode()).digest(),
            analysis=heard,
            heard_at=NOW - 1000 + each,
            home_channel_id=channel,
        )
        began = time.perf_counter()
        await storage.songs.record(entry)
        took.append((time.perf_counter() - began) * 1000)
    return took


def summary(took: Sequence[float]) -> dict[str, float]:
    """Return percentiles."""
    p50, p95 = np.percentile(took, (50, 95))
    return {
        name: round(float(each), 2)
        for name, each in (("p50", p50), ("p95", p95), ("max", max(took)))
    }


async def sizes(storage: Storage, url: str) -> dict[str, int]:
    """Return the bytes of each table with its indexes."""
    async with storage._database.read() as connection:
        if url.startswith("sqlite"):
            statement = (
                "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m "
                "ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY m.tbl_name"
            )
        else:
            statement = (
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        return {name: int(size) for name, size in await connection.execute(text(statement))}


async def measure(url: str, world: World, repeats: int) -> dict[str, Any]:
    """Fill a database and ask it."""
    records = len(world.guild)
    storage = await Storage.open(url)
    began = time.perf_counter()
    if url.startswith("sqlite"):
        await asyncio.to_thread(fill_sqlite, url, world)
    else:
        await fill_postgres(url, world)
    filled = time.perf_counter() - began
    await settle(url)
    questions = Questions(storage.boards, world)
    began = time.perf_counter()
    for guild in np.unique(world.guild).tolist():
        if guild != questions.guild:
            await storage.boards.recount(guild)
    largest = time.perf_counter()
    await storage.boards.recount(questions.guild)
    counted = time.perf_counter()
    await settle(url)
    print(f"{url.partition(':')[0]}: filled in {filled:.0f} s, counted in {counted - began:.0f} s")
    await ask(questions, 2)
    rest = await ask(questions, repeats)
    load = os.getloadavg()[0]
    writes, after = [], {}
    for round_ in range(1, 4):
        writes += await write(storage, questions, WRITES, round_)
        for name, took in (await ask(questions, max(1, repeats // 3))).items():
            after.setdefault(name, []).extend(took)
    by_table = await sizes(storage, url)
    await storage.close()
    return {
        "largest server": questions.size,
        "seconds to fill": round(filled, 1),
        "seconds to count all": round(counted - began, 1),
        "seconds to count the largest": round(counted - largest, 1),
        "at rest": {name: summary(took) for name, took in rest.items()},
        "after writes": {name: summary(took) for name, took in after.items()},
        "write": summary(writes),
        "bytes per record": {
            name: round(size / records, 1) for name, size in sorted(by_table.items())
        },
        "load": load,
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures of a database."""
    print(json.dumps({k: v for k, v in figures.items() if k not in ("at rest", "after writes")}))
    print(f"{'ms':44}{'at rest':>24}{'after writes':>24}")
    print(f"{'':44}{'p50':>8}{'p95':>8}{'max':>8}{'p50':>8}{'p95':>8}{'max':>8}")
    for name, rest in figures["at rest"].items():
        columns = (*rest.values(), *figures["after writes"][name].values())
        print(f"{name:44}" + "".join(f"{each:8.1f}" for each in columns))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--url", help="an empty database, instead of both of its own")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    world = make_world(arguments.records)
    figures = {}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="moodify-boards-"))
        urls = [arguments.url] if arguments.url else []
        if not urls and arguments.only != "postgresql":
            urls.append(f"sqlite:///{folder}/moodify.db")
        if not urls or not (arguments.url or arguments.only == "sqlite"):
            home = stack.enter_context(postgres.server())
            urls.append(asyncio.run(postgres.new_database(home)))
        for url in urls:
            kind = url.partition(":")[0]
            figures[kind] = asyncio.run(measure(url, world, arguments.repeats))
            show(figures[kind])
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
