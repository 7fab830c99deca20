"""Bring the tables of a database up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"

_BEFORE_COUNTING = {"0001"}
"""Revisions whose records were not counted."""
_LOCK = 0x6D6F6F64696679
"""Number of the lock on PostgreSQL: "moodify" in ASCII."""


def migrate(connection: Connection, to: str = "head") -> None:
    """Run the migrations that the database lacks.

    Parameters
    ----------
    connection : Connection
        In a transaction that holds SQLite's lock for writing; on PostgreSQL, others that do the
        same wait here.
    to : str
        The revision that it shall have; the newest if nothing else is said.
    """
    # Alembic is needed once, at the start.
    from alembic import command

    from bot.storage.counting import recount_all

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    before = revision_of(connection)
    command.upgrade(alembic_config(connection), to)
    if before in _BEFORE_COUNTING:
        # Not by the migration itself: counting knows only the tables of today.
        recount_all(connection)


def take_back(connection: Connection) -> None:
    """Delete all tables that the migrations made, as if none had run."""
    from alembic import command

    command.downgrade(alembic_config(connection), "base")


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database's tables; None where there are none."""
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def revisions() -> tuple[str, ...]:
    """Return all revisions that this version knows, the newest first."""
    from alembic.script import ScriptDirectory

    return tuple(each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


def alembic_config(connection: Connection) -> Config:
    """Return what Alembic's commands need to work on a connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
