"""What every picture of Moodify is drawn with: colours, type, shapes and short words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import BoxStyle, PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from moodify_core.fonts import Weight, font
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis

# A dark ground with light type: at home in Discord's dark theme (#313338) and a clear card in
# the light one. The contrasts of all of these are tested.
BACKGROUND = "#1b1d26"
TEXT = "#f4f5f9"
QUIET_TEXT = "#b8bccb"
INK = "#0c0d12"
"""Colour of type on a mood's colour."""
TRACK = "#2b2e3b"
WAVE = "#7f8599"

HALF_CAPITAL = 0.365
"""Half the height of DejaVu's capitals per unit of size: centres a label on a height."""


@dataclass(frozen=True, slots=True)
class Type:
    """How a text is set; its size in pixels."""

    size: float
    colour: str = TEXT
    align: Literal["left", "center", "right"] = "left"
    weight: Weight = "normal"


class Canvas:
    """A figure on which a unit is a pixel, counted from the top left.

    Parameters
    ----------
    width, height : int
    ground : str, optional
        Colour of the ground, or "none" for one that can be laid over other pictures.
    """

    def __init__(self, width: int, height: int, ground: str = BACKGROUND) -> None:
        # At 72 dots per inch a point of type is a pixel too.
        self._figure = Figure((width / 72, height / 72), dpi=72, facecolor=ground)
        self._agg = FigureCanvasAgg(self._figure)
        self._from_top = Affine2D().scale(1, -1).translate(0, height)

    def fill(self, path: Path, colour: str, *, within: Path | None = None) -> None:
        """Draw a shape."""
        self._add(PathPatch(path, facecolor=colour, linewidth=0), within)

    def stroke(
        self, path: Path, colour: str, *, width: float = 2, within: Path | None = None
    ) -> None:
        """Draw the outline of a shape."""
        self._add(PathPatch(path, fill=False, edgecolor=colour, linewidth=width), within)

    def text(self, x: float, baseline: float, text: str, style: Type) -> None:
        """Write one line of text."""
        label = Text(
            x,
            baseline,
            text,
            color=style.colour,
            fontproperties=font(style.size, style.weight),
            horizontalalignment=style.align,
            verticalalignment="baseline",
            parse_math=False,
            usetex=False,
        )
        label.set_transform(self._from_top)
        self._figure.add_artist(label)

    def measure(self, text: str, style: Type) -> float:
        """Return the width of a text in pixels."""
        renderer = self._agg.get_renderer()  # type: ignore[no-untyped-call]
        properties = font(style.size, style.weight)
        width, _, _ = renderer.get_text_width_height_descent(text, properties, False)
        return float(width)

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture, shape (height, width, 4): red, green, blue, opacity; 0..255."""
        self._agg.draw()  # type: ignore[no-untyped-call]
        return np.array(self._agg.buffer_rgba(), np.uint8)  # type: ignore[no-untyped-call]

    def png(self) -> bytes:
        """Return the picture as a PNG."""
        picture = BytesIO()
        # Not savefig: a matplotlibrc could crop what that writes.
        self._agg.print_png(picture, metadata={"Software": None})  # type: ignore[no-untyped-call]
        return picture.getvalue()

    def _add(self, patch: PathPatch, within: Path | None) -> None:
        patch.set_transform(self._from_top)
        self._figure.add_artist(patch)
        if within is not None:
            patch.set_clip_path(within, self._from_top)


def box(x: float, y: float, width: float, height: float, radius: float) -> Path:
    """Return a rectangle with round corners; x and y are its top left."""
    radius = min(radius, width / 2, height / 2)
    if radius < 1:
        right, bottom = x + width, y + height
        return Path([(x, y), (right, y), (right, bottom), (x, bottom), (x, y)], closed=True)
    return BoxStyle.Round(pad=0, rounding_size=radius)(x, y, width, height, 1)


def runs(analysis: MoodAnalysis, pixels: int) -> Iterator[tuple[int, int, Mood]]:
    """Yield the passages as pixel columns: start, end, mood.

    A column has the mood of its middle, so there are never more runs than columns.
    """
    ends = [segment.end for segment in analysis.segments]
    times = (np.arange(pixels) + 0.5) / pixels * analysis.duration
    owners = np.minimum(np.searchsorted(ends, times, side="right"), len(ends) - 1)
    moods = np.array([MOODS.index(segment.mood) for segment in analysis.segments])[owners]
    borders = [0, *(np.flatnonzero(np.diff(moods)) + 1).tolist(), pixels]
    for start, end in pairwise(borders):
        yield start, end, MOODS[moods[start]]
