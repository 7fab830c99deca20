"""Any audio file in, blocks of float32 out: mono at 22 050 Hz to analyse, or as it is listened to.

A file is never decoded as a whole: a megabyte of FLAC can hold hours of silence. Blocks are
decoded, mixed down and resampled one after the other, so memory does not grow with the song.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

import av
import av.error
import numpy as np
import numpy.typing as npt
import soxr
from av.container import InputContainer

from moodify_core.arrays import FloatArray
from moodify_core.containers import Container, Found, ends_early, find_audio, ogg_links
from moodify_core.errors import (
    AudioError,
    BrokenAudio,
    NoAudioTrack,
    UnsupportedFormat,
    UnsupportedStream,
)

Source = str | os.PathLike[str] | BinaryIO

SAMPLE_RATE = 22_050
"""Sample rate in Hz of everything that is analysed."""

MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 8_000, 192_000
MAX_CHANNELS = 8

LISTENING_RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Sample rates in Hz that `SoundReader` gives; every common codec takes them."""

_BLOCK_SECONDS = 5
_MISSING_SECONDS = 0.5
"""Encoders pad and decoders trim a few thousand samples; less than this is not a loss."""
_LOUDEST = 1e6
"""Bound on a sample's size, far above float files that hold the values of 16-bit integers.

The fourth power of what is heard still has to fit into a float32.
"""

_TYPES: Mapping[str, np.dtype[Any]] = {
    "u8": np.dtype(np.uint8),
    "s16": np.dtype(np.int16),
    "s32": np.dtype(np.int32),
    "s64": np.dtype(np.int64),
    "flt": np.dtype(np.float32),
    "dbl": np.dtype(np.float64),
}
"""FFmpeg's sample formats; those whose channels lie one after the other end in p."""

_Mix = Callable[[FloatArray], FloatArray]
"""From samples of shape (n, channels) to those that are wanted."""


class _Reader:
    """What every reader does: gates, decoding, mixing and resampling, block by block."""

    def __init__(self, source: Source) -> None:
        self.seconds = 0.0
        self.truncated = False
        with ExitStack() as stack:
            file = source
            if isinstance(file, str | os.PathLike):
                file = stack.enter_context(open(file, "rb"))
            found = find_audio(file)
            if found is None:
                raise UnsupportedFormat
            self._ends_early = ends_early(file, found)
            self._links = _links(file, found)
            self._decoder = _Decoder(file, found, self._links[0], stack)
            self._file, self._found = file, found
            self._stack = stack.pop_all()
        # Of chained streams each states only its own.
        whole = len(self._links) == 1
        self.declared_seconds = self._decoder.declared_seconds if whole else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _blocks(self, mix: _Mix, rate: int) -> Iterator[FloatArray]:
        for block in _resampled(self._decoded(mix), rate):
            if len(block):
                self.seconds += len(block) / rate
                yield block
        if not self.seconds:
            raise NoAudioTrack if self._decoder.empty and not self._ends_early else BrokenAudio
        promised = self._decoder.promised_seconds
        self.truncated = self._ends_early or self.seconds < promised - _MISSING_SECONDS

    def _decoded(self, mix: _Mix) -> Iterator[tuple[FloatArray, int]]:
        """Decode one link after the other: FFmpeg gives up where rate or channels change."""
        yield from self._decoder.blocks(mix)
        for link in self._links[1:]:
            with ExitStack() as stack:
                try:
                    decoder = _Decoder(self._file, self._found, link, stack)
                except AudioError:
                    self._ends_early = True
                    continue
                yield from decoder.blocks(mix)


class AudioReader(_Reader):
    """The audio of one file as it is analysed, as an iterator of blocks.

    Parameters
    ----------
    source : path or binary file
        A binary file must be seekable; it is left open.

    Attributes
    ----------
    seconds : float
        Seconds of audio that were read so far.
    declared_seconds : float or None
        Length that the file claims or that its size suggests; None where there is neither.
        Never to be trusted.
    truncated : bool
        After the last block: whether the file ends earlier than it claims.

    Raises
    ------
    UnsupportedFormat
        If the bytes are not audio of a kind that is taken.
    NoAudioTrack
        If it is a film without sound, or, while reading, if there is not a single sample.
    UnsupportedStream
        If the sample rate or the number of channels is out of range.
    BrokenAudio
        If the file cannot be opened, or, while reading, if nothing in it can be decoded.
    OSError
        If the path cannot be read.
    MemoryError
        If the decoder needs more memory than there is.

    Examples
    --------
    >>> with AudioReader("examples/happy_morning_run.mp3") as reader:
    ...     seconds = sum(len(block) for block in reader) / SAMPLE_RATE
    """

    def __iter__(self) -> Iterator[FloatArray]:
        """Yield the audio as float32 arrays of shape (n,), at `SAMPLE_RATE`, mono."""
        return self._blocks(_mono, SAMPLE_RATE)


class SoundReader(_Reader):
    """The audio of one file as it is listened to, as an iterator of blocks.

    The same gates as those of `AudioReader`, its parameters, attributes and errors, and

    Attributes
    ----------
    sample_rate : int
        Hz; the file's own where it is one of `LISTENING_RATES`, else the next higher of them.
    channels : int
        1 or 2; of more than two channels the first two are left and right, and the others are
        heard on both sides.

    Examples
    --------
    >>> with SoundReader("examples/happy_morning_run.mp3") as reader:
    ...     samples = sum(len(block) for block in reader)
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        own = self._decoder.sample_rate
        self.sample_rate = next((rate for rate in LISTENING_RATES if rate >= own), 48_000)
        self.channels = min(self._decoder.channels, 2)

    def __iter__(self) -> Iterator[FloatArray]:
        """Yield the audio as float32 arrays of shape (n, channels), at `sample_rate`.

        Values lie in -1..1: what goes beyond is clipped, as players do.
        """
        return self._blocks(_stereo if self.channels == 2 else _one_column, self.sample_rate)


def _links(file: BinaryIO, found: Found) -> list[range]:
    """Return the stretches of a file that are opened one after the other; mostly the whole."""
    starts = ogg_links(file, found.start) if found.container is Container.OGG else []
    ends = [*starts[1:], file.seek(0, os.SEEK_END)]
    file.seek(0)
    # The first stretch is counted from the start of the file, as what is not chained is.
    return [range(start, end) for start, end in zip([0, *starts[1:]], ends, strict=True)]


def _acceptable(sample_rate: int, channels: int) -> bool:
    return MIN_SAMPLE_RATE <= sample_rate <= MAX_SAMPLE_RATE and 1 <= channels <= MAX_CHANNELS


def _mono(samples: FloatArray) -> FloatArray:
    """Mix channels, shape (n, channels), down to their mean; make every sample finite."""
    channels = samples.shape[1]
    if channels == 1:
        return _finite(samples[:, 0])
    with np.errstate(invalid="ignore", over="ignore"):
        # Thirty times faster than mean() where the channels lie interleaved.
        return _finite(samples @ np.full(channels, 1 / channels, np.float32))


def _stereo(samples: FloatArray) -> FloatArray:
    """Mix channels, shape (n, channels), to left and right; make every sample playable."""
    channels = samples.shape[1]
    if channels == 1:
        return _finite(np.repeat(samples, 2, axis=1), 1.0)
    if channels > 2:
        with np.errstate(invalid="ignore", over="ignore"):
            samples = (samples[:, :2] + samples[:, 2:].mean(axis=1, keepdims=True)) / 2
    return _finite(samples, 1.0)


def _one_column(samples: FloatArray) -> FloatArray:
    return _finite(_mono(samples)[:, np.newaxis], 1.0)


def _finite(samples: FloatArray, loudest: float = _LOUDEST) -> FloatArray:
    if samples.size and not np.abs(samples).max() <= loudest:
        return np.clip(np.nan_to_num(samples, nan=0, posinf=0, neginf=0), -loudest, loudest)
    return samples


def _resampled(blocks: Iterator[tuple[FloatArray, int]], to: int) -> Iterator[FloatArray]:
    """Bring blocks to one sample rate; a stream may change its rate on the way."""
    rate: int | None = None
    stream: soxr.ResampleStream | None = None
    nothing = np.empty(0, np.float32)
    for block, block_rate in blocks:
        if block_rate != rate:
            if stream is not None:
                yield stream.resample_chunk(nothing, last=True)
            rate = block_rate
            nothing = block[:0]
            channels = 1 if block.ndim == 1 else block.shape[1]
            stream = (
                None
                if rate == to
                else soxr.ResampleStream(rate, to, channels, dtype="float32", quality="HQ")
            )
        yield block if stream is None else stream.resample_chunk(block)
    if stream is not None:
        yield stream.resample_chunk(nothing, last=True)


def open_container(file: BinaryIO, found: Found, stretch: range | None = None) -> InputContainer:
    """Let FFmpeg open a file with the one demuxer that its bytes call for.

    Parameters
    ----------
    file : binary file
        Seekable; left open.
    found : Found
    stretch : range, optional
        Which bytes are the file's; by default all.

    Returns
    -------
    av.container.InputContainer

    Raises
    ------
    BrokenAudio
        If it cannot be opened.
    MemoryError
        If the demuxer needs more memory than there is.
    """
    if stretch is None:
        stretch = range(file.seek(0, os.SEEK_END))
    try:
        return av.open(
            _Bytes(file, stretch),
            "r",
            format=found.container.value,
            options={
                "skip_initial_bytes": str(max(0, found.start - stretch.start)),
                # What a file names beside itself is never opened, whatever its demuxer thinks.
                "protocol_whitelist": "none",
            },
            metadata_errors="ignore",
        )
    except (av.error.FFmpegError, ValueError) as error:
        # Some of FFmpeg's errors are those of Python, too.
        if isinstance(error, MemoryError):
            raise
        raise BrokenAudio from error


class _Bytes:
    """A file, or a stretch of it, as FFmpeg reads it.

    It hears of a place that there is not, and goes on: damaged files send it to such places, and
    what the file raises then would end the song.
    """

    def __init__(self, file: BinaryIO, stretch: range) -> None:
        self._file = file
        self._stretch = stretch
        file.seek(stretch.start)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, max(0, self._stretch.stop - self._file.tell())))

    def tell(self) -> int:
        return self._file.tell() - self._stretch.start

    def seek(self, offset: int, whence: int) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: len(self._stretch)}
        try:
            return (
                self._file.seek(self._stretch.start + base[whence] + offset) - self._stretch.start
            )
        except (OSError, ValueError, KeyError):
            return -errno.EINVAL


class _Decoder:
    """FFmpeg's decoders, each opened by name.

    Attributes
    ----------
    declared_seconds : float or None
    promised_seconds : float
        Length that the file itself states for this stream; 0 where it states none.
    sample_rate, channels : int
    empty : bool
        After the last block: whether there was nothing to decode, nor any promise of it.
    """

    def __init__(
        self, file: BinaryIO, found: Found, stretch: range | None, stack: ExitStack
    ) -> None:
        self._file = stack.enter_context(open_container(file, found, stretch))
        streams = self._file.streams.audio
        if not streams:
            raise NoAudioTrack
        self._stream = streams[0]
        codec = self._stream.codec_context
        if codec is None:
            raise UnsupportedFormat
        self.sample_rate, self.channels = codec.sample_rate, codec.channels
        if not (self.sample_rate and self.channels):
            raise BrokenAudio
        if not _acceptable(self.sample_rate, self.channels):
            raise UnsupportedStream(self.sample_rate, self.channels)
        codec.thread_type = "NONE"
        own, whole = self._durations()
        self.declared_seconds = own or whole
        # The whole file's length is that of its longest stream, which may be a picture.
        promised = own or (whole if len(self._file.streams) == 1 else None)
        self.promised_seconds = (promised or 0.0) if found.states_length else 0.0
        self.empty = not self.promised_seconds

    def _durations(self) -> tuple[float | None, float | None]:
        stream, file = self._stream, self._file
        own = None
        if stream.duration is not None and stream.time_base is not None:
            own = float(stream.duration * stream.time_base)
        return own, None if file.duration is None else file.duration / av.time_base

    def blocks(self, mix: _Mix) -> Iterator[tuple[FloatArray, int]]:
        """Yield ``(mixed samples, their sample rate)``."""
        kind = _Kind(0, 0, "")
        frames: list[av.AudioFrame] = []
        mixed: list[FloatArray] = []
        held = 0
        for frame in self._frames():
            its_kind = _Kind(frame.sample_rate, frame.layout.nb_channels, frame.format.name)
            if its_kind != kind:
                # One mangled frame may claim any shape; the song goes on after it.
                if not _acceptable(its_kind.rate, its_kind.channels):
                    continue
                if held:
                    yield _mixed(mixed, frames, kind, mix), kind.rate
                kind, frames, mixed, held = its_kind, [], [], 0
            frames.append(frame)
            held += frame.samples
            if held >= _BLOCK_SECONDS * kind.rate:
                yield _mixed(mixed, frames, kind, mix), kind.rate
                frames, mixed, held = [], [], 0
            elif held >= (len(mixed) + 1) * kind.rate:
                # Second by second, while what was decoded is in the cache: a sixth faster.
                mixed.append(mix(_samples(frames, kind)))
                frames = []
        if held:
            yield _mixed(mixed, frames, kind, mix), kind.rate

    def _frames(self) -> Iterator[av.AudioFrame]:
        packets = self._file.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except MemoryError:
                raise
            except av.error.FFmpegError:
                self.empty = False
                return
            if packet is None:
                return
            self.empty = self.empty and not packet.size
            try:
                frames = packet.decode()
            except MemoryError:
                raise
            except av.error.FFmpegError:
                continue
            yield from frames


class _Kind(NamedTuple):
    """What frames must have in common to be put in a row."""

    rate: int
    channels: int
    format: str


def _mixed(
    mixed: list[FloatArray], frames: list[av.AudioFrame], kind: _Kind, mix: _Mix
) -> FloatArray:
    """Put frames behind what was mixed of their block before."""
    rest = [mix(_samples(frames, kind))] if frames else []
    return np.concatenate((*mixed, *rest))


def _samples(frames: list[av.AudioFrame], kind: _Kind) -> FloatArray:
    """Put frames in a row: float32 array, shape (n, channels)."""
    planar = kind.format.endswith("p")
    dtype = _TYPES[kind.format.removesuffix("p")]
    beside = 1 if planar else kind.channels
    # Straight from the decoder's memory, which is longer than what it holds: to_ndarray, which
    # stacks the channels of each frame, takes a tenth of the time that decoding takes.
    parts = [
        [np.frombuffer(memoryview(plane), dtype, frame.samples * beside) for plane in frame.planes]
        for frame in frames
    ]
    planes = [np.concatenate(plane) for plane in zip(*parts, strict=True)]
    return _as_float(np.stack(planes), kind.channels)


def _as_float(samples: npt.NDArray[Any], channels: int) -> FloatArray:
    """Turn frames of FFmpeg, planar or interleaved, of any type, to float32 (n, channels)."""
    samples = samples.reshape(-1, channels) if samples.shape[0] != channels else samples.T
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
    with np.errstate(over="ignore"):
        return samples.astype(np.float32, copy=False)
