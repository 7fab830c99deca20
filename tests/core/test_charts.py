"""Pictures of many songs, looked at pixel by pixel."""

from __future__ import annotations

import itertools
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from moodify_core.charts import Bar, Chart, Mix, Ranking, WeekBar, Weeks
from moodify_core.charts.drawn import draw
from moodify_core.drawing import BACKGROUND, QUIET_TEXT, TEXT
from moodify_core.moods import MOODS, Mood, shares
from tests.core.test_timeline import has

EDGE = 18
NAMES = ["Ann", "", "W" * 300, "夜" * 300, "ش" * 300, "\u202eevil", "🎵🎵", "x̷̧̛" * 40, "יונתן"]
EVEN = shares([0.2] * 5)


def pixels(chart: Chart) -> np.ndarray:
    picture = Image.open(BytesIO(draw(chart)))
    assert picture.format == "PNG"
    found = np.asarray(picture.convert("RGBA")).astype(int)
    assert found.shape[1] == 1200
    assert (found[..., 3] == 255).all()
    return found


def bar(rank: int, name: str = "Ann", seconds: float = 60.0, *, own: bool = False) -> Bar:
    return Bar(rank, name, f"{seconds:.0f} min", ((Mood.SAD, seconds),), own=own)


def ranking(*bars: Bar, apart: Bar | None = None, full: float | None = None) -> Ranking:
    return Ranking("Sad minutes", "This month", Mood.SAD, bars, apart, full)


def rows(picture: np.ndarray, colour: str, left: int = 500) -> list[tuple[int, int]]:
    """Return from where to where the bars of a colour reach, from top to bottom.

    What stands before `left`, such as the signs of moods, is no bar.
    """
    found = has(picture[140:, left:], colour)
    lines = np.flatnonzero(found.any(axis=1))
    groups = np.split(lines, np.flatnonzero(np.diff(lines) > 1) + 1) if len(lines) else []
    reach = []
    for group in groups:
        used = np.flatnonzero(found[group].any(axis=0))
        reach.append((int(used[0]), int(used[-1])))
    return reach


# --- rankings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [1, 3, 10])
@pytest.mark.parametrize("name", NAMES)
def test_any_ranking_has_free_margins(members: int, name: str) -> None:
    bars = [bar(number + 1, name, 600.0 / (number + 1)) for number in range(members)]
    apart = bar(345_678, name, 0.4, own=True)
    for picture in (pixels(ranking(*bars)), pixels(ranking(*bars, apart=apart))):
        ground = has(picture, BACKGROUND)
        for strip in (ground[:EDGE], ground[-EDGE:], ground[:, :EDGE], ground[:, -EDGE:]):
            assert strip.all()


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    picture = pixels(ranking(bar(1, seconds=100), bar(2, seconds=50), bar(3, seconds=25)))
    lengths = [end - start for start, end in rows(picture, Mood.SAD.colour)]
    assert np.array(lengths) / lengths[0] == pytest.approx([1, 0.5, 0.25], abs=0.02)


def test_what_is_there_at_all_is_seen() -> None:
    picture = pixels(ranking(bar(1, seconds=100_000), bar(2, seconds=0.1)))
    assert len(rows(picture, Mood.SAD.colour)) == 2


def test_a_full_length_can_be_given() -> None:
    half = Bar(1, "Ann", "50%", ((Mood.SAD, 0.5),))
    whole = Bar(1, "Ann", "50%", ((Mood.SAD, 1.0),))
    ((start, end),) = rows(pixels(ranking(half, full=1.0)), Mood.SAD.colour)
    ((_, most),) = rows(pixels(ranking(whole, full=1.0)), Mood.SAD.colour)
    assert (end - start) / (most - start) == pytest.approx(0.5, abs=0.02)


def test_pieces_of_a_bar_stand_in_their_order_with_seams() -> None:
    parts = tuple((mood, 0.2) for mood in MOODS)
    picture = pixels(ranking(Bar(1, "Ann", "20%", parts), full=1.0))
    ends = [rows(picture, mood.colour) for mood in MOODS]
    firsts = [each[0][0] for each in ends]
    assert firsts == sorted(firsts)
    for before, after in itertools.pairwise(ends):
        assert after[0][0] - before[0][1] >= 2


def test_the_own_row_is_framed_and_stands_apart() -> None:
    bars = [bar(1), bar(2)]
    plain = pixels(ranking(*bars))
    marked = pixels(ranking(bars[0], bar(2, own=True)))
    assert has(marked[:, 24:30], QUIET_TEXT).any()
    assert not has(plain[:, 24:30], QUIET_TEXT).any()
    apart = pixels(ranking(*bars, apart=bar(99, own=True)))
    assert len(apart) > len(plain) + 74


def test_a_name_without_a_letter_is_replaced() -> None:
    named, nameless = (
        Ranking("x", "", None, (bar(1, name),), nameless="a member") for name in ("a member", "🎵")
    )
    assert (pixels(named) == pixels(nameless)).all()


# --- mixes ---------------------------------------------------------------------------------------


def test_a_mix_shows_its_shares_and_the_marks_beside_them() -> None:
    mix = shares([0.4, 0.2, 0.2, 0.1, 0.1])
    alone = pixels(Mix("Ann", "3 songs", mix))
    lengths = [end - start for mood in MOODS for start, end in rows(alone, mood.colour, left=200)]
    assert np.array(lengths) / lengths[0] == pytest.approx([1, 0.5, 0.5, 0.25, 0.25], abs=0.03)
    beside = pixels(Mix("Ann", "3 songs", mix, EVEN, "This server"))
    assert has(beside, TEXT).sum() > has(alone, TEXT).sum()


@pytest.mark.parametrize("name", NAMES)
def test_any_mix_has_free_margins(name: str) -> None:
    for mix in (EVEN, shares([0, 0, 1, 0, 0])):
        picture = pixels(Mix(name, name, mix, EVEN, name))
        ground = has(picture, BACKGROUND)
        for strip in (ground[:EDGE], ground[-EDGE:], ground[:, :EDGE], ground[:, -EDGE:]):
            assert strip.all()


# --- weeks ---------------------------------------------------------------------------------------

STACK = slice(262, 556)


def weeks(*seconds: list[float], songs: int = 3) -> Weeks:
    return Weeks(
        "Mood",
        "1 song",
        EVEN,
        tuple(
            WeekBar(f"Jan {n}", shares(each), songs if any(each) else 0)
            for n, each in enumerate(seconds, 1)
        ),
        "Songs in each week",
    )


@pytest.mark.parametrize("count", [1, 2, 26, 104])
def test_weeks_fill_their_width(count: int) -> None:
    picture = pixels(weeks(*[[0, 0, 60.0, 0, 0]] * count))
    used = np.flatnonzero(has(picture[STACK], Mood.HAPPY.colour).any(axis=0))
    assert (used[0], used[-1]) == (pytest.approx(48, abs=2), pytest.approx(1151, abs=2))


def test_areas_are_as_high_as_their_shares() -> None:
    picture = pixels(weeks([60.0, 0, 0, 0, 180.0]))
    column = picture[STACK, 300:301]
    red, blue = (int(has(column, mood.colour).sum()) for mood in (Mood.AGGRESSIVE, Mood.SAD))
    assert red / (red + blue) == pytest.approx(0.25, abs=0.02)


def test_weeks_of_silence_are_left_open() -> None:
    some, none = [60.0] * 5, [0.0] * 5
    picture = pixels(weeks(some, none, some))
    middle = picture[STACK, 500:700]
    assert not any(has(middle, mood.colour).any() for mood in MOODS)
    assert all(has(picture[STACK, 100:300], mood.colour).any() for mood in MOODS)


def test_areas_are_named_where_there_is_room() -> None:
    named = pixels(weeks([0, 0, 60.0, 0, 0]))[STACK]
    ink = np.abs(named[..., :3] - np.array([12, 13, 18])).sum(axis=2) < 30
    assert ink.any()


@given(
    st.lists(
        st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=5, max_size=5),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=15, deadline=None)
def test_any_weeks_can_be_drawn(seconds: list[list[float]]) -> None:
    picture = pixels(weeks(*seconds))
    ground = has(picture, BACKGROUND)
    for strip in (ground[:EDGE], ground[-EDGE:], ground[:, :EDGE], ground[:, -EDGE:]):
        assert strip.all()
