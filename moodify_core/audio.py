"""Any audio file in, blocks of float32 out: mono at 22 050 Hz to analyse, or as it is listened to.

A file is never decoded as a whole: a megabyte of FLAC can hold hours of silence. Blocks are
decoded, mixed down and resampled one after the other, so memory does not grow with the song.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import av
import av.error
import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from moodify_core.arrays import FloatArray
from moodify_core.containers import Container, ends_early, sniff
from moodify_core.errors import BrokenAudio, UnsupportedFormat, UnsupportedStream

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
_LOUDEST = 8.0
"""Bound on a sample's size; float files may exceed 1 a little, never by this much honestly."""


_Mix = Callable[[FloatArray], FloatArray]
"""From samples of shape (n, channels) to those that are wanted."""


class _Decoder(Protocol):
    """Yields ``(mixed samples, their sample rate)`` and knows what the file claims to hold."""

    declared_seconds: float | None
    sample_rate: int
    channels: int

    def blocks(self, mix: _Mix) -> Iterator[tuple[FloatArray, int]]: ...


class _Reader:
    """What every reader does: gates, decoding, mixing and resampling, block by block."""

    def __init__(self, source: Source) -> None:
        self.seconds = 0.0
        self.truncated = False
        with ExitStack() as stack:
            file = source
            if isinstance(file, str | os.PathLike):
                file = stack.enter_context(open(file, "rb"))
            container = sniff(file)
            if container is None:
                raise UnsupportedFormat
            self._ends_early = ends_early(file, container)
            self._decoder = _open(file, container, stack)
            self._stack = stack.pop_all()
        self.declared_seconds = self._decoder.declared_seconds

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
        for block in _resampled(self._decoder.blocks(mix), rate):
            if len(block):
                self.seconds += len(block) / rate
                yield block
        if not self.seconds:
            raise BrokenAudio
        declared = self.declared_seconds
        falls_short = declared is not None and self.seconds < declared - _MISSING_SECONDS
        self.truncated = falls_short or self._ends_early


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
        Length that the file claims; None where it claims none. Never to be trusted.
    truncated : bool
        After the last block: whether the file ends earlier than it claims.

    Raises
    ------
    UnsupportedFormat
        If the bytes are not audio of a kind that is taken.
    UnsupportedStream
        If the sample rate or the number of channels is out of range.
    BrokenAudio
        If the file cannot be opened, or, while reading, if nothing in it can be decoded.
    OSError
        If the path cannot be read.

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
        """Yield the audio as float32 arrays of shape (n, channels), at `sample_rate`."""
        mix = _stereo if self.channels == 2 else lambda samples: _mono(samples)[:, np.newaxis]
        return self._blocks(mix, self.sample_rate)


def _open(file: BinaryIO, container: Container, stack: ExitStack) -> _Decoder:
    if container.read_by_soundfile:
        return _SoundfileDecoder(file, stack)
    return _AvDecoder(file, container, stack)


def _check(sample_rate: int, channels: int) -> None:
    if not (MIN_SAMPLE_RATE <= sample_rate <= MAX_SAMPLE_RATE and 1 <= channels <= MAX_CHANNELS):
        raise UnsupportedStream(sample_rate, channels)


def _mono(samples: FloatArray) -> FloatArray:
    """Mix channels, shape (n, channels), down to their mean; make every sample finite."""
    mono = samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0]
    return _finite(mono)


def _stereo(samples: FloatArray) -> FloatArray:
    """Mix channels, shape (n, channels), to left and right; make every sample finite."""
    channels = samples.shape[1]
    if channels == 1:
        return _finite(np.repeat(samples, 2, axis=1))
    if channels > 2:
        samples = (samples[:, :2] + samples[:, 2:].mean(axis=1, keepdims=True)) / 2
    return _finite(samples)


def _finite(samples: FloatArray) -> FloatArray:
    if samples.size and not np.abs(samples).max() <= _LOUDEST:
        return np.clip(np.nan_to_num(samples, nan=0, posinf=0, neginf=0), -_LOUDEST, _LOUDEST)
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


class _SoundfileDecoder:
    def __init__(self, file: BinaryIO, stack: ExitStack) -> None:
        try:
            # An object instead of a path: soundfile would look at the path's ending.
            self._sound = stack.enter_context(soundfile.SoundFile(_descriptor(file), closefd=False))
        except (soundfile.LibsndfileError, ValueError, TypeError) as error:
            raise BrokenAudio from error
        self.sample_rate, self.channels = self._sound.samplerate, self._sound.channels
        _check(self.sample_rate, self.channels)
        self.declared_seconds: float | None = self._sound.frames / self.sample_rate

    def blocks(self, mix: _Mix) -> Iterator[tuple[FloatArray, int]]:
        rate = self.sample_rate
        while True:
            try:
                block = self._sound.read(_BLOCK_SECONDS * rate, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                return
            if not len(block):
                return
            yield mix(block), rate


def _descriptor(file: BinaryIO) -> int | BinaryIO:
    """Prefer a file descriptor: libsndfile reads it without calling back into Python."""
    try:
        descriptor = file.fileno()
    except (OSError, AttributeError):
        return file
    # Python's buffer was read, so the descriptor itself stands elsewhere.
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class _AvDecoder:
    def __init__(self, file: BinaryIO, container: Container, stack: ExitStack) -> None:
        try:
            self._container = stack.enter_context(
                av.open(file, mode="r", format=container.value, metadata_errors="ignore")
            )
            self._stream = self._container.streams.audio[0]
        except (av.error.FFmpegError, ValueError) as error:
            raise BrokenAudio from error
        except IndexError as error:
            raise UnsupportedFormat from error
        codec = self._stream.codec_context
        self.sample_rate, self.channels = codec.sample_rate, codec.channels
        _check(self.sample_rate, self.channels)
        codec.thread_type = "NONE"
        self.declared_seconds = self._declared_seconds()

    def _declared_seconds(self) -> float | None:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        duration = self._container.duration
        return None if duration is None else duration / av.time_base

    def blocks(self, mix: _Mix) -> Iterator[tuple[FloatArray, int]]:
        pending: list[FloatArray] = []
        pending_rate, pending_samples = 0, 0
        for samples, rate in self._frames(mix):
            if pending and (rate != pending_rate or pending_samples >= _BLOCK_SECONDS * rate):
                yield np.concatenate(pending), pending_rate
                pending, pending_samples = [], 0
            pending.append(samples)
            pending_rate = rate
            pending_samples += len(samples)
        if pending:
            yield np.concatenate(pending), pending_rate

    def _frames(self, mix: _Mix) -> Iterator[tuple[FloatArray, int]]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
            except av.error.FFmpegError:
                return
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in frames:
                channels = frame.layout.nb_channels
                _check(frame.sample_rate, channels)
                yield mix(_as_float(frame.to_ndarray(), channels)), frame.sample_rate


def _as_float(samples: npt.NDArray[Any], channels: int) -> FloatArray:
    """Turn a frame of FFmpeg, planar or interleaved, of any type, to float32 (n, channels)."""
    samples = samples.reshape(-1, channels) if samples.shape[0] != channels else samples.T
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
    return samples.astype(np.float32, copy=False)
