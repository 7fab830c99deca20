"""Titles fit for the fonts."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import matplotlib as mpl
import noto_cjk_sans_jp_regular as noto
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.ft2font import FT2Font

from moodify_core.fonts import clean_title, shorten

FONTS = (Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), Path(str(noto.FONT_PATH)))
DRAWABLE = frozenset().union(*(FT2Font(path).get_charmap() for path in FONTS))


@pytest.mark.parametrize(
    "title",
    [
        "Here Comes the Sun",
        "Ночь над Москвой",
        "Νύχτα στην Αθήνα",
        "أغنية الليل",
        "שיר ערש",
        "月亮代表我的心",
        "夜に駆ける",
        "아름다운 밤",
        "Đêm Trần Ngọc",
        "$5 & $7 \\alpha ^_",
        "I ♥ ♪",
        "می\u200cخواهم",
    ],
)
def test_titles_in_the_promised_scripts_are_kept(title: str) -> None:
    assert clean_title(title) == title


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("Sunny 😀🎉 day", "Sunny day"),
        ("👩‍👩‍👧 family", "family"),
        ("🇵🇹 Lisboa", "Lisboa"),
        ("love ❤️ me", "love me"),
        ("1️⃣ first", "first"),
        ("👍🏽", ""),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\u2066a\u2069\u200f\u200eb", "ab"),
        ("two\nlines\tand\x00null", "two lines and null"),
        ("  wide \u3000 space\u2028 ", "wide space"),
        ("𝓛𝓸𝓿𝓮", "Love"),
        ("e\u0301te\u0301", "été"),
        ("\u0301accent first", "accent first"),
        ("z" + "\u0335" * 40, "z" + "\u0335" * 3),
        ("sun \u2600\ufe0e", "sun \u2600"),
        ("⺀\u0302", "⺀"),
        ("ﾊﾞ \u1f8d\uff9e", "ﾊﾞ \u1f8d"),
        ("夜\u200c\u200d曲", "夜曲"),
        ("เพลง", ""),
        ("\u200c", ""),
        ("\ud800\ue000\U000f0000", ""),
        ("", ""),
    ],
)
def test_what_cannot_be_drawn_is_left_out_tidily(title: str, cleaned: str) -> None:
    assert clean_title(title) == cleaned


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_becomes_one_line_that_the_fonts_hold(title: str) -> None:
    cleaned = clean_title(title)
    assert {ord(char) for char in cleaned} <= DRAWABLE
    assert cleaned == " ".join(cleaned.split())
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Co") for char in cleaned)


@given(st.text(), st.integers(1, 30))
def test_a_shortened_text_fits(text: str, width: int) -> None:
    shown = shorten(text, width, len)
    assert len(shown) <= width
    assert shown == text or shown.endswith("…")


def test_a_letter_is_not_cut_from_its_marks() -> None:
    assert shorten("ab\u0335\u0336cdef", 4, len) == "a…"
