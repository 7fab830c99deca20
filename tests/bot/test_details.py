from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.presentation import answer_texts
from bot.presentation.columns import PHONE_WIDTH, width
from bot.presentation.details import FIRST_PASSAGES, PASSAGES_PER_PAGE, details, song_pages
from bot.presentation.language import SUPPORTED, Language, speaking
from bot.storage import Recorded
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis, Note, WarningCode
from tests.bot.songs import analysis

MANY = FIRST_PASSAGES + PASSAGES_PER_PAGE + 1
"""Passages for three pages."""


def record(heard: MoodAnalysis, record_id: int = 5, title: str = "Moonlit") -> Recorded:
    return Recorded(record_id, 1, 2, 3, 4, None, None, title, False, heard, 0.0)


def song(count: int) -> MoodAnalysis:
    return analysis(passages=[(60.0, MOODS[number % 5]) for number in range(count)])


def tables(page: str) -> list[list[str]]:
    return [block.strip("\n").splitlines() for block in re.findall(r"```(.*?)```", page, re.DOTALL)]


def test_the_first_page_has_the_moods_and_the_passages() -> None:
    heard = analysis(passages=[(72, Mood.SAD), (88, Mood.DRAMATIC), (40, Mood.HAPPY)])
    (page,) = song_pages("Moonlit", heard)
    moods, passages = tables(page)
    assert page.startswith("🎵 `Moonlit` · 3:20\n")
    assert moods[3].split() == ["romantic", "61%", "61%"]
    assert passages == ["0:00 sad      36% 14%", "1:12 dramatic 44% 12%", "2:40 happy    20%  8%"]
    assert page.endswith(answer_texts.likely())


@pytest.mark.parametrize(
    ("heard", "certainty"),
    [
        (analysis(unsure=True), answer_texts.likely_unsure()),
        (
            analysis(unsure=True, warnings=(Note(WarningCode.SPEECH, {"share": 0.9}),)),
            answer_texts.likely_no_music(),
        ),
    ],
    ids=["unsure", "speech"],
)
def test_the_kind_of_certainty_is_told(heard: MoodAnalysis, certainty: str) -> None:
    assert song_pages("Moonlit", heard)[0].endswith(certainty)


def test_all_passages_are_there_on_some_page() -> None:
    pages = song_pages("Moonlit", song(MANY))
    rows = [row for page in pages for row in tables(page)[-1]]
    assert len(pages) == 3
    assert len(rows) == MANY
    assert [row.split()[0] for row in rows[:3]] == ["0:00", "1:00", "2:00"]


@given(
    st.lists(st.tuples(st.floats(1, 4000), st.sampled_from(MOODS)), min_size=1, max_size=80),
    st.text("x界🎵", min_size=1, max_size=80),
    st.sampled_from(SUPPORTED),
)
def test_every_page_fits_into_a_message_and_on_a_phone(
    passages: list[tuple[float, Mood]], title: str, language: Language
) -> None:
    records = [record(analysis(passages=passages), 10**18, title)]
    page, pages = 0, 1
    while page < pages:
        with speaking(language.code):
            content = details(records, page)["content"] or ""
            pages = len(song_pages(title, records[0].analysis))
        assert len(content) <= 2000
        for table in tables(content):
            assert all(width(row) <= PHONE_WIDTH + 2 for row in table)
            assert len({width(row) for row in table}) == 1
        page += 1


def test_the_buttons_turn_to_the_pages_that_there_are() -> None:
    records = [record(song(MANY)), record(song(1), 6, "Dawn")]

    def shown(page: int) -> tuple[str, list[str]]:
        content = details(records, page)
        view = content["view"]
        assert view is not None
        assert view.is_persistent()
        ids = [item.custom_id for item in view.walk_children()]  # type: ignore[attr-defined]
        return (content["content"] or "").splitlines()[-1], ids

    assert shown(0) == ("-# Page 1 of 4", ["page:5-6:1:>"])
    assert shown(1) == ("-# Page 2 of 4", ["page:5-6:0:<", "page:5-6:2:>"])
    assert shown(3) == ("-# Page 4 of 4", ["page:5-6:2:<"])
    assert shown(99) == shown(3)
    assert "`Dawn`" in (details(records, 3)["content"] or "")


def test_one_page_needs_no_buttons() -> None:
    content = details([record(song(1))], 0)
    assert content["view"] is None
    assert "Page" not in (content["content"] or "")
