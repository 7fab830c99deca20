"""Inside a worker process: its limits, its bare environment, its own temporary folder.

What it may not do at all is in `bot.engine.confinement`.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from bot.engine.confinement import confine

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_KEPT_VARIABLES = frozenset({"HOME", "LANG", "LC_ALL", "LC_CTYPE", "MPLCONFIGDIR", "PATH"})

_PR_SET_PDEATHSIG = 1
"""From Linux's ``sys/prctl.h``."""

_ONE_THREAD: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""Workers share the cores by being many; threads within each would only get in the way."""

MIB = 1024 * 1024

_ROOM_FOR_A_SONG = 128 * MIB
"""Bytes; a song takes less than that of what a worker holds at work."""

_confined = False


def nothing() -> None:
    """Do nothing: the preparation of a worker that needs none."""


@dataclass(frozen=True, slots=True)
class WorkerRules:
    """What a worker process may have and do.

    Attributes
    ----------
    memory : int
        Bytes of address space.
    max_jobs : int
        Jobs after which it is replaced by a fresh one.
    caches : Path
        Folder for what libraries want to keep between runs, such as lists of fonts.
    prepare : callable
        A function of a module, called before the first job, so that it need not wait for what
        all of them need.
    file_size : int
        Bytes of the largest file that it may write. Films are the largest that are asked of it,
        and Discord takes none above 100 MiB.
    """

    memory: int
    max_jobs: int
    caches: Path
    prepare: Callable[[], None] = nothing
    file_size: int = 256 * MIB


def set_up(rules: WorkerRules) -> None:
    """Make this process fit to handle files of strangers.

    Parameters
    ----------
    rules : WorkerRules
    """
    _die_with_the_bot()
    _silence()
    _bare_environment(rules.caches)
    # The pool's own handler needs the interpreter, which a stuck decoder never gives back.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (rules.memory, rules.memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (rules.file_size, rules.file_size))
    global _confined  # noqa: PLW0603 - a process is confined or not, whoever asks
    _confined = confine()
    # What goes wrong comes out again in the first job; here it would only break the pool.
    with suppress(Exception):
        rules.prepare()


def is_confined() -> bool:
    """Tell whether the kernel keeps this worker from the network and from other processes."""
    return _confined


def run_limited(
    folder: Path, cpu_seconds: float, function: Callable[[*Ts], T], args: tuple[*Ts]
) -> T:
    """Run one job with a budget of CPU time, its temporary files in a folder of its own.

    Parameters
    ----------
    folder : Path
        The folder; whoever made it deletes it, even if this process dies.
    cpu_seconds : float
        CPU time that the job may use.
    function : callable
    args : tuple

    Returns
    -------
    object
        What `function` returns.

    Raises
    ------
    MemoryError
        If memory ran out, however the library that it happened to puts it.
    Exception
        Whatever else `function` raises.
    """
    tempfile.tempdir = str(folder)
    os.environ["TMPDIR"] = str(folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The limit counts over the whole life of the process, so each job raises it by its budget.
    budget = ceil(used.ru_utime + used.ru_stime + cpu_seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (budget, hard))
    try:
        return function(*args)
    except Exception as error:
        if _ran_out_of_memory(error):
            _let_go(error)
            if not _has_room():
                # A library has kept it: a fresh worker is worth more than a name for this end.
                os.kill(os.getpid(), signal.SIGKILL)
            raise MemoryError from None
        raise


def _ran_out_of_memory(error: BaseException | None) -> bool:
    while error is not None:
        # The second is what C++ says, in the words of whoever caught it.
        if isinstance(error, MemoryError) or "std::bad_alloc" in str(error):
            return True
        error = error.__cause__
    return False


def _let_go(error: BaseException) -> None:
    """Free what the functions held that an error went through: the next song needs the room.

    The pool keeps an error until the next job is done, and the error keeps them.
    """
    linked: BaseException | None = error
    while linked is not None:
        traceback.clear_frames(linked.__traceback__)
        linked = linked.__cause__ or linked.__context__
    gc.collect()


def _has_room() -> bool:
    try:
        mmap.mmap(-1, _ROOM_FOR_A_SONG).close()
    except OSError:
        return False
    return True


def _die_with_the_bot() -> None:
    """Go when the bot is killed, in the middle of a song: the next run has workers of its own.

    Where the system does not know how, a worker goes when its song is done.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    bot = multiprocessing.parent_process()
    # It may have died before it was asked to tell.
    if bot is not None and bot.pid != os.getppid():
        os.kill(os.getpid(), signal.SIGKILL)


def _silence() -> None:
    """Take stdout and stderr away: decoders write to them whatever a file makes them say."""
    with Path(os.devnull).open("wb") as nowhere:
        for descriptor in (1, 2):
            os.dup2(nowhere.fileno(), descriptor)


def _bare_environment(caches: Path) -> None:
    for name in list(os.environ):
        if name not in _KEPT_VARIABLES:
            del os.environ[name]
    os.environ.update(_ONE_THREAD)
    os.environ.setdefault("MPLCONFIGDIR", str(caches))
