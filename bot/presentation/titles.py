"""File names are hostile text: make a title of one that can do no harm."""

from __future__ import annotations

import re
import unicodedata

from bot.presentation import texts

TITLE_LIMIT = 80
"""Characters of a title that are shown."""

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
    text = unicodedata.normalize("NFC", filename).replace("_", " ").replace("`", "'")
    text = _EXTENSION.sub("", " ".join(_visible(text).split()))
    if len(text) > TITLE_LIMIT:
        text = text[: TITLE_LIMIT - 1].rstrip() + "…"
    return text if any(map(_shows_alone, text)) else texts.untitled()


def inline_code(title: str) -> str:
    """Return a title from `song_title` as inline code, in which nothing else has a meaning."""
    return f"`{title}`"


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
