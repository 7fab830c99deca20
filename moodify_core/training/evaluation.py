"""The figures: how often the model is right, how sure one can be of that, and how well it knows.

Everything here takes answers that were given to unheard artists and turns them into one plain
dictionary, which is what ``metrics.json`` holds and what ``moodify evaluate`` prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from moodify_core.arrays import FloatArray, IntArray
from moodify_core.model import MoodModel
from moodify_core.moods import MOODS
from moodify_core.training.extraction import TrainingSet
from moodify_core.training.protocol import (
    INNER_FOLDS,
    OUTER_FOLDS,
    Predictions,
    answers,
    grouped_predictions,
    leaky_accuracy,
    locked,
    predictions_without,
    rejected,
)

Metrics = dict[str, Any]
"""Plain JSON types."""

_RESAMPLES = 1000
_RELIABILITY_BINS = 10
_COVERAGES = (1.0, 0.9, 0.75, 0.6, 0.5, 0.4, 0.25, 0.1)
_FEWEST_OF_A_GENRE = 20
_FEWEST_FOR_TRANSFER = 50


def evaluate(examples: TrainingSet, seed: int, tell: Callable[[str], None]) -> Metrics:
    """Measure the way of making a model, by artist-grouped nested cross-validation.

    Parameters
    ----------
    examples : TrainingSet
    seed : int
        Same data and seed, same figures.
    tell : callable
        Told what goes on, in a line.

    Returns
    -------
    dict
        ``data``, ``protocol``, ``unheard_artists`` (scores of all and of each corpus),
        ``locked_artists`` (of the fifth of the artists that is kept out of all comparisons),
        ``unheard_corpus`` (of each corpus by a model that learned from the others),
        ``genres`` (accuracy on unheard artists), ``called_unlike_music`` (share of clips) and
        ``leaky_window_accuracy``.
    """
    predictions = grouped_predictions(examples, seed, tell)
    corpora = sorted(set(examples.corpora.tolist()))
    unheard_artists = {"all": _scores(examples, predictions, seed)}
    unheard_corpus: Metrics = {}
    for corpus in corpora if len(corpora) > 1 else ():
        inside = np.flatnonzero(examples.corpora == corpus)
        unheard_artists[corpus] = _scores(examples, _only(predictions, inside), seed)
        if _FEWEST_FOR_TRANSFER <= len(inside) <= len(examples) - _FEWEST_FOR_TRANSFER:
            tell(f"learning without {corpus}")
            unheard_corpus[corpus] = _scores(
                examples, predictions_without(examples, inside, seed, tell), seed
            )
    tell("learning without the locked artists")
    apart = predictions_without(examples, locked(examples), seed, tell)
    return {
        "data": _describe(examples),
        "protocol": {
            "split": "by artist",
            "outer_folds": OUTER_FOLDS,
            "inner_folds": INNER_FOLDS,
            "seed": seed,
            "intervals": f"95 %, {_RESAMPLES} bootstrap samples of artists",
            "chosen": predictions.chosen,
        },
        "unheard_artists": unheard_artists,
        "locked_artists": {"all": _scores(examples, apart, seed)} if len(apart.indices) else {},
        "unheard_corpus": unheard_corpus,
        "genres": _by_genre(examples, predictions, seed),
        "called_unlike_music": _false_alarms(examples, seed),
        "leaky_window_accuracy": _rounded(leaky_accuracy(examples, seed)),
    }


def evaluate_model(examples: TrainingSet, model: MoodModel, seed: int) -> Metrics:
    """Measure a finished model on music that it must not have learned from.

    Parameters
    ----------
    examples : TrainingSet
    model : MoodModel
    seed : int
        For the intervals.

    Returns
    -------
    dict
        ``data``, ``model`` and ``scores``.
    """
    predictions = Predictions(examples.clear, answers(model, examples, examples.clear), {})
    return {
        "data": _describe(examples),
        "model": model.version,
        "scores": _scores(examples, predictions, seed),
    }


def _by_genre(examples: TrainingSet, predictions: Predictions, seed: int) -> Metrics:
    """Accuracy in each genre with enough clips, the worst first."""
    right = predictions.probabilities.argmax(axis=1) == examples.labels[predictions.indices]
    genres = examples.genres[predictions.indices]
    artists = examples.artists[predictions.indices]
    scores: Metrics = {}
    for genre in sorted(set(genres.tolist()) - {""}):
        inside = genres == genre
        if inside.sum() >= _FEWEST_OF_A_GENRE:
            accuracy = _share(right[inside], artists[inside], seed)
            scores[genre] = {"clips": int(inside.sum()), "accuracy": accuracy}
    return dict(sorted(scores.items(), key=lambda item: item[1]["accuracy"]["value"]))


def _false_alarms(examples: TrainingSet, seed: int) -> Metrics:
    """How much real music is called unlike music, by models that never heard its artists."""
    wrong = rejected(examples, seed)
    shares = {"all": _share(wrong, examples.artists, seed)}
    for corpus in sorted(set(examples.corpora.tolist())):
        inside = examples.corpora == corpus
        shares[corpus] = _share(wrong[inside], examples.artists[inside], seed)
    return shares


def _share(hits: np.ndarray, artists: IntArray, seed: int) -> Metrics:
    counted = np.column_stack((hits, np.ones(len(hits))))
    found, clips = _resampled(counted, artists, seed).T
    low, high = np.quantile(found / clips, (0.025, 0.975))
    return {"value": _rounded(hits.mean()), "low": _rounded(low), "high": _rounded(high)}


def _only(predictions: Predictions, indices: IntArray) -> Predictions:
    inside = np.isin(predictions.indices, indices)
    return Predictions(predictions.indices[inside], predictions.probabilities[inside], {})


def _describe(examples: TrainingSet) -> Metrics:
    return {
        "clips": len(examples),
        "clear_clips": len(examples.clear),
        "artists": len(set(examples.artists.tolist())),
        "corpora": dict(sorted(Counter(examples.corpora.tolist()).items())),
        "moods": {
            mood.value: int((examples.labels == index).sum()) for index, mood in enumerate(MOODS)
        },
    }


def _scores(examples: TrainingSet, predictions: Predictions, seed: int) -> Metrics:
    labels = examples.labels[predictions.indices]
    artists = examples.artists[predictions.indices]
    probabilities = predictions.probabilities
    said = probabilities.argmax(axis=1)
    # Each clip is one entry of the confusion matrix, of which all measures are made.
    entries = np.eye(len(MOODS) ** 2)[labels * len(MOODS) + said]
    confusion = entries.sum(axis=0).reshape(len(MOODS), len(MOODS))
    resampled = _resampled(entries, artists, seed).reshape(-1, *confusion.shape)

    def interval(measure: Callable[[FloatArray], FloatArray]) -> list[Metrics]:
        value = np.atleast_1d(measure(confusion))
        spread = measure(resampled).reshape(len(resampled), -1)
        low, high = np.nanquantile(spread, (0.025, 0.975), axis=0)
        rows = zip(value, low, high, strict=True)
        return [{"value": _rounded(v), "low": _rounded(a), "high": _rounded(b)} for v, a, b in rows]

    return {
        "clips": len(labels),
        "macro_f1": interval(_macro_f1)[0],
        "accuracy": interval(_accuracy)[0],
        "recall": dict(zip([mood.value for mood in MOODS], interval(_recalls), strict=True)),
        "confusion": confusion.astype(int).tolist(),
        "calibration": _calibration(labels, probabilities),
        "coverage": _coverage(labels, probabilities),
    }


def _accuracy(confusion: FloatArray) -> FloatArray:
    return _ratio(np.trace(confusion, axis1=-2, axis2=-1), confusion.sum(axis=(-2, -1)))


def _macro_f1(confusion: FloatArray) -> FloatArray:
    """Average over the moods that occur at all, be it in the truth or in the answers."""
    either = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    average: FloatArray = np.nanmean(_ratio(2 * _found(confusion), either), axis=-1)
    return average


def _recalls(confusion: FloatArray) -> FloatArray:
    return _ratio(_found(confusion), confusion.sum(axis=-1))


def _found(confusion: FloatArray) -> FloatArray:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide; NaN where there is nothing to divide by."""
    ratio: FloatArray = np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)
    return ratio


def _resampled(counted: FloatArray, artists: IntArray, seed: int) -> FloatArray:
    """Draw artists with replacement, again and again, and add up what their clips count.

    Parameters
    ----------
    counted : float array, shape (clips, columns)
    artists : array, shape (clips,)
        A drawn artist brings all of their clips.
    seed : int

    Returns
    -------
    float array, shape (resamples, columns)
    """
    names, places = np.unique(artists, return_inverse=True)
    of_artist = np.zeros((len(names), counted.shape[1]))
    np.add.at(of_artist, places, counted)
    draws = np.random.default_rng(seed).integers(len(names), size=(_RESAMPLES, len(names)))
    times = np.stack([np.bincount(draw, minlength=len(names)) for draw in draws])
    sums: FloatArray = times @ of_artist
    return sums


def _calibration(labels: IntArray, probabilities: FloatArray) -> Metrics:
    """Hold the stated probabilities against what came true.

    The expected calibration error (Naeini et al., AAAI 2015) is over ten bins of equal width of
    the top probability. The Brier score (1950) is over all moods, 0..2; its skill is against
    always naming the moods' shares in the collection.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _RELIABILITY_BINS).astype(int), _RELIABILITY_BINS - 1)
    reliability = []
    error = 0.0
    for index in np.unique(bins):
        inside = bins == index
        said, was = float(confidence[inside].mean()), float(right[inside].mean())
        error += inside.mean() * abs(said - was)
        reliability.append(
            {"confidence": _rounded(said), "accuracy": _rounded(was), "clips": int(inside.sum())}
        )
    truth = np.eye(len(MOODS))[labels]
    brier = float(((probabilities - truth) ** 2).sum(axis=1).mean())
    reference = float(((truth.mean(axis=0) - truth) ** 2).sum(axis=1).mean())
    return {
        "ece": _rounded(error),
        "brier": _rounded(brier),
        "brier_skill": _rounded(1 - brier / reference) if reference else None,
        "reliability": reliability,
    }


def _coverage(labels: IntArray, probabilities: FloatArray) -> list[Metrics]:
    """Accuracy where only the surest answers are given."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    right = (probabilities.argmax(axis=1) == labels)[order]
    rows = []
    for coverage in _COVERAGES:
        answered = max(1, round(coverage * len(right)))
        rows.append({"coverage": coverage, "accuracy": _rounded(float(right[:answered].mean()))})
    return rows


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
