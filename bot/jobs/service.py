"""A request from acceptance to answer: remembered, served song by song, answered once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import discord
import structlog

from bot import metrics
from bot.jobs.progress import Progress, Stage, tell
from bot.jobs.song import Listener, SongJob
from bot.memory import Memory
from bot.outcomes import (
    Answered,
    Cancelled,
    Kept,
    Outcome,
    PostDeleted,
    Refusal,
    Stopping,
)
from bot.presentation.buttons import answer_view
from bot.presentation.language import speaking
from bot.presentation.more_songs import MoreSongs
from bot.presentation.titles import song_title
from bot.replies import Reply, deliver
from bot.requests import AtMessage, Request, Song
from bot.storage import GuildSettings

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

FAREWELL = 5.0
"""Seconds that the last sentences have to get out when the bot stops."""
RESERVE = 45.0
"""Seconds kept back of the time that there is for an answer, so that some are left to send it."""
UNSEEN = 1.0
"""Seconds in which most songs are answered, so that nobody needs to read how far they are."""


@dataclass(slots=True)
class _Work:
    """A request that is being served, and why it was stopped if it was."""

    request: Request
    progress: Progress = field(default_factory=Progress)
    task: asyncio.Task[Outcome] | None = None
    ended: Cancelled | PostDeleted | None = None

    def end(self, reason: Cancelled | PostDeleted) -> None:
        self.ended = self.ended or reason
        if self.task is not None:
            self.task.cancel()


class Jobs:
    """Serves requests: each gets one answer, or a sentence why not, whatever fails.

    Parameters
    ----------
    listener : Listener
    memory : Memory

    Attributes
    ----------
    closing : bool
        Whether `close` has begun, so that nothing is to be begun any more.
    closed : bool
        Whether `close` is done, so that nobody would be answered any more.
    """

    def __init__(self, *, listener: Listener, memory: Memory) -> None:
        self._listener = listener
        self._memory = memory
        self._attended: set[asyncio.Task[object]] = set()
        self._at_work: set[asyncio.Task[Outcome]] = set()
        self._works: dict[int, _Work] = {}
        self.closing = False
        self.closed = False

    @contextmanager
    def attended(self) -> Iterator[None]:
        """Let `close` wait for this task, as long as the block lasts.

        For whoever answers an interaction: from before it is deferred until it is answered.
        """
        task = asyncio.current_task()
        assert task is not None
        self._attended.add(task)
        try:
            yield
        finally:
            self._attended.discard(task)

    def is_serving(self, request_id: int) -> bool:
        """Tell whether a request is being served."""
        return request_id in self._works

    def cancel(self, request_id: int) -> bool:
        """Stop serving a request, as somebody wants it no more; tell whether it was served."""
        work = self._works.get(request_id)
        if work is None:
            return False
        work.end(Cancelled())
        return True

    def post_deleted(self, message_id: int) -> None:
        """Stop serving the songs of a message that is gone."""
        for work in self._works.values():
            place, post = work.request.place, work.request.post
            if (post is not None and post.message_id == message_id) or (
                isinstance(place, AtMessage) and place.message_id == message_id
            ):
                work.end(PostDeleted())

    def channel_deleted(self, channel_id: int) -> None:
        """Stop serving the songs of a channel that is gone."""
        for work in self._works.values():
            request = work.request
            posted_in = request.post.channel_id if request.post is not None else None
            if channel_id in (request.channel_id, posted_in):
                work.end(PostDeleted())

    async def serve(self, request: Request, reply: Reply) -> None:
        """Carry out a request and answer it. Raises nothing but `asyncio.CancelledError`.

        A request that was accepted before is left to whoever accepted it.

        Parameters
        ----------
        request : Request
        reply : Reply
            Where the answer goes.
        """
        with structlog.contextvars.bound_contextvars(job=str(request.id)):
            if self.closing:
                await self._refuse(request, reply, Stopping())
                return
            with self._begun(request) as work:
                songs = await self._accept(request) if work is not None else ()
                if work is None or songs == ():
                    log.info("job known already")
                    return
                work.request = replace(request, songs=songs or request.songs)
                sizes = [song.size for song in work.request.songs]
                log.info("job accepted", sizes=sizes, remembered=songs is not None)
                await self._serve(work, reply, songs is not None)

    async def resume(self, request: Request, reply: Reply) -> None:
        """Carry out a request that an earlier run of the bot has accepted, and answer it.

        Parameters
        ----------
        request : Request
        reply : Reply
        """
        with (
            self._begun(request) as work,
            structlog.contextvars.bound_contextvars(job=str(request.id)),
        ):
            if work is not None:
                log.info("job resumed")
                await self._serve(work, reply, remembered=True, resumed=True)

    async def give_up(self, request: Request) -> None:
        """Forget a request that cannot be answered any more."""
        log.warning("job closed unanswered", job=str(request.id))
        metrics.answer("given_up")
        await self._memory.write(lambda storage: storage.jobs.finish(request.id))

    async def close(self, grace: float) -> None:
        """Start nothing more, let running jobs finish, and tell the rest that we stop.

        What is remembered is served by the next run of the bot.

        Parameters
        ----------
        grace : float
            Seconds that running jobs have.
        """
        self.closing = True
        if self._attended:
            log.info("waiting for jobs", jobs=len(self._attended), grace=grace)
        for work in self._works.values():
            if work.task is not None and work.progress.stage is Stage.WAITING:
                work.task.cancel()
        await self._until_nobody_waits(grace)
        for task in self._at_work:
            task.cancel()
        await self._until_nobody_waits(FAREWELL)
        for attended in self._attended:
            attended.cancel()
        self.closed = True

    async def until_stopped(self, work: asyncio.Task[Outcome]) -> Outcome:
        """Await work that `close` may stop.

        Parameters
        ----------
        work : asyncio.Task of Outcome

        Returns
        -------
        Outcome
            `Stopping` if the work was stopped by `close`.
        """
        self._at_work.add(work)
        try:
            return await work
        except asyncio.CancelledError:
            if not self.closing:
                raise
            return Stopping()
        finally:
            self._at_work.discard(work)

    async def _until_nobody_waits(self, limit: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                # Those who ask meanwhile are to hear that we stop.
                while self._attended:
                    await asyncio.wait(self._attended)

    @contextmanager
    def _begun(self, request: Request) -> Iterator[_Work | None]:
        """Note that a request is being served, before anything is awaited; None where it was."""
        if self.is_serving(request.id):
            yield None
            return
        work = self._works[request.id] = _Work(request)
        try:
            yield work
        finally:
            del self._works[request.id]

    async def _accept(self, request: Request) -> tuple[Song, ...] | None:
        """Remember a request, and return which of its songs are new; None without database."""
        return await self._memory.attempt(
            lambda storage: storage.jobs.accept(request), otherwise=None
        )

    async def _serve(
        self, work: _Work, reply: Reply, remembered: bool, *, resumed: bool = False
    ) -> None:
        request = work.request
        settings = await self._memory.settings(request.guild_id)
        with speaking(settings.language or request.locale):
            outcomes = await self._outcomes(work, reply, settings, resumed=resumed)
            if Stopping() in outcomes and remembered:
                outcomes = (Kept(),)
            if isinstance(request.place, AtMessage) and PostDeleted() in outcomes:
                await reply.withdraw()
            elif _is_worth_showing(request, outcomes) and await _deliver(reply, request, outcomes):
                await self._answered(outcomes, reply)
        if outcomes != (Kept(),):
            await self._memory.write(lambda storage: storage.jobs.finish(request.id))
        metrics.request_over(request.received)
        log.info("job over")

    async def _refuse(self, request: Request, reply: Reply, reason: Refusal) -> None:
        settings = await self._memory.settings(request.guild_id)
        with speaking(settings.language or request.locale):
            if _is_worth_showing(request, (reason,)):
                await _deliver(reply, request, (reason,))

    async def _outcomes(
        self, work: _Work, reply: Reply, settings: GuildSettings, *, resumed: bool
    ) -> tuple[Outcome, ...]:
        request = work.request
        progress, done = work.progress, asyncio.Event()
        quiet = _is_quiet(request)
        telling = None
        if not quiet:
            telling = asyncio.create_task(
                tell(reply.tell, progress.sentence, done, first_after=UNSEEN)
            )
        outcomes: list[Outcome] = []
        try:
            for song in request.songs:
                job = SongJob(
                    request=request,
                    song=song,
                    min_seconds=settings.min_seconds if quiet else 0.0,
                    max_seconds=self._longest(settings),
                    deadline=reply.until - RESERVE,
                    resumed=resumed,
                )
                outcome = await self._outcome(work, job)
                if isinstance(outcome, PostDeleted | Stopping):
                    return (outcome,)
                outcomes.append(outcome)
                if isinstance(outcome, Cancelled):
                    # What was heard before is on record, and is shown with what takes it back.
                    break
        finally:
            done.set()
            if telling is not None:
                await telling
        return tuple(outcomes)

    async def _outcome(self, work: _Work, job: SongJob) -> Outcome:
        if work.ended is not None:
            return work.ended
        if self.closing:
            return Stopping()
        started = time.monotonic()
        # A task of its own: to stop the work must never stop an answer that is on its way.
        work.task = asyncio.create_task(self._listener.outcome(job, work.progress))
        try:
            outcome = await self.until_stopped(work.task)
        except asyncio.CancelledError:
            if work.ended is None:
                raise
            outcome = work.ended
        finally:
            work.task = None
        took = time.monotonic() - started
        metrics.song_done(outcome)
        log.info("song done", outcome=type(outcome).__name__, seconds=round(took, 2))
        return outcome

    def _longest(self, settings: GuildSettings) -> float:
        """Return the longest song that is taken in a server, in seconds."""
        ours = self._listener.limits.max_seconds
        return ours if settings.max_minutes is None else min(ours, settings.max_minutes * 60)

    async def _answered(self, outcomes: tuple[Outcome, ...], reply: Reply) -> None:
        records = [
            outcome.record_id
            for outcome in outcomes
            if isinstance(outcome, Answered) and outcome.record_id is not None
        ]
        answer_id = reply.answer_id
        if records and answer_id is not None:
            await self._memory.write(lambda storage: storage.songs.answered(records, answer_id))


def _is_quiet(request: Request) -> bool:
    return isinstance(request.place, AtMessage) and request.place.quiet


def _is_worth_showing(request: Request, outcomes: tuple[Outcome, ...]) -> bool:
    """Whether an answer is better than silence: where nobody asked, only moods are."""
    return not _is_quiet(request) or any(isinstance(each, Answered) for each in outcomes)


async def _deliver(reply: Reply, request: Request, outcomes: tuple[Outcome, ...]) -> bool:
    titled = [
        (outcome, song_title(song.filename))
        for outcome, song in zip(outcomes, request.songs, strict=False)
        # Where nobody asked, nobody wants to know which songs have no answer.
        if isinstance(outcome, Answered) or not _is_quiet(request)
    ]
    with metrics.stage("answer"):
        sent = await deliver(
            reply,
            [outcome for outcome, _ in titled],
            titles=[title for _, title in titled],
            view=lambda: _view(request, outcomes),
        )
    metrics.answer("sent" if sent else "lost")
    return sent


def _view(request: Request, outcomes: tuple[Outcome, ...]) -> discord.ui.View | None:
    view = answer_view(
        outcomes,
        asker_id=request.user_id,
        in_server=request.guild_id is not None,
        private=request.private,
    )
    if request.more:
        view = view or discord.ui.View(timeout=None)
        view.add_item(MoreSongs(request.id, request.more))
    return view
