"""Mutants through the engine, in workers under the bot's own rules, and what comes of them.

What is promised of every file: a valid answer or one of the errors that stand for it, within the
limits of time and memory; and an answer to the healthy song that waits beside it, whatever happens
to the worker of the other.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bot.engine import (
    EngineError,
    Hearing,
    InputFile,
    WorkerDied,
    WorkerOutOfMemory,
    WorkerRules,
    hear,
    prepare,
)
from bot.engine.local import LocalEngine
from bot.storage.analyses import pack, unpack
from moodify_core.errors import AudioError
from moodify_core.result import MoodAnalysis
from tests.fuzz.mutants import Mutant, mutants
from tests.fuzz.seeds import seeds

MIB = 1024 * 1024
MEMORY = 1024 * MIB
"""Bytes of address space, as the bot's default."""
LONGEST_SONG = 20 * 60.0
"""Seconds, as the bot's default."""
TIME_LIMIT = 60.0
"""Seconds; half of the bot's default."""
AT_ONCE = 4
"""Mutants that are handed to the engine together, for each worker."""


@dataclass(frozen=True, slots=True)
class Case:
    """What came of one file.

    Attributes
    ----------
    outcome : str
    seconds : float
        From when it was handed to the engine, which may have been busy.
    memory : int
        Most bytes that the worker held meanwhile; 0 where it died.
    kept : bool
        Whether what is promised was kept.
    """

    outcome: str
    seconds: float
    memory: int
    kept: bool


@dataclass
class Tally:
    """What came of all files.

    Attributes
    ----------
    outcomes : Counter of str
    broken : list of str
        Promises that were broken; names of the files with which that happened, as they were saved.
    deaths, witnesses : int
        Workers that died; healthy songs that were answered beside all that.
    slowest : float
        Seconds.
    largest : int
        Bytes that a worker held.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    deaths: int = 0
    witnesses: int = 0
    slowest: float = 0.0
    largest: int = 0

    @property
    def cases(self) -> int:
        """Files so far."""
        return self.outcomes.total()


class BrokenPromise(AssertionError):
    """An answer is not what an answer has to be."""


class Campaign:
    """Hands files to an engine and counts what comes of them.

    Parameters
    ----------
    folder : Path
        Where files lie while they are heard; the engine's.
    save : Path
        Where files are kept with which a promise was broken.
    workers : int
    """

    def __init__(self, folder: Path, save: Path, workers: int) -> None:
        self.tally = Tally()
        self._folder = folder
        self._save = save
        self._workers = workers
        self._rules = WorkerRules(memory=MEMORY, max_jobs=500, caches=folder, prepare=prepare)
        self._witness = seeds()["mp3-stereo-48000"]
        self._heard: set[int] = set()
        self._expected: MoodAnalysis | None = None

    def run(
        self,
        *,
        cases: int,
        minutes: float = math.inf,
        number: int,
        on_round: Callable[[Tally], object] = lambda _: None,
    ) -> Tally:
        """Make mutants and hear them.

        Parameters
        ----------
        cases : int
            About how many at most.
        minutes : float
            After which no more are begun.
        number : int
            The seed: it decides which mutants there are.
        on_round : callable
            Told now and then what came of all files so far.

        Returns
        -------
        Tally
        """
        end = time.monotonic() + minutes * 60
        batch = self._workers * AT_ONCE
        # Fresh strategies now and then: hypothesis keeps what it has tried.
        rounds = math.ceil(cases / batch / 100)
        with asyncio.Runner() as runner:
            engine = runner.run(self._engine())
            try:
                for each in range(rounds):
                    examples = min(100, math.ceil((cases - self.tally.cases) / batch))
                    if time.monotonic() >= end or examples <= 0:
                        break

                    @seed(number * 1_000_003 + each)
                    @settings(
                        max_examples=examples,
                        phases=[Phase.generate],
                        database=None,
                        deadline=None,
                        suppress_health_check=list(HealthCheck),
                    )
                    @given(st.lists(mutants(), min_size=batch, max_size=batch, unique=True))
                    def some(damaged: list[Mutant]) -> None:
                        if time.monotonic() < end:
                            runner.run(self._hear_all(engine, [each.data for each in damaged]))

                    some()
                    on_round(self.tally)
            finally:
                runner.run(engine.close())
        return self.tally

    async def _engine(self) -> LocalEngine:
        engine = LocalEngine(workers=self._workers, rules=self._rules, folder=self._folder)
        await engine.start()
        return engine

    async def _hear_all(self, engine: LocalEngine, files: Sequence[bytes]) -> None:
        # Hypothesis likes to come back to what it had before.
        fresh = [file for file in files if hash(file) not in self._heard]
        self._heard.update(map(hash, fresh))
        await asyncio.gather(
            *(self._hear_and_count(engine, file) for file in fresh),
            self._hear_witness(engine),
        )

    async def _hear_and_count(self, engine: LocalEngine, data: bytes) -> None:
        case = await self._hear(engine, data)
        tally = self.tally
        tally.outcomes[case.outcome] += 1
        tally.slowest = max(tally.slowest, case.seconds)
        tally.largest = max(tally.largest, case.memory)
        if not case.kept:
            self._save.mkdir(parents=True, exist_ok=True)
            kept = self._save / f"{case.outcome[:60]}-{hashlib.sha256(data).hexdigest()[:16]}"
            kept.write_bytes(data)
            tally.broken.append(str(kept))

    async def _hear(self, engine: LocalEngine, data: bytes) -> Case:
        path = self._folder / hashlib.sha256(data).hexdigest()
        note = path.with_suffix(".note")
        path.write_bytes(data)
        kept = False
        try:
            hearing = await engine.run(hear_and_note, path, note, time_limit=TIME_LIMIT)
            check(hearing)
            codes = sorted({str(warning.code) for warning in hearing.analysis.warnings})
            outcome, kept = " ".join(["moods", *codes]), True
        except (AudioError, WorkerOutOfMemory) as error:
            outcome, kept = type(error).__name__, True
        except WorkerDied:
            outcome = "WorkerDied"
            self.tally.deaths += 1
        except Exception as error:
            outcome = f"{type(error).__name__} {error}".replace("/", "_")
        seconds, memory = 0.0, 0
        with suppress(OSError, ValueError):
            seconds, memory = json.loads(note.read_text())
        for each in (path, note):
            each.unlink(missing_ok=True)
        return Case(outcome, seconds, memory, kept)

    async def _hear_witness(self, engine: LocalEngine) -> None:
        path = self._folder / "witness"
        path.write_bytes(self._witness)
        try:
            hearing = await engine.run(
                hear, InputFile(path), "Witness", LONGEST_SONG, time_limit=TIME_LIMIT
            )
        except EngineError as error:
            self.tally.broken.append(f"a healthy song is not answered: {error!r}")
            return
        self._expected = self._expected or hearing.analysis
        if hearing.analysis != self._expected:
            self.tally.broken.append("a healthy song has another answer than before")
        self.tally.witnesses += 1


def hear_and_note(path: Path, note: Path) -> Hearing:
    """Hear a song; write down the seconds that it took, and the bytes that were held at most."""
    # "5" makes the most that was ever held what is held now; proc(5).
    Path("/proc/self/clear_refs").write_text("5")
    started = time.monotonic()
    try:
        return hear(InputFile(path), "Fuzz", LONGEST_SONG)
    finally:
        note.write_text(json.dumps((time.monotonic() - started, _most_memory())))


def _most_memory() -> int:
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def check(hearing: Hearing) -> None:
    """See whether an answer is what an answer has to be.

    Raises
    ------
    BrokenPromise
        If it is not.
    """
    analysis = hearing.analysis
    starts = [segment.start for segment in analysis.segments]
    ends = [segment.end for segment in analysis.segments]
    promises = {
        "a length within the limits": 1.0 <= analysis.duration <= LONGEST_SONG + 1,
        "shares that sum to 1": _is_shares(analysis.breakdown.values()),
        "probabilities that sum to 1": _is_shares(analysis.probabilities.values())
        and all(_is_shares(each.probabilities.values()) for each in analysis.windows),
        "passages that tile the song": starts == [0.0, *ends[:-1]]
        and ends[-1] == analysis.duration,
        "windows within the song": all(
            0 <= each.start < each.end <= analysis.duration + 1e-6 for each in analysis.windows
        ),
        "a likely mood": analysis.dominant in analysis.breakdown and 0 <= analysis.confidence <= 1,
        "a waveform": all(0 <= value <= 1 for value in analysis.waveform),
        "a picture": hearing.picture.startswith(b"\x89PNG"),
        "a description": bool(hearing.description),
        "plain JSON": bool(json.dumps(analysis.to_dict(), allow_nan=False)),
        "a form to be kept in": unpack(pack(analysis)) == analysis,
    }
    for promise, is_kept in promises.items():
        if not is_kept:
            raise BrokenPromise(f"no {promise}")


def _is_shares(values: Sequence[float]) -> bool:
    shares = list(values)
    return all(0 <= share <= 1 for share in shares) and math.isclose(sum(shares), 1, abs_tol=1e-6)
