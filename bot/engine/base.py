"""What every engine promises.

Errors form one tree::

    EngineError
    ├── WorkerTimeout        the work took longer than allowed, and was killed
    ├── WorkerOutOfMemory    the work needed more memory than allowed
    ├── WorkerDied           the process died: crashed, or killed from outside
    └── EngineUnavailable    no process could be started, or the engine is closed
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class EngineError(Exception):
    """The work was not done, for a reason that lies in how it was run."""


class WorkerTimeout(EngineError):
    """The work took longer than allowed, and was killed."""


class WorkerOutOfMemory(EngineError):
    """The work needed more memory than allowed."""


class WorkerDied(EngineError):
    """The process that did the work died."""


class EngineUnavailable(EngineError):
    """No process could be started, or the engine is closed."""


class Engine(Protocol):
    """Runs functions elsewhere: each can be killed, and none can hurt another.

    Attributes
    ----------
    advice : str
        What an operator is told where no worker can be had; the end of a sentence.
    """

    advice: str

    async def start(self) -> None:
        """Have workers now, so that the first job need not wait for them.

        Raises
        ------
        EngineError
            If there are none.
        Exception
            Whatever the workers' preparation raises.
        """

    async def run(self, function: Callable[[*Ts], T], *args: *Ts, time_limit: float) -> T:
        """Run `function` in a worker.

        At most as many run at the same time as there are workers; the others wait, first come
        first served. Cancelling kills the work.

        Parameters
        ----------
        function : callable
            A function of a module, so that a worker can import it.
        *args
            Its arguments; they must pickle. Files that it reads or makes are an `InputFile` or an
            `OutputFile`, and where it tells how far it is, a `ProgressNote`.
        time_limit : float
            Seconds that it may run, not counting the wait for a worker.

        Returns
        -------
        object
            What `function` returns.

        Raises
        ------
        EngineError
            If the work was not done.
        Exception
            Whatever `function` raises.
        """

    async def close(self) -> None:
        """Stop all workers at once."""
