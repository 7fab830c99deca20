"""Files that are damaged along their structure, as hypothesis strategies."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.fuzz.seeds import seeds, synchsafe
from tests.fuzz.structure import Part, parts, with_checksums

LARGEST = 4 * 1024 * 1024
"""Bytes of a mutant."""

_NUMBERS = (
    *(0, 1, 2, 3, 7, 8, 9, 16, 255, 256, 1024, 0x7F, 0x80, 0x7FFF, 0x8000, 0xFFFF),
    *(8_000, 44_100, 192_000, 192_001, 4_000_000),
    *(0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF),
)
"""Where programs that count bytes, samples and channels go wrong."""

_WORDS = (
    *(b"RIFF", b"RF64", b"FORM", b"WAVE", b"AIFF", b"AIFC", b"fmt ", b"data", b"LIST", b"ds64"),
    *(b"COMM", b"SSND", b"sowt", b"fl32", b"NONE", b"fLaC", b"OggS", b"OpusHead", b"OpusTags"),
    *(b"\x01vorbis", b"\x03vorbis", b"\x05vorbis", b"\x7fFLAC", b"Speex   ", b"\x80theora"),
    *(b"ftyp", b"moov", b"trak", b"stsd", b"mp4a", b"alac", b".mp3", b"Opus", b"twos", b"samr"),
    *(b"esds", b"stsz", b"stco", b"co64", b"dref", b"url ", b"alis", b"rdrf", b"cmov", b"mdat"),
    *(b"A_OPUS", b"A_VORBIS", b"A_AAC", b"A_FLAC", b"A_MS/ACM", b"A_MPEG/L3", b"V_MPEG4"),
    *(b"Xing", b"Info", b"VBRI", b"LAME", b"ID3", b"APIC", b"TAG", b"APETAGEX"),
    *(b"#EXTM3U\n", b"ffconcat version 1.0\n", b"<?xml", b"PK\x03\x04", b"%PDF-", b"\x89PNG"),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged file.

    Attributes
    ----------
    data : bytes
        Left out where hypothesis names an example: nobody reads half a megabyte.
    """

    data: bytes = field(repr=False)


@st.composite
def mutants(draw: st.DrawFn) -> Mutant:
    """Draw a damaged file."""
    data = _seed(draw)
    for _ in range(draw(st.integers(1, 4))):
        step = draw(st.sampled_from(_STEPS))
        data = step(draw, data)[:LARGEST]
    # Pages whose checksum is wrong are passed over, and nothing in them is ever looked at.
    mend = data[:4] == b"OggS" and draw(st.booleans())
    return Mutant(with_checksums(data) if mend else data)


def _number(draw: st.DrawFn, data: bytes) -> bytes:
    """Write a number into the head of a part."""
    part = draw(_parts(data))
    width = draw(st.sampled_from((1, 2, 3, 4, 8)))
    at = draw(st.integers(part.start, max(part.start, part.head - width)))
    order = draw(st.sampled_from(("little", "big")))
    number = draw(st.sampled_from(_NUMBERS) | st.integers(0, 2**64 - 1))
    return _replaced(data, at, (number % 256**width).to_bytes(width, order))


def _near(draw: st.DrawFn, data: bytes) -> bytes:
    """Change a number in the head of a part by a little."""
    part = draw(_parts(data))
    width = draw(st.sampled_from((1, 2, 4)))
    at = draw(st.integers(part.start, max(part.start, part.head - width)))
    order = draw(st.sampled_from(("little", "big")))
    number = int.from_bytes(data[at : at + width], order) + draw(st.integers(-16, 16))
    return _replaced(data, at, (number % 256**width).to_bytes(width, order))


def _bits(draw: st.DrawFn, data: bytes) -> bytes:
    """Turn some bits over, in heads or anywhere."""
    changed = bytearray(data)
    for _turn in range(draw(st.integers(1, 8))):
        if changed:
            part = draw(_parts(data))
            last = part.head if draw(st.booleans()) else part.end
            changed[draw(st.integers(part.start, last - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(changed)


def _word(draw: st.DrawFn, data: bytes) -> bytes:
    """Put a word that decoders know where another one stands, or just somewhere."""
    new = draw(st.sampled_from(_WORDS))
    there = [word for word in _WORDS if word in data]
    if there and draw(st.booleans()):
        return data.replace(draw(st.sampled_from(there)), new, draw(st.integers(1, 3)))
    return _replaced(data, draw(_parts(data)).start, new)


def _without(draw: st.DrawFn, data: bytes) -> bytes:
    """Leave a part out."""
    part = draw(_parts(data))
    return data[: part.start] + data[part.end :]


def _repeated(draw: st.DrawFn, data: bytes) -> bytes:
    """Have a part several times."""
    part = draw(_parts(data))
    times = draw(st.sampled_from((2, 3, 10, 100, 1000)))
    body = data[part.start : part.end]
    return data[: part.start] + (body * times)[:LARGEST] + data[part.end :]


def _exchanged(draw: st.DrawFn, data: bytes) -> bytes:
    """Let two parts change places."""
    first, second = sorted((draw(_parts(data)), draw(_parts(data))), key=lambda part: part.start)
    if first.end > second.start:
        return data
    return b"".join((
        data[: first.start],
        data[second.start : second.end],
        data[first.end : second.start],
        data[first.start : first.end],
        data[second.end :],
    ))  # fmt: skip


def _blank(draw: st.DrawFn, data: bytes) -> bytes:
    """Overwrite what a part holds."""
    part = draw(_parts(data))
    start = draw(st.integers(part.start, part.head))
    length = min(part.end - start, 4096)
    fill = draw(st.sampled_from((b"\x00", b"\xff", b"\x7f", b"\x55")))
    return _replaced(data, start, fill * length)


def _cut(draw: st.DrawFn, data: bytes) -> bytes:
    """End the file early: within the head of a part, at its end, or anywhere."""
    part = draw(_parts(data))
    return data[: draw(st.integers(part.start, part.head) | st.just(part.end))]


def _rubbish(draw: st.DrawFn, data: bytes) -> bytes:
    """Put something between two parts."""
    at = draw(_parts(data)).start
    return data[:at] + draw(st.binary(min_size=1, max_size=64)) + data[at:]


def _grafted(draw: st.DrawFn, data: bytes) -> bytes:
    """Put a part of another file between two parts, or in the place of one."""
    other = _seed(draw)
    graft, part = draw(_parts(other)), draw(_parts(data))
    after = part.start if draw(st.booleans()) else part.end
    return data[: part.start] + other[graft.start : graft.end] + data[after:]


def _headed(draw: st.DrawFn, data: bytes) -> bytes:
    """Put something in front: a tag that may lie about its length, or the head of another file."""
    tag = b"ID3" + bytes((draw(st.sampled_from((2, 3, 4, 255))), 0))
    length = draw(st.sampled_from((0, 10, 1000, 2**28 - 1)))
    filling = bytes(draw(st.sampled_from((0, 10, 1000, 100_000))))
    other = _seed(draw)
    front = draw(
        st.sampled_from((
            tag + b"\x00" + synchsafe(length) + filling,
            tag + b"\x10" + synchsafe(length) + filling,
            (tag + b"\x00" + synchsafe(10)) * 50,
            filling,
            other[: draw(st.sampled_from((4, 12, 64, 4096)))],
            struct.pack(">I", len(data) + 8) + b"free",
        ))
    )  # fmt: skip
    return front + data


_STEPS: tuple[Callable[[st.DrawFn, bytes], bytes], ...] = (
    *(_number, _number, _number, _near, _bits, _word, _without, _repeated),
    *(_exchanged, _blank, _cut, _rubbish, _grafted, _headed),
)


def _seed(draw: st.DrawFn) -> bytes:
    return seeds()[draw(st.sampled_from(sorted(seeds())))]


def _parts(data: bytes) -> st.SearchStrategy[Part]:
    return st.sampled_from(parts(data))


def _replaced(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]
