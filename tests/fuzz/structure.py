"""Where the parts of a file lie: chunks, blocks, pages, boxes, elements, objects, frames."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from moodify_core.containers import Container, sniff

_HEAD = 64
"""Bytes of a part in which what decides about it stands; the rest is sound."""

_BOXES_IN = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"moof", b"traf")
_MASTERS = (
    b"\x1a\x45\xdf\xa3",  # EBML
    b"\x18\x53\x80\x67",  # Segment
    b"\x15\x49\xa9\x66",  # Info
    b"\x16\x54\xae\x6b",  # Tracks
    b"\xae",  # TrackEntry
    b"\xe1",  # Audio
    b"\x1f\x43\xb6\x75",  # Cluster
    b"\xa0",  # BlockGroup
)
_ASF_HEADER_OBJECT = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_FLAC_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_MPEG_SYNC = re.compile(rb"\xff[\xe2\xe3\xf1\xf2\xf3\xf9\xfa\xfb]")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file that means something.

    Attributes
    ----------
    start, end : int
    head : int
        Where its head ends.
    """

    start: int
    head: int
    end: int


def parts(data: bytes) -> list[Part]:
    """Return the parts of a file, nested ones too; at least one, the whole."""
    container = sniff(io.BytesIO(data))
    walk = _WALKS.get(container) if container else None
    found = list(walk(data, 0, len(data))) if walk else []
    return [each for each in found if each.end > each.start] or [_part(0, len(data))]


def with_checksums(data: bytes) -> bytes:
    """Return an Ogg file with checksums that fit its pages, so that they are looked into."""
    fixed = bytearray(data)
    for page in _ogg(data, 0, len(data)):
        if data.startswith(b"OggS", page.start):
            fixed[page.start + 22 : page.start + 26] = bytes(4)
            checksum = _ogg_checksum(fixed[page.start : page.end])
            fixed[page.start + 22 : page.start + 26] = checksum.to_bytes(4, "little")
    return bytes(fixed)


def _part(start: int, end: int, head: int = _HEAD) -> Part:
    return Part(start, min(start + head, end), end)


def _chunks(order: str) -> Callable[[bytes, int, int], Iterator[Part]]:
    def walk(data: bytes, at: int, end: int) -> Iterator[Part]:
        yield _part(at, end, 12)
        at += 12
        while at + 8 <= end:
            size = int.from_bytes(data[at + 4 : at + 8], "big" if order == "big" else "little")
            after = min(at + 8 + size + size % 2, end)
            yield _part(at, after)
            at = after

    return walk


def _flac(data: bytes, at: int, end: int) -> Iterator[Part]:
    yield _part(at, end, 4)
    at += 4
    last = False
    while not last and at + 4 <= end:
        last = bool(data[at] & 0x80)
        after = min(at + 4 + int.from_bytes(data[at + 1 : at + 4], "big"), end)
        yield _part(at, after)
        at = after
    yield from _frames(_FLAC_SYNC)(data, at, end)


def _frames(sync: re.Pattern[bytes]) -> Callable[[bytes, int, int], Iterator[Part]]:
    def walk(data: bytes, at: int, end: int) -> Iterator[Part]:
        starts = [found.start() for found in sync.finditer(data, at)]
        for start, after in pairwise([*starts, end]):
            yield _part(start, after, 16)

    return walk


def _mpeg(data: bytes, at: int, end: int) -> Iterator[Part]:
    if data[:3] == b"ID3":
        yield _part(0, end, 10)
    yield from _frames(_MPEG_SYNC)(data, at, end)


def _ogg(data: bytes, at: int, end: int) -> Iterator[Part]:
    while (at := data.find(b"OggS", at)) >= 0 and at + 27 <= end:
        segments = data[at + 27 : at + 27 + data[at + 26]]
        head = at + 27 + len(segments)
        after = min(head + sum(segments), end)
        yield Part(at, min(head, after), after)
        # What a page begins with: the headers of codecs.
        yield _part(head, after)
        at = max(after, at + 4)


def _boxes(data: bytes, at: int, end: int) -> Iterator[Part]:
    while at + 8 <= end:
        size = int.from_bytes(data[at : at + 4], "big")
        after = min(at + size, end) if size >= 8 else end
        yield _part(at, after)
        if data[at + 4 : at + 8] in _BOXES_IN:
            yield from _boxes(data, at + 8, after)
        elif data[at + 4 : at + 8] == b"stsd":
            yield from _boxes(data, at + 16, after)
        at = after


def _elements(data: bytes, at: int, end: int) -> Iterator[Part]:
    while at < end:
        id_length = 9 - data[at].bit_length()
        size_at = at + id_length
        if size_at >= end or not data[size_at]:
            return
        size_length = 9 - data[size_at].bit_length()
        body = size_at + size_length
        size = int.from_bytes(data[size_at:body], "big") & (1 << 7 * size_length) - 1
        after = min(body + size, end)
        yield _part(at, after)
        if data[at:size_at] in _MASTERS:
            yield from _elements(data, body, after)
        at = max(after, at + 1)


def _objects(data: bytes, at: int, end: int) -> Iterator[Part]:
    while at + 24 <= end:
        size = int.from_bytes(data[at + 16 : at + 24], "little")
        after = min(at + max(size, 24), end)
        yield _part(at, after, 128)
        if data[at : at + 16] == _ASF_HEADER_OBJECT:
            yield from _objects(data, at + 30, after)
        at = after


_WALKS: Mapping[Container, Callable[[bytes, int, int], Iterator[Part]]] = {
    Container.WAV: _chunks("little"),
    Container.AIFF: _chunks("big"),
    Container.FLAC: _flac,
    Container.MP3: _mpeg,
    Container.ADTS: _mpeg,
    Container.OGG: _ogg,
    Container.MP4: _boxes,
    Container.MATROSKA: _elements,
    Container.ASF: _objects,
}


def _table() -> tuple[int, ...]:
    # RFC 3533, section 6: polynomial 0x04c11db7, not reflected, starting from 0.
    found = []
    for byte in range(256):
        rest = byte << 24
        for _ in range(8):
            rest = rest << 1 ^ (0x04C11DB7 if rest & 0x80000000 else 0)
        found.append(rest & 0xFFFFFFFF)
    return tuple(found)


_TABLE = _table()


def _ogg_checksum(page: bytes | bytearray) -> int:
    rest = 0
    for byte in page:
        rest = (rest << 8 & 0xFFFFFFFF) ^ _TABLE[rest >> 24 ^ byte]
    return rest
