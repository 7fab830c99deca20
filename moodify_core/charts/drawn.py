"""Draw any of the pictures of many songs."""

from __future__ import annotations

from typing import assert_never

from moodify_core.charts.data import Chart, Mix, Ranking, Weeks
from moodify_core.charts.mix import draw_mix
from moodify_core.charts.ranking import draw_ranking
from moodify_core.charts.weeks import draw_weeks
from moodify_core.words import ENGLISH, Words


def draw(chart: Chart, *, words: Words = ENGLISH) -> bytes:
    """Draw a picture of many songs.

    Parameters
    ----------
    chart : Ranking, Weeks or Mix
    words : Words
        In which language moods and shares are written.

    Returns
    -------
    bytes
        A PNG, 1200 pixels wide; opaque.
    """
    match chart:
        case Ranking():
            return draw_ranking(chart, words=words)
        case Weeks():
            return draw_weeks(chart, words=words)
        case Mix():
            return draw_mix(chart, words=words)
        case _:
            assert_never(chart)
