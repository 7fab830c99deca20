"""The bot as Discord sees it: intents, commands, what it holds open, and how it stops."""

from __future__ import annotations

import asyncio
import shutil
from http import HTTPStatus
from pathlib import Path

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.commands import EXTENSIONS
from bot.config import DISCORD_API, LOOPBACK, MIB, Settings, SettingsError
from bot.download import DownloadRules
from bot.engine import EngineError, LocalEngine, WorkerRules, prepare
from bot.film import FilmDesk, FilmLimits, Films, Songs
from bot.jobs import JobLimits, Jobs
from bot.outcomes import Failed
from bot.presentation.buttons import BUTTONS
from bot.queue import JobQueue
from bot.replies import InteractionReply, deliver
from bot.sync import sync_if_changed
from moodify_core.errors import ModelError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


SONGS_AHEAD = 2
"""Songs that are downloaded while all workers are busy, so that none of them waits for the net."""


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
        log.error("command failed", job=job, exc_info=error)
        reply = InteractionReply(interaction)
        with interaction.client.jobs.attended():
            if interaction.response.is_done() or await reply.defer(private=True):
                await deliver(reply, Failed(job))


class MoodifyBot(commands.AutoShardedBot):
    """The bot.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    jobs : Jobs
        Serves requests; there from `setup_hook` on.
    film_desk : FilmDesk
        Serves requests for films; there from `setup_hook` on.
    """

    jobs: Jobs
    film_desk: FilmDesk

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents.default(),
            # Nothing that a stranger writes may make the bot ping anybody.
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=MoodifyTree,
            max_messages=None,
        )
        self._settings = settings
        self._engine: LocalEngine | None = None
        self._session: aiohttp.ClientSession | None = None
        self._starting: asyncio.Task[None] | None = None
        self._stopping = False

    async def setup_hook(self) -> None:
        """Open what the bot needs, load the commands, and tell Discord if they changed."""
        settings = self._settings
        await _use_gateway_of(self, settings.discord_api)
        data, songs, caches = _folders(settings.data_dir)
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._engine = LocalEngine(
            workers=settings.workers,
            rules=WorkerRules(
                memory=settings.worker_memory_mib * MIB,
                max_jobs=settings.worker_max_jobs,
                caches=caches,
                prepare=prepare,
            ),
            folder=songs,
        )
        download = DownloadRules(
            hosts=frozenset(settings.cdn_hosts),
            limit=settings.max_file_bytes,
            stall=settings.stall_timeout,
            total=settings.download_timeout,
        )
        self.jobs = Jobs(
            engine=self._engine,
            session=self._session,
            queue=JobQueue(limit=settings.queue_limit, user_limit=settings.user_queue_limit),
            limits=JobLimits(
                download=download,
                max_seconds=settings.max_seconds,
                time_limit=settings.job_timeout,
                at_hand=settings.workers + SONGS_AHEAD,
            ),
            folder=songs,
        )
        films = Films(
            jobs=self.jobs,
            engine=self._engine,
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
        self.film_desk = FilmDesk(self.jobs, films, Songs())
        self.add_dynamic_items(*BUTTONS)
        self._starting = asyncio.create_task(self._start_engine(self._engine))
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        assert self.application_id is not None  # known since the login
        await sync_if_changed(self.tree, self.application_id, data / "commands.sha256")

    async def on_ready(self) -> None:
        """Log that the bot is up; discord.py calls this."""
        log.info("ready", user=str(self.user), servers=len(self.guilds), shards=self.shard_count)

    async def close(self) -> None:
        """Finish running jobs within the grace that the settings give, then stop everything."""
        if self._stopping:
            return
        self._stopping = True
        log.info("stopping")
        # Discord stays connected meanwhile: the last answers go out through it.
        if hasattr(self, "jobs"):
            await self.jobs.close(self._settings.shutdown_grace)
        await super().close()
        if self._starting is not None:
            self._starting.cancel()
        if self._engine is not None:
            await self._engine.close()
        if self._session is not None:
            await self._session.close()
        log.info("stopped")

    async def _start_engine(self, engine: LocalEngine) -> None:
        try:
            await engine.start()
        except ModelError as error:
            log.critical(f"No song can be heard. {error}")
        except EngineError as error:
            log.critical(
                "No song can be heard, as no worker can start: see whether "
                "MOODIFY_WORKER_MEMORY_MIB is enough, and not more than this process may have.",
                error=repr(error),
            )
        except Exception:
            log.exception("No song can be heard: install Moodify again.")
        else:
            log.info("workers started", workers=self._settings.workers)


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
    async with MoodifyBot(settings) as bot:
        running = asyncio.create_task(_start(bot, settings.discord_token.get_secret_value()))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await bot.close()
        # A bot that is stopped while it still logs in does not notice by itself.
        if not running.done():
            await asyncio.wait({running}, timeout=1)
            running.cancel()
        await asyncio.gather(running, return_exceptions=stop.is_set())


async def _start(bot: MoodifyBot, token: str) -> None:
    try:
        await bot.start(token)
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
