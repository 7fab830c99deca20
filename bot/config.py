"""Settings, from the environment and from a file named ``.env``.

Every setting is described in ``.env.example``; a test keeps the two alike.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yarl
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.cooldown import LONGEST

MIB = 1024 * 1024
PREFIX = "MOODIFY_"
TOKEN_NAME = "DISCORD_TOKEN"  # noqa: S105 - the name of the variable, not a token
DISCORD_API = "https://discord.com/api/v10"
DATABASE_FILE = "moodify.db"
DATABASES = ("sqlite:///", "postgresql://", "postgres://")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_LABEL = "[a-z0-9_-]{1,63}"
_HOST = re.compile(
    rf"(?:{_LABEL}(?:\.{_LABEL})*|\[(?P<ipv6>[0-9a-f:.]+)\])(?::(?P<port>[1-9][0-9]{{0,4}}))?"
)
"""A name or an address, with or without a port."""
_LAST_PORT = 65535

S = TypeVar("S", bound="_Environment")

_PR_SET_DUMPABLE = 4
"""From Linux's ``sys/prctl.h``."""


def _is_host(text: str) -> bool:
    match = _HOST.fullmatch(text)
    if match is None or int(match["port"] or 0) > _LAST_PORT:
        return False
    if match["ipv6"]:
        try:
            IPv6Address(match["ipv6"])
        except ValueError:
            return False
    return True


class SettingsError(Exception):
    """The settings cannot be used; its text is one sentence for the operator."""


class _Environment(BaseSettings):
    """Where settings come from."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # A validation error would otherwise quote the token.
        hide_input_in_errors=True,
    )

    data_dir: Path = Path("data")


class Place(_Environment):
    """Where the bot keeps what it must remember: all that a backup needs to know.

    Attributes
    ----------
    data_dir : Path
        For the database, and for temporary files.
    database_url : SecretStr
        Address of the database, with its password; empty for a SQLite file in `data_dir`.
    """

    database_url: SecretStr = SecretStr("")

    @field_validator("database_url")
    @classmethod
    def _only_known_databases(cls, value: SecretStr) -> SecretStr:
        address = value.get_secret_value()
        if address and not address.startswith(DATABASES):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @property
    def database(self) -> str:
        """Address of the database, the default worked out; it may hold a password."""
        return (
            self.database_url.get_secret_value()
            or f"sqlite:///{self.data_dir.absolute() / DATABASE_FILE}"
        )


class WorkerSettings(_Environment):
    """The settings of whatever runs workers: the bot, or ``moodify worker`` on another machine.

    Attributes
    ----------
    data_dir : Path
        For temporary files.
    workers : int
        Songs that are analysed at the same time; each takes a process and a core.
    worker_memory_mib : int
        Address space of one worker, in MiB.
    worker_max_jobs : int
        Songs after which a worker is replaced by a fresh one.
    dask_scheduler : str
        Address of the Dask scheduler whose workers analyse; empty for workers of this machine.
    log_format : {"console", "json"}
    log_level : {"DEBUG", "INFO", "WARNING", "ERROR"}
    """

    workers: int = Field(2, ge=1, le=256)
    worker_memory_mib: int = Field(1024, ge=768)
    worker_max_jobs: int = Field(50, ge=1)
    dask_scheduler: str = Field("", pattern=r"^((tcp|tls)://\S+:\d+)?$")

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


class Settings(WorkerSettings, Place):
    """All settings of the bot; those of `WorkerSettings` and `Place` are among them.

    Attributes
    ----------
    discord_token : SecretStr
        Token of the bot, from Discord's developer portal.
    job_timeout : float
        Seconds that one analysis may take before its worker is killed.
    max_file_mib : float
        Largest attachment that is downloaded, in MiB.
    max_minutes : float
        Longest song that is analysed, in minutes.
    queue_limit : int
        Jobs, running and waiting, that are accepted at the same time.
    user_queue_limit : int
        Jobs of one person, running and waiting, that are accepted at the same time.
    cooldown : float
        Seconds from one request of a person to the next; servers can set their own.
    songs_per_message : int
        Songs of one message that are answered together; the others are offered in a menu.
    film_minutes : float
        Longest song that is filmed, in minutes.
    film_timeout : float
        Seconds that making one film may take before its worker is killed.
    film_queue_limit : int
        Films, in the making and waiting, that are accepted at the same time.
    films_per_server : int
        Films of one server, in the making and waiting, that are accepted at the same time.
    download_timeout : float
        Seconds that one download may take, further attempts included.
    stall_timeout : float
        Seconds without a byte after which a download is given up.
    shutdown_grace : float
        Seconds that running jobs have to finish when the bot is told to stop.
    shard_count : int or None
        Parts into which all servers are divided; None for as many as Discord recommends.
    shard_ids : tuple of int
        Those that this process serves, from 0 on; empty for all of them.
    retention_days : float or None
        Days for which records of songs are kept; None for as long as nobody deletes them.
    keep_after_leaving_days : float
        Days for which what belongs to a server is kept once the bot is not in it any more.
    cdn_hosts : tuple of str
        Hosts (with a port if it is not the usual one) that attachments may come from.
    discord_api : str
        Discord's address; anything but Discord's own must be on this machine.
    metrics_port : int
        Where metrics and the bot's health are served; 0 for nowhere.
    metrics_host : str
        The address of this machine that they are served at.
    source_url : str
        Where people find the source code of this bot; empty for no link.
    """

    discord_token: SecretStr = Field(validation_alias=TOKEN_NAME, min_length=1)

    job_timeout: float = Field(120, gt=0, le=600)

    max_file_mib: float = Field(50, gt=0, le=500)
    max_minutes: float = Field(20, gt=0, le=600)
    queue_limit: int = Field(100, ge=1)
    user_queue_limit: int = Field(5, ge=1)

    cooldown: float = Field(5, ge=0, le=LONGEST)
    songs_per_message: int = Field(3, ge=1, le=5)

    film_minutes: float = Field(12, gt=0, le=600)
    film_timeout: float = Field(300, gt=0, le=600)
    film_queue_limit: int = Field(20, ge=1)
    films_per_server: int = Field(2, ge=1)

    download_timeout: float = Field(120, gt=0)
    stall_timeout: float = Field(15, gt=0)
    shutdown_grace: float = Field(20, ge=0)

    retention_days: float | None = Field(None, gt=0, le=36500)
    keep_after_leaving_days: float = Field(30, ge=0, le=3650)

    shard_count: int | None = Field(None, ge=1)
    shard_ids: Annotated[tuple[Annotated[int, Field(ge=0)], ...], NoDecode] = ()

    cdn_hosts: Annotated[tuple[str, ...], NoDecode] = ("cdn.discordapp.com", "media.discordapp.net")
    discord_api: str = DISCORD_API

    metrics_port: int = Field(0, ge=0, le=_LAST_PORT)
    metrics_host: str = Field("127.0.0.1", min_length=1)

    source_url: str = Field("", pattern=r"^(https?://\S+)?$")

    @field_validator("cdn_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(host.strip().lower() for host in value.split(",") if host.strip())
        return value

    @field_validator("cdn_hosts")
    @classmethod
    def _only_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not _is_host(host):
                raise ValueError(f"{host!r} is not a host, such as cdn.discordapp.com")
        return value

    @field_validator("shard_ids", mode="before")
    @classmethod
    def _split_numbers(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(number.strip() for number in value.split(",") if number.strip())
        return value

    @field_validator("discord_api")
    @classmethod
    def _only_discord_or_loopback(cls, value: str) -> str:
        address = value.rstrip("/")
        # The token is sent there: a wrong address would give it away.
        if address != DISCORD_API and yarl.URL(address).host not in LOOPBACK:
            raise ValueError(f"must be {DISCORD_API} or an address on this machine")
        return address

    @model_validator(mode="after")
    def _shards_that_there_are(self) -> Self:
        if self.shard_ids and max(self.shard_ids) >= (self.shard_count or 0):
            raise ValueError(
                "MOODIFY_SHARD_IDS must be below MOODIFY_SHARD_COUNT, which has to be set with it"
            )
        if self.several_processes and self.database.startswith("sqlite"):
            raise ValueError(
                "MOODIFY_SHARD_IDS leaves shards to other processes, and those can share only "
                "PostgreSQL: set MOODIFY_DATABASE_URL"
            )
        return self

    @property
    def several_processes(self) -> bool:
        """Whether other processes serve some of the servers."""
        return 0 < len(set(self.shard_ids)) < (self.shard_count or 0)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no line of the log may hold."""
        database = self.database_url.get_secret_value()
        # The password with what encloses it: alone it could be an everyday word.
        enclosed = re.search(r":[^/:@]+@", database)
        return tuple(
            filter(
                None,
                (
                    self.discord_token.get_secret_value(),
                    database,
                    enclosed and enclosed.group(),
                ),
            )
        )

    @property
    def max_file_bytes(self) -> int:
        """Largest attachment that is downloaded, in bytes."""
        return int(self.max_file_mib * MIB)

    @property
    def max_seconds(self) -> float:
        """Longest song that is analysed, in seconds."""
        return self.max_minutes * 60

    @property
    def films_at_once(self) -> int:
        """Films that are made at the same time: a worker is left for answers if there are two."""
        return max(self.workers - 1, 1)


def load_settings() -> Settings:
    """Read the settings of the bot.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        If a setting is missing or makes no sense.
    """
    return _load(Settings)


def load_place() -> Place:
    """Read where the bot keeps what it remembers, which needs no token.

    Returns
    -------
    Place

    Raises
    ------
    SettingsError
        If a setting makes no sense.
    """
    return _load(Place)


def load_worker_settings(dask_scheduler: str | None = None) -> WorkerSettings:
    """Read the settings of a machine that only runs workers, where no token is needed.

    Parameters
    ----------
    dask_scheduler : str, optional
        In place of what is set.

    Returns
    -------
    WorkerSettings

    Raises
    ------
    SettingsError
        If a setting makes no sense.
    """
    return _load(WorkerSettings, **({"dask_scheduler": dask_scheduler} if dask_scheduler else {}))


def _load(kind: type[S], **given: str) -> S:
    try:
        return kind(**given)  # type: ignore[arg-type]  # pydantic takes words for all of them
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except UnicodeDecodeError:
        raise SettingsError(
            "The file .env is not UTF-8 text: save it again in that encoding, then start again."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"The file .env cannot be read ({error.strerror}): let the bot's user read it, then "
            "start again."
        ) from None


def forget_secrets() -> None:
    """Take the token and all other settings out of this process's environment.

    Worker processes inherit the environment, and they decode files of strangers. On Linux, other
    processes of the same user can no longer look into this one either: what it was started with
    would still be there to read.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)
    for name in list(os.environ):
        if name.upper() == TOKEN_NAME or name.upper().startswith(PREFIX):
            del os.environ[name]


def variable(field: str) -> str:
    """Return the name of the environment variable that sets a field of `Settings`."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"{PREFIX}{field}".upper()


def _sentence(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    if any(TOKEN_NAME in map(str, problem["loc"]) for problem in problems):
        return (
            f"{TOKEN_NAME} is not set: put your bot's token into the environment or into a file "
            "named .env (.env.example shows how), then start again."
        )
    wrong = "; ".join(
        ": ".join([*(variable(str(field)) for field in problem["loc"][:1]), problem["msg"]])
        for problem in problems
    )
    return f"These settings cannot be used ({wrong}); .env.example describes each of them."
