"""What a worker may not do, and what it does to others when it tries, or dies of native code."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import itertools
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot.engine import (
    EngineError,
    Hearing,
    InputFile,
    WorkerDied,
    WorkerOutOfMemory,
    WorkerRules,
    WorkerTimeout,
    hear,
    is_confined,
    prepare,
)
from bot.engine.confinement import confine
from bot.engine.local import LocalEngine
from tests.bot.process import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
MEMORY = 768 * MIB
FILE_SIZE = 8 * MIB
LIMIT = 60.0
"""Seconds for work that is to succeed, however busy the machine is."""
SHORT = 2.0
"""Seconds for work that never ends."""

SONG = InputFile(ROOT / "examples" / "happy_morning_run.mp3")

confined_only = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in {"x86_64", "aarch64"},
    reason="there is no filter for this system",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalEngine]:
    folder = tmp_path_factory.mktemp("engine")
    rules = WorkerRules(
        memory=MEMORY, max_jobs=50, caches=folder, prepare=prepare, file_size=FILE_SIZE
    )
    engine = LocalEngine(workers=2, rules=rules, folder=folder)
    yield engine
    await engine.close()


# --- ways to die -------------------------------------------------------------------------------


def read_where_nothing_is() -> None:
    ctypes.string_at(0)


def overflow_the_stack() -> None:
    def deeper(pointer: int) -> int:
        return qsort_like(pointer)

    qsort_like = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(deeper)
    sys.setrecursionlimit(10**9)
    qsort_like(0)


def abort() -> None:
    os.abort()


def jump_to_nowhere() -> None:
    ctypes.CFUNCTYPE(None)(8)()


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def loop_in_python() -> None:
    while True:
        pass


def loop_in_c_and_never_let_go() -> None:
    max(itertools.repeat(0))


def loop_in_a_thread_of_c() -> None:
    threading.Thread(target=max, args=(itertools.repeat(0),)).start()
    max(itertools.repeat(0))


def sleep_in_c() -> None:
    ctypes.CDLL(None).sleep(3600)


def hog_at_once() -> int:
    return len(bytearray(4 * MEMORY))


def hog_bit_by_bit() -> int:
    held = [bytes(MIB)]
    while True:
        held.append(bytes(MIB))


def hog_in_c() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while libc.malloc(ctypes.c_size_t(MIB)):
        pass
    raise MemoryError


def flood_a_file() -> None:
    file = Path(tempfile.mkdtemp()) / "flood"
    with file.open("wb") as sink:
        for _ in range(2 * FILE_SIZE // MIB):
            sink.write(bytes(MIB))


WAYS = [
    (read_where_nothing_is, LIMIT, WorkerDied),
    (overflow_the_stack, LIMIT, WorkerDied),
    (jump_to_nowhere, LIMIT, WorkerDied),
    (abort, LIMIT, WorkerDied),
    (be_killed, LIMIT, WorkerDied),
    (loop_in_python, SHORT, WorkerTimeout),
    (loop_in_c_and_never_let_go, SHORT, WorkerTimeout),
    (loop_in_a_thread_of_c, SHORT, WorkerTimeout),
    (sleep_in_c, SHORT, WorkerTimeout),
    (hog_at_once, LIMIT, WorkerOutOfMemory),
    (hog_bit_by_bit, LIMIT, WorkerOutOfMemory),
    # What a library keeps, the next song would lack.
    (hog_in_c, LIMIT, WorkerDied),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def heard(engine: LocalEngine) -> Hearing:
    return await engine.run(hear, SONG, "Song", 600.0, time_limit=LIMIT)


@pytest.mark.parametrize(("way", "limit", "error"), WAYS, ids=[way.__name__ for way, *_ in WAYS])
async def test_others_are_heard_however_a_worker_dies(
    engine: LocalEngine,
    heard: Hearing,
    way: Callable[[], None],
    limit: float,
    error: type[EngineError],
) -> None:
    beside = asyncio.create_task(engine.run(hear, SONG, "Song", 600.0, time_limit=LIMIT))
    with pytest.raises(error):
        await engine.run(way, time_limit=limit)
    assert await beside == heard


async def test_who_ran_out_of_memory_leaves_it_to_the_next(tmp_path: Path) -> None:
    rules = WorkerRules(memory=MEMORY, max_jobs=50, caches=tmp_path, prepare=prepare)
    engine = LocalEngine(workers=1, rules=rules, folder=tmp_path)
    try:
        with pytest.raises(WorkerOutOfMemory):
            await engine.run(hog_bit_by_bit, time_limit=LIMIT)
        await engine.run(hear, SONG, "Song", 600.0, time_limit=LIMIT)
    finally:
        await engine.close()


async def test_a_file_does_not_grow_beyond_its_limit(engine: LocalEngine) -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        await engine.run(flood_a_file, time_limit=LIMIT)


def flood_stderr() -> int:
    return sum(
        os.write(descriptor, b"error\n" * 10_000) for descriptor in (1, 2) for _ in range(200)
    )


async def test_a_flood_of_complaints_goes_nowhere(
    engine: LocalEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await engine.run(flood_stderr, time_limit=LIMIT) == 2 * 200 * 60_000
    assert capfd.readouterr() == ("", "")


# --- what is forbidden -------------------------------------------------------------------------


def open_a_socket(family: int) -> None:
    socket.socket(family)


def call_home(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=5)


def make_a_ring() -> int:
    """Ask for io_uring, which could open sockets past the filter; return the error's number."""
    libc = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(256)
    assert libc.syscall(425, 4, room) == -1
    return ctypes.get_errno()


def fork_bomb() -> None:
    while True:
        os.fork()


def fork_in_c() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.fork() == -1
    return ctypes.get_errno()


def run_a_program() -> None:
    subprocess.run(["true"], check=True)


def become_another_program() -> None:
    os.execv("/bin/true", ["true"])


def signal_the_bot(pid: int) -> None:
    os.kill(pid, 0)


def signal_everybody() -> None:
    os.kill(0, 0)


def limit_the_bot(pid: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


@confined_only
@pytest.mark.parametrize(
    ("work", "arguments"),
    [
        (open_a_socket, (socket.AF_INET,)),
        (open_a_socket, (socket.AF_INET6,)),
        (open_a_socket, (socket.AF_UNIX,)),
        (open_a_socket, (16,)),  # AF_NETLINK
        (fork_bomb, ()),
        (run_a_program, ()),
        (become_another_program, ()),
        (signal_the_bot, (os.getpid(),)),
        (signal_everybody, ()),
        (limit_the_bot, (os.getpid(),)),
    ],
)
async def test_a_worker_is_refused(
    engine: LocalEngine, work: Callable[..., None], arguments: tuple[int, ...]
) -> None:
    with pytest.raises(PermissionError):
        await engine.run(work, *arguments, time_limit=LIMIT)


@confined_only
@pytest.mark.parametrize("work", [make_a_ring, fork_in_c])
async def test_native_code_is_refused_as_well(engine: LocalEngine, work: Callable[[], int]) -> None:
    assert await engine.run(work, time_limit=LIMIT) == errno.EPERM


@confined_only
async def test_nobody_is_ever_called(engine: LocalEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(PermissionError):
            await engine.run(call_home, listener.getsockname()[1], time_limit=LIMIT)
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()


def start_threads() -> list[int]:
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(done)


async def test_threads_may_be_started(engine: LocalEngine) -> None:
    assert await engine.run(start_threads, time_limit=LIMIT) == list(range(8))


@confined_only
async def test_a_worker_knows_that_it_is_confined(engine: LocalEngine) -> None:
    assert await engine.run(is_confined, time_limit=LIMIT)
    assert not is_confined()


async def test_where_there_is_no_filter_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert not confine()


# --- what it is given --------------------------------------------------------------------------


def limits() -> dict[str, tuple[int, int]]:
    names = ("RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_FSIZE")
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


async def test_its_limits_are_those_of_the_rules(engine: LocalEngine) -> None:
    found = await engine.run(limits, time_limit=LIMIT)
    assert found["RLIMIT_AS"] == (MEMORY, MEMORY)
    assert found["RLIMIT_FSIZE"] == (FILE_SIZE, FILE_SIZE)
    assert found["RLIMIT_CORE"] == (0, 0)
    assert 0 < found["RLIMIT_CPU"][0] < 100 * LIMIT


def descriptors() -> list[str]:
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:  # that of the list itself
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="it is told by /proc")
async def test_it_inherits_no_socket_and_no_file(engine: LocalEngine, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    with socket.create_server(("127.0.0.1", 0)), secret.open("w"):
        found = await engine.run(descriptors, time_limit=LIMIT)
    # What is open besides are fonts and models, which belong to the worker's libraries.
    assert not [each for each in found if each.startswith("socket:")]
    assert not [each for each in found if each.startswith(str(secret))]
