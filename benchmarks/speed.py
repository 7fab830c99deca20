"""Speed and memory, as ratios of things that were run in the same minutes.

    python -m benchmarks.speed [--rounds 5] [--out FILE.json]

Absolute times depend on the machine and on what else it does; the ratios hold. Rivals take
turns within each round, and the median over rounds counts.
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
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
MINUTES = 4.0


@dataclass(frozen=True, slots=True)
class Ratio:
    """One line of the table.

    Attributes
    ----------
    what : str
    ratio : float
        Median over the rounds.
    low, high : float
        Smallest and largest of the rounds.
    goal : str
    seconds : dict of str to float
        Median time of either side, for orientation.
    """

    what: str
    ratio: float
    low: float
    high: float
    goal: str
    seconds: dict[str, float]


def main() -> None:
    """Measure all of it, print a table, write a JSON file."""
    for name in THREADS:
        os.environ[name] = "1"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("speed.json"))
    parser.add_argument("--songs", type=Path, help="folder that keeps the composed songs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.songs or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for row in _measure(folder, arguments.rounds):
            rows.append(row)
            _show(row)
    arguments.out.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def _measure(folder: Path, rounds: int) -> Iterable[Ratio]:
    # The environment is to be set before any of these is imported.
    from benchmarks import rivals
    from benchmarks.songs import song
    from moodify_core import analyze
    from moodify_core.timeline import draw_timeline

    path = song(folder, MINUTES)
    answer = analyze(path)
    contenders: dict[str, Callable[[], object]] = {
        "moodify": lambda: analyze(path),
        "floor": lambda: rivals.floor(path),
        "picture": lambda: draw_timeline(answer, "A song"),
    }
    for name, rival in rivals.available().items():
        contenders[name] = lambda rival=rival: rival(path)  # type: ignore[misc]
    times = _interleaved(contenders, rounds)
    yield _ratio(
        "analysis : decoding, one transform, one mel product",
        times,
        "moodify",
        "floor",
        "at most 1.5",
    )
    for name in rivals.available():
        goal = "" if name == "librosa, once" else "at least 12"
        yield _ratio(f"{name} : analysis", times, name, "moodify", goal)
    yield _ratio("picture : analysis", times, "picture", "moodify", "at most 0.3")
    yield _cold_start(path, times["moodify"], rounds)
    yield _two_workers(path, rounds)
    yield _length(folder, rounds)
    yield _memory(folder)


def _interleaved(
    contenders: dict[str, Callable[[], object]], rounds: int
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for index in range(rounds + 1):
        for name, run in contenders.items():
            started = time.perf_counter()
            run()
            if index:  # the first round warms up
                times[name].append(time.perf_counter() - started)
    return times


def _ratio(what: str, times: dict[str, list[float]], above: str, below: str, goal: str) -> Ratio:
    ratios = [a / b for a, b in zip(times[above], times[below], strict=True)]
    seconds = {name: round(statistics.median(times[name]), 4) for name in (above, below)}
    return Ratio(what, statistics.median(ratios), min(ratios), max(ratios), goal, seconds)


def _cold_start(path: Path, warm: list[float], rounds: int) -> Ratio:
    """Seconds, not a ratio: a whole process, less the analysis, less a bare interpreter."""
    command = [sys.executable, "-m", "moodify_core", "analyze", str(path)]
    bare = [sys.executable, "-c", "import numpy"]
    times = _interleaved({"command": _runner(command), "import numpy": _runner(bare)}, rounds)
    extra = [seconds - statistics.median(warm) for seconds in times["command"]]
    medians = {name: round(statistics.median(values), 4) for name, values in times.items()}
    return Ratio(
        "command from a cold start, less the warm analysis (s)",
        statistics.median(extra),
        min(extra),
        max(extra),
        "at most 1.0",
        medians,
    )


def _runner(command: list[str]) -> Callable[[], object]:
    return lambda: subprocess.run(command, check=True, capture_output=True)


_WORKER = """
import sys, time
from pathlib import Path
from moodify_core import analyze
from moodify_core.timeline import draw_timeline
draw_timeline(analyze(sys.argv[1]), "A song")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    draw_timeline(analyze(sys.argv[1]), "A song")
print("done", flush=True)
"""


def _two_workers(path: Path, rounds: int) -> Ratio:
    songs = 6
    # Starting a worker is not to be timed.
    times: dict[str, list[float]] = {"one worker": [], "two workers": []}
    for _ in range(max(2, rounds // 2)):
        times["one worker"].append(_work(path, workers=1, songs=songs))
        times["two workers"].append(_work(path, workers=2, songs=songs) / 2)
    return _ratio(
        "songs a minute with two workers : with one",
        times,
        "one worker",
        "two workers",
        "at least 1.85",
    )


def _work(path: Path, *, workers: int, songs: int) -> float:
    """Seconds in which every one of the workers decodes, analyses and draws `songs` songs."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(path), str(songs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(workers)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    started = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    return time.perf_counter() - started


def _length(folder: Path, rounds: int) -> Ratio:
    """Hold the time for a minute of a long song against that of a short one."""
    from benchmarks.songs import song
    from moodify_core import analyze

    short, long = song(folder, 1.0), song(folder, 120.0)
    times = _interleaved(
        {
            "minute of 120": lambda: analyze(long),
            "minute of 1": lambda: [analyze(short) for _ in range(10)],
        },
        max(1, rounds // 3),
    )
    times = {
        "minute of 120": [seconds / 120 for seconds in times["minute of 120"]],
        "minute of 1": [seconds / 10 for seconds in times["minute of 1"]],
    }
    return _ratio(
        "a minute of a two-hour song : a minute alone",
        times,
        "minute of 120",
        "minute of 1",
        "0.9 to 1.1",
    )


_PEAK = """
import resource, sys
from moodify_core import analyze
analyze(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _memory(folder: Path) -> Ratio:
    from benchmarks.songs import song

    def peak(minutes: float) -> float:
        command = [sys.executable, "-c", _PEAK, str(song(folder, minutes))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return int(done.stdout) / 1024

    long, short = peak(120.0), peak(2.0)
    return Ratio(
        "peak memory of a two-hour song : of a two-minute song",
        long / short,
        long / short,
        long / short,
        "at most 1.15",
        {"MiB, two hours": round(long, 1), "MiB, two minutes": round(short, 1)},
    )


def _show(row: Ratio) -> None:
    spread = f"{row.low:.2f}–{row.high:.2f}"
    aside = ", ".join(f"{name} {value:g}" for name, value in row.seconds.items())
    print(
        f"{row.what:<56} {row.ratio:>7.2f}  ({spread})  goal: {row.goal or '–'}  [{aside}]",
        flush=True,
    )


if __name__ == "__main__":
    main()
