"""How long a film takes, beside what no film can do without, and beside redrawing each frame.

``python -m benchmarks.film [SONG] [--rounds N] [--seconds S]`` from the root of the repository.

Three ways take turns, so that whatever else the machine does meets all of them alike. Times are
those of the processor; all of it runs on one core:

- *film*: `make_film`, all of it;
- *encoding alone*: the same frames, drawn beforehand, and the same sound, decoded beforehand,
  through the same encoders at the same rates;
- *matplotlib*: one figure for each frame, as one would write it first; measured on a few frames.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from moodify_core.analysis import analyze
from moodify_core.arrays import FloatArray
from moodify_core.audio import SoundReader
from moodify_core.film import Shape, make_film
from moodify_core.film.encoding import FilmWriter
from moodify_core.film.making import Clip, draw_frames
from moodify_core.film.pictures import Bytes
from moodify_core.film.plan import DEFAULT_MAX_BYTES, plan
from moodify_core.film.shapes import MEASURES
from moodify_core.result import MoodAnalysis, Segment

MEASURED_FRAMES = 10
LIMIT = 1.5


def cut(analysis: MoodAnalysis, seconds: float) -> MoodAnalysis:
    """Return the analysis of a song's first seconds."""
    end = min(seconds, analysis.duration)
    kept = [segment for segment in analysis.segments if segment.start < end]
    segments = [
        Segment(segment.start, min(segment.end, end), segment.mood, segment.probabilities)
        for segment in kept
    ]
    return replace(analysis, duration=end, segments=tuple(segments))


def encode(
    frames: list[Bytes], blocks: list[FloatArray], rate: int, analysis: MoodAnalysis, target: Path
) -> None:
    """Encode what was prepared."""
    spending = plan(analysis.duration, DEFAULT_MAX_BYTES, sound=True)
    measures = MEASURES[Shape.WIDE]
    sound = (rate, blocks[0].shape[1])
    with FilmWriter(target, "", measures, spending, analysis.duration, sound) as film:
        for block in blocks:
            film.play(block)
        for index, frame in enumerate(frames):
            film.show(index, frame)


def draw_with_matplotlib(analysis: MoodAnalysis, time: float, heights: FloatArray) -> Bytes:
    """Draw a plainer frame than ours the usual way: a figure, its axes, bars, a line."""
    figure = Figure((8.54, 4.8), dpi=100, facecolor="#1b1d26")
    canvas = FigureCanvasAgg(figure)
    bars, strip = figure.subplots(2, 1, height_ratios=(3, 1))
    mood = next(segment.mood for segment in analysis.segments if time <= segment.end)
    bars.bar(range(len(heights)), heights, color=mood.colour)
    bars.set_title(mood.value)
    strip.plot(np.linspace(0, analysis.duration, len(analysis.waveform)), analysis.waveform)
    for segment in analysis.segments:
        strip.axvspan(segment.start, segment.end, color=segment.mood.colour)
    strip.axvline(time)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), np.uint8)


def timed(call: Callable[..., object], *arguments: object) -> float:
    """Return the seconds that a call takes on one core, whoever else uses the machine."""
    start = time.process_time()
    call(*arguments)
    return time.process_time() - start


def peak_memory(song: str, seconds: float) -> int:
    """Return the most memory in MiB that making a film takes, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.film", song, "--only-make", str(seconds)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def only_make(song: str, seconds: float) -> None:
    """Make a film and print the most memory that it took, in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        make_film(song, cut(analyze(song), seconds), "x", Path(folder, "film.mp4"))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("song", nargs="?", default="examples/medley_after_the_storm.mp3")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the song; frames are kept")
    parser.add_argument("--only-make", type=float, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.only_make:
        only_make(wanted.song, wanted.only_make)
        return
    # First of all: a process counts the memory of the one that it was forked from.
    short, long = peak_memory(wanted.song, 15.0), peak_memory(wanted.song, wanted.seconds)
    analysis = cut(analyze(wanted.song), wanted.seconds)
    spending = plan(analysis.duration, DEFAULT_MAX_BYTES, sound=True)
    with SoundReader(wanted.song) as reader:
        samples = np.concatenate(list(reader))[: round(analysis.duration * reader.sample_rate)]
        rate = reader.sample_rate
    blocks = [samples[start : start + 5 * rate] for start in range(0, len(samples), 5 * rate)]
    clip = Clip(0.0, round(analysis.duration * spending.frame_rate), spending.frame_rate)
    drawn = draw_frames(blocks, rate, analysis, "x", MEASURES[Shape.WIDE], clip)
    frames = [frame.copy() for frame in drawn]
    ours, floor, matplotlib = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "film.mp4")
        for _ in range(wanted.rounds):
            ours.append(timed(make_film, wanted.song, analysis, "x", target))
            size = target.stat().st_size
            floor.append(timed(encode, frames, blocks, rate, analysis, target))
            heights = np.linspace(0, 1, 32)
            times = np.linspace(0, analysis.duration, MEASURED_FRAMES)
            each = [timed(draw_with_matplotlib, analysis, moment, heights) for moment in times]
            matplotlib.append(statistics.median(each) * len(frames) + floor[-1])
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    song = f"{analysis.duration:.0f} s of {wanted.song}"
    print(f"{song}: {len(frames)} frames, {size / 2**20:.2f} MiB")
    for name, taken in (
        ("film", ours),
        ("encoding alone", floor),
        ("matplotlib for each frame", matplotlib),
    ):
        median = statistics.median(taken)
        print(f"{name:<26} {median:7.2f} s   4 minutes: {median / analysis.duration * 240:7.1f} s")
    ratio = statistics.median(ratios)
    print(f"film / encoding alone      {ratio:7.2f}     (limit {LIMIT})")
    print(f"most memory: {short} MiB for 15 s, {long} MiB for {wanted.seconds:.0f} s")
    if ratio > LIMIT:
        sys.exit("The film takes longer than the limit allows.")


if __name__ == "__main__":
    main()
