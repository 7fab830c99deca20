"""A cluster as operators start it: ``moodify scheduler`` and ``moodify worker``, on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bot.process import PATIENCE, ROOT

SECRETS = {"DISCORD_TOKEN": "a-token-of-the-bot", "MOODIFY_DATABASE_URL": "postgresql://a:b@c/d"}
"""What a careless operator has in the environment of everything."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@dataclass
class Part:
    """A scheduler or a worker: a process of its own.

    Attributes
    ----------
    arguments : tuple of str
        Of ``moodify``.
    folder : Path
        Where it works, and its data folder.
    settings : dict of str to str
    """

    arguments: tuple[str, ...]
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        own = {name: value for name, value in os.environ.items() if not name.startswith("MOODIFY")}
        environment = {
            "MOODIFY_DATA_DIR": str(self.folder),
            "MOODIFY_WORKER_MEMORY_MIB": "768",
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / "log").open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "moodify_core", *self.arguments],
                cwd=self.folder,
                env=own | SECRETS | environment | self.settings,
                stdout=sink,
                stderr=sink,
            )

    def stop(self, signum: int = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signum)
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        """Let no process be left, whichever it is by now."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def logged(self, words: str, times: int = 1) -> None:
        """Wait until the log has said something so many times."""
        give_up = time.monotonic() + PATIENCE
        while self.log.count(words) < times:
            assert time.monotonic() < give_up, f"{words!r} is not in\n{self.log}"
            assert self.process is not None
            assert self.process.poll() is None, self.log
            time.sleep(0.05)


@dataclass
class Cluster:
    """A scheduler with its workers.

    Attributes
    ----------
    address : str
    scheduler : Part
    workers : tuple of Part
    """

    address: str
    scheduler: Part
    workers: tuple[Part, ...]

    def wait(self, times: int = 1) -> None:
        """Wait until each worker is there, for the so-manieth time."""
        self.scheduler.logged("scheduler listens")
        for worker in self.workers:
            worker.logged("worker started", times)


@contextmanager
def running_cluster(folder: Path, *, workers: int = 2, songs_at_once: int = 1) -> Iterator[Cluster]:
    """Run a cluster; each of its parts must stop as told and have kept no secret."""
    address = f"tcp://127.0.0.1:{free_port()}"
    scheduler = Part(("scheduler", "--listen", address), folder / "scheduler")
    settings = {"MOODIFY_WORKERS": str(songs_at_once)}
    cluster = Cluster(
        address,
        scheduler,
        tuple(
            Part(("worker", "--scheduler", address), folder / f"worker{number}", settings)
            for number in range(workers)
        ),
    )
    parts = (*cluster.workers, scheduler)
    with ExitStack() as stack:
        for part in (scheduler, *cluster.workers):
            part.start()
            stack.callback(part.end)
        cluster.wait()
        yield cluster
        assert [part.stop() for part in parts] == [0] * len(parts), [part.log for part in parts]
    for part in parts:
        assert not any(secret in part.log for secret in SECRETS.values())
