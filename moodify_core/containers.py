"""Which kind of audio file a stream of bytes is, told by the bytes alone.

Names and declared types are never trusted: whoever sends a file chooses them freely. Only the
containers listed here are opened, each with the one demuxer that is named for it, so that
FFmpeg never gets to guess (some of its guesses are playlists that open other files).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

_HEAD = 256 * 1024
"""Bytes in which audio has to begin; padding and covers without a tag come before it."""

_TAIL = 64 * 1024
_ID3_HEADER = 10
_ID3_FOOTER_FLAG = 0x10
_OGG_FIRST_PAGE, _OGG_LAST_PAGE = 0x02, 0x04
_OGG_PAGE = re.compile(rb"OggS\x00(.)", re.DOTALL)
_OGG_HEAD = 6
_SCANNED = 1024 * 1024
MOST_LINKS = 1000
"""Of chained Ogg streams; each costs the opening of a decoder."""
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")

_LENGTH_UNKNOWN = 0x7FFF0000
"""From here on a length in a WAV header means "as long as it gets": programs that write to a
pipe leave values close below 2 or 4 GiB."""


class Container(StrEnum):
    """A kind of audio file; the value names FFmpeg's demuxer."""

    WAV = "wav"
    AIFF = "aiff"
    FLAC = "flac"
    MP3 = "mp3"
    ADTS = "aac"
    OGG = "ogg"
    MP4 = "mp4"
    MATROSKA = "matroska"
    ASF = "asf"


_LENGTH_BY_SIZE = frozenset(
    {Container.WAV, Container.AIFF, Container.MP3, Container.ADTS, Container.ASF}
)


@dataclass(frozen=True, slots=True)
class Found:
    """Where the audio of a file begins.

    Attributes
    ----------
    container : Container
    start : int
        Bytes before it: tags, padding, rubbish.
    states_length : bool
        Whether it says how long it is; where not, FFmpeg guesses that from the file's size.
    """

    container: Container
    start: int
    states_length: bool


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
    found = find_audio(file)
    return found.container if found else None


def find_audio(file: BinaryIO) -> Found | None:
    """Tell the container of a file and where in the file it begins.

    Parameters
    ----------
    file : binary file
        Seekable; left at its start.

    Returns
    -------
    Found or None
        None if it is no container that Moodify opens.
    """
    head = _read(file, 0)
    tag = _id3_length(head)
    found = _find(_read(file, tag), tag) if tag else None
    # A tag may lie about its length: what it claims to cover is looked at as well.
    return found or _find(head, 0)


def _read(file: BinaryIO, start: int) -> bytes:
    file.seek(start)
    head = file.read(_HEAD)
    file.seek(0)
    return head


def _find(head: bytes, start: int) -> Found | None:
    container = _by_signature(head)
    if container is not None:
        return Found(container, start, container not in _LENGTH_BY_SIZE)
    frame = _first_mpeg_frame(head)
    if frame is None:
        return None
    body = head[frame.at : frame.at + frame.length]
    return Found(frame.container, start + frame.at, any(mark in body for mark in _XING))


def ends_early(file: BinaryIO, found: Found) -> bool:
    """Tell whether a container says that more should follow than there is.

    Only WAV, AIFF, Ogg and ASF are judged here: their demuxers stop at the end of the file
    without a word. Where the others state a length, the decoded audio can be held against it.

    Parameters
    ----------
    file : binary file
        Seekable; left at its start.
    found : Found

    Returns
    -------
    bool
    """
    size = file.seek(0, 2) - found.start
    head = _read(file, found.start)
    if found.container in (Container.WAV, Container.AIFF):
        declared = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big")
        return head[:4] in (b"RIFF", b"FORM") and size - 8 < declared < _LENGTH_UNKNOWN
    if found.container is Container.ASF:
        properties = head.find(_ASF_FILE_PROPERTIES)
        return properties >= 0 and size < int.from_bytes(
            head[properties + 40 : properties + 48], "little"
        )
    if found.container is Container.OGG:
        file.seek(found.start + max(0, size - _TAIL))
        tail = file.read()
        file.seek(0)
        page = tail.rfind(b"OggS")
        return page >= 0 and page + 5 < len(tail) and not tail[page + 5] & _OGG_LAST_PAGE
    return False


def ogg_links(file: BinaryIO, start: int) -> list[int]:
    """Tell where the streams begin that are chained to one Ogg file, as radio recordings are.

    Parameters
    ----------
    file : binary file
        Seekable; left at its start.
    start : int
        Where the first one begins.

    Returns
    -------
    list of int
        Bytes from the start of the file; at least one, at most `MOST_LINKS`.
    """
    links: list[int] = []
    begins_before = False
    file.seek(start)
    at, window = start, file.read(_SCANNED)
    while window and len(links) < MOST_LINKS:
        more = file.read(_SCANNED)
        # A head that lies across two windows is found in the first of them.
        for page in _OGG_PAGE.finditer(window + more[: _OGG_HEAD - 1]):
            begins = bool(page[1][0] & _OGG_FIRST_PAGE)
            # The streams of a film begin with one such page each, all in a row.
            if begins and not begins_before:
                links.append(at + page.start())
            begins_before = begins
        at, window = at + len(window), more
    file.seek(0)
    return [start, *links[1:MOST_LINKS]]


_SIGNATURES: tuple[tuple[Container, tuple[tuple[int, bytes], ...]], ...] = (
    (Container.WAV, ((0, b"RIFF"), (8, b"WAVE"))),
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
    footer = _ID3_HEADER if head[5] & _ID3_FOOTER_FLAG else 0
    return _ID3_HEADER + length + footer


@dataclass(frozen=True, slots=True)
class _Frame:
    container: Container
    at: int
    length: int


_SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb\xf0\xf1\xf8\xf9]")
"""How frames of layer III (MPEG 2.5, 2 and 1) and of ADTS (MPEG 4 and 2) begin."""

_XING = (b"Xing", b"Info", b"VBRI")
"""What marks a first frame of MP3 that states the number of frames instead of holding sound."""

_FRAMES_IN_A_ROW = 3
"""Two turn up in one of a few hundred files of random bytes, three in one of a million."""


def _first_mpeg_frame(head: bytes) -> _Frame | None:
    for sync in _SYNC.finditer(head):
        first = frame = _frame_at(head, sync.start())
        row = 0
        while frame is not None and first is not None and frame.container is first.container:
            row += 1
            if row == _FRAMES_IN_A_ROW:
                return first
            frame = _frame_at(head, frame.at + frame.length)
    return None


# ISO/IEC 11172-3 and 13818-3, table of bit rates of layer III in kbit/s, and sample rates in Hz.
_MPEG1_KBIT = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBIT = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _frame_at(data: bytes, at: int) -> _Frame | None:
    head = data[at : at + 6]
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return _Frame(Container.ADTS, at, length) if length > 7 else None
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if layer != 1 or version == 1 or not 0 < bitrate < 15 or rate == 3:
        return None
    kbit = (_MPEG1_KBIT if version == 3 else _MPEG2_KBIT)[bitrate]
    samples_per_slot = 144 if version == 3 else 72
    padding = head[2] >> 1 & 1
    length = samples_per_slot * kbit * 1000 // _MPEG_RATES[version][rate] + padding
    return _Frame(Container.MP3, at, length)
