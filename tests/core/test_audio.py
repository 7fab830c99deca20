"""Any audio file in, mono float32 at 22 050 Hz out."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from moodify_core.audio import SAMPLE_RATE, AudioReader
from moodify_core.containers import Container, sniff
from moodify_core.errors import AudioError, BrokenAudio, UnsupportedFormat, UnsupportedStream
from tests.audio.formats import CASES, Case, encode, truncate
from tests.audio.signals import tone

RATE = 44_100
SECONDS = 4.0


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Two seconds of a loud and two of a soft tone, alike on both sides."""
    samples = tone(SECONDS, RATE)
    samples = samples if samples.ndim == 1 else samples[:, 0]
    samples = samples / np.abs(samples).max() * 0.5
    samples[len(samples) // 2 :] *= 0.25
    return np.stack((samples, samples), axis=1).astype(np.float32)


def read(data: bytes) -> tuple[np.ndarray, AudioReader]:
    with AudioReader(io.BytesIO(data)) as reader:
        return np.concatenate(list(reader)), reader


def wav(samples: np.ndarray, rate: int, subtype: str = "FLOAT") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_format_keeps_length_and_level(case: Case, sound: np.ndarray) -> None:
    samples, reader = read(encode(sound, RATE, case))
    assert samples.dtype == np.float32
    assert reader.seconds == pytest.approx(SECONDS, abs=0.1)
    assert not reader.truncated
    loud = np.sqrt(np.mean(samples[SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2] ** 2))
    soft = np.sqrt(np.mean(samples[SAMPLE_RATE * 5 // 2 : SAMPLE_RATE * 7 // 2] ** 2))
    assert loud == pytest.approx(0.5 / np.sqrt(2), rel=0.1)
    assert loud / soft == pytest.approx(4, rel=0.1)


def test_channels_are_mixed_as_their_mean() -> None:
    left, right = np.full(RATE, 0.5), np.full(RATE, -0.1)
    samples, _ = read(wav(np.stack((left, right), axis=1), SAMPLE_RATE))
    np.testing.assert_allclose(samples, 0.2, atol=1e-6)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_path_and_an_open_file_give_the_same(
    tmp_path: Path, sound: np.ndarray, case: Case
) -> None:
    data = encode(sound, RATE, case)
    path = tmp_path / "named.txt"
    path.write_bytes(data)
    with AudioReader(path) as reader:
        from_path = np.concatenate(list(reader))
    np.testing.assert_array_equal(from_path, read(data)[0])


def test_memory_does_not_grow_with_the_file() -> None:
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 8000, 1, format="FLAC", subtype="PCM_16") as file:
        for _ in range(40):
            file.write(np.zeros(8000 * 60, np.int16))
    with AudioReader(buffer) as reader:
        longest = max(len(block) for block in reader)
    assert reader.seconds == pytest.approx(40 * 60, abs=0.1)
    assert longest < 10 * SAMPLE_RATE


@pytest.mark.parametrize(
    "name",
    [
        "wavfloat-stereo-44100",
        "flac-stereo-96000",
        "aiff-stereo-44100",
        "vorbis-stereo-96000",
        "opus-stereo-48000",
        "webm-stereo-48000",
        "wma-stereo-44100",
    ],
)
def test_a_cut_file_is_read_as_far_as_it_goes(name: str, sound: np.ndarray) -> None:
    data = encode(np.tile(sound, (10, 1)), RATE, CASES[name])
    samples, reader = read(truncate(data, 0.6))
    assert reader.truncated
    assert 0.3 * 40 < len(samples) / SAMPLE_RATE < 0.8 * 40


def test_a_cut_file_without_its_index_is_broken(sound: np.ndarray) -> None:
    with pytest.raises(BrokenAudio):
        read(truncate(encode(sound, RATE, CASES["m4a-stereo-96000"]), 0.6))


def test_samples_that_are_no_numbers_are_silenced() -> None:
    samples = np.full(RATE, 0.1, np.float32)
    samples[100], samples[200], samples[300] = np.nan, np.inf, 1e30
    heard, _ = read(wav(samples, SAMPLE_RATE))
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 8


@pytest.mark.parametrize(("rate", "channels"), [(1, 1), (7999, 1), (200_000, 1), (44_100, 9)])
def test_unreasonable_streams_are_refused(rate: int, channels: int) -> None:
    data = wav(np.zeros((1000, channels)), rate, "PCM_16")
    with pytest.raises(UnsupportedStream) as caught:
        read(data)
    assert (caught.value.sample_rate, caught.value.channels) == (rate, channels)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"ID3\x04\x00\x00\x00\x00\x00\x0a" + b"\x00" * 40,
        b"%PDF-1.7 " + b"x" * 500,
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 500,
        b"PK\x03\x04" + b"\x00" * 500,
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<html><body>404</body></html>",
    ],
    ids=["empty", "zeros", "bare id3", "pdf", "png", "zip", "m3u", "concat", "html"],
)
def test_what_is_not_audio_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat):
        read(data)


@pytest.mark.parametrize(
    "head",
    [
        b"RIFF\x24\x00\x00\x00WAVE",
        b"fLaC" + b"\x00" * 60,
        b"OggS" + b"\x00" * 60,
        b"\x00\x00\x00\x20ftypM4A " + b"\x00" * 60,
        b"\x1aE\xdf\xa3" + b"\x00" * 60,
        struct.pack(">4sI4s", b"FORM", 46, b"AIFF"),
    ],
)
def test_heads_without_audio_are_broken(head: bytes) -> None:
    with pytest.raises(BrokenAudio):
        read(head)


def test_an_mp3_behind_a_tag_and_rubbish_is_known(sound: np.ndarray) -> None:
    bare = encode(sound, RATE, CASES["mp3-stereo-48000"])
    start = next(
        at
        for at in range(len(bare))
        if sniff(io.BytesIO(bare[at:])) is Container.MP3 and bare[at] == 0xFF
    )
    tag = b"ID3\x03\x00\x00" + bytes((0, 0, 2, 0)) + b"\x00" * 256
    assert sniff(io.BytesIO(tag + bare[start:])) is Container.MP3
    samples, _ = read(tag + bare[start:])
    assert len(samples) / SAMPLE_RATE == pytest.approx(SECONDS, abs=0.15)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mangled_files_give_samples_or_a_typed_error(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(list(CASES.values())))
    original = _encoded(case)
    mangled = bytearray(original[: data.draw(st.integers(0, len(original)))])
    for _ in range(data.draw(st.integers(0, 5))):
        if mangled:
            mangled[data.draw(st.integers(0, len(mangled) - 1))] = data.draw(st.integers(0, 255))
    try:
        samples, _ = read(bytes(mangled))
    except AudioError:
        return
    assert np.isfinite(samples).all()


_cache: dict[str, bytes] = {}


def _encoded(case: Case) -> bytes:
    if case.name not in _cache:
        noise = np.random.default_rng(1).uniform(-0.3, 0.3, (RATE, 2)).astype(np.float32)
        _cache[case.name] = encode(noise, RATE, case)
    return _cache[case.name]
