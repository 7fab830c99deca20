from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage import Storage
from tests.bot.storage import postgres


@pytest.fixture(autouse=True)
async def all_threads_end() -> AsyncIterator[None]:
    """Let the loop outlive the threads of SQLite, which tell it of the end of what was given up."""
    yield
    async with asyncio.timeout(60):
        while any("_connection_worker" in each.name for each in threading.enumerate()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/moodify.db"
    return await postgres.new_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
async def storage(url: str) -> AsyncIterator[Storage]:
    opened = await Storage.open(url)
    yield opened
    await opened.close()
