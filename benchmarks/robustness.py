"""Whether the same song gets the same answer however it is sent.

    python -m benchmarks.robustness --data ../shared/mood-audio [--clips 50] [--out FILE.json]

Every song is analysed as it is and then turned up and down, encoded, resampled, mixed down and
cut. Told are, for each change, how many songs keep their dominant mood, and how much of a song's
time moves to another mood. Without ``--data`` only the tunes in ``examples`` are heard.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import av.container
import numpy as np
import soundfile
import soxr

from moodify_core import MOODS, MoodAnalysis, analyze

Audio = np.ndarray
"""Samples, float32, shape (n, channels)."""

EXAMPLES = Path(__file__).parent.parent / "examples"
CUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What one change does to the answers.

    Attributes
    ----------
    change : str
    kept : float
        Share of the songs whose dominant mood stays, 0..1.
    moved : float
        Share of a song's time that moves to another mood, mean over the songs, 0..1.
    songs : int
    """

    change: str
    kept: float
    moved: float
    songs: int


def main() -> None:
    """Measure, print a table, and write a JSON file if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder with a clips.csv; its audio is used")
    parser.add_argument("--clips", type=int, default=50, help="how many of its clips")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    songs = sorted(EXAMPLES.glob("*.mp3"))
    if arguments.data:
        clips = sorted(arguments.data.rglob("*.ogg"))
        songs += clips[:: max(1, len(clips) // arguments.clips)][: arguments.clips]
    rows = measure([soundfile.read(song, dtype="float32", always_2d=True) for song in songs])
    print(f"{'change':<22}{'dominant kept':>14}{'time moved':>12}   songs")
    for row in rows:
        print(f"{row.change:<22}{row.kept:>13.1%}{row.moved:>11.1%}{row.songs:>8}")
    print(f"{'all':<22}{mean(rows, 'kept'):>13.1%}{mean(rows, 'moved'):>11.1%}")
    if arguments.out:
        arguments.out.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def measure(songs: list[tuple[Audio, int]], names: tuple[str, ...] | None = None) -> list[Sent]:
    """Send each song in each way and compare the answers.

    Parameters
    ----------
    songs : list of (samples, sample rate)
    names : tuple of str, optional
        Keys of `CHANGES`; default: all.

    Returns
    -------
    list of Sent
    """
    plain = [analyze(wav(*song)) for song in songs]
    rows = []
    for name in names or tuple(CHANGES):
        kept, moved = [], []
        for song, before in zip(songs, plain, strict=True):
            after = analyze(CHANGES[name](*song))
            kept.append(after.dominant is before.dominant)
            moved.append(moved_time(before, after))
        rows.append(Sent(name, float(np.mean(kept)), float(np.mean(moved)), len(songs)))
    return rows


def moved_time(before: MoodAnalysis, after: MoodAnalysis) -> float:
    """Return the share of the time that belongs to another mood in the second answer."""
    return sum(abs(before.breakdown[mood] - after.breakdown[mood]) for mood in MOODS) / 2


def mean(rows: list[Sent], what: str) -> float:
    """Return the mean of a column."""
    return float(np.mean([getattr(row, what) for row in rows]))


def wav(samples: Audio, rate: int) -> io.BytesIO:
    """Return a file of plain float samples, which holds every level."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="FLOAT")
    file.seek(0)
    return file


def encoded(
    samples: Audio, rate: int, container: str, codec: str, bits: int, *, wanted: int = 44_100
) -> io.BytesIO:
    """Return a file with a lossy codec.

    Parameters
    ----------
    samples : float32 array, shape (n, channels)
    rate, wanted : int
        Sample rate in Hz, and the one that is encoded.
    container, codec : str
        Names of FFmpeg's muxer and encoder.
    bits : int
        Bits per second.
    """
    file = io.BytesIO()
    resampled = soxr.resample(samples, rate, wanted, quality="HQ").astype(np.float32)
    layout = "mono" if resampled.shape[1] == 1 else "stereo"
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=wanted, layout=layout)
        stream.bit_rate = bits
        for frame in _frames(resampled, wanted, layout):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    file.seek(0)
    return file


def _frames(samples: Audio, rate: int, layout: str) -> Iterator[av.AudioFrame]:
    step = rate  # a second at a time; the encoder cuts its own frames
    for start in range(0, len(samples), step):
        block = np.ascontiguousarray(samples[start : start + step].T)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, start
        yield frame


def _gain(decibel: float) -> Callable[[Audio, int], io.BytesIO]:
    return lambda samples, rate: wav(samples * np.float32(10 ** (decibel / 20)), rate)


def _mp3(bits: int) -> Callable[[Audio, int], io.BytesIO]:
    return lambda samples, rate: encoded(samples, rate, "mp3", "libmp3lame", bits)


def _at(wanted: int) -> Callable[[Audio, int], io.BytesIO]:
    return lambda samples, rate: wav(soxr.resample(samples, rate, wanted, quality="HQ"), wanted)


def _vorbis(samples: Audio, rate: int) -> io.BytesIO:
    # Not PyAV, which comes without the encoder.
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", rate, samples.shape[1], format="OGG", subtype="VORBIS"
    ) as output:
        for start in range(0, len(samples), rate):
            output.write(samples[start : start + rate])
    file.seek(0)
    return file


def _stereo(samples: Audio) -> Audio:
    return np.repeat(samples.mean(axis=1, keepdims=True), 2, axis=1)


CHANGES: Mapping[str, Callable[[Audio, int], io.BytesIO]] = {
    "40 dB down": _gain(-40),
    "20 dB down": _gain(-20),
    "6 dB up": _gain(6),
    "mp3, 64 kbit/s": _mp3(64_000),
    "mp3, 128 kbit/s": _mp3(128_000),
    "mp3, 320 kbit/s": _mp3(320_000),
    "ogg vorbis": _vorbis,
    "opus, 64 kbit/s": lambda s, r: encoded(s, r, "ogg", "libopus", 64_000, wanted=48_000),
    "m4a (aac), 96 kbit/s": lambda s, r: encoded(s, r, "ipod", "aac", 96_000),
    "at 16 kHz": _at(16_000),
    "at 32 kHz": _at(32_000),
    "at 48 kHz": _at(48_000),
    "mono": lambda s, r: wav(s.mean(axis=1, keepdims=True), r),
    "stereo": lambda s, r: wav(_stereo(s), r),
    "2 s cut off the front": lambda s, r: wav(s[round(CUT_SECONDS * r) :], r),
}
"""Ways to send a song: samples and sample rate to a file."""


if __name__ == "__main__":
    main()
