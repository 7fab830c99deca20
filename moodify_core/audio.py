"""Any audio file in, blocks of mono float32 at 22 050 Hz out.

A file is never decoded as a whole: a megabyte of FLAC can hold hours of silence. Blocks are
decoded, mixed down and resampled one after the other, so memory does not grow with the song.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
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

_BLOCK_SECONDS = 5
_MISSING_SECONDS = 0.5
"""Encoders pad and decoders trim a few thousand samples; less than this is not a loss."""
_LOUDEST = 8.0
"""Bound on a sample's size; float files may exceed 1 a little, never by this much honestly."""


class _Decoder(Protocol):
    """Yields ``(mono samples, their sample rate)`` and knows how long the audio claims to be."""

    declared_seconds: float | None

    def blocks(self) -> Iterator[tuple[FloatArray, int]]: ...


class AudioReader:
    """The audio of one file, as an iterator of blocks.

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

    def __iter__(self) -> Iterator[FloatArray]:
        """Yield the audio as float32 arrays of shape (n,), at `SAMPLE_RATE`, mono."""
        for block in _resampled(self._decoder.blocks()):
            if len(block):
                self.seconds += len(block) / SAMPLE_RATE
                yield block
        if not self.seconds:
            raise BrokenAudio
        declared = self.declared_seconds
        falls_short = declared is not None and self.seconds < declared - _MISSING_SECONDS
        self.truncated = falls_short or self._ends_early


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
    if mono.size and not np.abs(mono).max() <= _LOUDEST:
        mono = np.clip(np.nan_to_num(mono, nan=0, posinf=0, neginf=0), -_LOUDEST, _LOUDEST)
    return mono


def _resampled(blocks: Iterator[tuple[FloatArray, int]]) -> Iterator[FloatArray]:
    """Bring blocks to `SAMPLE_RATE`; a stream may change its rate on the way."""
    rate: int | None = None
    stream: soxr.ResampleStream | None = None
    for block, block_rate in blocks:
        if block_rate != rate:
            if stream is not None:
                yield stream.resample_chunk(np.empty(0, np.float32), last=True)
            rate = block_rate
            stream = (
                None
                if rate == SAMPLE_RATE
                else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
            )
        yield block if stream is None else stream.resample_chunk(block)
    if stream is not None:
        yield stream.resample_chunk(np.empty(0, np.float32), last=True)


class _SoundfileDecoder:
    def __init__(self, file: BinaryIO, stack: ExitStack) -> None:
        try:
            # An object instead of a path: soundfile would look at the path's ending.
            self._sound = stack.enter_context(soundfile.SoundFile(_descriptor(file), closefd=False))
        except (soundfile.LibsndfileError, ValueError, TypeError) as error:
            raise BrokenAudio from error
        _check(self._sound.samplerate, self._sound.channels)
        self.declared_seconds: float | None = self._sound.frames / self._sound.samplerate

    def blocks(self) -> Iterator[tuple[FloatArray, int]]:
        rate = self._sound.samplerate
        while True:
            try:
                block = self._sound.read(_BLOCK_SECONDS * rate, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                return
            if not len(block):
                return
            yield _mono(block), rate


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
        _check(codec.sample_rate, codec.channels)
        codec.thread_type = "NONE"
        self.declared_seconds = self._declared_seconds()

    def _declared_seconds(self) -> float | None:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        duration = self._container.duration
        return None if duration is None else duration / av.time_base

    def blocks(self) -> Iterator[tuple[FloatArray, int]]:
        pending: list[FloatArray] = []
        pending_rate, pending_samples = 0, 0
        for samples, rate in self._frames():
            if pending and (rate != pending_rate or pending_samples >= _BLOCK_SECONDS * rate):
                yield np.concatenate(pending), pending_rate
                pending, pending_samples = [], 0
            pending.append(samples)
            pending_rate = rate
            pending_samples += len(samples)
        if pending:
            yield np.concatenate(pending), pending_rate

    def _frames(self) -> Iterator[tuple[FloatArray, int]]:
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
                yield _mono(_as_float(frame.to_ndarray(), channels)), frame.sample_rate


def _as_float(samples: npt.NDArray[Any], channels: int) -> FloatArray:
    """Turn a frame of FFmpeg, planar or interleaved, of any type, to float32 (n, channels)."""
    samples = samples.reshape(-1, channels) if samples.shape[0] != channels else samples.T
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
    return samples.astype(np.float32, copy=False)
