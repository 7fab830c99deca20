"""What travels to a worker of another machine, and back: a job with the contents of its files."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bot.engine.files import InputFile, OutputFile
from bot.engine.progress import ProgressNote


class _Carried:
    """What travels as bytes, so that whatever carries it need not know what is in it."""

    __slots__ = ()

    def to_bytes(self) -> bytes:
        """Write it."""
        return pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` has written; the network is trusted, see ``docs/scaling.md``."""
        carried: Self = pickle.loads(data)  # noqa: S301 - Dask itself pickles what it carries
        return carried


@dataclass(frozen=True, slots=True)
class Parcel(_Carried):
    """A job on its way to a worker.

    Attributes
    ----------
    function : callable
        A function of a module.
    args : tuple
        As the caller gave them: their paths are those of the caller's machine.
    time_limit : float
        Seconds that the work may take.
    files : dict of int to bytes
        The contents of those arguments that are an `InputFile`, by their place in `args`.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    time_limit: float
    files: dict[int, bytes]

    @classmethod
    def of(cls, function: Callable[..., Any], args: tuple[Any, ...], time_limit: float) -> Parcel:
        """Pack a job, with what is in its files.

        Raises
        ------
        OSError
            If one of them cannot be read.
        """
        files = {
            place: arg.path.read_bytes()
            for place, arg in enumerate(args)
            if isinstance(arg, InputFile)
        }
        return cls(function, args, time_limit, files)


@dataclass(frozen=True, slots=True)
class Delivery(_Carried):
    """What came of a job, on its way back.

    Attributes
    ----------
    value : object
        What the function returned; the exception, if it raised one.
    raised : bool
        Which of the two it is.
    files : dict of int to bytes
        The contents of the files that the work made, by their `OutputFile`'s place in the job's
        arguments.
    """

    value: Any
    raised: bool
    files: dict[int, bytes]

    @classmethod
    def of_error(cls, error: Exception) -> Delivery:
        """Return the delivery of a job that failed."""
        return cls(error, raised=True, files={})

    def unpack(self, parcel: Parcel) -> None:
        """Put the files where the caller of the job wants them.

        Raises
        ------
        OSError
            If one cannot be written.
        """
        for place, content in self.files.items():
            parcel.args[place].path.write_bytes(content)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A job where it is to be done.

    Attributes
    ----------
    args : tuple
        The arguments, with paths of this machine.
    """

    args: tuple[Any, ...]

    @classmethod
    def of(cls, parcel: Parcel, folder: Path, note: ProgressNote) -> Unpacked:
        """Unpack a job.

        Parameters
        ----------
        parcel : Parcel
        folder : Path
            Where its files go.
        note : ProgressNote
            Where it is to tell how far it is.

        Raises
        ------
        OSError
            If a file cannot be written.
        """

        def here(place: int, arg: object) -> object:
            match arg:
                case InputFile(path):
                    copy = folder / f"in-{place}{path.suffix}"
                    copy.write_bytes(parcel.files[place])
                    return InputFile(copy)
                case OutputFile(path):
                    return OutputFile(folder / f"out-{place}{path.suffix}")
                case ProgressNote():
                    return note
            return arg

        return cls(tuple(here(place, arg) for place, arg in enumerate(parcel.args)))

    def delivery(self, value: object) -> Delivery:
        """Pack what the function returned, with the files that it made."""
        files = {
            place: arg.path.read_bytes()
            for place, arg in enumerate(self.args)
            if isinstance(arg, OutputFile) and arg.path.exists()
        }
        return Delivery(value, raised=False, files=files)
