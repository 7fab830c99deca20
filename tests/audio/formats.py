"""Audio files of every format that Moodify reads, made in memory.

>>> from tests.audio.formats import CASES, encode, write_all
>>> data = encode(samples, 44_100, CASES["mp3-stereo-48000"])
>>> paths = write_all(tmp_path, samples, 44_100)          # one file per case
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal, cast

import av
import av.container
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Audio = NDArray[np.float32]
Layout = Literal["mono", "stereo"]

OPUS_RATE: Final = 48_000
"""What every Opus stream decodes to, whatever went in (RFC 6716, section 2)."""

VIDEO_RATE: Final = 10
VIDEO_SIZE: Final = 64


@dataclass(frozen=True, slots=True)
class Format:
    """A container with a codec in it.

    Parameters
    ----------
    suffix
        Of file names, with its dot.
    container, codec
        For soundfile, format and subtype; for PyAV, muxer and encoder.
    by_soundfile
        Which of the two writes it.
    video
        Whether a picture stream goes with the sound.
    """

    suffix: str
    container: str
    codec: str
    by_soundfile: bool = False
    video: bool = False


FORMATS: Final[Mapping[str, Format]] = {
    "wav": Format(".wav", "WAV", "PCM_16", by_soundfile=True),
    "wav24": Format(".wav", "WAV", "PCM_24", by_soundfile=True),
    "wavfloat": Format(".wav", "WAV", "FLOAT", by_soundfile=True),
    "flac": Format(".flac", "FLAC", "PCM_16", by_soundfile=True),
    "aiff": Format(".aiff", "AIFF", "PCM_16", by_soundfile=True),
    "mp3": Format(".mp3", "MP3", "MPEG_LAYER_III", by_soundfile=True),
    "vorbis": Format(".ogg", "OGG", "VORBIS", by_soundfile=True),
    "opus": Format(".opus", "ogg", "libopus"),
    "m4a": Format(".m4a", "ipod", "aac"),
    "alac": Format(".m4a", "ipod", "alac"),
    "aac": Format(".aac", "adts", "aac"),
    "webm": Format(".webm", "webm", "libopus"),
    "mp4": Format(".mp4", "mp4", "aac"),
    "mp4video": Format(".mp4", "mp4", "aac", video=True),
    "wma": Format(".wma", "asf", "wmav2"),
}
"""Every format by its short name."""


@dataclass(frozen=True, slots=True)
class Case:
    """One file to be made.

    Parameters
    ----------
    format
        A key of :data:`FORMATS`.
    layout
        Mono or stereo.
    rate
        Sample rate that is encoded, in Hz.
    """

    format: str
    layout: Layout
    rate: int

    @property
    def name(self) -> str:
        """Name that tells the case from all others, such as ``mp3-mono-8000``."""
        return f"{self.format}-{self.layout}-{self.rate}"

    @property
    def file_name(self) -> str:
        """The name with the format's suffix."""
        return self.name + FORMATS[self.format].suffix

    @property
    def channels(self) -> int:
        """1 or 2."""
        return 1 if self.layout == "mono" else 2

    @property
    def decoded_rate(self) -> int:
        """Sample rate that a decoder reports, in Hz."""
        return OPUS_RATE if FORMATS[self.format].codec == "libopus" else self.rate


_ALL: Final = (
    Case("wav", "mono", 8_000),
    Case("wav24", "stereo", 96_000),
    Case("wavfloat", "stereo", 44_100),
    Case("flac", "mono", 16_000),
    Case("flac", "stereo", 96_000),
    Case("aiff", "mono", 22_050),
    Case("aiff", "stereo", 44_100),
    Case("mp3", "mono", 8_000),
    Case("mp3", "stereo", 48_000),
    Case("vorbis", "mono", 11_025),
    Case("vorbis", "stereo", 96_000),
    Case("opus", "mono", 8_000),
    Case("opus", "stereo", 48_000),
    Case("m4a", "mono", 16_000),
    Case("m4a", "stereo", 96_000),
    Case("alac", "stereo", 48_000),
    Case("aac", "mono", 32_000),
    Case("aac", "stereo", 44_100),
    Case("webm", "mono", 24_000),
    Case("webm", "stereo", 48_000),
    Case("mp4", "stereo", 44_100),
    Case("mp4video", "mono", 48_000),
    Case("wma", "mono", 22_050),
    Case("wma", "stereo", 44_100),
)
CASES: Final[Mapping[str, Case]] = {case.name: case for case in _ALL}
"""24 files by name: every format, mono and stereo, 8 to 96 kHz."""


def encode(samples: Audio, sample_rate: int, case: Case) -> bytes:
    """Encode audio as a file.

    Parameters
    ----------
    samples
        Shape (samples,) or (samples, channels), values in -1 to 1.
    sample_rate
        Of ``samples``, in Hz.
    case
        What to make of it: resampled to the case's rate; mono is the mean of the channels, and
        stereo from mono the same on both sides.

    Returns
    -------
    bytes
        The file. Lossy codecs run at 96 kbit/s a channel where the sample rate allows it.
    """
    shaped = _with_channels(samples, case.channels)
    resampled = np.asarray(soxr.resample(shaped, sample_rate, case.rate), dtype=np.float32)
    clipped = np.clip(resampled, -1.0, 1.0)
    chosen = FORMATS[case.format]
    if chosen.by_soundfile:
        return _by_soundfile(clipped, case.rate, chosen)
    return _by_av(clipped, case, chosen)


def write_all(
    folder: Path, samples: Audio, sample_rate: int, cases: Sequence[Case] = _ALL
) -> dict[str, Path]:
    """Write one file per case into a folder; their paths by the cases' names."""
    paths = {}
    for case in cases:
        paths[case.name] = folder / case.file_name
        paths[case.name].write_bytes(encode(samples, sample_rate, case))
    return paths


def truncate(data: bytes, fraction: float) -> bytes:
    """First part of a file, as an interrupted upload leaves it."""
    return data[: round(len(data) * fraction)]


def _with_channels(samples: Audio, channels: int) -> Audio:
    columns = samples.reshape(len(samples), -1)
    if channels == 1:
        return np.asarray(columns.mean(axis=1, keepdims=True), dtype=np.float32)
    return np.repeat(columns, 2, axis=1) if columns.shape[1] == 1 else columns


def _by_soundfile(samples: Audio, rate: int, chosen: Format) -> bytes:
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", rate, samples.shape[1], format=chosen.container, subtype=chosen.codec
    ) as sound:
        # Second by second: libsndfile's Vorbis encoder overflows its stack on long writes.
        for start in range(0, len(samples), rate):
            sound.write(samples[start : start + rate])
    return file.getvalue()


def _by_av(samples: Audio, case: Case, chosen: Format) -> bytes:
    # Opus takes five rates only: its encoder gets 48 kHz with what the case's rate can hold.
    rate = case.decoded_rate
    wave = samples if rate == case.rate else soxr.resample(samples, case.rate, rate)
    file = io.BytesIO()
    with av.open(file, "w", format=chosen.container) as container:
        # All streams must be known before the first packet of any is written.
        picture = container.add_stream("libx264", rate=VIDEO_RATE) if chosen.video else None
        sound = cast(av.AudioStream, container.add_stream(chosen.codec, rate=rate))
        sound.layout = case.layout
        sound.bit_rate = min(96_000, case.rate * 2) * case.channels
        if picture is not None:
            _write_pictures(container, picture, len(samples) / case.rate)
        planes = np.ascontiguousarray(wave.T, dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=case.layout)
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return file.getvalue()


def _write_pictures(
    container: av.container.OutputContainer, stream: av.VideoStream, seconds: float
) -> None:
    stream.width = stream.height = VIDEO_SIZE
    stream.pix_fmt = "yuv420p"
    for number in range(round(seconds * VIDEO_RATE)):
        pixels = np.full((VIDEO_SIZE, VIDEO_SIZE, 3), number % 256, dtype=np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
    container.mux(stream.encode(None))
