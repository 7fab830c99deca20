"""Speed and memory, as ratios of things that were run in the same minutes.

    python -m benchmarks.speed [--rounds 5] [--long] [--json FILE] [--songs FOLDER]

Absolute times depend on the machine and on what else it does; the ratios hold. Rivals take turns
within each round, all on one core, and are timed by the processor's clock; what counts is the
median over the rounds. With ``--long`` songs of up to two hours are composed and heard as well,
which takes a quarter of an hour; ``--songs`` keeps them for the next time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
MINUTES = 4.0
LONG = (10.0, 60.0, 120.0)
REPEATED = 10

Contenders = dict[str, Callable[[], object]]
Times = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what : str
    goal : str
        Empty where there is none.
    unit : str
        Of the figures; empty for a ratio.
    median, low, high : float
        Of the rounds.
    aside : dict of str to float
        Medians of what was compared: seconds, or MiB where the row is of memory.
    """

    what: str
    goal: str
    unit: str
    median: float
    low: float
    high: float
    aside: dict[str, float]

    def __str__(self) -> str:
        figure = f"{self.median:.2f}" if self.median < 100 else f"{self.median:.0f}"
        spread = f"{self.low:.2f}-{self.high:.2f}"
        aside = ", ".join(f"{name} {value:g}" for name, value in self.aside.items())
        return (
            f"{self.what:<52} {figure:>6} {self.unit or '':<3} ({spread}) "
            f"goal: {self.goal or '-':<14} [{aside}]"
        )


def main() -> None:
    """Measure all of it, print a table, write a JSON file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--long", action="store_true", help="songs of up to two hours as well")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--songs", type=Path, help="folder that keeps the composed songs")
    arguments = parser.parse_args()
    # Before any library reads them.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.songs or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for row in _measure(folder, arguments.rounds, long=arguments.long):
            rows.append(row)
            print(row, flush=True)
    if arguments.json:
        figures = {"rounds": arguments.rounds, "rows": [asdict(row) for row in rows]}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _measure(folder: Path, rounds: int, *, long: bool) -> Iterator[Row]:
    from benchmarks.songs import song

    path = song(folder, MINUTES)
    cores = _pin()
    yield from _rivals(path, rounds)
    yield _cold_start(path, rounds)
    if cores and len(cores) > 1:
        os.sched_setaffinity(0, cores)
        yield _two_workers(path, rounds)
        _pin()
    yield _worker_memory(path)
    if long:
        yield from _lengths(folder, max(2, rounds // 2))
        yield _memory_of_lengths(folder)


def _pin() -> set[int]:
    """Stay on one core, where the system lets one choose; return those there were."""
    if not hasattr(os, "sched_setaffinity"):
        return set()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    return cores


def _rivals(path: Path, rounds: int) -> Iterator[Row]:
    from benchmarks import rivals
    from moodify_core import analyze
    from moodify_core.timeline import draw_timeline

    answer = analyze(path)
    contenders: Contenders = {
        # Whoever comes first finds the caches full of the last rival's work.
        "decoding": lambda: rivals.decode(path),
        "floor": lambda: rivals.floor(path),
        "analysis": lambda: analyze(path),
        "picture": lambda: draw_timeline(answer, "A song"),
    }
    for name, rival in rivals.available().items():
        contenders[name] = lambda rival=rival: rival(path)  # type: ignore[misc]
    times = _interleaved(contenders, rounds, time.process_time)
    yield _ratio("analysis : floor", times, "analysis", "floor", "at most 1.5")
    yield _ratio("decoding : floor (cannot shrink)", times, "decoding", "floor")
    for name, goal in rivals.GOALS.items():
        if name in times:
            yield _ratio(f"{name} : analysis", times, name, "analysis", goal)
    yield _ratio("picture : analysis", times, "picture", "analysis", "at most 0.3")


def _interleaved(contenders: Contenders, rounds: int, clock: Callable[[], float]) -> Times:
    times: Times = {name: [] for name in contenders}
    for index in range(rounds + 1):
        for name, run in contenders.items():
            started = clock()
            run()
            if index:  # the first round warms up
                times[name].append(clock() - started)
    return times


def _ratio(what: str, times: Times, above: str, below: str, goal: str = "") -> Row:
    ratios = [a / b for a, b in zip(times[above], times[below], strict=True)]
    aside = {name: round(statistics.median(times[name]), 4) for name in (above, below)}
    return Row(what, goal, "", statistics.median(ratios), min(ratios), max(ratios), aside)


def _cold_start(path: Path, rounds: int) -> Row:
    """Seconds: a whole process, less the analysis as it is once everything is loaded."""
    from moodify_core import analyze

    command = [sys.executable, "-m", "moodify_core", "analyze", str(path)]
    bare = [sys.executable, "-c", "import numpy"]
    contenders: Contenders = {
        "command": lambda: subprocess.run(command, check=True, capture_output=True),
        "warm": lambda: analyze(path),
        "import numpy": lambda: subprocess.run(bare, check=True, capture_output=True),
    }
    times = _interleaved(contenders, rounds, time.perf_counter)
    extra = [cold - warm for cold, warm in zip(times["command"], times["warm"], strict=True)]
    return Row(
        "cold start: command, less the warm analysis",
        "at most 1.0 s",
        "s",
        statistics.median(extra),
        min(extra),
        max(extra),
        {name: round(statistics.median(values), 4) for name, values in times.items()},
    )


_WORKER = """
import sys
from pathlib import Path
from bot.engine import InputFile, hear, prepare
prepare()
hear(InputFile(Path(sys.argv[1])), "A song", 1e9)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    hear(InputFile(Path(sys.argv[1])), "A song", 1e9)
print(next(line.split()[1] for line in open("/proc/self/status") if "VmHWM" in line))
"""
"""What the bot's workers do, and the most memory in KiB that it took.

Of ru_maxrss a process counts part of what its parent had.
"""


def _two_workers(path: Path, rounds: int) -> Row:
    songs = 6
    times: Times = {"one worker": [], "two workers": []}
    for _ in range(max(2, rounds // 2)):
        times["one worker"].append(_work(path, workers=1, songs=songs)[0])
        times["two workers"].append(_work(path, workers=2, songs=songs)[0] / 2)
    return _ratio(
        "songs a minute with two workers : with one",
        times,
        "one worker",
        "two workers",
        "at least 1.85",
    )


def _worker_memory(path: Path) -> Row:
    _, memory = _work(path, workers=1, songs=3)
    return Row("memory of a worker", "at most 220 MB", "MB", memory, memory, memory, {})


def _work(path: Path, *, workers: int, songs: int) -> tuple[float, float]:
    """Seconds in which every one of the workers hears and draws `songs` songs; MB it took."""
    command = [sys.executable, "-c", _WORKER, str(path), str(songs)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(workers)
    ]
    for process in processes:  # starting a worker is not to be timed
        assert process.stdout is not None
        process.stdout.readline()
    started = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    memory = [process.communicate()[0] for process in processes]
    return time.perf_counter() - started, int(memory[0]) * 1024 / 1e6


def _lengths(folder: Path, rounds: int) -> Iterator[Row]:
    """Hold the time for a minute of a long song against that of a song of one minute."""
    from benchmarks.songs import song
    from moodify_core import analyze

    for minutes in LONG:
        short, long = song(folder, 1.0), song(folder, minutes)
        contenders: Contenders = {
            "of 1": lambda short=short: [analyze(short) for _ in range(REPEATED)],  # type: ignore[misc]
            "of many": lambda long=long: analyze(long),  # type: ignore[misc]
        }
        times = _interleaved(contenders, rounds, time.process_time)
        name = f"of {minutes:g}"
        by_minute = {
            name: [seconds / minutes for seconds in times["of many"]],
            "of 1": [seconds / REPEATED for seconds in times["of 1"]],
        }
        yield _ratio(
            f"a minute of {minutes:g} minutes : a minute alone",
            by_minute,
            name,
            "of 1",
            "0.9 to 1.1",
        )


_PEAK = """
import sys
from moodify_core import analyze
analyze(sys.argv[1])
print(next(line.split()[1] for line in open("/proc/self/status") if "VmHWM" in line))
"""


def _memory_of_lengths(folder: Path) -> Row:
    from benchmarks.songs import song

    def peak(minutes: float) -> float:
        command = [sys.executable, "-c", _PEAK, str(song(folder, minutes))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return int(done.stdout) * 1024 / 1e6

    long, short = peak(120.0), peak(2.0)
    ratio = long / short
    aside = {"MB of two hours": round(long, 1), "MB of two minutes": round(short, 1)}
    return Row(
        "memory of two hours : of two minutes", "at most 1.15", "", ratio, ratio, ratio, aside
    )


if __name__ == "__main__":
    main()
