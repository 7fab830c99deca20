"""The connection to the database, and the one error that its users see."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from bot.storage.migrating import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.storage.tables import Base

PATIENCE = 5.0
"""Seconds that a statement waits for others to let go of the database, or for its server."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_WRITES = "moodify_writes"


class StorageError(Exception):
    """The database did not do what it was asked to.

    Its text names the kind of the failure only: the texts of drivers quote values, and those can
    be tokens.
    """


class Conflict(StorageError):
    """What was written contradicts what another process wrote meanwhile."""


class Database:
    """A database whose tables are up to date; made by `open`.

    Parameters
    ----------
    engine : AsyncEngine
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(**{_WRITES: True})

    @classmethod
    async def open(cls, url: str, patience: float = PATIENCE) -> Self:
        """Connect, and bring the tables up to date.

        Parameters
        ----------
        url : str
            ``sqlite:///path`` or ``postgresql://user:password@host/name``.
        patience : float
            Seconds that a statement may wait.

        Raises
        ------
        StorageError
            If that is not possible.
        """
        async with maintenance(url, patience) as connection:
            await connection.run_sync(migrate)
        return cls.at(url, patience)

    @classmethod
    def at(cls, url: str, patience: float = PATIENCE) -> Self:
        """Name a database without touching it; its tables may be of another version.

        Parameters
        ----------
        url, patience
            As for `open`.

        Raises
        ------
        StorageError
            If there cannot be such a database.
        """
        with translated():
            return cls(_engine(_address(url), patience))

    async def close(self) -> None:
        """Close all connections."""
        with translated():
            await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for queries that belong together.

        Raises
        ------
        StorageError
            If anything goes wrong with the database inside the block.
        """
        with translated():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for one transaction, kept if the block ends well.

        Raises
        ------
        StorageError
            If anything goes wrong with the database inside the block; nothing is kept then.
        """
        with translated():
            async with self._writing.begin() as connection:
                yield connection


@contextmanager
def translated() -> Iterator[None]:
    """Raise `StorageError` in place of what SQLAlchemy and the drivers raise."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(_sentence(error)) from None
    except (SQLAlchemyError, OSError, sqlite3.Error) as error:
        raise StorageError(_sentence(error)) from None


def insert_into(
    connection: AsyncConnection | Connection, table: type[Base]
) -> sqlite.Insert | postgresql.Insert:
    """Start an INSERT that can say what to do about rows that are there already."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _sentence(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    # asyncpg's own error, which tells more than the class that SQLAlchemy puts around it.
    cause = cause.__cause__ or cause
    kind = getattr(cause, "sqlite_errorname", None) or type(cause).__name__
    return f"The database cannot be used ({kind})."


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        driver = _DRIVERS[address.drivername]
    except (ArgumentError, KeyError):
        raise StorageError(
            "The address of the database must begin with sqlite:/// or postgresql://."
        ) from None
    address = address.set(drivername=driver)
    if mode := address.query.get("sslmode"):
        # libpq's name for it, which every provider prints; asyncpg takes the same words.
        address = address.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return address


def _engine(address: URL, patience: float) -> AsyncEngine:
    # Parameters hold tokens, and errors are logged.
    if address.drivername.startswith("postgresql"):
        return create_async_engine(
            address,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=patience,
            connect_args={
                "timeout": patience,
                "command_timeout": patience,
                "server_settings": {
                    # Servers differ by thousands in size, so that no plan fits all of them.
                    "plan_cache_mode": "force_custom_plan",
                    # To start workers takes longer than they save in queries as short as ours.
                    "max_parallel_workers_per_gather": "0",
                },
            },
        )
    engine = create_async_engine(
        address,
        hide_parameters=True,
        pool_timeout=patience,
        connect_args={"timeout": patience},
    )
    _prepare_sqlite(engine, foreign_keys=True)
    return engine


@asynccontextmanager
async def maintenance(url: str, patience: float = PATIENCE) -> AsyncIterator[AsyncConnection]:
    """Lend a connection for one transaction that may work for long, on tables of any version.

    Waiting is limited, working is not: a step may take long on a large table. Only the owner can
    read a SQLite file that is made by this.

    Parameters
    ----------
    url, patience
        As for `Database.open`.

    Raises
    ------
    StorageError
        If anything goes wrong with the database inside the block; nothing is kept then.
    """
    with translated():
        address = _address(url)
        if address.drivername.startswith("sqlite"):
            _make_private(Path(address.database or ""))
        limits: dict[str, object] = {"timeout": patience}
        if address.drivername.startswith("postgresql"):
            limits["server_settings"] = {"lock_timeout": f"{patience * 1000:.0f}"}
        engine = _for_one(address, limits)
        if address.drivername.startswith("sqlite"):
            # A change of a table on SQLite is a copy of it, and dropping the old one must not
            # delete what refers to it.
            _prepare_sqlite(engine, foreign_keys=False)
        try:
            async with engine.execution_options(**{_WRITES: True}).begin() as connection:
                yield connection
        finally:
            await engine.dispose()


@asynccontextmanager
async def snapshot(url: str, patience: float = PATIENCE) -> AsyncIterator[AsyncConnection]:
    """Lend a connection that sees a database as it is now, whatever others write meanwhile.

    Parameters
    ----------
    url, patience
        As for `Database.open`. The tables may be of any version.

    Raises
    ------
    StorageError
        If anything goes wrong with the database inside the block.
    """
    with translated():
        address = _address(url)
        engine = _for_one(address, {"timeout": patience})
        if address.drivername.startswith("sqlite"):
            _prepare_sqlite(engine, foreign_keys=True)
        else:
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        try:
            async with engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()


def _for_one(address: URL, arguments: dict[str, object]) -> AsyncEngine:
    """Return an engine for a single connection."""
    try:
        return create_async_engine(
            address, hide_parameters=True, poolclass=NullPool, connect_args=arguments
        )
    except ModuleNotFoundError:
        raise StorageError(
            "PostgreSQL needs a further package: install moodify[postgres], or leave "
            "MOODIFY_DATABASE_URL empty."
        ) from None


def _prepare_sqlite(engine: AsyncEngine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver would begin transactions of its own, too late to lock for writing.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            for pragma in (
                "journal_mode=WAL",
                "synchronous=NORMAL",
                f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
                # An erased token is overwritten.
                "secure_delete=ON",
            ):
                cursor.execute(f"PRAGMA {pragma}")
        except BaseException:
            # Nobody else would: the pool does not know of it yet. It is a thread.
            connection.close()
            raise
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        writes: Any = connection.get_execution_options().get(_WRITES)
        # A transaction that reads first and then writes would fail, not wait, where another
        # wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
