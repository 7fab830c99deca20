"""Files that nobody would call songs, for the benchmarks that send the bot some."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
import soundfile

from benchmarks.crowd import cut
from tests.audio.formats import CASES, encode
from tests.audio.signals import noise

RATE = 8_000
HOURS = 2


def files() -> Mapping[str, Callable[[random.Random], bytes]]:
    """Return what makes the files, by their names; some are others each time."""
    music = cut(0, 1, 10.0)
    encoded = [encode(noise(3, RATE), RATE, case) for case in CASES.values()]
    silence = _hours_of_silence()
    return {
        "nothing.mp3": lambda _: b"",
        "archive.mp3": lambda _: _archive(music),
        "page.ogg": lambda _: b"<!doctype html><script>alert(1)</script>" * 100,
        "playlist.mp3": lambda _: b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\nfile:///etc/passwd\n",
        "concat.m4a": lambda _: b"ffconcat version 1.0\nfile /etc/passwd\n",
        "random.mp3": lambda chance: b"\xff\xfb\x90\x64" + chance.randbytes(100_000),
        "cut.mp3": lambda chance: music[: chance.randrange(len(music))],
        "sample.wav": lambda _: _wave(np.ones(1, dtype=np.float32)),
        "short.wav": lambda _: _wave(np.ones(RATE // 2, dtype=np.float32)),
        "silence.wav": lambda _: _wave(np.zeros(10 * RATE, dtype=np.float32)),
        "no-number.wav": lambda _: _wave(np.full(10 * RATE, np.nan, dtype=np.float32)),
        "hours.flac": lambda _: silence,
        "one-hertz.wav": lambda _: _header(rate=1, channels=1, declared=200) + bytes(200),
        "crowd.wav": lambda _: _header(rate=RATE, channels=1024, declared=1 << 20) + bytes(1 << 20),
        "large.wav": lambda _: _header(rate=RATE, channels=2, declared=(1 << 32) - 40) + bytes(999),
        "mutated.bin": lambda chance: _mutated(chance.choice(encoded), chance),
    }


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """Change some bytes, where most of what decoders believe in stands above all."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 5, 50))):
        end = chance.choice((64, 1024, len(changed)))
        changed[chance.randrange(min(end, len(changed)))] = chance.randrange(256)
    return bytes(changed)


def _archive(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("song.mp3", data)
    return file.getvalue()


def _wave(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


def _hours_of_silence() -> bytes:
    file = io.BytesIO()
    block = np.zeros(RATE * 600, dtype=np.int16)
    with soundfile.SoundFile(file, "w", RATE, 1, format="FLAC", subtype="PCM_16") as sound:
        for _ in range(HOURS * 6):
            sound.write(block)
    return file.getvalue()


def _header(*, rate: int, channels: int, declared: int) -> bytes:
    """Write the header of a WAV file of 16-bit samples."""
    about = struct.pack("<HHIIHH", 1, channels & 0xFFFF, rate, rate * channels * 2, 4, 16)
    total = min(36 + declared, (1 << 32) - 1)
    return (
        b"RIFF" + struct.pack("<I", total) + b"WAVEfmt " + struct.pack("<I", 16) + about
        + b"data" + struct.pack("<I", declared)
    )  # fmt: skip
