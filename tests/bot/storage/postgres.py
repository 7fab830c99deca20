"""A PostgreSQL server of the tests' own, from Debian's package."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
USER = "moodify"
_START_WITHIN = 60.0


@contextmanager
def server() -> Iterator[Path]:
    """Run a server; its socket is in the folder that is yielded, and it listens nowhere else."""
    assert PROGRAMS is not None
    # Not pytest's folder: the server refuses to be root, and a socket's path must be short.
    home = Path(tempfile.mkdtemp(prefix="moodify-pg-"))
    owner = "postgres" if os.geteuid() == 0 else None
    if owner:
        shutil.chown(home, owner)
    subprocess.run(
        [PROGRAMS / "initdb", "-D", home / "data", "-U", USER, "-A", "trust", "--no-sync"],
        check=True,
        user=owner,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )
    settings = ("listen_addresses=", "fsync=off", "max_connections=200")
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                # A run of the tests that is killed takes its server with it.
                *("setpriv", "--pdeathsig", "QUIT"),
                *(PROGRAMS / "postgres", "-D", home / "data", "-k", home),
                *(f"--{setting}" for setting in settings),
            ],
            user=owner,
            cwd="/",
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(home, process)
        yield home
    finally:
        # Without tidying up: nothing of it is kept.
        process.send_signal(signal.SIGQUIT)
        process.wait()
        shutil.rmtree(home)


def _wait_until_ready(home: Path, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _START_WITHIN
    while subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", home], check=False).returncode:
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError((home / "log").read_text())
        time.sleep(0.1)


async def new_database(home: Path) -> str:
    """Make an empty database, and return its address."""
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(host=str(home), user=USER, database="postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"postgresql://{USER}@/{name}?host={home}"
