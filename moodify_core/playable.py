"""A song as browsers play it: its own bytes where they can, else the same song as AAC."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO

import av
import av.error
from av.container import InputContainer

from moodify_core.audio import Source, open_container
from moodify_core.containers import Container, find_audio
from moodify_core.errors import BrokenAudio

LARGEST_SONG = 64 * 1024 * 1024
"""Bytes: an hour of MP3 at 128 kbit/s, six minutes of CD. Beyond it, pages open too slowly."""

_SPARE = 32 * 1024
"""Bytes that a song may grow by as AAC: short songs at low bit rates do."""

_AAC_BITRATE = 160_000
_AAC_RATE = 44_100

# What Chromium, Firefox and Safari all play. ALAC, WMA and AIFF are each missing from some.
_PCM = frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"})
_PLAYED: Mapping[Container, tuple[str, frozenset[str]]] = {
    Container.MP3: ("audio/mpeg", frozenset({"mp3", "mp3float"})),
    Container.WAV: ("audio/wav", _PCM),
    Container.FLAC: ("audio/flac", frozenset({"flac"})),
    Container.OGG: ("audio/ogg", frozenset({"vorbis", "opus", "libopus", "libvorbis"})),
    Container.MP4: ("audio/mp4", frozenset({"aac", "mp3", "mp3float"})),
    Container.MATROSKA: ("audio/webm", frozenset({"vorbis", "opus", "libopus", "libvorbis"})),
    Container.ADTS: ("audio/aac", frozenset({"aac"})),
}


@dataclass(frozen=True, slots=True)
class Playable:
    """A song that a browser plays.

    Attributes
    ----------
    media_type : str
        Such as ``audio/mpeg``.
    data : bytes
        A whole file.
    """

    media_type: str
    data: bytes


def playable(source: Source, *, largest: int = LARGEST_SONG) -> Playable | None:
    """Give a song in a form that browsers play.

    Parameters
    ----------
    source : path or binary file
        A binary file must be seekable; it is left open.
    largest : int
        Bytes; a song that needs more is not given.

    Returns
    -------
    Playable or None
        The file's own bytes if every current browser plays them; else the song as AAC, where
        that is hardly larger than the file. None if there is neither.

    Raises
    ------
    OSError
        If the path cannot be read.
    """
    with ExitStack() as stack:
        file = source
        if isinstance(file, str | os.PathLike):
            file = stack.enter_context(open(file, "rb"))
        found = find_audio(file)
        if found is None:
            return None
        size = file.seek(0, 2)
        file.seek(0)
        try:
            song = stack.enter_context(open_container(file, found))
            codec = song.streams.audio[0].codec_context
        except (BrokenAudio, IndexError):
            return None
        if codec is None:  # a damaged file may name none that is known
            return None
        media_type, codecs = _PLAYED.get(found.container, ("", frozenset()))
        if codec.name not in codecs:
            return _as_aac(song, min(size + _SPARE, largest))
        if size > largest:
            return None
        file.seek(0)
        return Playable(media_type, file.read())


def _as_aac(song: InputContainer, largest: int) -> Playable | None:
    target = BytesIO()
    stream = song.streams.audio[0]
    try:
        with av.open(target, mode="w", format="mp4") as file:
            layout = "mono" if stream.channels == 1 else "stereo"
            encoder = file.add_stream("aac", rate=_AAC_RATE, layout=layout)
            # A tenth less than the song's own leaves room for what the container adds.
            encoder.bit_rate = min(_AAC_BITRATE, song.bit_rate * 9 // 10 or _AAC_BITRATE)
            for frame in song.decode(stream):
                file.mux(encoder.encode(frame))
                if target.tell() > largest:
                    return None
            file.mux(encoder.encode(None))
    except (av.error.FFmpegError, ValueError):
        return None
    data = target.getvalue()
    return Playable("audio/mp4", data) if len(data) <= largest else None
