"""All that a database holds as one file, and back, into a database of either kind.

The file is JSON lines, compressed: a line that says what it is, then for each table a line with its
name and its columns, and a line for each row; at last a line that counts the rows. So it is written
and read row by row, whatever its size.

An interaction's token is never in it: whoever has one can answer in the bot's name.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Inspector,
    LargeBinary,
    MetaData,
    Table,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.exc import DataError, IntegrityError

from bot.storage.checking import is_missing_file
from bot.storage.database import PATIENCE, maintenance, snapshot
from bot.storage.migrating import migrate, revision_of, revisions, take_back
from bot.storage.tables import Base

FORMAT = 1
"""Version of the file's own form; that of the tables is beside it."""

_VERSIONS = "alembic_version"
_ROWS = 1000
"""Rows that are held at a time."""
_LEVEL = 6
"""Of compression: the highest takes twice as long for hardly less."""


class BackupError(Exception):
    """No backup was made, or none restored; its text is one sentence that says what to do."""


async def back_up(url: str, target: Path, *, patience: float = PATIENCE) -> int:
    """Write all rows of a database, as they are at one moment, to a file.

    The bot may run meanwhile. The file is readable by its owner only, and takes the place of one
    of the same name once it is whole.

    Parameters
    ----------
    url : str
        Address of the database, as for `Storage.open`.
    target : Path
    patience : float
        Seconds to wait for the server, or for others to let go of the database.

    Returns
    -------
    int
        How many rows there are.

    Raises
    ------
    BackupError
        If there is nothing to back up, or the file cannot be written.
    StorageError
        If the database cannot be used.
    """
    if is_missing_file(url):
        raise BackupError(_NOTHING)
    async with snapshot(url, patience) as connection:
        return await connection.run_sync(_write_file, target)


async def restore(url: str, source: Path, *, patience: float = PATIENCE) -> int:
    """Bring all rows of a backup into an empty database, and its tables up to date.

    Parameters
    ----------
    url : str
        Address of the database, as for `Storage.open`; its tables may be there, without a row.
    source : Path
    patience : float
        Seconds to wait for the server, or for others to let go of the database.

    Returns
    -------
    int
        How many rows there are.

    Raises
    ------
    BackupError
        If the database is not empty, or the file is damaged or of a newer version; nothing is
        restored then.
    StorageError
        If the database cannot be used.
    """
    lines = _lines(source)
    head = _Head.of(next(lines, None))
    async with maintenance(url, patience) as connection:
        return await connection.run_sync(_restore, head, lines)


@dataclass(frozen=True, slots=True)
class _Head:
    """What a backup says of itself.

    Attributes
    ----------
    revision : str
        Of the tables.
    """

    revision: str

    @classmethod
    def of(cls, line: Any) -> _Head:  # noqa: ANN401 - whatever a file holds
        """Read a backup's first line."""
        if not isinstance(line, dict) or line.get("moodify") != "backup":
            raise BackupError("This file is no backup of Moodify: name one that it has made.")
        if line.get("format") != FORMAT or line.get("revision") not in revisions():
            raise BackupError(
                "This backup was made by a newer version of Moodify: install that version, then "
                "restore again."
            )
        return cls(line["revision"])

    def line(self) -> Mapping[str, object]:
        """Return a backup's first line."""
        return {"moodify": "backup", "format": FORMAT, "revision": self.revision}


_NOTHING = (
    "There is nothing to back up: this database has no tables yet; see whether MOODIFY_DATA_DIR "
    "or MOODIFY_DATABASE_URL names the right one."
)
_DAMAGED = "This backup is damaged, and nothing was restored: take another one."


# --- writing -------------------------------------------------------------------------------------


def _write_file(connection: Connection, target: Path) -> int:
    revision = revision_of(connection)
    if revision is None:
        raise BackupError(_NOTHING)
    if revision not in revisions():
        raise BackupError(
            "The tables of this database are of a newer version of Moodify: install that version, "
            "then make the backup again."
        )
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with gzip.open(file, "wt", _LEVEL, encoding="ascii", newline="\n") as lines:
                    rows = _write(connection, _Head(revision), lines)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BackupError(
            f"The backup cannot be written to {target} ({error.strerror}): name another place, or "
            "make room."
        ) from None
    return rows


def _write(connection: Connection, head: _Head, file: IO[str]) -> int:
    def write(line: object) -> None:
        file.write(json.dumps(line, separators=(",", ":")) + "\n")

    write(head.line())
    counted: dict[str, int] = {}
    for table in _tables(connection):
        columns = list(table.columns)
        names = [column.name for column in columns]
        last = _last_number(connection, table)
        write({"table": table.name, "columns": names, "last": last})
        counted[table.name] = 0
        found = connection.execution_options(yield_per=_ROWS).execute(select(table))
        for row in found:
            write(_without_token(names, [_plain(value) for value in row]))
            counted[table.name] += 1
    write({"rows": counted})
    return sum(counted.values())


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _without_token(names: Sequence[str], values: list[Any]) -> list[Any]:
    """Make a job that has a token one whose time to answer in place is over.

    It is answered all the same, by a message in its channel.
    """
    if "token" in names and values[names.index("token")] is not None:
        values[names.index("token")] = ""
        values[names.index("expires")] = 0.0
    return values


# --- reading -------------------------------------------------------------------------------------


def _lines(source: Path) -> Iterator[Any]:
    """Yield the lines of a backup, read."""
    try:
        with gzip.open(source, "rt", encoding="ascii") as file:
            for line in file:
                yield json.loads(line)
    except (gzip.BadGzipFile, EOFError, zlib.error, ValueError, RecursionError):
        # A broken line of JSON and a broken letter are kinds of ValueError.
        raise BackupError(_DAMAGED) from None
    except OSError as error:
        raise BackupError(
            f"{source} cannot be read ({error.strerror}): name a backup that can be."
        ) from None


def _restore(connection: Connection, head: _Head, lines: Iterator[Any]) -> int:
    _refuse_unless_empty(connection)
    if revision_of(connection) is not None:
        take_back(connection)
    migrate(connection, head.revision)
    counted = _read(connection, lines)
    if connection.dialect.name == "sqlite" and _has_loose_ends(connection):
        raise BackupError(_DAMAGED)
    migrate(connection)
    return sum(counted.values())


def _refuse_unless_empty(connection: Connection) -> None:
    for table in _tables(connection):
        if connection.execute(select(table).limit(1)).first():
            raise BackupError(
                "This database is not empty, and nothing was restored: name one that is, in "
                "MOODIFY_DATA_DIR or MOODIFY_DATABASE_URL."
            )


def _has_loose_ends(connection: Connection) -> bool:
    """Tell whether a row refers to one that is not there, which SQLite does not do unasked."""
    return connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None


def _read(connection: Connection, lines: Iterator[Any]) -> Mapping[str, int]:
    tables = {table.name: table for table in _tables(connection)}
    counted: dict[str, int] = {}
    filling: _Filling | None = None
    for line in lines:
        if isinstance(line, list) and filling is not None:
            filling.take(line)
            continue
        if filling is not None:
            counted[filling.table.name] = filling.done()
        if not isinstance(line, dict):
            break
        if line.get("rows") == counted and set(counted) == set(tables):
            return counted
        if line.get("table") not in set(tables) - set(counted):
            break
        filling = _Filling(connection, tables[line["table"]], line)
    raise BackupError(_DAMAGED)


class _Filling:
    """A table into which rows are brought.

    Parameters
    ----------
    connection : Connection
    table : Table
    line : mapping
        What the backup says of it.
    """

    def __init__(self, connection: Connection, table: Table, line: Mapping[str, Any]) -> None:
        names = line.get("columns")
        if not isinstance(names, list) or set(names) != set(table.columns.keys()):
            raise BackupError(_DAMAGED)
        self.table = table
        self._connection = connection
        self._columns: Sequence[Column[Any]] = [table.columns[name] for name in names]
        self._last = line.get("last")
        self._waiting: list[dict[str, Any]] = []
        self._rows = 0

    def take(self, values: Sequence[Any]) -> None:
        """Bring in a row, soon."""
        if len(values) != len(self._columns):
            raise BackupError(_DAMAGED)
        self._waiting.append(
            {
                column.name: _value(column, plain)
                for column, plain in zip(self._columns, values, strict=True)
            }
        )
        if len(self._waiting) == _ROWS:
            self._insert()

    def done(self) -> int:
        """Bring in what is left; return how many rows there were."""
        self._insert()
        if self._last is not None:
            _set_last_number(self._connection, self.table, int(self._last))
        return self._rows

    def _insert(self) -> None:
        if not self._waiting:
            return
        try:
            self._connection.execute(insert(self.table), self._waiting)
        except (IntegrityError, DataError):
            raise BackupError(_DAMAGED) from None
        self._rows += len(self._waiting)
        self._waiting = []


def _value(column: Column[Any], plain: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    if plain is not None and isinstance(column.type, LargeBinary):
        return base64.b64decode(plain)
    return plain


# --- both ----------------------------------------------------------------------------------------


def _tables(connection: Connection) -> Sequence[Table]:
    """Return the tables that are there, of whatever version, those first that others refer to."""
    found = MetaData()
    event.listen(found, "column_reflect", _keep_null)
    found.reflect(connection)
    # What is not ours is nobody's business; of an older version everything may be ours.
    ours = set(Base.metadata.tables) if revision_of(connection) == revisions()[0] else None
    return [
        table
        for table in found.sorted_tables
        if table.name != _VERSIONS and (ours is None or table.name in ours)
    ]


def _keep_null(inspector: Inspector, table: Table, column: ReflectedColumn) -> None:
    """Let a missing value be one in columns of JSON, too, and not JSON's own `null`."""
    if isinstance(column["type"], JSON):
        column["type"] = JSON(none_as_null=True)


def _last_number(connection: Connection, table: Table) -> int | None:
    """Return the last number that a table has given to a row, as none is given twice."""
    if connection.dialect.name == "sqlite":
        if not _counts(connection):
            return None
        number: int | None = connection.scalar(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
        )
        return number
    sequence = _sequence(connection, table)
    if sequence is None:
        return None
    value, used = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608
    return value if used else None


def _set_last_number(connection: Connection, table: Table, number: int) -> None:
    named = {"name": table.name, "number": number}
    if connection.dialect.name == "sqlite":
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), named)
        connection.execute(
            text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), named
        )
    elif sequence := _sequence(connection, table):
        connection.execute(
            text("SELECT setval(:sequence, :number)"), {"sequence": sequence, "number": number}
        )


def _counts(connection: Connection) -> bool:
    """Tell whether any table of a SQLite file numbers its rows."""
    query = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
    return connection.execute(text(query)).first() is not None


def _sequence(connection: Connection, table: Table) -> str | None:
    column = table.autoincrement_column
    if column is None:
        return None
    name: str | None = connection.scalar(
        text("SELECT pg_get_serial_sequence(:table, :column)"),
        {"table": table.name, "column": column.name},
    )
    return name
