"""The figures of an evaluation as a document with pictures.

Three pictures: what is taken for what, how far the stated probabilities can be believed, and how
often the answers are right where only the surest are given. Every mark has its number beside it,
so that no colour has to be told from another.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.path import Path as Outline

from moodify_core.drawing import (
    BACKGROUND,
    HALF_CAPITAL,
    INK,
    QUIET_TEXT,
    TEXT,
    TRACK,
    Canvas,
    Type,
    box,
)
from moodify_core.moods import MOODS, Mood

REPORT, NUMBERS = "report.md", "report.json"

_CELL, _GAP = 132, 6
_TITLE, _NOTE, _LABEL, _FIGURE, _SMALL = 34, 22, 24, 32, 20
_LARGE = 84
"""Side of a square that holds its figures."""
_SIDE, _MARGIN = 640, 110
_LINE = "#8fb8ff"
"""Colour of what was measured, on the dark ground: contrast 8.6."""


def write_report(metrics: dict[str, Any], words: str, folder: Path) -> None:
    """Write an evaluation as ``report.md`` and ``report.json``, with three pictures for it.

    Parameters
    ----------
    metrics : dict
        What `moodify_core.training.evaluation` returns.
    words : str
        The same as text.
    folder : Path
        Made if need be.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    scores = metrics["scores"] if "scores" in metrics else metrics["unheard_artists"]["all"]
    reliability = scores["calibration"]["reliability"]
    pictures = {
        "confusion.png": (draw_confusion(scores["confusion"]), describe_confusion(scores)),
        "reliability.png": (draw_reliability(reliability), describe_reliability(reliability)),
        "coverage.png": (draw_coverage(scores["coverage"]), describe_coverage(scores["coverage"])),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, (picture, _) in pictures.items():
        (folder / name).write_bytes(picture)
    (folder / NUMBERS).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    lines = ["# How often Moodify is right", "", "```", words, "```", ""]
    for name, (_, description) in pictures.items():
        lines += [f"![{description}]({name})", ""]
    (folder / REPORT).write_text("\n".join(lines), encoding="utf-8")


def draw_confusion(confusion: list[list[int]]) -> bytes:
    """Draw what is taken for what, as a PNG.

    Parameters
    ----------
    confusion : list of list of int, shape (5, 5)
        Clips by reference mood (rows) and answer (columns).
    """
    left, top = 190, 170
    size = len(MOODS) * (_CELL + _GAP)
    canvas = Canvas(left + size + 40, top + size + 40)
    canvas.text(40, 62, "What is taken for what", Type(_TITLE, weight="bold"))
    note = "Rows: the reference. Columns: the answer. Share of the row, and clips."
    canvas.text(40, 100, note, Type(_NOTE, QUIET_TEXT))
    for row, (mood, counts) in enumerate(zip(MOODS, confusion, strict=True)):
        y = top + row * (_CELL + _GAP)
        x = left + row * (_CELL + _GAP)
        canvas.text(x + _CELL / 2, top - 16, mood.value.capitalize(), Type(_LABEL, align="center"))
        middle = y + _CELL / 2 + _LABEL * HALF_CAPITAL
        canvas.text(left - 18, middle, mood.value.capitalize(), Type(_LABEL, align="right"))
        total = max(sum(counts), 1)
        for column, count in enumerate(counts):
            x = left + column * (_CELL + _GAP)
            canvas.fill(box(x, y, _CELL, _CELL, 10), TRACK)
            _cell(canvas, (x, y), mood, count, count / total)
    return canvas.png()


def _cell(
    canvas: Canvas, corner: tuple[float, float], mood: Mood, count: int, share: float
) -> None:
    """Fill a cell: a square whose area is the share, told by size and not by shade."""
    x, y = corner
    side = (_CELL - 2 * _GAP) * share**0.5
    if side > _LARGE:
        inset = (_CELL - side) / 2
        canvas.fill(box(x + inset, y + inset, side, side, 8), mood.colour)
        centre = x + _CELL / 2
        canvas.text(centre, y + 68, f"{share:.0%}", Type(_FIGURE, INK, "center", "bold"))
        canvas.text(centre, y + 98, str(count), Type(_SMALL, INK, "center"))
        return
    if count:
        bottom = y + _CELL - _GAP
        canvas.fill(box(x + _GAP, bottom - side, side, side, 6), mood.colour)
    right = x + _CELL - 10
    canvas.text(right, y + 30, f"{share:.0%}", Type(_LABEL, TEXT, "right", "bold"))
    canvas.text(right, y + _CELL - 12, str(count), Type(_SMALL, QUIET_TEXT, "right"))


def draw_reliability(bins: list[dict[str, Any]]) -> bytes:
    """Draw how often answers of each stated probability are right, as a PNG.

    Parameters
    ----------
    bins : list of dict
        ``confidence``, ``accuracy`` and ``clips`` of each.
    """
    canvas = _chart("What it says, and what is true", "Stated probability", "Share that is right")
    canvas.stroke(_path([_place(0, 0), _place(1, 1)]), QUIET_TEXT, width=2)
    x, y = _place(0.17, 0.12)
    canvas.text(x, y, "as it should be", Type(_SMALL, QUIET_TEXT))
    points = [_place(entry["confidence"], entry["accuracy"]) for entry in bins]
    canvas.stroke(_path(points), _LINE, width=3)
    for (x, y), entry in zip(points, bins, strict=True):
        _dot(canvas, x, y)
        below = entry["accuracy"] <= entry["confidence"]
        _label(canvas, x, y + 38 if below else y - 22, f"{entry['accuracy']:.0%}")
        floor = _place(0, 0)[1] - 14
        canvas.text(x, floor, str(entry["clips"]), Type(_SMALL, QUIET_TEXT, "center"))
    canvas.text(_place(0.08, 0)[0], floor, "clips:", Type(_SMALL, QUIET_TEXT))
    return canvas.png()


def draw_coverage(coverage: list[dict[str, float]]) -> bytes:
    """Draw how often it is right where only the surest answers are given, as a PNG.

    Parameters
    ----------
    coverage : list of dict
        ``coverage`` and ``accuracy`` of each, 0..1.
    """
    canvas = _chart(
        "Answering only where it is surest", "Share of songs that get an answer", "Right"
    )
    points = [_place(entry["coverage"], entry["accuracy"]) for entry in coverage]
    canvas.stroke(_path(points), _LINE, width=3)
    for number, ((x, y), entry) in enumerate(zip(points, coverage, strict=True)):
        _dot(canvas, x, y)
        _label(canvas, x, y + 38 if number % 2 else y - 22, f"{entry['accuracy']:.0%}")
    return canvas.png()


def describe_confusion(scores: dict[str, Any]) -> str:
    """Say in a sentence what the picture of the confusions shows."""
    parts = []
    for index, (mood, counts) in enumerate(zip(MOODS, scores["confusion"], strict=True)):
        total = max(sum(counts), 1)
        others = [count if place != index else -1 for place, count in enumerate(counts)]
        taken = int(np.argmax(others))
        parts.append(
            f"{mood.value} {counts[index] / total:.0%} found, most often taken for "
            f"{MOODS[taken].value} ({others[taken] / total:.0%})"
        )
    return f"Confusion matrix of {scores['clips']} clips: " + "; ".join(parts) + "."


def describe_reliability(bins: list[dict[str, Any]]) -> str:
    """Say in a sentence what the reliability diagram shows."""
    parts = (
        f"{entry['confidence']:.0%} stated, {entry['accuracy']:.0%} right ({entry['clips']} clips)"
        for entry in bins
    )
    return "Reliability diagram: " + "; ".join(parts) + "."


def describe_coverage(coverage: list[dict[str, float]]) -> str:
    """Say in a sentence what the coverage–accuracy curve shows."""
    parts = (
        f"{entry['coverage']:.0%} answered, {entry['accuracy']:.0%} right" for entry in coverage
    )
    return "Coverage–accuracy curve: " + "; ".join(parts) + "."


_TOP = 120


def _place(across: float, up: float) -> tuple[float, float]:
    return _MARGIN + across * _SIDE, _TOP + (1 - up) * _SIDE


def _dot(canvas: Canvas, x: float, y: float) -> None:
    canvas.fill(Outline.circle((x, y), 9), _LINE)


def _path(points: list[tuple[float, float]]) -> Outline:
    return Outline(points)


def _label(canvas: Canvas, x: float, baseline: float, text: str) -> None:
    style = Type(_SMALL, TEXT, "center", "bold")
    half = canvas.measure(text, style) / 2
    x = min(max(x, _MARGIN + half + 6), _MARGIN + _SIDE - half - 6)
    canvas.fill(box(x - half - 5, baseline - 20, 2 * half + 10, 27, 6), BACKGROUND)
    canvas.text(x, baseline, text, style)


def _chart(title: str, across: str, up: str) -> Canvas:
    """Return a square of axes from 0 to 100 %."""
    canvas = Canvas(_MARGIN + _SIDE + 50, _TOP + _SIDE + 100)
    canvas.text(40, 56, title, Type(_TITLE, weight="bold"))
    canvas.text(_MARGIN, 100, f"↑ {up}", Type(_NOTE, QUIET_TEXT))
    canvas.text(_MARGIN + _SIDE, _TOP + _SIDE + 76, f"{across} →", Type(_NOTE, QUIET_TEXT, "right"))
    for step in range(0, 101, 20):
        x, y = _place(step / 100, step / 100)
        canvas.stroke(_path([_place(0, step / 100), (_MARGIN + _SIDE, y)]), TRACK, width=2)
        canvas.stroke(_path([_place(step / 100, 0), (x, _TOP)]), TRACK, width=2)
        at = y + _SMALL * HALF_CAPITAL
        canvas.text(_MARGIN - 14, at, f"{step} %", Type(_SMALL, QUIET_TEXT, "right"))
        canvas.text(x, _TOP + _SIDE + 36, f"{step} %", Type(_SMALL, QUIET_TEXT, "center"))
    return canvas
