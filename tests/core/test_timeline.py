"""The picture of a song's moods, looked at pixel by pixel, and its words."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from moodify_core.drawing import BACKGROUND
from moodify_core.moods import MOODS, Mood, shares
from moodify_core.result import MoodAnalysis, Segment, Window
from moodify_core.timeline import Layout, describe_timeline, draw_timeline
from moodify_core.words import Words

SIZES = {Layout.WIDE: (1200, 600), Layout.PHONE: (1080, 1080)}
MARGINS = {Layout.WIDE: 48, Layout.PHONE: 56}
EVEN = (0.2, 0.2, 0.2, 0.2, 0.2)


def song(
    moods: Sequence[Mood] = (Mood.HAPPY, Mood.SAD),
    *,
    duration: float = 100.0,
    windows: Sequence[Sequence[float]] = (EVEN,) * 40,
    waveform: Sequence[float] = (0.5,) * 200,
    unsure: bool = False,
) -> MoodAnalysis:
    """Make a song of equally long passages and equally spaced windows."""
    edges = [float(edge) for edge in np.linspace(0, duration, len(moods) + 1)]
    starts = [float(start) for start in np.linspace(0, duration, len(windows) + 1)]
    breakdown = shares(moods.count(mood) / len(moods) for mood in MOODS)
    dominant = max(MOODS, key=lambda mood: breakdown[mood])
    return MoodAnalysis(
        duration=duration,
        windows=tuple(
            Window(start, end, shares(values))
            for start, end, values in zip(starts, starts[1:], windows, strict=False)
        ),
        segments=tuple(
            Segment(start, end, mood, breakdown)
            for start, end, mood in zip(edges, edges[1:], moods, strict=False)
        ),
        breakdown=breakdown,
        probabilities=breakdown,
        dominant=dominant,
        confidence=0.8,
        unsure=unsure,
        reasons=(),
        warnings=(),
        waveform=tuple(waveform),
        fingerprint="",
        model_version="test",
    )


def pixels(analysis: MoodAnalysis, title: str = "Song", layout: Layout = Layout.WIDE) -> np.ndarray:
    """Draw, and decode to rows x columns x red, green, blue, alpha."""
    picture = Image.open(BytesIO(draw_timeline(analysis, title, layout=layout)))
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGBA")).astype(int)


def has(picture: np.ndarray, colour: str) -> np.ndarray:
    """Where a picture has a colour, within a hair."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return (abs(picture[..., :3] - rgb) <= 1).all(axis=-1)


def only(mood: Mood) -> tuple[float, ...]:
    return tuple(float(mood is other) for other in MOODS)


def changed(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns in which two pictures differ."""
    differ = (first != second).any(axis=-1)
    return np.flatnonzero(differ.any(axis=1)), np.flatnonzero(differ.any(axis=0))


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize(
    "analysis",
    [
        song(),
        song(unsure=True),
        song([Mood.SAD], duration=1.0, windows=[only(Mood.SAD)]),
        song(list(MOODS) * 20, duration=7200.0, windows=[EVEN] * 2880, waveform=[1.0] * 7200),
        song([Mood.AGGRESSIVE], windows=[only(Mood.AGGRESSIVE)] * 40),
        song(list(MOODS) * 600),
        song(duration=400_000.0),
        song(waveform=()),
        song(waveform=(0.0, 1.0)),
    ],
    ids=["usual", "unsure", "1s", "2h", "one mood", "tiny", "111h", "no wave", "two peaks"],
)
def test_every_song_is_an_opaque_picture_of_the_exact_size(
    analysis: MoodAnalysis, layout: Layout
) -> None:
    picture = pixels(analysis, "A song", layout)
    assert picture.shape[1::-1] == SIZES[layout]
    assert (picture[..., 3] == 255).all()
    # The margins stay free: nothing runs out of the picture.
    margin = MARGINS[layout]
    ground = has(picture, BACKGROUND)
    for strip in (ground[:24], ground[-24:], ground[:, : margin - 4], ground[:, 4 - margin :]):
        assert strip.all()


@pytest.mark.parametrize("layout", Layout)
def test_the_ribbon_has_the_moods_colour_at_the_time_of_each_passage(layout: Layout) -> None:
    moods = [Mood.HAPPY, Mood.SAD, Mood.AGGRESSIVE, Mood.DRAMATIC]
    picture = pixels(song(moods, windows=[only(Mood.ROMANTIC)] * 4), layout=layout)
    margin = MARGINS[layout]
    span = SIZES[layout][0] - 2 * margin
    quarters = [margin + round(span * (i + 0.5) / 4) + 90 for i in range(4)]  # beside the labels
    matches = [has(picture, mood.colour)[:, x] for mood, x in zip(moods, quarters, strict=True)]
    rows = np.flatnonzero(np.all(matches, axis=0))
    assert len(rows) > 30
    for i, (mood, following) in enumerate(pairwise(moods)):
        border = margin + span * (i + 1) / 4
        row = picture[rows[0] + 15]
        assert np.flatnonzero(has(row, mood.colour))[-1] == pytest.approx(border, abs=4)
        assert np.flatnonzero(has(row, following.colour))[0] == pytest.approx(border, abs=4)


def test_the_stack_gives_each_mood_the_height_of_its_probability() -> None:
    values = (0.1, 0.3, 0.15, 0.25, 0.2)
    picture = pixels(song([Mood.AGGRESSIVE], windows=[values] * 10))
    column = picture[:, 1140]  # right of every chip of the legend
    heights = np.array([has(column, mood.colour).sum() for mood in MOODS[1:]])
    assert heights / heights.sum() == pytest.approx(np.array(values[1:]) / 0.9, abs=0.02)


def test_the_stack_never_overshoots() -> None:
    windows = [only(Mood.HAPPY)] * 5 + [only(Mood.SAD)] * 5
    picture = pixels(song([Mood.ROMANTIC], windows=windows))
    happy = has(picture, Mood.HAPPY.colour)
    stack = np.flatnonzero(happy[:, 70])
    rows = slice(stack[0] + 3, stack[-1] - 2)
    heights = happy[rows, 60:-60].sum(axis=0)
    assert (np.diff(heights) <= 0).all()
    assert heights[0] == rows.stop - rows.start
    assert heights[-1] == 0
    assert heights[450] > heights[600]


def test_windows_beyond_what_pixels_show_are_averaged() -> None:
    windows = [only(Mood.HAPPY), only(Mood.SAD)] * 4000
    column = pixels(song([Mood.ROMANTIC], windows=windows))[:, 1140]
    happy, sad = (has(column, mood.colour).sum() for mood in (Mood.HAPPY, Mood.SAD))
    assert happy == pytest.approx(sad, rel=0.1)


def test_the_waveform_is_drawn_where_it_sounds() -> None:
    loud, fading = (
        pixels(song(waveform=[1.0] * 300)),
        pixels(song(waveform=[1.0] * 150 + [0.1] * 150)),
    )
    rows, columns = changed(loud, fading)
    assert rows.min() > 466
    assert columns.min() == pytest.approx(600, abs=10)
    assert columns.max() > 1140


def test_a_passage_is_named_where_there_is_room() -> None:
    wide = pixels(song([Mood.HAPPY]))
    ribbon = wide[420:462]
    # Type that is not there would leave the ribbon plain.
    assert not has(ribbon[:, 520:680], Mood.HAPPY.colour).all()
    assert has(ribbon[:, 60:400], Mood.HAPPY.colour).all()


def test_being_unsure_is_said_beside_the_title() -> None:
    rows, columns = changed(pixels(song()), pixels(song(unsure=True)))
    assert rows.max() < 110
    assert columns.min() > 900


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("char", ["i", "W", "夜", "ش", "ש", "я"])
def test_a_title_too_long_is_cut_within_the_margin(char: str, layout: Layout) -> None:
    margin = MARGINS[layout]
    picture = pixels(song(), char * 300, layout)
    rows = changed(picture, pixels(song(), "", layout))[0]
    used = np.flatnonzero(~has(picture[rows], BACKGROUND).all(axis=0))
    assert used.min() >= margin - 4
    assert SIZES[layout][0] - margin - 70 <= used.max() <= SIZES[layout][0] - margin + 4


def test_a_long_title_leaves_room_for_unsure() -> None:
    long = pixels(song(unsure=True), "W" * 300)
    _, columns = changed(long, pixels(song(unsure=True), "W"))
    assert columns.max() < 990


@pytest.mark.parametrize(
    ("title", "same"),
    [
        ("Sunny 😀 day ☀️", "Sunny day"),
        ("🎵🎶", ""),
        ("a\u202eb", "ab"),
        ("เพลง", ""),
        ("  \n ", ""),
    ],
)
def test_what_no_font_draws_leaves_no_trace(title: str, same: str) -> None:
    assert draw_timeline(song(), title) == draw_timeline(song(), same)


@pytest.mark.parametrize(
    "title",
    ["Night", "Ночь", "Νύχτα", "ليلة", "לילה", "夜晚", "夜に", "아름다운", "$x^2$ costs $5"],
)
def test_titles_of_all_scripts_are_drawn(title: str) -> None:
    rows, _ = changed(pixels(song(), title), pixels(song(), ""))
    assert rows.min() >= 24
    assert rows.max() < 110


def test_dollars_are_no_formula() -> None:
    ink = [(~has(pixels(song(), title)[:100], BACKGROUND)).any(axis=0) for title in ("$a$", "a")]
    widths = [np.flatnonzero(columns).max() for columns in ink]
    assert widths[0] > widths[1] + 40


@settings(max_examples=60)
@given(
    st.one_of(
        st.text(st.characters(exclude_categories=[]), max_size=80),
        st.text("aé̵夜かガ한ᄒ\u1161שׁاللّٰ٠2 \u200c\u200d$\\_^{}😀❤️…", max_size=80),
    )
)
def test_no_title_is_too_wild(title: str) -> None:
    assert draw_timeline(song(), title)[:4] == b"\x89PNG"
    assert len(describe_timeline(song(), title)) <= 1024


def test_the_machines_matplotlib_settings_do_not_matter() -> None:
    drawn = draw_timeline(song(), "Night 夜")
    with mpl.rc_context(
        {"font.family": "serif", "savefig.bbox": "tight", "savefig.dpi": 30, "font.size": 30}
    ):
        assert draw_timeline(song(), "Night 夜") == drawn


def test_pyplot_stays_out() -> None:
    code = "import sys, moodify_core.timeline; sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_words_say_what_the_picture_shows() -> None:
    analysis = song([Mood.HAPPY, Mood.SAD, Mood.HAPPY, Mood.HAPPY], duration=240.0)
    assert describe_timeline(analysis, "Night 🌙") == (
        "Mood over time of “Night”, 4:00. Mostly happy: 75% of the time; sad 25%. "
        "Passages: happy 0:00–1:00, sad 1:00–2:00, happy 2:00–3:00, happy 3:00–4:00."
    )


def test_the_words_say_so_when_unsure_and_name_no_empty_title() -> None:
    words = describe_timeline(song([Mood.SAD], duration=3_725.0, unsure=True), "🌙")
    assert words == (
        "Mood over time of a song, 1:02:05. Mostly sad: 100% of the time. "
        "The answer is unsure: no mood is clearly ahead. Passages: sad 0:00–1:02:05."
    )


FRENCH = Words(
    moods=dict(
        zip(MOODS, ("agressive", "dramatique", "joyeuse", "romantique", "triste"), strict=True)
    ),
    percent="{}\u00a0%",
    separator=" ; ",
    unsure="incertain",
    untitled_timeline="Ambiance",
    heading="Ambiance de «\u00a0{title}\u00a0», {length}.",
    mostly="Surtout {mood}\u00a0: {share} du temps, {others}.",
    no_mood_ahead="La réponse est incertaine.",
    passages="Passages\u00a0: {passages}.",
    passages_cut="Passages\u00a0: {passages}, encore {count}.",
)


def test_the_words_can_be_of_another_language() -> None:
    analysis = song([Mood.HAPPY, Mood.SAD], duration=120.0, unsure=True)
    assert describe_timeline(analysis, "Nuit", words=FRENCH) == (
        "Ambiance de «\u00a0Nuit\u00a0», 2:00. Surtout joyeuse\u00a0: 50\u00a0% du temps, "
        "triste 50\u00a0%. La réponse est incertaine. "
        "Passages\u00a0: joyeuse 0:00–1:00 ; triste 1:00–2:00."
    )
    many = describe_timeline(song(list(MOODS) * 100, duration=5_000.0), "x", words=FRENCH)
    assert 900 < len(many) <= 1024
    assert re.search(r", encore \d+\.$", many)


@pytest.mark.parametrize("layout", Layout)
def test_pictures_speak_another_language_too(layout: Layout) -> None:
    analysis = song([Mood.HAPPY], unsure=True)
    picture = pixels(analysis, "x", layout)
    french = np.asarray(
        Image.open(BytesIO(draw_timeline(analysis, "x", layout=layout, words=FRENCH))).convert(
            "RGBA"
        )
    ).astype(int)
    rows, columns = changed(picture, french)
    margin = MARGINS[layout]
    assert margin - 4 <= columns.min()
    assert columns.max() <= SIZES[layout][0] - margin + 4
    # Beside the title, in the legend, and on the ribbon.
    ribbon = 416 if layout is Layout.WIDE else 796
    assert rows.min() < 110
    assert rows.max() > ribbon


def test_less_than_half_of_the_time_is_not_called_mostly() -> None:
    words = describe_timeline(song([Mood.SAD, Mood.HAPPY, Mood.SAD, Mood.ROMANTIC]), "x")
    assert "Mostly sad: 50% of the time" in words
    words = describe_timeline(
        song([Mood.SAD, Mood.SAD, Mood.HAPPY, Mood.DRAMATIC, Mood.ROMANTIC]), "x"
    )
    assert "More sad than anything else: 40% of the time" in words


def test_passages_without_room_are_counted() -> None:
    words = describe_timeline(song(list(MOODS) * 100, duration=5_000.0), "x" * 500)
    shown = words.count("–")
    assert 900 < len(words) <= 1024
    assert words.endswith(f" and {500 - shown} more.")


def test_a_small_share_is_not_called_nothing() -> None:
    words = describe_timeline(song([Mood.SAD] * 299 + [Mood.HAPPY]), "x")
    assert "happy <1%" in words
