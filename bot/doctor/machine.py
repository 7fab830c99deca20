"""Checks of this machine: system, folder, database, model, workers, the way to the files."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import yarl

from bot.config import LOOPBACK, MIB, Settings
from bot.doctor.findings import Finding, broken, fine, notice
from bot.storage import StorageError
from bot.storage.checking import Tables, look_at
from moodify_core.errors import ModelError
from moodify_core.shipped import shipped

LITTLE_ROOM = 512 * MIB
"""Bytes below which a disk is called almost full: some films in the making take as much."""

PATIENCE = 5.0
"""Seconds for a connection."""

_HTTPS = 443


def system() -> Finding:
    """See what the bot runs on."""
    says = f"Python {platform.python_version()} on {platform.system()}."
    if sys.platform == "win32":
        return broken(
            "System",
            "The bot does not run on Windows itself.",
            "Start it in WSL or in Docker.",
        )
    return fine("System", says)


def data_folder(folder: Path) -> Finding:
    """See whether the bot can write into its folder, or make it."""
    check = "Data folder"
    shown = folder.absolute()
    place = next(each for each in (shown, *shown.parents) if each.exists())
    if not place.is_dir():
        return broken(
            check,
            f"{place} is a file.",
            "Name a folder in MOODIFY_DATA_DIR, or remove the file.",
        )
    if not os.access(place, os.W_OK | os.X_OK):
        return broken(
            check,
            f"Nothing can be written to {place}.",
            "Make it the bot's, or name another folder in MOODIFY_DATA_DIR; run this command as "
            "the user that the bot runs as.",
        )
    free = shutil.disk_usage(place).free
    if free < LITTLE_ROOM:
        return notice(
            check,
            f"{shown} has only {free // MIB} MiB left.",
            "Make room: songs and films lie there while they are worked on.",
        )
    if place != shown:
        return fine(check, f"{shown} will be made at the first start.")
    return fine(check, f"{shown} can be written to.")


async def database(settings: Settings) -> Finding:
    """See whether the database can be used, and whether its tables are of this version."""
    check = "Database"
    kind = settings.database.partition(":")[0].partition("+")[0]
    shown = "SQLite" if kind == "sqlite" else "PostgreSQL"
    try:
        tables = await look_at(settings.database, patience=PATIENCE)
    except StorageError as error:
        return broken(
            check,
            str(error),
            "See whether the server of MOODIFY_DATABASE_URL runs and lets the bot in. Songs are "
            "answered without it, but nothing is remembered."
            if shown == "PostgreSQL"
            else "See whether the file belongs to the bot's user, whether its disk is full, and "
            "whether another program holds on to it.",
        )
    match tables:
        case Tables.CURRENT:
            return fine(check, f"{shown}, up to date.")
        case Tables.MISSING:
            return fine(check, f"{shown}; its tables will be made at the first start.")
        case Tables.OLDER:
            return notice(
                check,
                f"{shown}, with tables of an older version.",
                "Make a backup, then start the bot: it brings them up to date.",
            )
        case Tables.NEWER:
            return broken(
                check,
                f"{shown}, with tables of a newer version than this one.",
                "Install the newest Moodify, or name another database in MOODIFY_DATABASE_URL.",
            )


async def model() -> Finding:
    """See whether the trained model is whole and can be run."""
    from bot.engine import prepare

    check = "Model"
    try:
        await asyncio.to_thread(prepare)
    except ModelError as error:
        return broken(check, str(error), "Install Moodify again.")
    except ImportError as error:
        return broken(check, f"A package is missing ({error.name}).", "Install Moodify again.")
    known = shipped()
    return fine(check, f"{known.version if known else 'It'} is whole and can be run.")


async def workers(settings: Settings) -> Finding:
    """See whether a worker starts under the limits that the settings give it."""
    from bot.engine import EngineError, is_confined
    from bot.engine.choice import rules_for
    from bot.engine.local import LocalEngine

    check = "Workers"
    with tempfile.TemporaryDirectory(prefix="moodify-doctor-") as made:
        folder = Path(made)
        caches = settings.data_dir.absolute() / "caches"
        engine = LocalEngine(
            workers=1,
            # The caches of the bot where it has been started before: making them takes long.
            rules=rules_for(settings, caches if caches.is_dir() else folder, max_jobs=1),
            folder=folder,
        )
        try:
            # Where the model is at fault, the worker has started and told so; it stands above.
            with suppress(ModelError):
                await engine.start()
            confined = await engine.run(is_confined, time_limit=settings.job_timeout)
        except EngineError as error:
            return broken(
                check,
                f"No worker can start ({type(error).__name__}).",
                "See whether MOODIFY_WORKER_MEMORY_MIB is enough, and not more than this process "
                "may have.",
            )
        finally:
            await engine.close()
    says = f"They start; there will be {settings.workers}."
    if not confined:
        return notice(
            check,
            f"{says} This system does not keep them from the network and from other processes.",
            "Run the bot on Linux on x86-64 or ARM64, where seccomp is not switched off: workers "
            "open files of strangers.",
        )
    return fine(check, f"{says} The system keeps them from the network.")


async def cluster(settings: Settings) -> Finding:
    """See whether the Dask scheduler can be reached, and whether its workers can hear songs."""
    from bot.engine import EngineError, prepare

    check = "Dask scheduler"
    try:
        from bot.engine.dask import DaskEngine
    except ModuleNotFoundError as error:
        return broken(
            check,
            f"A package is missing ({error.name}).",
            "Install moodify[dask], or leave MOODIFY_DASK_SCHEDULER empty.",
        )
    engine = DaskEngine(scheduler=settings.dask_scheduler, jobs=1, prepare=prepare)
    try:
        threads = await engine.threads()
        if threads:
            await engine.start()
    except EngineError as error:
        return broken(
            check,
            f"It cannot be used ({type(error).__name__}).",
            "See whether `moodify scheduler` runs there, and whether a firewall is in the way.",
        )
    except ModelError as error:
        return broken(check, str(error), "Install Moodify again where its workers run.")
    finally:
        await engine.close()
    if not threads:
        return broken(
            check, "It has no workers.", "Start `moodify worker` on the machines that analyse."
        )
    songs = "1 song" if threads == 1 else f"{threads} songs"
    says = f"It can be reached; its workers hear {songs} at the same time."
    address = yarl.URL(settings.dask_scheduler)
    if address.scheme == "tcp" and address.host not in LOOPBACK:
        return notice(
            check,
            f"{says} The way to it is not encrypted, and whoever reaches it can run code.",
            "Let it be in a private network, or use certificates; docs/scaling.md tells how.",
        )
    return fine(check, says)


def shards(settings: Settings) -> Finding:
    """Tell which part of the servers this process serves."""
    check = "Shards"
    if not settings.several_processes:
        return fine(check, "This process serves all servers.")
    listed = ", ".join(map(str, settings.shard_ids))
    return fine(
        check,
        f"This process serves {listed} of {settings.shard_count}; others must serve the rest.",
    )


async def file_hosts(hosts: tuple[str, ...]) -> list[Finding]:
    """See whether the hosts that attachments come from can be reached."""
    return list(await asyncio.gather(*map(_file_host, hosts)))


async def _file_host(host: str) -> Finding:
    check = f"Files at {host}"
    address = yarl.URL(f"//{host}")
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(address.host, address.explicit_port or _HTTPS)
    except (OSError, TimeoutError) as error:
        return notice(
            check,
            f"Cannot be reached ({type(error).__name__}).",
            "Check the network and its firewall: songs are downloaded from there.",
        )
    writer.close()
    return fine(check, "Can be reached.")
