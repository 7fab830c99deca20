"""A song and its moods in, a film out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.audio import SoundReader, Source
from moodify_core.film.encoding import FilmWriter, whole_or_nothing, write_webp
from moodify_core.film.frames import Frames
from moodify_core.film.pictures import Bytes, draw_pictures
from moodify_core.film.plan import DEFAULT_MAX_BYTES, plan
from moodify_core.film.shapes import MEASURES, Measures, Shape
from moodify_core.film.spectrum import Spectrum
from moodify_core.fonts import clean_title
from moodify_core.result import MoodAnalysis
from moodify_core.words import ENGLISH, Words

Progress = Callable[[float], None]

TEASER_SECONDS = 6.0
_TEASER_RATE = 12


def make_film(  # noqa: PLR0913 - what goes in and out, and four choices by name
    source: Source,
    analysis: MoodAnalysis,
    title: str,
    target: Path,
    *,
    shape: Shape = Shape.WIDE,
    max_bytes: int | None = DEFAULT_MAX_BYTES,
    sound: bool = True,
    progress: Progress | None = None,
    words: Words = ENGLISH,
) -> None:
    """Make a film of a song, in which the colours follow its moods and the picture its sound.

    Parameters
    ----------
    source : path or binary file
        The song that was analysed; a binary file must be seekable.
    analysis : MoodAnalysis
    title : str
        Any text. What no font can draw is left out, and what is too wide is cut.
    target : Path
        Where the MP4 goes; a file that is there is replaced, and only once the film is whole.
    shape : Shape
    max_bytes : int, optional
        The file never gets larger; None for any size.
    sound : bool
        Whether the song is heard.
    progress : callable, optional
        Called about once a second of the film with the share that is done, 0..1. What it
        raises ends the making, and nothing is left behind.
    words : Words
        In which language its pictures speak.

    Raises
    ------
    FilmTooLong
        Before anything is done, if no film of this length fits `max_bytes`.
    UnsupportedFormat, UnsupportedStream, BrokenAudio
        If the file cannot be read as audio.
    OSError
        If the file cannot be read or the film not be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from moodify_core import analyze
    >>> from moodify_core.film import make_film
    >>> song = "examples/happy_morning_run.mp3"
    >>> make_film(song, analyze(song), "Morning Run", Path("film.mp4"))  # doctest: +SKIP
    """
    spending = plan(analysis.duration, max_bytes, sound=sound)
    measures = MEASURES[shape]
    clip = Clip(0.0, max(round(analysis.duration * spending.frame_rate), 1), spending.frame_rate)
    with SoundReader(source) as reader, whole_or_nothing(target) as draft:
        heard = (reader.sample_rate, reader.channels) if sound else None
        name = clean_title(title)
        with FilmWriter(draft, name, measures, spending, analysis.duration, heard) as film:
            blocks = _until(reader, round(analysis.duration * reader.sample_rate), film.play)
            frames = draw_frames(blocks, reader.sample_rate, analysis, title, measures, clip, words)
            for index, frame in enumerate(frames):
                film.show(index, frame)
                if progress and index % spending.frame_rate == 0:
                    progress(index / clip.frames)
    if progress:
        progress(1.0)


def make_teaser(
    source: Source,
    analysis: MoodAnalysis,
    title: str,
    target: Path,
    *,
    shape: Shape = Shape.WIDE,
) -> None:
    """Make an animated WebP of six seconds, where the mood first changes or else the loudest.

    Parameters
    ----------
    source, analysis, title, target, shape
        As for `make_film`; `target` is a WebP.

    Raises
    ------
    UnsupportedFormat, UnsupportedStream, BrokenAudio, OSError
        As for `make_film`.
    """
    seconds = min(TEASER_SECONDS, analysis.duration)
    start = min(max(_worth_seeing(analysis) - seconds / 2, 0.0), analysis.duration - seconds)
    clip = Clip(start, max(round(seconds * _TEASER_RATE), 1), _TEASER_RATE)
    measures = MEASURES[shape]
    with SoundReader(source) as reader, whole_or_nothing(target) as draft:
        frames = draw_frames(reader, reader.sample_rate, analysis, title, measures, clip)
        write_webp(draft, clip.frame_rate, frames)


def _worth_seeing(analysis: MoodAnalysis) -> float:
    if len(analysis.segments) > 1:
        return analysis.segments[1].start
    loudest = int(np.argmax(analysis.waveform)) if analysis.waveform else 0
    return (loudest + 0.5) / max(len(analysis.waveform), 1) * analysis.duration


@dataclass(frozen=True, slots=True)
class Clip:
    """Which stretch of a song is shown: from `start` in seconds, so many frames."""

    start: float
    frames: int
    frame_rate: int

    def moment(self, index: int) -> float:
        """Time that a frame shows, in seconds: when it appears.

        Its sound is that around this moment, so that each sound is seen in the frame that
        appears closest to it, at most half a frame early or late.
        """
        return self.start + index / self.frame_rate


def draw_frames(
    blocks: Iterable[FloatArray],
    sample_rate: int,
    analysis: MoodAnalysis,
    title: str,
    measures: Measures,
    clip: Clip,
    words: Words = ENGLISH,
) -> Iterator[Bytes]:
    """Draw the frames of a stretch of a song, one after the other.

    Parameters
    ----------
    blocks : iterable of ndarray of float32, shape (n, channels)
        The whole song; each block is taken only when it is needed, and all are taken.
    sample_rate : int
        Hz.
    analysis, title
        As for `make_film`.
    measures : Measures
    clip : Clip
    words : Words

    Yields
    ------
    ndarray of uint8, shape (height * 3 / 2, width)
        Overwritten by the next.
    """
    frames = Frames(analysis, draw_pictures(analysis, title, measures, words), measures)
    spectrum = Spectrum(sample_rate, clip.frame_rate)
    half = spectrum.window // 2
    times = [clip.moment(index) for index in range(clip.frames)]
    starts = (round(time * sample_rate) - half for time in times)
    for time, heard in zip(times, _windows(blocks, starts, spectrum.window), strict=True):
        yield frames.draw(time, spectrum.push(heard))


def _windows(
    blocks: Iterable[FloatArray], starts: Iterable[int], length: int
) -> Iterator[FloatArray]:
    """Yield the mean of all channels from each start on; silence before and after the song.

    All blocks are taken, also those after the last window.
    """
    mono = (block.mean(axis=1) for block in blocks)
    heard = np.zeros(length, np.float32)
    begin = -length
    for start in starts:
        while len(heard) < start + length - begin:
            block = next(mono, None)
            if block is None:
                heard = np.pad(heard, (0, start + length - begin - len(heard)))
                break
            heard = np.concatenate([heard[max(start - begin, 0) :], block])
            begin = max(start, begin)
        yield heard[start - begin : start - begin + length]
    for _ in mono:
        pass


def _until(
    blocks: Iterable[FloatArray], samples: int, play: Callable[[FloatArray], None]
) -> Iterator[FloatArray]:
    """Hand on a song's blocks up to its end, and play each before it is seen."""
    for block in blocks:
        kept = block[:samples]
        samples -= len(kept)
        play(kept)
        yield kept
        if not samples:
            return
