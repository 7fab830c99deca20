from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.storage import postgres

# discord.py 2.7 imports audioop, which Python 3.11 and 3.12 announce to be going. It does
# without where it is gone; nothing of ours uses its voice support.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord  # noqa: F401


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    if postgres.PROGRAMS is None:
        pytest.skip("no PostgreSQL server here (on Debian: apt-get install postgresql)")
    with postgres.server() as home:
        yield home
