from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.presentation.language import speaking
from bot.presentation.titles import TITLE_LIMIT, inline_code, song_title


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("song.mp3", "song"),
        ("My_lovely_song.FLAC", "My lovely song"),
        ("01 - Für Elise (live).ogg", "01 - Für Elise (live)"),
        ("a.b.wav", "a.b"),
        ("report.pdf", "report.pdf"),
        ("Песня.mp3", "Песня"),
        ("夜に駆ける.m4a", "夜に駆ける"),
        ("أغنية.mp3", "أغنية"),
        ("می\u200cخواهم.mp3", "می\u200cخواهم"),
        ("👩\u200d🎤 live.mp3", "👩\u200d🎤 live"),
        ("``` @everyone ```.mp3", "''' @everyone '''"),
        ("gnp.\u202e3pm.exe", "gnp.3pm.exe"),
        ("a\u2066b\u2069c\u200fd.mp3", "abcd"),
        ("line\nbreak\tand\x00more\x1b[31m.mp3", "line break and more [31m"),
        ("z" + "\u0335" * 60 + "algo.mp3", "z" + "\u0335" * 3 + "algo"),
        ("\u200b\u2060.mp3", "untitled"),
        ("\u200d.mp3", "untitled"),
        ("\u2800\u2800.mp3", "untitled"),
        ("\u115f\u1160\u3164\uffa0.mp3", "untitled"),
        ("\ufe0f\u034f.mp3", "untitled"),
        ("a\u3164b.mp3", "a b"),
        (".mp3", "untitled"),
        ("", "untitled"),
        ("   ", "untitled"),
    ],
)
def test_a_title_is_what_the_name_says_without_its_tricks(filename: str, title: str) -> None:
    assert song_title(filename) == title


def test_a_long_name_is_cut() -> None:
    title = song_title("x" * 255 + ".mp3")
    assert len(title) == TITLE_LIMIT
    assert title.endswith("…")


def test_a_song_without_a_title_is_called_so_in_the_language_that_is_spoken() -> None:
    with speaking("ja"):
        assert song_title(".mp3") == "無題"


@given(st.text(max_size=300))
def test_no_name_breaks_out(filename: str) -> None:
    title = song_title(filename)
    assert 0 < len(title) <= TITLE_LIMIT
    assert title == title.strip()
    assert "`" not in title
    assert inline_code(title).count("`") == 2
    allowed = {"\u200c", "\u200d"}
    hidden = [c for c in title if unicodedata.category(c).startswith("C") and c not in allowed]
    assert not hidden
    assert len(title.splitlines()) == 1


@given(st.text(max_size=300))
def test_a_title_of_a_title_is_the_same(filename: str) -> None:
    once = song_title(filename)
    if not once.lower().rpartition(".")[2].isalnum():
        assert song_title(once) == once
