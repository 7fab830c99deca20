"""What ``moodify train`` and ``moodify evaluate`` do, from a folder to figures in words."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import platformdirs

from moodify_core.model import load_model
from moodify_core.moods import MOODS, Mood
from moodify_core.training.card import model_card
from moodify_core.training.datasets import load_dataset, require_moods
from moodify_core.training.evaluation import Metrics, evaluate_model
from moodify_core.training.evaluation import evaluate as evaluate_protocol
from moodify_core.training.export import export_model
from moodify_core.training.extraction import TrainingSet, extract_training_set
from moodify_core.training.protocol import fit_model
from moodify_core.training.report import write_report

METRICS = "metrics.json"
CARD = "model_card.md"

_TOLD_COVERAGES = (1.0, 0.75, 0.5, 0.25)

_Tell = Callable[[str], None]


def train(data: Path, out: Path, *, seed: int, cache: Path | None, tell: _Tell) -> Metrics:
    """Measure the protocol on a dataset, then make a model from all of it.

    Parameters
    ----------
    data : Path
        Labelled music, as `load_dataset` reads it.
    out : Path
        Gets the model, ``metrics.json`` and ``model_card.md``.
    seed : int
    cache : Path, optional
    tell : callable
        Told what goes on, in a line.

    Returns
    -------
    dict
        What `evaluate` returns for the same data and seed, plus ``model``.

    Raises
    ------
    DatasetError, ExportError
    OSError
        If `out` or `cache` cannot be written; said at once, not when all is done.
    """
    _require_writable(out)
    examples = _examples(data, cache, tell, moods=MOODS)
    metrics = evaluate_protocol(examples, seed, tell)
    tell("making the model from all clips")
    fitted = fit_model(examples, seed, tell)
    exported = export_model(fitted, examples, out)
    metrics["model"] = {
        "version": exported.version,
        "classifier": fitted.candidate,
        "largest_export_difference": float(f"{exported.largest_difference:.1e}"),
    }
    (out / METRICS).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    (out / CARD).write_text(model_card(metrics), encoding="utf-8")
    return metrics


def evaluate(
    data: Path,
    model: Path | None,
    *,
    seed: int,
    cache: Path | None,
    report: Path | None,
    tell: _Tell,
) -> Metrics:
    """Measure, either the way of making a model or one finished model.

    Parameters
    ----------
    data : Path
    model : Path, optional
        Folder of a finished model; it must not have learned from the data.
    seed : int
    cache : Path, optional
    report : Path, optional
        Folder that gets the figures as ``report.md``, ``report.json`` and pictures.
    tell : callable

    Returns
    -------
    dict
        As `moodify_core.training.evaluation` describes it.

    Raises
    ------
    DatasetError, ModelError
    OSError
        If `report` or `cache` cannot be written; said at once, not when all is done.
    """
    if report is not None:
        _require_writable(report)
    # A finished model can be measured on some of the moods.
    examples = _examples(data, cache, tell, moods=() if model else MOODS)
    if model is not None:
        metrics = evaluate_model(examples, load_model(model), seed)
    else:
        metrics = evaluate_protocol(examples, seed, tell)
    if report is not None:
        write_report(metrics, in_words(metrics), report)
    return metrics


def in_words(metrics: Metrics) -> str:
    """Write the figures as text for a terminal.

    Parameters
    ----------
    metrics : dict
        What `train` or `evaluate` returned.

    Returns
    -------
    str
    """
    data = metrics["data"]
    corpora = ", ".join(f"{count} {name}" for name, count in data["corpora"].items())
    lines = [
        f"{data['clips']} clips ({corpora}) by {data['artists']} artists, "
        f"{data['clear_clips']} of them with a clear mood"
    ]
    if "scores" in metrics:
        lines += ["", f"Model {metrics['model']}:", *_table({"all": metrics["scores"]})]
        return "\n".join(lines)
    lines += ["", "Artists never heard (95 % interval):", *_table(metrics["unheard_artists"])]
    if metrics["locked_artists"]:
        lines += [
            "",
            "Artists that were kept out of all comparisons:",
            *_table(metrics["locked_artists"]),
        ]
    if metrics["unheard_corpus"]:
        lines += ["", "Collections never heard:", *_table(metrics["unheard_corpus"])]
    alarms = metrics["called_unlike_music"]["all"]
    lines += [
        "",
        f"Music that is taken for something else, such as noise or talk: {_interval(alarms)}.",
        f"Windows split at random, as such figures are often made: "
        f"accuracy {metrics['leaky_window_accuracy']:.3f}; it says nothing of unheard music.",
    ]
    return "\n".join(lines)


def _table(scores: dict[str, Any]) -> list[str]:
    rows = [
        ("clips", [f"{score['clips']}" for score in scores.values()]),
        ("macro-F1", [_interval(score["macro_f1"]) for score in scores.values()]),
        ("accuracy", [_interval(score["accuracy"]) for score in scores.values()]),
        *(
            (
                f"recall {mood.value}",
                [_interval(score["recall"][mood.value]) for score in scores.values()],
            )
            for mood in MOODS
        ),
        ("calibration error", [_plain(s["calibration"]["ece"]) for s in scores.values()]),
        ("Brier score", [_plain(s["calibration"]["brier"]) for s in scores.values()]),
        ("Brier skill", [_plain(s["calibration"]["brier_skill"]) for s in scores.values()]),
        *(
            (
                f"accuracy at {coverage['coverage']:.0%}",
                [_plain(score["coverage"][index]["accuracy"]) for score in scores.values()],
            )
            for index, coverage in enumerate(next(iter(scores.values()))["coverage"])
            if coverage["coverage"] in _TOLD_COVERAGES
        ),
    ]
    header = f"  {'':<20}" + "".join(f"{name:<24}" for name in scores)
    table = [f"  {name:<20}" + "".join(f"{cell:<24}" for cell in cells) for name, cells in rows]
    return [line.rstrip() for line in (header, *table)]


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "–"
    return f"{_plain(figure['value'])} ({_plain(figure['low'])}–{_plain(figure['high'])})"


def _examples(
    data: Path, cache: Path | None, tell: _Tell, *, moods: Collection[Mood]
) -> TrainingSet:
    clips = load_dataset(data)
    require_moods(clips, moods)
    remembered = _cache(cache, tell)
    tell(f"hearing {len(clips)} clips")
    return extract_training_set(clips, remembered)


def _require_writable(folder: Path) -> None:
    """Make a folder if need be, and see whether a file can be made in it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        # The name of a passing file would tell nobody anything.
        raise OSError(error.errno, error.strerror, str(folder)) from error


def _cache(wanted: Path | None, tell: _Tell) -> Path | None:
    """Return a folder that can be written; None if nobody chose one and the usual one cannot."""
    cache = wanted or platformdirs.user_cache_path("moodify")
    try:
        _require_writable(cache)
    except OSError as error:
        if wanted:
            raise
        tell(f"what is heard is not remembered, as {cache} cannot be written ({error.strerror})")
        return None
    return cache
