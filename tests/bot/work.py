"""What tests give to workers to do: what ends well, and what does not.

A worker loads this module, so it needs little itself.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

from bot.engine import InputFile, OutputFile, ProgressNote
from bot.engine.progress import telling
from moodify_core.errors import ModelCorrupt, TooShort

MIB = 1024 * 1024
MEMORY = 768 * MIB
LIMIT = 60.0
"""Seconds for work that is to succeed, however busy the machine is."""

MARK = "fresh"


def add(a: int, b: int) -> int:
    return a + b


def process_id() -> int:
    return os.getpid()


def die(signum: int) -> None:
    os.kill(os.getpid(), signum)


def exit_at_once() -> None:
    os._exit(0)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def work_for_ever() -> None:
    while True:
        pass


def note_and_wait(note: Path) -> None:
    note.write_text(str(os.getpid()))
    time.sleep(LIMIT)


def hang_and_ignore_being_told_to_stop() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(LIMIT)


def freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def burn_beyond_the_cpu_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (1, hard))
    work_for_ever()


def hog() -> int:
    return len(bytearray(4 * MEMORY))


def too_short() -> None:
    raise TooShort(0.5, 1.0)


def out_of_memory_in_other_words() -> None:
    raise ModelCorrupt("it cannot be run") from RuntimeError("FAIL : std::bad_alloc")


def load_the_model_in_too_little_memory() -> None:
    from moodify_core.model import load_model

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 8 * MIB, hard))
    try:
        load_model.__wrapped__()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def what_is_loaded() -> tuple[set[str], int]:
    loaded = {name.partition(".")[0] for name in sys.modules}
    from moodify_core.model import load_model

    return loaded, load_model.cache_info().currsize


def shout() -> None:
    print("a decoder to stdout", flush=True)  # noqa: T201
    os.write(2, b"a decoder to stderr\n")


def environment() -> dict[str, str]:
    return dict(os.environ)


def limits() -> dict[str, tuple[int, int]]:
    names = ("RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU")
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


def leave_a_file_and(then: str) -> str:
    file = Path(tempfile.mkdtemp()) / "left"
    file.write_bytes(b"left behind")
    if then == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return str(file)


def start_method() -> str:
    # A forked worker would know what this module was told in the parent.
    return MARK


def copy(source: InputFile, target: OutputFile, note: ProgressNote) -> str:
    content = source.path.read_bytes()
    with telling(note) as tell:
        tell(0.25)
        for _ in range(2):
            time.sleep(0.3)
            tell(0.5)
        target.path.write_bytes(content[::-1])
        tell(1.0)
    return str(source.path)


def fail_with_half_a_file(target: OutputFile) -> None:
    target.path.with_suffix(".part").write_bytes(b"half")
    raise TooShort(0.5, 1.0)


def note_the_host_and_wait(folder: Path, file: InputFile | None = None) -> None:
    """Note the process of Dask's that this one belongs to."""
    (folder / f"{os.getppid()}").touch()
    time.sleep(LIMIT)


def wait_for_a_second_host(folder: Path) -> int:
    """Return once this was begun in two of Dask's processes."""
    (folder / f"{os.getppid()}").touch()
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.02)
    return os.getppid()
