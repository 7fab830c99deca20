"""From windows to passages."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moodify_core.features.windows import window_bounds
from moodify_core.moods import MOODS, Mood, shares
from moodify_core.passages import change_of_sound, find_passages
from moodify_core.result import Window


def windows(moods: list[Mood], duration: float, sureness: float = 0.8) -> tuple[Window, ...]:
    """Make windows that are each fairly sure of a mood."""
    rest = (1 - sureness) / (len(MOODS) - 1)
    return tuple(
        Window(start, end, shares(sureness if mood is said else rest for mood in MOODS))
        for (start, end), said in zip(window_bounds(duration), moods, strict=True)
    )


def test_one_mood_is_one_passage() -> None:
    (passage,) = find_passages(windows([Mood.SAD] * 10, 27.5), 27.5, np.zeros(10))
    assert (passage.start, passage.end, passage.mood) == (0.0, 27.5, Mood.SAD)
    assert passage.probabilities[Mood.SAD] == pytest.approx(0.8)


@pytest.mark.parametrize("at", [9, 12, 15])
def test_a_border_lies_where_the_sound_changes(at: int) -> None:
    song = windows([Mood.SAD] * 12 + [Mood.HAPPY] * 12, 62.5)
    features = np.random.default_rng(1).normal(0, 0.1, (24, 6))
    features[at + 1 :, :3] += 1
    features[at, :3] += 0.5  # half of this window is before the border, half behind it
    passages = find_passages(song, 62.5, change_of_sound(features))
    assert [passage.mood for passage in passages] == [Mood.SAD, Mood.HAPPY]
    assert passages[0].end == pytest.approx(at * 2.5 + 2.5)


def test_a_change_of_sound_alone_is_no_border() -> None:
    features = np.zeros((12, 4))
    features[6:] = 9
    song = windows([Mood.SAD] * 12, 32.5)
    assert len(find_passages(song, 32.5, change_of_sound(features))) == 1


def test_a_single_odd_window_is_no_passage() -> None:
    flicker = [Mood.SAD] * 6 + [Mood.HAPPY] + [Mood.SAD] * 6
    assert len(find_passages(windows(flicker, 35.0), 35.0, np.ones(13))) == 1


@given(duration=st.floats(1.0, 2000.0), data=st.data())
def test_passages_tile_any_song(duration: float, data: st.DataObject) -> None:
    bounds = window_bounds(duration)
    assert bounds[0][0] == 0
    assert bounds[-1][1] == duration
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    song = tuple(
        Window(start, end, shares(rng.dirichlet(np.full(5, 0.3)))) for start, end in bounds
    )
    passages = find_passages(song, duration, rng.random(len(bounds)))
    assert passages[0].start == 0
    assert passages[-1].end == duration
    for before, after in pairwise(passages):
        assert before.end == after.start
        assert before.mood is not after.mood
    for passage in passages:
        assert passage.end > passage.start
        assert sum(passage.probabilities.values()) == pytest.approx(1)
