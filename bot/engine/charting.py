"""The work of drawing a picture of many songs. Runs in a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moodify_core.words import ENGLISH, Words

if TYPE_CHECKING:
    from moodify_core.charts import Chart


def draw_chart(chart: Chart, words: Words = ENGLISH) -> bytes:
    """Draw a picture of many songs.

    Parameters
    ----------
    chart : Chart
    words : Words, optional
        The language of the picture.

    Returns
    -------
    bytes
        PNG.
    """
    # Imported here as the bot's own process, which names this function, never draws anything.
    from moodify_core.charts.drawn import draw

    return draw(chart, words=words)
