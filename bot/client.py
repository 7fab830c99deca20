"""The bot as Discord sees it: intents, commands, what it holds open, and how it stops."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.admission import Admission
from bot.answers import AnswerDesk, OpinionDesk
from bot.boards import BoardDesk
from bot.commands import EXTENSIONS
from bot.config import DISCORD_API, LOOPBACK, Settings, SettingsError
from bot.download import DownloadRules
from bot.engine import Engine, EngineError, is_confined, model_in_use
from bot.engine.choice import engine_for
from bot.film import FilmDesk, FilmLimits, Films, Songs
from bot.jobs import Jobs, Listener, SongLimits
from bot.lag import LoopLag
from bot.memory import Memory
from bot.metrics import MeasuredEngine
from bot.monitoring import Monitor
from bot.outcomes import Failed
from bot.persons import Persons, SharedPersons
from bot.presentation.buttons import BUTTONS
from bot.presentation.language import CommandTranslator, speaking
from bot.privacy import KeepingTimes, PrivacyDesk
from bot.queue import JobQueue
from bot.replies import InteractionReply, Reply, deliver, reply_to
from bot.requests import REMEMBERED, Request
from bot.sync import sync_if_changed
from moodify_core.errors import ModelError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


ENGINE_PAUSE = 10.0
"""Seconds before workers that could not be had are looked for again."""
RESUME_PAUSE = 5.0
"""Seconds before the database is asked again for what an earlier run has left."""
SONGS_AHEAD = 2
"""Songs that are downloaded while all workers are busy, so that none of them waits for the net."""


if TYPE_CHECKING:
    from bot.commands.mood._more import MoreDesk


_BROKEN_OFF = (aiohttp.ClientError, ConnectionError, discord.DiscordServerError)
"""Errors whose traceback tells nothing: Discord, or the way to it, is away."""


class MoodifyTree(app_commands.CommandTree["MoodifyBot"]):
    """The bot's commands, and what happens when one of them fails."""

    async def interaction_check(self, interaction: discord.Interaction[MoodifyBot], /) -> bool:
        """Begin nothing once the last answers are out; discord.py calls this."""
        return not interaction.client.jobs.closed

    async def on_error(
        self,
        interaction: discord.Interaction[MoodifyBot],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """Log an error that no command handled, and tell the user.

        Discord shows "thinking…" until an answer comes, so one must come.
        """
        job = str(interaction.id)
        name = interaction.command and interaction.command.qualified_name
        cause = getattr(error, "original", error)
        if isinstance(cause, _BROKEN_OFF):
            log.warning("command failed", command=name, job=job, error=repr(cause))
        else:
            log.error("command failed", command=name, job=job, exc_info=error)
        reply = InteractionReply(interaction)
        with (
            structlog.contextvars.bound_contextvars(job=job),
            interaction.client.jobs.attended(),
            speaking(interaction.locale),
        ):
            if interaction.response.is_done() or await reply.defer(private=True):
                await deliver(reply, (Failed(job),))


class MoodifyBot(commands.AutoShardedBot):
    """The bot.

    Parameters
    ----------
    settings : Settings
    message_content : bool
        Whether Discord lets the bot read messages that are not meant for it.

    Attributes
    ----------
    settings : Settings
    memory : Memory
        What the bot remembers.
    queue : JobQueue
        Whose turn it is.
    persons : Persons
        Who has songs waiting or heard, in this process and others.
    admission : Admission
        Who may ask.
    engine : Engine
        Runs what takes long, there from `setup_hook` on, as are the following.
    jobs : Jobs
        Serves requests.
    film_desk : FilmDesk
        Serves requests for films.
    answer_desk : AnswerDesk
        Serves the buttons under answers.
    board_desk : BoardDesk
        Serves boards.
    opinion_desk : OpinionDesk
        Serves those who hear something else.
    privacy_desk : PrivacyDesk
        Serves those who decide what is kept of them.
    more_desk : MoreDesk
        Serves the menu of further songs of a message.
    """

    engine: Engine
    jobs: Jobs
    film_desk: FilmDesk
    answer_desk: AnswerDesk
    board_desk: BoardDesk
    opinion_desk: OpinionDesk
    privacy_desk: PrivacyDesk
    more_desk: MoreDesk

    def __init__(self, settings: Settings, *, message_content: bool = False) -> None:
        intents = discord.Intents.default()
        intents.message_content = message_content
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents,
            # Nothing that a stranger writes may make the bot ping anybody.
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=MoodifyTree,
            max_messages=None,
            shard_count=settings.shard_count,
            shard_ids=list(settings.shard_ids) or None,  # type: ignore[arg-type]  # its default
        )
        self.settings = settings
        self.memory = Memory(settings.database)
        self.queue = JobQueue(
            limit=settings.queue_limit,
            user_limit=settings.user_queue_limit,
            running=settings.workers + SONGS_AHEAD,
        )
        self.persons = (
            SharedPersons(self.memory, self.queue) if settings.several_processes else Persons()
        )
        self.admission = Admission(self.memory, self.persons, settings.cooldown)
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._lag = LoopLag()
        self._monitor: Monitor | None = None

    async def setup_hook(self) -> None:
        """Open what the bot needs, load the commands, and tell Discord if they changed."""
        settings = self.settings
        await _use_gateway_of(self, settings.discord_api)
        data, songs, caches = _folders(settings.data_dir)
        await self.memory.start()
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self.engine = engine_for(settings, folder=songs, caches=caches)
        engine = MeasuredEngine(self.engine)
        download = DownloadRules(
            hosts=frozenset(settings.cdn_hosts),
            limit=settings.max_file_bytes,
            stall=settings.stall_timeout,
            total=settings.download_timeout,
        )
        listener = Listener(
            engine=engine,
            session=self._session,
            queue=self.queue,
            persons=self.persons,
            memory=self.memory,
            limits=SongLimits(
                download=download,
                max_seconds=settings.max_seconds,
                time_limit=settings.job_timeout,
            ),
            folder=songs,
        )
        self.jobs = Jobs(listener=listener, memory=self.memory)
        films = Films(
            jobs=self.jobs,
            engine=engine,
            session=self._session,
            limits=FilmLimits(
                download=download,
                max_seconds=settings.film_minutes * 60,
                time_limit=settings.film_timeout,
                at_once=settings.films_at_once,
                queue=settings.film_queue_limit,
                per_server=settings.films_per_server,
            ),
            folder=songs,
        )
        sources = Songs()
        self.film_desk = FilmDesk(self.jobs, films, sources)
        self.answer_desk = AnswerDesk(jobs=self.jobs, memory=self.memory, engine=engine)
        self.opinion_desk = OpinionDesk(jobs=self.jobs, memory=self.memory)
        self.board_desk = BoardDesk(jobs=self.jobs, memory=self.memory, engine=engine)
        self.privacy_desk = PrivacyDesk(
            jobs=self.jobs,
            memory=self.memory,
            times=KeepingTimes(settings.retention_days, settings.keep_after_leaving_days),
            forget_sources=sources.forget,
        )
        self.add_dynamic_items(*BUTTONS)
        self._monitor = Monitor(self, listener=listener, engine=engine, films=films)
        await self._monitor.start()
        self._tasks = [
            asyncio.create_task(self._lag.watch()),
            asyncio.create_task(self.persons.watch()),
            asyncio.create_task(self._start_engine(listener)),
            asyncio.create_task(self._resume()),
        ]
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        assert self.application_id is not None  # known since the login
        await self.tree.set_translator(CommandTranslator())
        await sync_if_changed(self.tree, self.application_id, data / "commands.sha256")

    @property
    def stopping(self) -> bool:
        """Whether the bot was told to stop."""
        return self._stopping

    async def take(self, request: Request, reply: Reply) -> None:
        """Serve a request, and remember its songs for those who want more of them.

        Parameters
        ----------
        request : Request
        reply : Reply
        """
        self.film_desk.remember(request)
        most = self.settings.songs_per_message
        first = replace(request, songs=request.songs[:most], more=request.songs[most:])
        await self.jobs.serve(first, reply)

    async def on_message(self, message: discord.Message, /) -> None:
        """Leave messages to the extensions; discord.py would look for commands in them."""

    async def on_ready(self) -> None:
        """Log that the bot is up; discord.py calls this."""
        log.info("ready", user=str(self.user), servers=len(self.guilds), shards=len(self.shards))

    async def close(self) -> None:
        """Finish running jobs within the grace that the settings give, then stop everything."""
        if self._stopping:
            return
        self._stopping = True
        log.info("stopping")
        # Discord stays connected meanwhile: the last answers go out through it.
        if hasattr(self, "jobs"):
            await self.jobs.close(self.settings.shutdown_grace)
        await super().close()
        for task in self._tasks:
            task.cancel()
        if hasattr(self, "engine"):
            await self.engine.close()
        if self._session is not None:
            await self._session.close()
        await self.memory.close()
        if self._monitor is not None:
            await self._monitor.close()
        self._lag.tell()
        log.info("stopped")

    async def _start_engine(self, listener: Listener) -> None:
        told = False
        while True:
            try:
                await self.engine.start()
                listener.model_version = await self.engine.run(
                    model_in_use, time_limit=self.settings.job_timeout
                )
            except ModelError as error:
                log.critical(f"No song can be heard. {error}")
            except EngineError as error:
                if not told:
                    log.critical(f"No song can be heard, {self.engine.advice}", error=repr(error))
                told = True
                await asyncio.sleep(ENGINE_PAUSE)
                continue
            except Exception:
                log.exception("No song can be heard: install Moodify again.")
            else:
                log.info("workers started", workers=self.settings.workers)
                await self._tell_of_confinement()
            return

    async def _tell_of_confinement(self) -> None:
        try:
            confined = await self.engine.run(is_confined, time_limit=self.settings.job_timeout)
        except EngineError:
            return
        if not confined:
            log.warning(
                "this system does not keep workers from the network: docs/security.md tells what "
                "that means"
            )

    async def _resume(self) -> None:
        """Go on with what an earlier run has accepted and not answered."""
        started = time.time()
        await self.memory.opened()
        await self.wait_until_ready()
        lost = await self.memory.attempt(
            lambda storage: storage.jobs.close_stale(started - REMEMBERED), otherwise=0
        )
        if lost:
            log.error("jobs closed unanswered, as they are too old", jobs=lost)
        while (  # noqa: ASYNC110 - a database does not tell that it is back
            requests := await self.memory.attempt(
                lambda storage: storage.jobs.unfinished(), otherwise=None
            )
        ) is None:
            await asyncio.sleep(RESUME_PAUSE)
        # Each waits its turn in the queue.
        async with asyncio.TaskGroup() as group:
            for request in requests:
                if request.received < started and self._is_ours(request):
                    group.create_task(self._resume_one(request))

    async def _resume_one(self, request: Request) -> None:
        with structlog.contextvars.bound_contextvars(job=str(request.id)):
            try:
                await self._answer_late(request)
            except Exception:
                log.exception("job not resumed")

    async def _answer_late(self, request: Request) -> None:
        with self.jobs.attended():
            reply = await reply_to(self, request, self.memory)
            if reply is None:
                await self.jobs.give_up(request)
                return
            self.film_desk.remember(request)
            await self.jobs.resume(request, reply)

    def _is_ours(self, request: Request) -> bool:
        """Whether the events of a request's server come to this process."""
        if request.guild_id is None:
            return not self.shards or 0 in self.shards
        return self.get_guild(request.guild_id) is not None


async def run_bot(settings: Settings, stop: asyncio.Event) -> None:
    """Run the bot until it is told to stop.

    Parameters
    ----------
    settings : Settings
    stop : asyncio.Event
        Set to stop.

    Raises
    ------
    SettingsError
        If Discord does not accept the token, or the data folder cannot be used.
    ConnectionError
        If Discord cannot be reached at the start, or turns the bot away.
    """
    Route.BASE = settings.discord_api
    token = settings.discord_token.get_secret_value()
    with _readable():
        message_content = await may_read_messages(token)
    async with MoodifyBot(settings, message_content=message_content) as bot:
        running = asyncio.create_task(_start(bot, token))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await bot.close()
        # A bot that is stopped while it still logs in does not notice by itself.
        if not running.done():
            await asyncio.wait({running}, timeout=1)
            running.cancel()
        await asyncio.gather(running, return_exceptions=stop.is_set())


async def may_read_messages(token: str) -> bool:
    """Ask Discord whether the operator has switched the message-content intent on.

    To ask for it unallowed would end the connection.
    """
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(token)
        assert client.application is not None  # known since the login
        flags = client.application.flags
    return flags.gateway_message_content or flags.gateway_message_content_limited


async def _start(bot: MoodifyBot, token: str) -> None:
    with _readable():
        await bot.start(token)


@contextmanager
def _readable() -> Iterator[None]:
    """Raise errors of the way to Discord as sentences for the operator."""
    try:
        yield
    except discord.LoginFailure:
        raise SettingsError(
            "Discord does not accept the token in DISCORD_TOKEN: copy it again from the "
            "developer portal (Bot, Reset Token), then start again."
        ) from None
    except (aiohttp.ClientConnectionError, discord.GatewayNotFound) as error:
        raise ConnectionError(
            f"Discord cannot be reached ({error}): check the network, then start again."
        ) from error
    except discord.ConnectionClosed as error:
        raise ConnectionError(
            f"Discord has closed the connection for good ({error.code}): see whether the token "
            "and the bot's settings in the developer portal still hold, then start again."
        ) from error
    except discord.HTTPException as error:
        if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ConnectionError(
                f"Discord does not let the bot in ({error.status}): wait some minutes, see "
                "whether the bot is still in order in the developer portal, then start again."
            ) from error
        raise ConnectionError(
            f"Discord has a problem of its own right now ({error.status}): start again later."
        ) from error


async def _use_gateway_of(bot: MoodifyBot, api: str) -> None:
    """Make a stand-in's gateway the one that discord.py falls back to.

    Without this a lost session would be opened again at Discord itself.
    """
    if api == DISCORD_API:
        return
    _, address, _ = await bot.http.get_bot_gateway()
    gateway = yarl.URL(address)
    if gateway.host not in LOOPBACK:
        raise SettingsError(
            "MOODIFY_DISCORD_API names a gateway that is not on this machine; correct it."
        )
    DiscordWebSocket.DEFAULT_GATEWAY = gateway


def _folders(data: Path) -> tuple[Path, Path, Path]:
    """Make the bot's folders, readable by nobody else, without songs of an earlier run."""
    songs, caches = data / "songs", data / "caches"
    shutil.rmtree(songs, ignore_errors=True)
    try:
        for folder in (data, songs, caches):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"The bot cannot have {error.filename} as a folder of its own ({error.strerror}): "
            "name another in MOODIFY_DATA_DIR, or make this one the bot's, then start again."
        ) from None
    return data, songs.resolve(), caches.resolve()
