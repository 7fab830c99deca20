"""A song and its moods as one page: a player whose colours follow the music.

The page is a single HTML file that works from a disk and needs no network. Its policy forbids
the browser everything but its own script and style, each named by its hash, and audio that it
holds itself. The readable sources are in ``page_assets``.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from moodify_core.audio import Source
from moodify_core.console import sentence, why
from moodify_core.figures import MOST, in_percent
from moodify_core.moods import MOODS
from moodify_core.playable import LARGEST_SONG, Playable, playable
from moodify_core.result import MoodAnalysis

_UNTITLED = "Untitled"
_LONGEST_TITLE = 1_000
_SCRIPTS = ("moods.js", "timeline.js", "page.js")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_THROUGHOUT = 0.995

# What could end the script element, or, before ES2019, a line in it.
_JSON_ESCAPES = str.maketrans(
    {char: f"\\u{ord(char):04x}" for char in ("<", ">", "&", "\u2028", "\u2029")}
)


def write_page(
    source: Source,
    analysis: MoodAnalysis,
    title: str,
    target: Path,
    *,
    largest_song: int = LARGEST_SONG,
) -> None:
    """Write the page of a song.

    Parameters
    ----------
    source : path or binary file
        The song. It goes into the page where browsers can play it, if need be as AAC; else the
        page asks for it.
    analysis : MoodAnalysis
    title : str
        Any text.
    target : Path
        The file to write. It appears complete or not at all, and replaces what was there.
    largest_song : int
        Bytes; a larger song does not go into the page.

    Raises
    ------
    OSError
        If the song cannot be read or the page cannot be written.
    """
    page = build_page(analysis, title, playable(source, largest=largest_song))
    partial = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with partial.open("x", encoding="utf-8", newline="\n") as file:
            file.write(page)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def build_page(analysis: MoodAnalysis, title: str, song: Playable | None = None) -> str:
    """Make the page of a song as text.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        Any text. Control characters, and those that turn the direction of text, are left out.
    song : Playable, optional
        Without it, the page asks for the song.

    Returns
    -------
    str
        HTML. About 45 kB, 50 bytes for each second of the song, and 4/3 of the song's size.
    """
    style, script = _asset("page.css"), "\n".join(map(_asset, _SCRIPTS))
    drawing = {
        "moods": [mood.value for mood in MOODS],
        "colours": [mood.colour for mood in MOODS],
        "waveform": analysis.waveform,
    }
    return _filled(
        _asset("page.html"),
        {
            "policy": _policy(style, script),
            "title": html.escape(_one_line(title) or _UNTITLED),
            "icon": html.escape(_icon()),
            "style": style,
            "verdict": _verdict(analysis),
            "certainty": _certainty(analysis),
            "notes": "".join(_notes(analysis)),
            "model": html.escape(analysis.model_version),
            "numbers": _json(analysis.to_dict()),
            "drawing": _json(drawing),
            "song": _data_url(song) if song else "",
            "script": script,
        },
    )


def _filled(template: str, values: Mapping[str, str]) -> str:
    # In one pass: what a value contains is never taken for a place.
    return _PLACE.sub(lambda place: values[place[1]], template)


@cache
def _asset(name: str) -> str:
    return (files("moodify_core") / "page_assets" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "media-src blob:",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_JSON_ESCAPES)


def _data_url(song: Playable) -> str:
    return f"data:{song.media_type};base64,{base64.b64encode(song.data).decode('ascii')}"


def _icon() -> str:
    bars = "".join(
        f"<rect x='{2 + 6 * place}' y='{16 - height / 2}' width='4' height='{height}' rx='2' "
        f"fill='{mood.colour}'/>"
        for place, (mood, height) in enumerate(zip(MOODS, (12, 24, 16, 28, 12), strict=True))
    )
    picture = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>{bars}</svg>"
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode('ascii')}"


def _one_line(title: str) -> str:
    visible = (
        " " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char
        for char in title[:_LONGEST_TITLE]
        if unicodedata.category(char) != "Cs" and not _turns_direction(char)
    )
    return " ".join("".join(visible).split())


def _turns_direction(char: str) -> bool:
    return "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def _verdict(analysis: MoodAnalysis) -> str:
    mood = analysis.dominant.value
    share = analysis.breakdown[analysis.dominant]
    if not analysis.like_music:
        return "Not like music"
    if analysis.unsure:
        return f"Perhaps {mood}"
    if share >= _THROUGHOUT:
        return f"{mood.capitalize()} throughout"
    return f"Mostly {mood}" if share >= MOST else f"{mood.capitalize()} more than anything else"


def _certainty(analysis: MoodAnalysis) -> str:
    if not analysis.like_music:
        return "What is said of moods here is a guess."
    chance, guess = in_percent(analysis.confidence), 1 / len(MOODS)
    # In a long song the mood with most time can be less likely than a guess.
    likelier = round(analysis.confidence, 2) > guess
    compared = f", where a blind guess has {in_percent(guess)}" if likelier else ""
    if analysis.unsure:
        return (
            "Moodify is not sure: no mood is clearly ahead. Take it as a hint; its probability is "
            f"{chance}{compared}."
        )
    return f"Its probability is {chance}{compared}."


def _notes(analysis: MoodAnalysis) -> Iterator[str]:
    if analysis.reasons:
        yield f'<p class="why">{html.escape(why(analysis))}</p>'
    for note in analysis.warnings:
        yield f'<p class="note">{html.escape(sentence(note))}</p>'
