"""The picture of two songs, looked at pixel by pixel, and its words."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from moodify_core.comparison import describe_comparison, draw_comparison
from moodify_core.drawing import BACKGROUND
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis
from moodify_core.words import Words
from tests.core.test_timeline import changed, has, only, song

MARGIN = 48
STACKS = (slice(114, 246), slice(410, 542))
RIBBONS = (slice(256, 302), slice(552, 598))
TABLE = slice(680, 940)


def pixels(
    first: MoodAnalysis,
    second: MoodAnalysis,
    titles: tuple[str, str] = ("One", "Two"),
    **options: Words,
) -> np.ndarray:
    picture = Image.open(BytesIO(draw_comparison((first, second), titles, **options)))
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGBA")).astype(int)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (song(), song(unsure=True)),
        (song([Mood.SAD], duration=1.0, windows=[only(Mood.SAD)]), song(duration=7200.0)),
        (song(list(MOODS) * 600), song(duration=400_000.0)),
    ],
    ids=["usual", "1s and 2h", "tiny passages and 111h"],
)
@pytest.mark.parametrize("title", ["", "Song", "W" * 300, "夜" * 300, "ش" * 300, "🎵"])
def test_any_two_songs_are_an_opaque_picture_with_free_margins(
    first: MoodAnalysis, second: MoodAnalysis, title: str
) -> None:
    picture = pixels(first, second, (title, title))
    assert picture.shape == (960, 1200, 4)
    assert (picture[..., 3] == 255).all()
    ground = has(picture, BACKGROUND)
    for strip in (ground[:24], ground[-18:], ground[:, : MARGIN - 4], ground[:, 4 - MARGIN :]):
        assert strip.all()


def test_both_songs_stand_on_one_time_axis() -> None:
    long = song([Mood.HAPPY], duration=200, windows=[only(Mood.HAPPY)] * 40)
    short = song([Mood.SAD], duration=50, windows=[only(Mood.SAD)] * 10)
    for songs in [(long, short), (short, long)]:
        picture = pixels(*songs)
        for analysis, stack, ribbon in zip(songs, STACKS, RIBBONS, strict=True):
            width = 1104 * analysis.duration / 200
            for rows in (stack, ribbon):
                used = np.flatnonzero(has(picture[rows], analysis.dominant.colour).any(axis=0))
                assert used[0] == pytest.approx(MARGIN, abs=2)
                assert used[-1] == pytest.approx(MARGIN + width, abs=2)


def test_the_shares_of_both_songs_stand_side_by_side() -> None:
    moods = [Mood.HAPPY, Mood.SAD, Mood.SAD, Mood.SAD]
    table = pixels(song(moods), song(moods[:2]))[TABLE]
    lengths = {mood: _bars(table, mood) for mood in (Mood.HAPPY, Mood.SAD)}
    head = lengths[Mood.HAPPY][0]
    happy, sad = (np.array(lengths[mood][1:]) / head for mood in lengths)
    assert happy == pytest.approx([0.25, 0.5], abs=0.03)
    assert sad == pytest.approx([0.75, 0.5], abs=0.03)


def _bars(table: np.ndarray, mood: Mood) -> list[int]:
    """Return the lengths of the bars in a mood's colour, from top to bottom."""
    rows = has(table, mood.colour).sum(axis=1)
    starts = np.flatnonzero((rows > 0) & (np.roll(rows, 1) == 0))
    return [int(rows[start : start + 6].max()) for start in starts]


def test_an_unsure_answer_is_said_in_the_heading_of_its_song() -> None:
    rows, columns = changed(pixels(song(), song()), pixels(song(), song(unsure=True)))
    assert 330 < rows.min() <= rows.max() < 400
    assert columns.min() > 900


def test_the_words_are_those_of_the_language() -> None:
    german = Words(moods={**Words().moods, Mood.HAPPY: "fröhlich"})
    rows, _ = changed(pixels(song(), song()), pixels(song(), song(), words=german))
    assert any(RIBBONS[0].start <= row < RIBBONS[0].stop for row in rows)
    assert any(RIBBONS[1].start <= row < RIBBONS[1].stop for row in rows)
    assert any(TABLE.start <= row < TABLE.stop for row in rows)
    assert "fröhlich" in describe_comparison((song(), song()), ("a", "b"), words=german)


def test_the_description_tells_both_songs_one_after_the_other() -> None:
    text = describe_comparison((song([Mood.SAD]), song([Mood.HAPPY])), ("One", "Two"))
    first, second = text.splitlines()
    assert first.startswith("1. ")
    assert "“One”" in first
    assert "Mostly sad" in first
    assert second.startswith("2. ")
    assert "“Two”" in second
    assert "Mostly happy" in second


def test_the_description_of_any_songs_fits_into_alt_text() -> None:
    endless = song(list(MOODS) * 600, duration=400_000.0, unsure=True)
    text = describe_comparison((endless, endless), ("W" * 300, "夜" * 300))
    assert len(text) <= 1024
    assert text.count(" more.") == 2
