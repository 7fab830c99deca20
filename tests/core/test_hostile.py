"""Files that are made to do harm, as strangers would send them."""

from __future__ import annotations

import ctypes
import io
import os
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from moodify_core import Mood, analyze
from moodify_core.audio import AudioReader
from moodify_core.containers import MOST_LINKS, ogg_links
from moodify_core.errors import (
    AudioError,
    BrokenAudio,
    SilentAudio,
    TooLong,
    TooShort,
    UnsupportedFormat,
    UnsupportedStream,
)
from tests.audio.formats import CASES, encode, truncate
from tests.audio.signals import noise, tone
from tests.fuzz.seeds import id3, many_channels, mp3_vbr, music, picture, seeds, sound, synchsafe
from tests.fuzz.structure import with_checksums

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
_IN_OPEN = 0x20
"""From Linux's ``sys/inotify.h``."""

RATE = 44_100
MIB = 1024 * 1024


def seconds_of(data: bytes) -> float:
    with AudioReader(io.BytesIO(data)) as reader:
        return sum(len(block) for block in reader) / 22_050


def song(name: str) -> bytes:
    return seeds()[name]


# --- much sound in few bytes -------------------------------------------------------------------


def silent_flac(hours: float) -> bytes:
    """Return so many hours of silence at 44.1 kHz; a megabyte holds two of them."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", RATE, 1, "PCM_16", None, "FLAC", None) as sink:
        minute = np.zeros(60 * RATE, np.int16)
        for _ in range(round(hours * 60)):
            sink.write(minute)
    return file.getvalue()


def test_two_hours_of_silence_in_a_megabyte_are_given_up_at_the_limit() -> None:
    data = silent_flac(2)
    assert len(data) < 1.5 * MIB
    told: list[float] = []
    with pytest.raises(TooLong):
        analyze(io.BytesIO(data), max_duration=60, progress=told.append)
    assert told[-1] < 0.02


def ogg_of_hours(hours: float) -> bytes:
    """Return an Ogg whose last page claims that it ends after so many hours."""
    data = bytearray(song("opus-mono-8000"))
    last = data.rindex(b"OggS")
    data[last + 6 : last + 14] = round(hours * 3600 * 48_000).to_bytes(8, "little")
    return with_checksums(bytes(data))


def test_an_ogg_that_claims_a_hundred_hours_is_heard_as_far_as_it_goes() -> None:
    with AudioReader(io.BytesIO(ogg_of_hours(100))) as reader:
        heard = sum(len(block) for block in reader) / 22_050
    assert heard < 60
    assert reader.truncated


def test_an_ogg_of_a_hundred_hours_is_given_up_at_the_limit() -> None:
    # Packets of a second and more of nothing are what makes an Ogg that long; here, a chain.
    link = song("opus-mono-8000")
    with pytest.raises(TooLong):
        analyze(io.BytesIO(link * 300), max_duration=60)


@pytest.mark.parametrize("name", ["wav-mono-8000", "rf64", "aiff-mono-22050"])
def test_a_header_that_claims_four_gigabytes_gets_no_memory_for_it(name: str) -> None:
    data = bytearray(song(name))
    order = ">" if data[:4] == b"FORM" else "<"
    data[4:8] = struct.pack(order + "I", 0xFFFFFFFF)
    mark = b"SSND" if data[:4] == b"FORM" else b"data"
    at = data.index(mark) + 4
    data[at : at + 4] = struct.pack(order + "I", 0xFFFFFFF0)
    assert seconds_of(bytes(data)) < 10


@pytest.mark.parametrize("length", [0x7FFFFFFF, 0xFFFFFFFF])
def test_a_flac_that_claims_hours_is_heard_as_far_as_it_goes(length: int) -> None:
    data = bytearray(song("flac-mono-16000"))
    data[22:26] = struct.pack(">I", length)
    with AudioReader(io.BytesIO(bytes(data))) as reader:
        assert sum(len(block) for block in reader) / 22_050 == pytest.approx(2.5, abs=0.1)
    assert reader.truncated


# --- headers that nobody means -----------------------------------------------------------------


def test_eight_channels_are_heard() -> None:
    assert seconds_of(sound(many_channels(8), 8_000, "WAVEX", "PCM_16")) == pytest.approx(1.5, 0.1)


def wav_head(channels: int, rate: int) -> bytes:
    """Return a WAV with a second's worth of zeros behind a header that claims anything."""
    align = channels * 2
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * align & 0xFFFFFFFF, align & 0xFFFF, 16)
    body = bytes(16_000)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(
    ("channels", "rate"),
    [(1, 1), (2, 1), (1, 4_000_000), (2, 0xFFFFFFFF), (9, 44_100), (1024, 44_100), (65_535, 8_000)],
)
def test_a_stream_that_no_music_has_is_refused(channels: int, rate: int) -> None:
    with pytest.raises((UnsupportedStream, BrokenAudio)):
        analyze(io.BytesIO(wav_head(channels, rate)))


# --- samples that nobody means -----------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_song_of_nothing_but_no_numbers_is_silent(value: float) -> None:
    with pytest.raises(SilentAudio):
        analyze(io.BytesIO(sound(np.full((2 * RATE, 2), value, np.float32), RATE, "WAV", "FLOAT")))


def test_a_song_with_some_of_them_is_answered() -> None:
    samples = np.repeat(noise(3, RATE)[:, np.newaxis], 2, axis=1)
    samples[::1000, 0], samples[1::1000, 1] = np.nan, np.inf
    answer = analyze(io.BytesIO(sound(samples, RATE, "WAV", "FLOAT")))
    assert sum(answer.breakdown.values()) == pytest.approx(1)


@pytest.mark.parametrize("level", [1e-3, 0.5, 1.0, 1e6, 1e30])
def test_a_constant_is_answered_without_a_warning_of_numpy(level: float) -> None:
    data = sound(np.full((3 * RATE, 1), level, np.float32), RATE, "WAV", "FLOAT")
    assert sum(analyze(io.BytesIO(data)).breakdown.values()) == pytest.approx(1)


@pytest.mark.parametrize("samples", [1, 2, 100, 511, 512, 513, 1024, 22_049])
@pytest.mark.parametrize("container", ["WAV", "FLAC", "AIFF"])
def test_some_samples_are_too_short(container: str, samples: int) -> None:
    with pytest.raises(TooShort):
        analyze(io.BytesIO(sound(tone(1, 22_050)[:samples], 22_050, container, "PCM_16")))


def test_a_peak_with_a_flat_top_has_a_pitch() -> None:
    # Two samples are a spectrum as smooth as any; rounding leaves its peaks no curvature.
    samples = np.array([0, 163], np.int16)
    with pytest.raises(TooShort):
        analyze(io.BytesIO(sound(samples, 55_125, "AIFF", "PCM_16")))


# --- what only looks like audio ----------------------------------------------------------------


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("song.txt", "la la la " * 1000)
    return file.getvalue()


def pictured(kind: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((300, 300), 64).save(file, kind)
    return file.getvalue()


DISGUISED = {
    "nothing": b"",
    "zip": zipped(),
    "png": pictured("PNG"),
    "jpeg": pictured("JPEG"),
    "gif": pictured("GIF"),
    "pdf": pictured("PDF"),
    "html": b"<!doctype html><html><body><audio src='song.mp3'></audio></body></html>" * 50,
    "elf": Path(sys.executable).resolve().read_bytes()[: 2 * MIB],
    "gzip": b"\x1f\x8b\x08\x00" + bytes(500),
    "rar": b"Rar!\x1a\x07\x01\x00" + bytes(500),
    "avi": b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(500),
    "webp": pictured("WEBP"),
    "midi": b"MThd\x00\x00\x00\x06\x00\x01\x00\x02\x00\x60MTrk" + bytes(500),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_what_is_called_mp3_and_is_none_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(DISGUISED[name])
    with pytest.raises(UnsupportedFormat):
        analyze(path)


@pytest.mark.parametrize("front", [b"%PDF-1.7\n%", b"GIF89a", b"MZ", b"#!/bin/sh\n", b"<html>"])
def test_a_file_of_two_kinds_is_audio_or_refused(front: bytes) -> None:
    # What begins like something else and has whole frames of MP3 in it plays everywhere.
    both = front + bytes(200) + song("mp3-stereo-48000")
    assert seconds_of(both) == pytest.approx(2.5, abs=0.1)
    with pytest.raises(UnsupportedFormat):
        analyze(io.BytesIO(front + bytes(200) + song("flac-mono-16000")))


def test_an_archive_behind_a_song_is_not_looked_into() -> None:
    for name in ("mp3-stereo-48000", "wav-mono-8000", "flac-mono-16000"):
        assert seconds_of(song(name) + zipped()) == pytest.approx(2.5, abs=0.6)


# --- tags --------------------------------------------------------------------------------------


def test_a_cover_of_many_megabytes_costs_nothing() -> None:
    cover = picture() + bytes(20 * MIB)
    assert seconds_of(id3(("APIC", cover)) + song("mp3-stereo-48000")) == pytest.approx(2.5, 0.1)


def test_a_cover_that_unpacks_to_gigapixels_is_not_unpacked() -> None:
    bomb = picture(8000)
    assert len(bomb) < 200_000
    assert seconds_of(id3(("APIC", bomb)) + song("mp3-stereo-48000")) == pytest.approx(2.5, 0.1)


def test_tags_within_tags_are_passed_over() -> None:
    tag = id3(("TIT2", b"\x00title"))
    for _ in range(8):
        tag = id3(("PRIV", tag), ("TIT2", b"\x00" + b"x" * 1000))
    assert seconds_of(tag + song("mp3-stereo-48000")) == pytest.approx(2.5, abs=0.1)
    row = id3(("TIT2", b"\x00title")) * 1000
    assert seconds_of(row + song("mp3-stereo-48000")) == pytest.approx(2.5, abs=0.1)


@pytest.mark.parametrize("length", [0, 1, 2**28 - 1])
def test_a_tag_that_lies_about_its_length_hides_nothing(length: int) -> None:
    tag = b"ID3\x04\x00\x00" + synchsafe(length)
    assert seconds_of(tag + song("mp3-stereo-48000")) == pytest.approx(2.5, abs=0.1)


def test_a_tag_of_a_hundred_thousand_frames_is_read_in_time() -> None:
    tag = id3(*[("TXXX", b"\x00a\x00b")] * 100_000)
    assert seconds_of(tag + song("mp3-stereo-48000")) == pytest.approx(2.5, abs=0.1)


# --- formats that name other files -------------------------------------------------------------


@dataclass(frozen=True)
class Canary:
    """A file and a listener that nobody is to open or to call.

    Attributes
    ----------
    places : tuple of str
        Ways to name them.
    """

    places: tuple[str, ...]
    _watch: int
    _listener: socket.socket

    def sings(self) -> bool:
        """Whether the file was opened, or the listener called, since it was asked last."""
        try:
            return bool(os.read(self._watch, 4096))
        except BlockingIOError:
            pass
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    path = tmp_path / "canary.mp4"
    path.write_bytes(song("mp4-stereo-44100"))
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    libc.inotify_add_watch(watch, os.fsencode(path), _IN_OPEN)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        address = "127.0.0.1", listener.getsockname()[1]
        url = "http://{}:{}/canary.mp4".format(*address)
        places = str(path), path.as_uri(), f"concat:{path}", f"subfile,,:{path}", url
        made = Canary(places, watch, listener)
        # It is none that could not sing.
        path.read_bytes()
        assert made.sings()
        socket.create_connection(address).close()
        assert made.sings()
        yield made
        os.close(watch)


NAMING = {
    "m3u": "#EXTM3U\n#EXTINF:10,\n{}\n",
    "hls": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "pls": "[playlist]\nFile1={}\nNumberOfEntries=1\n",
    "xspf": "<?xml version='1.0'?><playlist><trackList><track><location>{}</location></track>"
    "</trackList></playlist>",
    "dash": "<?xml version='1.0'?><MPD type='static'><Period><AdaptationSet mimeType='audio/mp4'>"
    "<Representation id='a'><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "smil": "<smil><body><audio src='{}'/></body></smil>",
    "asx": "<asx version='3.0'><entry><ref href='{}'/></entry></asx>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\na={}\n",
    "cue": 'FILE "{}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
}


@on_linux
@pytest.mark.parametrize("kind", NAMING)
def test_a_playlist_opens_nothing(canary: Canary, kind: str) -> None:
    for place in canary.places:
        for before in (b"", id3(("TIT2", b"\x00title"))):
            with pytest.raises(UnsupportedFormat):
                analyze(io.BytesIO(before + NAMING[kind].format(place).encode()))
    assert not canary.sings()


def mp4_that_refers_to(name: str) -> bytes:
    """Return an MP4 whose sound lies, as it says, in another file (an alias of QuickTime)."""
    data = song("mp4-stereo-44100")
    entry = data.index(b"url ") - 4
    address = name.encode()
    reference = struct.pack(">I4sI", 12 + len(address) + 1, b"url ", 0) + address + b"\x00"
    grown = len(reference) - 12
    changed = bytearray(data[:entry] + reference + data[entry + 12 :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = changed.index(box) - 4
        changed[at : at + 4] = struct.pack(
            ">I", int.from_bytes(changed[at : at + 4], "big") + grown
        )
    return bytes(changed)


@on_linux
def test_an_mp4_whose_sound_lies_elsewhere_opens_nothing(canary: Canary) -> None:
    for place in canary.places:
        with suppress(AudioError):
            analyze(io.BytesIO(mp4_that_refers_to(place)))
    assert not canary.sings()


# --- what changes on the way -------------------------------------------------------------------

OGGS = ("vorbis-mono-11025", "opus-mono-8000", "opus-stereo-48000", "vorbis-stereo-96000")


@pytest.mark.parametrize("first", OGGS)
@pytest.mark.parametrize("second", OGGS)
def test_chained_streams_are_heard_to_the_end(first: str, second: str) -> None:
    samples, rate = music()
    loud, soft = (
        encode(samples * gain, rate, CASES[name]) for gain, name in ((1, first), (0.1, second))
    )
    with AudioReader(io.BytesIO(loud + soft)) as reader:
        heard = np.concatenate(list(reader))
    assert reader.seconds == pytest.approx(5.0, abs=0.1)
    assert not reader.truncated
    parts = heard[15_000:40_000], heard[70_000:95_000]
    assert parts[0].std() > 5 * parts[1].std() > 0


def test_a_link_that_is_broken_costs_only_itself() -> None:
    first, second = song("vorbis-mono-11025"), song("opus-mono-8000")
    broken = bytearray(second)
    broken[28 + 0 : 36] = b"NoSuch!!"
    with AudioReader(io.BytesIO(first + with_checksums(bytes(broken)) + first)) as reader:
        heard = sum(len(block) for block in reader) / 22_050
    assert heard == pytest.approx(5.0, abs=0.1)
    assert reader.truncated


def test_a_chain_of_thousands_is_bounded() -> None:
    assert len(ogg_links(io.BytesIO(song("opus-mono-8000") * 3 * MOST_LINKS), 0)) == MOST_LINKS


def test_mp3_of_any_bit_rate_is_as_long_as_it_is() -> None:
    with AudioReader(io.BytesIO(mp3_vbr())) as reader:
        assert sum(len(block) for block in reader) / 22_050 == pytest.approx(7.5, abs=0.1)
    assert not reader.truncated
    # Without the frame that states the length, the size misleads; what is there is heard.
    at = mp3_vbr().index(b"Xing")
    bare = mp3_vbr()[:at] + b"    " + mp3_vbr()[at + 4 :]
    assert seconds_of(bare) == pytest.approx(7.5, abs=0.1)


# --- cut off -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(seeds()))
def test_cut_at_every_hundredth_it_is_heard_as_far_as_it_goes_or_refused(name: str) -> None:
    data = song(name)
    whole = seconds_of(data)
    for hundredth in range(100):
        cut = truncate(data, hundredth / 100)
        try:
            with AudioReader(io.BytesIO(cut)) as reader:
                samples = np.concatenate(list(reader))
        except AudioError:
            continue
        assert np.isfinite(samples).all()
        assert len(samples) / 22_050 <= whole + 0.1


def test_a_song_cut_at_every_tenth_is_answered_or_refused_in_a_sentence() -> None:
    for name in ("mp3-stereo-48000", "flac-mono-16000", "mp4-stereo-44100", "wma-stereo-44100"):
        for tenth in range(10):
            try:
                said = analyze(io.BytesIO(truncate(song(name), tenth / 10))).dominant
            except AudioError as error:
                said = str(error)
            assert said in set(Mood) or said.endswith(".")


# --- a place that there is not -----------------------------------------------------------------


def test_a_file_that_points_before_its_start_is_broken(tmp_path: Path) -> None:
    """Where a size overflows FFmpeg seeks before the start, which an open file objects to."""
    data = bytearray(song("wma-stereo-44100"))
    path = tmp_path / "song.wma"
    refused = 0
    for at in range(16, 1000, 8):
        damaged = data[:at] + struct.pack("<q", -(2**63) + at) + data[at + 8 :]
        path.write_bytes(damaged)
        try:
            with AudioReader(path) as reader:
                list(reader)
        except AudioError:
            refused += 1
    assert refused


# --- nothing is sent anywhere ------------------------------------------------------------------


def test_libraries_report_nothing_to_their_makers(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    song_path = tmp_path / "song.mp3"
    song_path.write_bytes(song("mp3-stereo-48000"))
    command = [sys.executable, "-m", "moodify_core", "analyze", str(song_path), "--json"]
    root = Path(__file__).parents[2]
    subprocess.run(command, env=environment, cwd=root, check=True, capture_output=True)
    kept = [each.name for each in tmp_path.rglob("*") if each.is_file()]
    assert not [name for name in kept if "onnxruntime" in name or "deviceid" in name], kept
