"""Text that every machine draws alike: two bundled fonts, and titles fit for them.

DejaVu Sans comes with matplotlib, Noto Sans CJK JP with the package noto-cjk-sans-jp-regular.
Together they hold Latin, Cyrillic, Greek, Arabic, Hebrew, Chinese, Japanese and Korean. The
fonts of the machine are never asked, so that a picture looks the same wherever it is drawn.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Literal

import matplotlib as mpl
from matplotlib.font_manager import FontEntry, FontProperties, fontManager
from matplotlib.ft2font import FT2Font

Weight = Literal["normal", "bold"]

# Names of our own: a system font that is also called "DejaVu Sans" must not win.
_FAMILIES = ["Moodify Sans", "Moodify CJK"]

_LONGEST_TITLE = 1_000
_MOST_MARKS = 3
_NON_JOINER = "\u200c"  # Persian spelling needs it
# No marks to Unicode, but shaped together with the letter before them: the non-joiner and the
# half-width voicing marks of Japanese.
_JOINED = frozenset({_NON_JOINER, "\uff9e", "\uff9f"})
_SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
_EMOJI_STYLE = "\ufe0f"
_EMOJI_PLANE = range(0x1F000, 0x1FB00)
_KEYCAP = "\u20e3"


@cache
def font(size: float, weight: Weight = "normal") -> FontProperties:
    """Return the font of Moodify's pictures.

    Parameters
    ----------
    size : float
        Size in points.
    weight : {"normal", "bold"}
        Chinese, Japanese and Korean are always drawn in the normal weight.

    Returns
    -------
    FontProperties
        Shared between callers: not to be changed.
    """
    _register()
    return FontProperties(family=_FAMILIES, size=size, weight=weight)


def clean_title(text: str) -> str:
    """Reduce a title to what the fonts can draw, on one line.

    Emoji, scripts that no font holds, control characters and those that turn the direction of
    text are left out, and so is the white space that this leaves doubled. Letters in fancy
    dress (such as mathematical script) are drawn plain where the fonts hold only the plain ones.

    Parameters
    ----------
    text : str
        Any text, from any source; its first 1000 characters are used.

    Returns
    -------
    str
        Empty if nothing is left to draw.
    """
    composed = unicodedata.normalize("NFC", text[:_LONGEST_TITLE])
    return " ".join("".join(_drawn(composed)).split()).strip(_NON_JOINER)


def shorten(text: str, width: float, measure: Callable[[str], float]) -> str:
    """Cut a text that is too wide, and end it with an ellipsis.

    Parameters
    ----------
    text : str
    width : float
        The room there is, in the unit of `measure`.
    measure : callable
        Gives the drawn width of a text.

    Returns
    -------
    str
        `text` itself if it fits.
    """
    if measure(text) <= width:
        return text
    kept = bisect_right(range(1, len(text)), width, key=lambda end: measure(f"{text[:end]}…"))
    while kept and unicodedata.category(text[kept]).startswith("M"):
        kept -= 1
    return f"{text[:kept].rstrip(f' {_NON_JOINER}')}…"


def _drawn(text: str) -> Iterator[str]:
    """Yield the drawable pieces of a text, with a space for every kind of white space."""
    fonts: list[frozenset[int]] = []
    marks = 0
    for char, following in pairwise(f"{text} "):
        category = unicodedata.category(char)
        if ord(char) in _SELECTORS:
            continue
        if (category.startswith("M") and char != _KEYCAP) or char in _JOINED:
            # One font has to draw a letter and its marks together; and a heap of marks would
            # grow out of its line over the rest of the picture.
            holding = _holding(char, fonts)
            if holding and marks < _MOST_MARKS:
                fonts = holding
                marks += 1
                yield char
            continue
        fonts, marks = [], 0
        if category.startswith("Z") or category == "Cc":
            yield " "
        elif category.startswith("C") or ord(char) in _EMOJI_PLANE:
            continue
        elif following not in (_EMOJI_STYLE, _KEYCAP):
            plain = char if _holding(char) else unicodedata.normalize("NFKC", char)
            if fonts := _holding(plain):
                yield plain


def _holding(text: str, fonts: Iterable[frozenset[int]] | None = None) -> list[frozenset[int]]:
    """Return the code points of those fonts that hold a whole text."""
    codes = {ord(char) for char in text}
    return [font for font in (_characters() if fonts is None else fonts) if codes <= font]


@cache
def _characters() -> tuple[frozenset[int], ...]:
    """Return the code points that each font can draw, in the order they are tried."""
    return tuple(frozenset(FT2Font(path).get_charmap()) for path in (_sans(), _cjk()))


def _sans(file: str = "DejaVuSans.ttf") -> Path:
    return Path(mpl.get_data_path(), "fonts", "ttf", file)


def _cjk() -> Path:
    return Path(str(files("noto_cjk_sans_jp_regular") / "NotoSansCJKjp-Regular.otf"))


@cache
def _register() -> None:
    sans, cjk = _FAMILIES
    fontManager.ttflist += [
        FontEntry(fname=str(_sans()), name=sans, weight="normal"),
        FontEntry(fname=str(_sans("DejaVuSans-Bold.ttf")), name=sans, weight="bold"),
        # There is one weight; named as both, matplotlib does not complain in its log.
        FontEntry(fname=str(_cjk()), name=cjk, weight="normal"),
        FontEntry(fname=str(_cjk()), name=cjk, weight="bold"),
    ]
