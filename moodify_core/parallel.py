"""One function on many things, in processes that may die without harm to each other."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pebble import ProcessFuture

T = TypeVar("T")
R = TypeVar("R")

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Processes share the cores by being many; threads within each would only get in the way."""


class WorkerDied(Exception):
    """The process that worked on something died of it: a crash, or no memory left."""

    def __str__(self) -> str:
        return (
            "Working on this file made the program crash; "
            "it may be damaged, so try to export or download it again."
        )


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def in_processes(
    function: Callable[[T], R], things: Sequence[T], processes: int
) -> Iterator[Iterator[Callable[[], R]]]:
    """Call a function with each of many things, each time in one of several processes.

    Leaving the context stops whatever still runs.

    Parameters
    ----------
    function : callable
        A function of a module, or a partial of one; what it takes, returns and raises is pickled.
    things : sequence
    processes : int
        How many work at a time.

    Yields
    ------
    iterator of callable
        For each thing, in order, what waits for its result, and returns it or raises what
        `function` raised, or `WorkerDied`.

    Examples
    --------
    >>> with in_processes(len, ["a", "song"], 2) as results:
    ...     [result() for result in results]
    [1, 4]
    """
    # Imported here as a single song needs no pool.
    from pebble import ProcessPool

    # A library reads these when a process loads it, so they are to be there from its first moment.
    os.environ.update(_ONE_THREAD)
    # The default of Linux, a fork, would copy the threads' locks as they happen to be.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(processes, initializer=_set_up, context=context)
    try:
        futures = [pool.schedule(function, args=(thing,)) for thing in things]
        yield (_waiting_for(future) for future in futures)
    finally:
        pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it without types
        pool.join()


def _waiting_for(future: ProcessFuture[R]) -> Callable[[], R]:
    from pebble import ProcessExpired

    def wait() -> R:
        try:
            return future.result()
        except ProcessExpired as death:
            raise WorkerDied from death

    return wait


def _set_up() -> None:
    # Ctrl-C is for the process that people started; it stops the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("libav").setLevel(logging.CRITICAL)
