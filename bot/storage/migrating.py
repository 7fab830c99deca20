"""Bring the tables of a database up to date."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x6D6F6F64696679
"""Number of the lock on PostgreSQL: "moodify" in ASCII."""


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that the database lacks.

    Parameters
    ----------
    connection : Connection
        In a transaction that holds SQLite's lock for writing; on PostgreSQL, others that do the
        same wait here.
    revision : str
        Where to stop.
    """
    # Alembic is needed once, at the start.
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
