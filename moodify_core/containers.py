"""Which kind of audio file a stream of bytes is, told by the bytes alone.

Names and declared types are never trusted: whoever sends a file chooses them freely. Only the
containers listed here are opened, each with the one reader that is named for it, so that no
decoder gets to guess (some of FFmpeg's guesses are playlists that open other files).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

_HEAD = 64 * 1024
_TAIL = 64 * 1024
_ID3_HEADER = 10
_OGG_LAST_PAGE = 0x04


class Container(StrEnum):
    """A kind of audio file; the value names FFmpeg's demuxer where FFmpeg reads it."""

    WAV = "wav"
    AIFF = "aiff"
    FLAC = "flac"
    MP3 = "mp3"
    ADTS = "aac"
    OGG = "ogg"
    MP4 = "mp4"
    MATROSKA = "matroska"
    ASF = "asf"

    @property
    def read_by_soundfile(self) -> bool:
        """Whether libsndfile reads it; PyAV reads the others."""
        return self in _SOUNDFILE


_SOUNDFILE = frozenset({Container.WAV, Container.AIFF, Container.FLAC, Container.MP3})


def sniff(file: BinaryIO) -> Container | None:
    """Tell the container of a file from its first bytes.

    Parameters
    ----------
    file : binary file
        Seekable; left at its start.

    Returns
    -------
    Container or None
        None if it is no container that Moodify opens.
    """
    file.seek(0)
    head = file.read(_HEAD)
    offset = _id3_length(head)
    if offset:
        file.seek(offset)
        head = file.read(_HEAD)
    file.seek(0)
    return _by_signature(head) or _by_mpeg_frames(head)


def ends_early(file: BinaryIO, container: Container) -> bool:
    """Tell whether a container says that more should follow than there is.

    Only WAV, AIFF and Ogg are judged here: their decoders stop at the end of the file without
    a word. The other containers declare a length that the decoded audio can be held against.

    Parameters
    ----------
    file : binary file
        Seekable; left at its start.
    container : Container

    Returns
    -------
    bool
    """
    size = file.seek(0, 2)
    file.seek(0)
    if container in (Container.WAV, Container.AIFF):
        head = file.read(8)
        declared = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big")
        file.seek(0)
        # Programs that write to a pipe leave 0 or 0xFFFFFFFF for "as long as it gets".
        return head[:4] in (b"RIFF", b"FORM") and 0 < declared < 0xFFFF0000 and declared + 8 > size
    if container is Container.OGG:
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        file.seek(0)
        page = tail.rfind(b"OggS")
        return page >= 0 and page + 5 < len(tail) and not tail[page + 5] & _OGG_LAST_PAGE
    return False


_SIGNATURES: tuple[tuple[Container, tuple[tuple[int, bytes], ...]], ...] = (
    (Container.WAV, ((0, b"RIFF"), (8, b"WAVE"))),
    (Container.WAV, ((0, b"RIFX"), (8, b"WAVE"))),
    (Container.WAV, ((0, b"RF64"), (8, b"WAVE"))),
    (Container.AIFF, ((0, b"FORM"), (8, b"AIFF"))),
    (Container.AIFF, ((0, b"FORM"), (8, b"AIFC"))),
    (Container.FLAC, ((0, b"fLaC"),)),
    (Container.OGG, ((0, b"OggS"),)),
    (Container.MP4, ((4, b"ftyp"),)),
    (Container.MATROSKA, ((0, b"\x1aE\xdf\xa3"),)),
    (Container.ASF, ((0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),)),
)


def _by_signature(head: bytes) -> Container | None:
    for container, marks in _SIGNATURES:
        if all(head.startswith(mark, at) for at, mark in marks):
            return container
    return None


def _id3_length(head: bytes) -> int:
    """Length in bytes of an ID3v2 tag at the start of a file, 0 without one."""
    if head[:3] != b"ID3" or len(head) < _ID3_HEADER:
        return 0
    length = 0
    for byte in head[6:10]:
        length = length << 7 | byte & 0x7F
    return _ID3_HEADER + length


@dataclass(frozen=True, slots=True)
class _FrameHeader:
    container: Container
    length: int


def _by_mpeg_frames(head: bytes) -> Container | None:
    """Look for two frames of MPEG audio in a row; one alone turns up in any random bytes."""
    position = head.find(b"\xff")
    while position >= 0:
        frame = _frame_header(head, position)
        if frame is not None:
            following = _frame_header(head, position + frame.length)
            if following is not None and following.container is frame.container:
                return frame.container
        position = head.find(b"\xff", position + 1)
    return None


# ISO/IEC 11172-3 and 13818-3, table of bit rates of layer III in kbit/s, and sample rates in Hz.
_MPEG1_KBIT = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBIT = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _frame_header(data: bytes, at: int) -> _FrameHeader | None:
    head = data[at : at + 6]
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return _FrameHeader(Container.ADTS, length) if length > 7 else None
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if layer != 1 or version == 1 or not 0 < bitrate < 15 or rate == 3:
        return None
    kbit = (_MPEG1_KBIT if version == 3 else _MPEG2_KBIT)[bitrate]
    samples_per_slot = 144 if version == 3 else 72
    padding = head[2] >> 1 & 1
    length = samples_per_slot * kbit * 1000 // _MPEG_RATES[version][rate] + padding
    return _FrameHeader(Container.MP3, length)
