"""The bot as operators run it: a process of its own, ``python -m bot``, at the stand-in."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import matplotlib as mpl

from tests.discord_double import DiscordDouble, Message

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
_INTERACTION_TOKEN = re.compile(r"[\w-]{100,}")
PATIENCE = 120.0
"""Seconds to wait for what is to come at some time, however busy the machine is."""


@dataclass(frozen=True)
class BotProcess:
    """A running bot.

    Attributes
    ----------
    process : asyncio.subprocess.Process
    data : Path
        Its data folder.
    log : Path
        All that it and its workers write.
    """

    process: asyncio.subprocess.Process
    data: Path
    log: Path

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    async def logged(self, words: str, times: int = 1) -> None:
        """Wait until the log has said something so many times."""
        async with asyncio.timeout(PATIENCE):
            while self.output().count(words) < times:  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.05)

    def worker_pids(self) -> list[int]:
        """Return the processes that analyse songs."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        threads = children.parent.parent.glob("*/children")
        pids = [int(pid) for thread in threads for pid in thread.read_text().split()]
        return [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def halt(self) -> list[int]:
        """Let no worker do anything, and return the process ids of all."""
        for worker in (workers := self.worker_pids()):
            os.kill(worker, signal.SIGSTOP)
        return workers

    async def stop(self, signum: int = signal.SIGTERM) -> int:
        """Tell the bot to stop, and return its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signum)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


def has_begun(worker: int) -> bool:
    """Tell whether a worker has noted that it has heard some of a song."""
    for descriptor in Path(f"/proc/{worker}/fd").iterdir():
        with suppress(FileNotFoundError):
            note = descriptor.readlink()
            if note.name.startswith("share-"):
                return float(note.read_text() or 0) > 0
    return False


async def begin_and_halt(workers: Iterable[int]) -> None:
    """Let halted workers go on until each of them is in the middle of a song, and no further."""
    for worker in (waiting := set(workers)):
        os.kill(worker, signal.SIGCONT)
    async with asyncio.timeout(PATIENCE):
        while waiting:
            for worker in tuple(waiting):
                if has_begun(worker):
                    os.kill(worker, signal.SIGSTOP)
                    waiting.discard(worker)
            await asyncio.sleep(0.005)


async def halted_in_a_song(bot: BotProcess, ask: Awaitable[T]) -> T:
    """Ask for a song, and halt all workers in the middle of it, however fast they are."""
    workers = bot.halt()
    asked = await ask
    await begin_and_halt(workers)
    return asked


def is_set_up(worker: int) -> bool:
    """Tell whether a worker has come so far that it goes when its bot is killed."""
    return Path(f"/proc/{worker}/fd/1").readlink() == Path(os.devnull)


def is_answer(message: Message) -> bool:
    """Whether a message is the bot's last word and not how far it is."""
    ids = [
        component.get("custom_id", "")
        for row in message.components
        for component in row.get("components", ())
    ]
    return not any(each.startswith("cancel:") for each in ids)


def settings_for(double: DiscordDouble, data: Path, **settings: object) -> dict[str, str]:
    """Return an environment in which the bot finds the stand-in."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("MOODIFY", "DIS"))
    }
    bot = {
        "DISCORD_TOKEN": double.token,
        "MOODIFY_DISCORD_API": double.api_url,
        "MOODIFY_CDN_HOSTS": double.host,
        "MOODIFY_DATA_DIR": str(data),
        "MOODIFY_LOG_LEVEL": "DEBUG",
        "MOODIFY_JOB_TIMEOUT": str(PATIENCE),
        "MOODIFY_COOLDOWN": "0",
        # Each takes as long to start as the bot; tests that hear songs side by side ask for more.
        "MOODIFY_WORKERS": "1",
        "PYTHONPATH": str(ROOT),
        # Each bot would otherwise look through all fonts of this machine again.
        "MPLCONFIGDIR": mpl.get_cachedir(),
    }
    given = {f"MOODIFY_{name}".upper(): str(value) for name, value in settings.items()}
    return own | bot | given


@asynccontextmanager
async def running_bot(
    double: DiscordDouble, folder: Path, *, tracebacks: bool = False, **settings: object
) -> AsyncIterator[BotProcess]:
    """Run a bot in `folder`; afterwards it must stop as told and have kept its secrets.

    Parameters
    ----------
    tracebacks : bool
        As for `started_bot`.
    """
    async with started_bot(double, folder, tracebacks=tracebacks, **settings) as bot:
        yield bot
        assert await bot.stop() == 0, bot.output()
    assert not list((bot.data / "songs").iterdir()), "songs are deleted"
    assert not list((folder / "tmp").iterdir()), "nothing is left in the system's temporary folder"


@asynccontextmanager
async def started_bot(
    double: DiscordDouble, folder: Path, *, tracebacks: bool = False, **settings: object
) -> AsyncIterator[BotProcess]:
    """Run a bot in `folder`, however it ends; it must have kept its secrets.

    Parameters
    ----------
    tracebacks : bool
        Whether it may log some: discord.py does where Discord is gone.
    """
    data, log = folder / "data", folder / "log"
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot"),
            cwd=folder,
            env=settings_for(double, data, **settings) | {"TMPDIR": str(temporary)},
            stdout=sink,
            stderr=sink,
        )
    bot = BotProcess(process, data, log)
    try:
        await double.wait_connected(PATIENCE)
        yield bot
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        sys.stdout.write(bot.output())
    output = bot.output()
    assert double.token not in output
    assert not _INTERACTION_TOKEN.search(output)
    assert tracebacks or "Traceback" not in output
