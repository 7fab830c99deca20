"""Pictures of many songs: who is ahead, how a server's mood moves, what somebody's mix is.

What a picture shows is plain data with finished words in it, made in any process; `draw` in
`moodify_core.charts.drawn` is the only part that loads the drawing.
"""

from __future__ import annotations

from moodify_core.charts.data import Bar, Chart, Mix, Ranking, WeekBar, Weeks

__all__ = ["Bar", "Chart", "Mix", "Ranking", "WeekBar", "Weeks"]
