"""Whole files of every kind that is taken, small, and each with something of its own."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import av
import numpy as np
import soundfile

from examples.tunes import compose
from tests.audio.formats import CASES, Audio, encode
from tests.audio.signals import silence, tone

SECONDS = 2.5
_RATES = frozenset({8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000})


@cache
def music(seconds: float = SECONDS) -> tuple[Audio, int]:
    """Return some music, shape (n, 2), and its sample rate in Hz."""
    return compose("happy", seed=3, seconds=seconds)


@cache
def seeds() -> dict[str, bytes]:
    """Return files by name; the same ones in every process."""
    samples, rate = music()
    found = {
        name: encode(samples, rate, case) for name, case in CASES.items() if case.rate in _RATES
    }
    found["flac-silence"] = sound(silence(30.0, 8_000), 8_000, "FLAC", "PCM_16")
    found["flac24-8-channels"] = sound(many_channels(8), 8_000, "FLAC", "PCM_24")
    found["wav-8-channels"] = sound(many_channels(8), 8_000, "WAVEX", "PCM_16")
    found["wav-alaw"] = sound(tone(1.5, 8_000), 8_000, "WAV", "ALAW")
    found["wav-ms-adpcm"] = sound(tone(1.5, 8_000), 8_000, "WAV", "MS_ADPCM")
    found["wav-ima-adpcm"] = sound(tone(1.5, 8_000), 8_000, "WAV", "IMA_ADPCM")
    found["wav-gsm"] = sound(tone(1.5, 8_000), 8_000, "WAV", "GSM610")
    found["wav-u8"] = sound(tone(1.5, 8_000), 8_000, "WAV", "PCM_U8")
    found["wav-double"] = sound(tone(1.5, 8_000), 8_000, "WAV", "DOUBLE")
    found["rf64"] = sound(tone(1.5, 8_000), 8_000, "RF64", "PCM_16")
    found["aifc-float"] = sound(tone(1.5, 8_000), 8_000, "AIFF", "FLOAT")
    found["ogg-chained"] = found["vorbis-mono-11025"] + found["opus-mono-8000"]
    found["mp3-vbr"] = mp3_vbr()
    found["mp3-tagged"] = id3(("TIT2", b"\x00title"), ("APIC", picture())) + found["mp3-mono-8000"]
    found["mp4-fragments"] = remuxed(found["m4a-mono-16000"], "mp4", movflags="frag_keyframe")
    found["matroska-flac"] = remuxed(found["flac-mono-16000"], "matroska")
    found["matroska-aac"] = remuxed(found["m4a-mono-16000"], "matroska")
    found["ogg-flac"] = remuxed(found["flac-mono-16000"], "ogg")
    return found


def sound(samples: Audio, rate: int, container: str, codec: str) -> bytes:
    """Return a file that libsndfile writes."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=container, subtype=codec)
    return file.getvalue()


def many_channels(channels: int) -> Audio:
    """Return a tone on each of many channels, 1.5 s at 8 kHz."""
    return np.repeat(tone(1.5, 8_000)[:, np.newaxis], channels, axis=1)


def mp3_vbr() -> bytes:
    """Return an MP3 whose bit rate changes from frame to frame."""
    samples, rate = music()
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", rate, 2, "MPEG_LAYER_III", None, "MP3",
        bitrate_mode="VARIABLE", compression_level=0.5,
    ) as sink:  # fmt: skip
        quiet = np.concatenate((samples, samples * 1e-3, samples))
        sink.write(quiet)
    return file.getvalue()


def picture(size: int = 16) -> bytes:
    """Return what an ID3 tag holds of a cover: a PNG, `size` pixels wide and high."""
    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(size * (size + 1)))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    )
    return b"\x00image/png\x00\x03\x00" + png


def id3(*frames: tuple[str, bytes]) -> bytes:
    """Return an ID3v2.3 tag with frames of these names and bodies."""
    body = b"".join(
        name.encode() + struct.pack(">IH", len(content), 0) + content for name, content in frames
    )
    return b"ID3\x03\x00\x00" + synchsafe(len(body)) + body


def synchsafe(length: int) -> bytes:
    """Return a length as ID3 writes it, seven bits a byte."""
    return bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0))


def remuxed(data: bytes, container: str, **options: str) -> bytes:
    """Return the same packets in another container."""
    file = io.BytesIO()
    with (
        av.open(io.BytesIO(data)) as source,
        av.open(file, "w", format=container, options=options) as sink,
    ):
        stream = source.streams.audio[0]
        copy = sink.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                sink.mux(packet)
    return file.getvalue()
