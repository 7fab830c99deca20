"""Requests from acceptance to answer: a real database and download, and an engine at will."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.download import DownloadRules
from bot.engine import (
    EngineUnavailable,
    Hearing,
    WorkerDied,
    WorkerOutOfMemory,
    WorkerTimeout,
    hear,
)
from bot.jobs import Jobs, Listener, SongLimits
from bot.jobs.service import RESERVE
from bot.memory import Memory
from bot.outcomes import (
    Cancelled,
    Crashed,
    Failed,
    FileVanished,
    ForeignFile,
    Kept,
    NeedsTooMuchMemory,
    NoRoom,
    NoWorker,
    QueueFull,
    Refusal,
    Stopping,
    TooBig,
    TookTooLong,
    TooManyAtOnce,
    Unanalysable,
    WaitedTooLong,
)
from bot.persons import Persons
from bot.presentation import texts
from bot.presentation.answers import Abilities, Content
from bot.queue import JobQueue
from bot.requests import AtInteraction, AtMessage, Post, Request, Song
from moodify_core.errors import SilentAudio
from tests.bot.songs import hearing

AT_HAND = 2
SONG = b"ID3" + bytes(997)


@dataclass
class Place:
    """A reply that keeps what it shows."""

    shown: list[Content] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    heard_of: asyncio.Event = field(default_factory=asyncio.Event)
    taking: float = 0.0
    """Seconds from what is shown to the news that it is."""
    until: float = field(default_factory=lambda: time.monotonic() + 600)
    seen: asyncio.Event = field(default_factory=asyncio.Event)
    abilities: Abilities = field(default_factory=Abilities)
    answer_id: int | None = None
    withdrawn: bool = False

    async def show(self, content: Content) -> None:
        self.shown.append(content)
        self.answer_id = 77
        self.seen.set()
        await asyncio.sleep(self.taking)

    async def tell(self, sentence: str) -> None:
        self.told.append(sentence)
        self.heard_of.set()

    async def withdraw(self) -> None:
        self.withdrawn = True

    @property
    def text(self) -> str | None:
        (content,) = self.shown
        return content["content"]


async def heard() -> Hearing:
    return hearing()


class PlannedEngine:
    """An engine whose work is whatever a test plans."""

    def __init__(self) -> None:
        self.plan: Callable[[], Awaitable[Hearing]] = heard
        self.running = 0
        self.changed = asyncio.Condition()
        self.titles: list[str] = []
        self.functions: list[str] = []

    async def run(self, function: Any, *args: Any, time_limit: float) -> Any:
        first, title = args[:2]
        if function is hear:
            assert first.path.read_bytes() == SONG
        self.titles.append(title)
        self.functions.append(function.__name__)
        await self._count(1)
        try:
            return await self.plan()
        finally:
            await self._count(-1)

    async def close(self) -> None:
        pass

    async def _count(self, step: int) -> None:
        async with self.changed:
            self.running += step
            self.changed.notify_all()


class Stage:
    """`Jobs` with everything around it."""

    def __init__(
        self, session: aiohttp.ClientSession, host: str, folder: Path, memory: Memory
    ) -> None:
        self.engine = PlannedEngine()
        self.host = host
        self.folder = folder
        self.memory = memory
        self.queue = JobQueue(limit=4, user_limit=3, running=AT_HAND)
        self.listener = Listener(
            engine=self.engine,
            session=session,
            queue=self.queue,
            persons=Persons(),
            memory=memory,
            limits=SongLimits(
                download=DownloadRules(hosts={host}, limit=len(SONG), stall=5, total=5),
                max_seconds=1200,
                time_limit=60,
            ),
            folder=folder,
        )
        self.listener.model_version = hearing().analysis.model_version
        self.jobs = Jobs(listener=self.listener, memory=memory)
        self._count = 0

    def ask(
        self,
        *,
        user: int = 1,
        name: str = "song.mp3",
        url: str | None = None,
        size: int = len(SONG),
        songs: int = 1,
        **changes: Any,
    ) -> Request:
        self._count += 1
        now = time.time()
        posted = tuple(
            Song(100 * self._count + n, name, url or f"http://{self.host}/{name}", size)
            for n in range(songs)
        )
        values: dict[str, Any] = {
            "id": self._count,
            "user_id": user,
            "guild_id": None,
            "channel_id": 5,
            "songs": posted,
            "place": AtInteraction(1, "token", now + 600),
            "post": None,
            "locale": "en-US",
            "private": False,
            "received": now,
        }
        return Request(**(values | changes))

    def start(self, place: Place | None = None, **changes: Any) -> tuple[asyncio.Task[None], Place]:
        place = place or Place()
        return asyncio.create_task(self.attend(self.ask(**changes), place)), place

    async def attend(self, request: Request, place: Place) -> None:
        with self.jobs.attended():
            await self.jobs.serve(request, place)

    async def answer(self, place: Place | None = None, **changes: Any) -> Place:
        task, place = self.start(place, **changes)
        await task
        return place

    async def until_running(self, count: int) -> None:
        async with self.engine.changed:
            await self.engine.changed.wait_for(lambda: self.engine.running == count)

    async def until_queued(self, count: int) -> None:
        while len(self.queue) < count:  # noqa: ASYNC110 - each gets there through the database
            await asyncio.sleep(0.01)

    async def unfinished(self) -> tuple[int, ...]:
        requests = await self.memory.attempt(lambda s: s.jobs.unfinished(), otherwise=())
        return tuple(request.id for request in requests)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async def song(request: web.Request) -> web.Response:
        if request.path == "/gone.mp3":
            raise web.HTTPNotFound
        return web.Response(body=SONG)

    app = web.Application()
    app.router.add_get("/{name}", song)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    memory = Memory(f"sqlite:///{tmp_path}/moodify.db")
    await memory.start()
    songs = tmp_path / "songs"
    songs.mkdir()
    async with aiohttp.ClientSession() as session:
        yield Stage(session, f"127.0.0.1:{runner.addresses[0][1]}", songs, memory)
    await runner.cleanup()
    await memory.close()
    assert not any(songs.iterdir()), "songs are deleted whatever happens"


async def test_a_song_is_answered_with_its_moods(stage: Stage) -> None:
    place = await stage.answer(name="My_song.mp3")
    assert place.text is None
    assert place.shown[0]["embeds"][0].title == "🎵 `My song`"
    assert stage.engine.titles == ["My song"]
    assert await stage.unfinished() == ()


async def test_songs_of_one_message_are_answered_together(stage: Stage) -> None:
    place = await stage.answer(songs=3)
    assert len(place.shown[0]["embeds"]) == 3
    assert stage.engine.functions == ["hear"] * 3


async def test_the_same_file_is_heard_once_in_a_server(stage: Stage) -> None:
    for user in (1, 2):
        assert (await stage.answer(user=user, guild_id=9)).text is None
    await stage.answer(guild_id=8)
    assert stage.engine.functions == ["hear", "draw", "hear"]


async def test_a_request_that_comes_twice_is_answered_once(stage: Stage) -> None:
    request = stage.ask()
    first, second = Place(), Place()
    await stage.attend(request, first)
    await stage.attend(request, second)
    assert (len(first.shown), len(second.shown)) == (1, 0)


async def test_songs_are_answered_while_the_database_is_away(stage: Stage, tmp_path: Path) -> None:
    # A folder is no file that SQLite could read.
    away = Memory(f"sqlite:///{tmp_path}/songs")
    await away.start()
    jobs = Jobs(listener=stage.listener, memory=away)
    place = Place()
    await jobs.serve(stage.ask(), place)
    assert place.text is None
    await away.close()


async def test_a_cancelled_request_is_over_at_once(stage: Stage) -> None:
    async def for_ever() -> Hearing:
        await asyncio.Event().wait()
        return hearing()

    stage.engine.plan = for_ever
    request, place = stage.ask(), Place()
    task = asyncio.create_task(stage.attend(request, place))
    await stage.until_running(1)
    assert stage.jobs.cancel(request.id)
    await task
    assert place.text == texts.refusal(Cancelled())
    assert stage.engine.running == 0
    assert await stage.unfinished() == ()
    assert not stage.jobs.cancel(request.id)


async def test_songs_that_were_heard_before_a_cancel_are_shown(stage: Stage) -> None:
    async def one_and_no_more() -> Hearing:
        if len(stage.engine.titles) > 1:
            await asyncio.Event().wait()
        return hearing()

    stage.engine.plan = one_and_no_more
    request, place = stage.ask(songs=3, guild_id=9), Place()
    task = asyncio.create_task(stage.attend(request, place))
    while len(stage.engine.titles) < 2 or stage.engine.running < 1:  # noqa: ASYNC110 - two at once
        await asyncio.sleep(0.01)
    assert stage.jobs.cancel(request.id)
    await task
    (content,) = place.shown
    assert len(content["embeds"]) == 1
    assert texts.refusal(Cancelled()) in str(content["content"])
    assert content["view"] is not None
    assert await stage.unfinished() == ()


async def test_a_request_that_comes_twice_at_once_is_answered_once_without_a_database(
    stage: Stage, tmp_path: Path
) -> None:
    request, places = stage.ask(guild_id=9), (Place(), Place())
    with closing(sqlite3.connect(tmp_path / "moodify.db")) as somebody_else:
        somebody_else.execute("BEGIN IMMEDIATE")
        both = asyncio.gather(*(stage.attend(request, place) for place in places))
        await asyncio.wait(
            [asyncio.create_task(p.seen.wait()) for p in places],
            timeout=60,
            return_when="FIRST_COMPLETED",
        )
    await both
    assert sorted(len(place.shown) for place in places) == [0, 1]


async def test_a_song_whose_message_is_deleted_is_not_answered(stage: Stage) -> None:
    async def for_ever() -> Hearing:
        await asyncio.Event().wait()
        return hearing()

    stage.engine.plan = for_ever
    place = Place()
    request = stage.ask(place=AtMessage(50, quiet=False), post=Post(5, 50))
    task = asyncio.create_task(stage.attend(request, place))
    await stage.until_running(1)
    stage.jobs.post_deleted(51)
    stage.jobs.post_deleted(50)
    await task
    assert place.withdrawn
    assert place.shown == []
    assert await stage.unfinished() == ()


@pytest.mark.parametrize(("min_seconds", "answers"), [(60, 1), (600, 0)])
async def test_nobody_is_troubled_with_short_clips(
    stage: Stage, min_seconds: float, answers: int
) -> None:
    await stage.memory.attempt(
        lambda s: s.settings.save(9, min_seconds=min_seconds), otherwise=None
    )
    quiet = Place()
    await stage.attend(stage.ask(guild_id=9, place=AtMessage(60, quiet=True)), quiet)
    assert len(quiet.shown) == answers


async def test_nobody_is_troubled_with_what_goes_wrong_unasked(stage: Stage) -> None:
    quiet = Place()
    await stage.attend(stage.ask(name="gone.mp3", place=AtMessage(60, quiet=True)), quiet)
    assert quiet.shown == quiet.told == []
    assert await stage.unfinished() == ()


async def test_what_takes_long_tells_how_far_it_is(stage: Stage) -> None:
    finish = asyncio.Event()

    async def wait() -> Hearing:
        await finish.wait()
        return hearing()

    stage.engine.plan = wait
    task, place = stage.start()
    await stage.until_running(1)
    await place.heard_of.wait()
    finish.set()
    await task
    assert place.told == [texts.progress_listening(0)]
    assert place.text is None


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (WorkerTimeout(), TookTooLong(60)),
        (WorkerOutOfMemory(), NeedsTooMuchMemory()),
        (WorkerDied(), Crashed()),
        (EngineUnavailable(), NoWorker()),
        (SilentAudio(), Unanalysable(SilentAudio())),
        (RuntimeError("nobody thought of it"), Failed("1")),
        (TimeoutError(), Failed("1")),
        (OSError(28, "No space left on device"), NoRoom()),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_whatever_the_engine_raises_becomes_a_sentence(
    stage: Stage, error: Exception, refusal: Refusal
) -> None:
    async def fail() -> Hearing:
        raise error

    stage.engine.plan = fail
    assert (await stage.answer()).text == texts.refusal(refusal)
    stage.engine.plan = heard
    assert (await stage.answer()).text is None


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"size": len(SONG) + 1}, TooBig(len(SONG))),
        ({"url": "https://example.org/a.mp3"}, ForeignFile()),
        ({"name": "gone.mp3"}, FileVanished()),
    ],
)
async def test_what_cannot_be_fetched_in_time_never_reaches_the_engine(
    stage: Stage, changes: dict[str, Any], refusal: Refusal
) -> None:
    assert (await stage.answer(**changes)).text == texts.refusal(refusal)
    assert stage.engine.titles == []


async def test_an_answer_that_would_come_too_late_is_not_waited_for(stage: Stage) -> None:
    async def for_ever() -> Hearing:
        await asyncio.Event().wait()
        return hearing()

    stage.engine.plan = for_ever
    soon = Place(until=time.monotonic() + RESERVE + 0.3)
    assert (await stage.answer(soon)).text == texts.refusal(WaitedTooLong())
    assert stage.engine.running == 0


async def test_a_person_has_one_job_running_and_a_full_queue_says_so(stage: Stage) -> None:
    finish = asyncio.Event()

    async def wait() -> Hearing:
        await finish.wait()
        return hearing()

    stage.engine.plan = wait
    accepted = [stage.start(user=1) for _ in range(3)]
    await stage.until_queued(3)
    await stage.until_running(1)
    assert (await stage.answer(user=1)).text == texts.refusal(TooManyAtOnce(3))
    accepted.append(stage.start(user=2))
    await stage.until_queued(4)
    await stage.until_running(2)
    assert (await stage.answer(user=3)).text == texts.refusal(QueueFull(4))
    finish.set()
    await asyncio.gather(*(task for task, _ in accepted))
    assert [place.text for _, place in accepted] == [None] * 4


async def test_few_songs_lie_on_the_disk_however_many_wait(stage: Stage) -> None:
    finish = asyncio.Event()

    async def wait() -> Hearing:
        await finish.wait()
        return hearing()

    stage.engine.plan = wait
    started = [stage.start(user=user) for user in range(4)]
    await stage.until_running(AT_HAND)
    await asyncio.sleep(0.2)
    assert len(list(stage.folder.iterdir())) == AT_HAND
    assert stage.engine.running == AT_HAND
    finish.set()
    await asyncio.gather(*(task for task, _ in started))
    assert [place.text for _, place in started] == [None] * 4


async def test_closing_lets_running_jobs_finish_and_refuses_the_rest(stage: Stage) -> None:
    finish = asyncio.Event()

    async def wait() -> Hearing:
        await finish.wait()
        return hearing()

    stage.engine.plan = wait
    running = stage.start()
    await stage.until_running(1)
    waiting = stage.start()
    await stage.until_queued(2)
    closing = asyncio.create_task(stage.jobs.close(grace=60))
    await asyncio.sleep(0)
    assert (await stage.answer(user=2)).text == texts.refusal(Stopping())
    finish.set()
    await closing
    await asyncio.gather(running[0], waiting[0])
    assert running[1].text is None
    assert waiting[1].text == texts.refusal(Kept())
    assert await stage.unfinished() == (2,)


async def test_closing_keeps_those_that_do_not_finish_in_time(stage: Stage) -> None:
    async def for_ever() -> Hearing:
        await asyncio.Event().wait()
        return hearing()

    stage.engine.plan = for_ever
    started = [stage.start(), stage.start(), stage.start(user=2)]
    await stage.until_queued(3)
    await stage.until_running(2)
    await stage.jobs.close(grace=0.1)
    assert [place.text for _, place in started] == [texts.refusal(Kept())] * 3
    assert len(await stage.unfinished()) == 3
    assert stage.engine.running == 0


async def test_what_was_kept_is_answered_by_the_next_run(stage: Stage) -> None:
    stage.jobs.closing = True
    request = stage.ask()
    await stage.memory.attempt(lambda s: s.jobs.accept(request), otherwise=None)
    next_run = Jobs(listener=stage.listener, memory=stage.memory)
    place = Place()
    (kept,) = await stage.memory.attempt(lambda s: s.jobs.unfinished(), otherwise=())
    await next_run.resume(kept, place)
    assert place.text is None
    assert await stage.unfinished() == ()


async def test_closing_takes_no_answer_back_that_is_on_its_way(stage: Stage) -> None:
    task, place = stage.start(Place(taking=0.5))
    await place.seen.wait()
    await stage.jobs.close(grace=0.1)
    await task
    assert place.text is None


async def test_closing_waits_for_who_is_not_yet_in_the_queue(stage: Stage) -> None:
    place = Place()

    async def slow_to_defer() -> None:
        with stage.jobs.attended():
            await asyncio.sleep(0.3)
            await stage.jobs.serve(stage.ask(user=3), place)

    late = asyncio.create_task(slow_to_defer())
    running = stage.start(user=2)
    await running[0]
    await stage.jobs.close(grace=0.1)
    assert late.done()
    assert place.text == texts.refusal(Stopping())
    assert stage.jobs.closed
