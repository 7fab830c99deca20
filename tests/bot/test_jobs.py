"""One job from request to answer, with a real server for the song and an engine at will."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.download import DownloadRules
from bot.engine import EngineUnavailable, Hearing, WorkerDied, WorkerOutOfMemory, WorkerTimeout
from bot.jobs import JobLimits, JobRequest, Jobs
from bot.outcomes import (
    Crashed,
    Failed,
    FileVanished,
    ForeignFile,
    NeedsTooMuchMemory,
    QueueFull,
    Refusal,
    Stopping,
    TooBig,
    TookTooLong,
    TooManyAtOnce,
    Unanalysable,
    WaitedTooLong,
)
from bot.presentation import texts
from bot.queue import JobQueue
from bot.replies import Content
from moodify_core.errors import SilentAudio
from tests.bot.songs import hearing

AT_HAND = 2
SONG = b"ID3" + bytes(997)


@dataclass
class Place:
    """A reply that keeps what it shows."""

    shown: list[Content] = field(default_factory=list)
    taking: float = 0.0
    """Seconds from what is shown to the news that it is."""
    until: float = field(default_factory=lambda: time.monotonic() + 60)
    seen: asyncio.Event = field(default_factory=asyncio.Event)

    async def show(self, content: Content) -> None:
        self.shown.append(content)
        self.seen.set()
        await asyncio.sleep(self.taking)

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

    async def run(self, function: Any, *args: Any, time_limit: float) -> Any:
        path, title, _ = args
        assert path.read_bytes() == SONG
        self.titles.append(title)
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

    def __init__(self, session: aiohttp.ClientSession, host: str, folder: Path) -> None:
        self.engine = PlannedEngine()
        self.host = host
        self.folder = folder
        self.jobs = Jobs(
            engine=self.engine,
            session=session,
            queue=JobQueue(limit=4, user_limit=3),
            limits=JobLimits(
                download=DownloadRules(hosts={host}, limit=len(SONG), stall=5, total=5),
                max_seconds=1200,
                time_limit=60,
                at_hand=AT_HAND,
            ),
            folder=folder,
        )
        self._count = 0

    def ask(self, *, user: int = 1, name: str = "song.mp3", **changes: Any) -> JobRequest:
        self._count += 1
        values = {
            "id": str(self._count),
            "user_id": user,
            "filename": name,
            "url": f"http://{self.host}/{name}",
            "size": len(SONG),
            "deadline": time.monotonic() + 600,
        }
        return JobRequest(**(values | changes))

    def start(self, place: Place | None = None, **changes: Any) -> tuple[asyncio.Task[None], Place]:
        place = place or Place()
        return asyncio.create_task(self._attend(self.ask(**changes), place)), place

    async def _attend(self, request: JobRequest, place: Place) -> None:
        with self.jobs.attended():
            await self.jobs.serve(request, place)

    async def answer(self, **changes: Any) -> Place:
        task, place = self.start(**changes)
        await task
        return place

    async def until_running(self, count: int) -> None:
        async with self.engine.changed:
            await self.engine.changed.wait_for(lambda: self.engine.running == count)


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
    async with aiohttp.ClientSession() as session:
        yield Stage(session, f"127.0.0.1:{runner.addresses[0][1]}", tmp_path)
    await runner.cleanup()
    assert not any(tmp_path.iterdir()), "songs are deleted whatever happens"  # noqa: ASYNC240


async def test_a_song_is_answered_with_its_moods(stage: Stage) -> None:
    place = await stage.answer(name="My_song.mp3")
    assert place.text is None
    assert place.shown[0]["embeds"][0].title == "🎵 `My song`"
    assert stage.engine.titles == ["My song"]


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (WorkerTimeout(), TookTooLong(60)),
        (WorkerOutOfMemory(), NeedsTooMuchMemory()),
        (WorkerDied(), Crashed()),
        (EngineUnavailable(), Crashed()),
        (SilentAudio(), Unanalysable(SilentAudio())),
        (RuntimeError("nobody thought of it"), Failed("1")),
        (TimeoutError(), Failed("1")),
        (OSError(28, "No space left on device"), Failed("1")),
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
        ({"deadline": 0.0}, WaitedTooLong()),
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
    soon = time.monotonic() + 0.3
    assert (await stage.answer(deadline=soon)).text == texts.refusal(WaitedTooLong())
    assert stage.engine.running == 0


async def test_a_person_has_one_job_running_and_a_full_queue_says_so(stage: Stage) -> None:
    finish = asyncio.Event()

    async def wait() -> Hearing:
        await finish.wait()
        return hearing()

    stage.engine.plan = wait
    accepted = [stage.start(user=1) for _ in range(3)]
    await stage.until_running(1)
    assert (await stage.answer(user=1)).text == texts.refusal(TooManyAtOnce(3))
    accepted.append(stage.start(user=2))
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
    running, waiting = stage.start(), stage.start()
    await stage.until_running(1)
    closing = asyncio.create_task(stage.jobs.close(grace=60))
    await asyncio.sleep(0)
    assert (await stage.answer(user=2)).text == texts.refusal(Stopping())
    finish.set()
    await closing
    await asyncio.gather(running[0], waiting[0])
    assert running[1].text is None
    assert waiting[1].text == texts.refusal(Stopping())


async def test_closing_tells_those_that_do_not_finish_in_time(stage: Stage) -> None:
    async def for_ever() -> Hearing:
        await asyncio.Event().wait()
        return hearing()

    stage.engine.plan = for_ever
    started = [stage.start(), stage.start(), stage.start(user=2)]
    await stage.until_running(2)
    await stage.jobs.close(grace=0.1)
    assert [place.text for _, place in started] == [texts.refusal(Stopping())] * 3
    assert stage.engine.running == 0


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
            await stage.jobs.serve(stage.ask(), place)

    late = asyncio.create_task(slow_to_defer())
    running = stage.start(user=2)
    await running[0]
    await stage.jobs.close(grace=0.1)
    assert late.done()
    assert place.text == texts.refusal(Stopping())
    assert stage.jobs.closed
