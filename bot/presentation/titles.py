"""Names of files and people are hostile text: make something of them that can do no harm."""

from __future__ import annotations

import re
import unicodedata

from bot.presentation import texts

TITLE_LIMIT = 80
"""Characters of a title that are shown."""
NAME_LIMIT = 40
"""Characters of a person's or a server's name that are shown."""

_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but part of how Persian and emoji are spelt, and harmless."""

_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that show nothing: Hangul fillers and the empty Braille cell."""

_MAX_MARKS = 3
"""Accents on one letter; more only serves to smear over the lines around."""

_EXTENSION = re.compile(r"(?i)\.(mp3|wav|wave|flac|aiff?|ogg|oga|opus|m4a|aac|webm|mp4|wma)$")


def song_title(filename: str) -> str:
    """Return the title that a file's name stands for, in one harmless line.

    Without the extension, control characters, marks of writing direction and backticks, and
    cut to `TITLE_LIMIT` characters. Discord writes underscores for spaces in names; they turn
    into spaces again.

    Parameters
    ----------
    filename : str
        As Discord hands it over, of any length and content.

    Returns
    -------
    str
        Never empty: "untitled" where nothing is left.
    """
    text = _EXTENSION.sub("", _one_line(filename.replace("_", " ")))
    return _cut(text, TITLE_LIMIT) if any(map(_shows_alone, text)) else texts.untitled()


def harmless_name(name: str) -> str:
    """Return the name of a person or a server in one harmless line.

    Parameters
    ----------
    name : str
        As Discord hands it over.

    Returns
    -------
    str
        At most `NAME_LIMIT` characters; empty where nothing is left that can be seen.
    """
    text = _one_line(name)
    return _cut(text, NAME_LIMIT) if any(map(_shows_alone, text)) else ""


def inline_code(title: str) -> str:
    """Return a title from `song_title` as inline code, in which nothing else has a meaning."""
    return f"`{title}`"


def _one_line(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("`", "'")
    return " ".join(_visible(text).split())


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _shows_alone(character: str) -> bool:
    """Whether a character is more than a joiner or an accent on another."""
    return unicodedata.category(character)[0] in "LNPS"


def _visible(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category.startswith("Z") or category == "Cc" or character in _BLANKS:
            kept.append(" ")
        elif (category.startswith("C") and character not in _JOINERS) or marks > _MAX_MARKS:
            continue
        else:
            kept.append(character)
    return "".join(kept)
