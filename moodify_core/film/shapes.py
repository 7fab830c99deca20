"""The shapes a film comes in, and where things stand in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """The outline of a film. All have about as many pixels, so all cost about the same."""

    WIDE = "wide"
    """854 x 480 pixels, for chats and desks."""
    SQUARE = "square"
    """640 x 640 pixels, for feeds."""
    TALL = "tall"
    """480 x 854 pixels, for phones held upright."""


@dataclass(frozen=True, slots=True)
class Legend:
    """Where the five moods are listed.

    Attributes
    ----------
    left, top : int
        Corner of the first mood's chip.
    width : int
        Of the whole legend.
    pitch : int
        Pixels from one row to the next; 0 for columns.
    chip, size : int
        Size of the chips and of the type.
    """

    left: int
    top: int
    width: int
    pitch: int
    chip: int
    size: int


@dataclass(frozen=True, slots=True)
class Ring:
    """The spectrum, bent to a ring.

    Attributes
    ----------
    x, y : int
        Its middle.
    inner, outer : int
        Radii between which the bars move.
    """

    x: int
    y: int
    inner: int
    outer: int


@dataclass(frozen=True, slots=True)
class Measures:
    """Where things stand, in pixels from the top left; text stands on its baseline."""

    width: int
    height: int
    margin: int
    title: tuple[int, int]
    """Baseline, size."""
    ring: Ring
    legend: Legend
    wave: tuple[int, int]
    """Top, bottom; the same for the ribbon."""
    ribbon: tuple[int, int]
    axis: int
    label_type: int

    @property
    def span(self) -> int:
        """Width of the time axis."""
        return self.width - 2 * self.margin

    @property
    def strip(self) -> tuple[int, int]:
        """Top and bottom of all that the playhead runs over; even, as colour needs it."""
        return (self.wave[0] - 8) // 2 * 2, (self.ribbon[1] + 8) // 2 * 2


MEASURES: Mapping[Shape, Measures] = {
    Shape.WIDE: Measures(
        width=854,
        height=480,
        margin=40,
        title=(62, 32),
        ring=Ring(x=214, y=226, inner=88, outer=142),
        legend=Legend(left=420, top=110, width=394, pitch=49, chip=32, size=22),
        wave=(378, 414),
        ribbon=(418, 440),
        axis=466,
        label_type=18,
    ),
    Shape.SQUARE: Measures(
        width=640,
        height=640,
        margin=40,
        title=(68, 32),
        ring=Ring(x=320, y=254, inner=96, outer=164),
        legend=Legend(left=40, top=436, width=560, pitch=0, chip=28, size=18),
        wave=(522, 564),
        ribbon=(568, 592),
        axis=622,
        label_type=20,
    ),
    Shape.TALL: Measures(
        width=480,
        height=854,
        margin=36,
        title=(88, 30),
        ring=Ring(x=240, y=300, inner=104, outer=174),
        legend=Legend(left=36, top=502, width=408, pitch=44, chip=30, size=22),
        wave=(738, 782),
        ribbon=(786, 810),
        axis=838,
        label_type=20,
    ),
}
