"""Folders for what must leave nothing behind."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_CLEARINGS = 25
_CLEARING_PAUSE = 0.2


@asynccontextmanager
async def private_folder(parent: Path, prefix: str) -> AsyncIterator[Path]:
    """Hold a folder that only this user can read, and delete it with all that is in it.

    Parameters
    ----------
    parent : Path
        Where it is made.
    prefix : str
        How its name begins.

    Yields
    ------
    Path
    """
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
    try:
        yield folder
    finally:
        # A worker that is killed still writes for a moment.
        for _ in range(_CLEARINGS):
            if _cleared(folder):
                break
            await asyncio.sleep(_CLEARING_PAUSE)


def _cleared(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
