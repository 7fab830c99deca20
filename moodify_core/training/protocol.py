"""Honest measuring: artists are never on both sides, and every choice is made inside.

Outer folds by artist give the scores. Inside of each outer training side, inner folds by artist
choose among the candidates and fit the calibration; the outer test side is seen once, by the
finished model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.optimize
import scipy.special
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from moodify_core.arrays import FloatArray, IntArray
from moodify_core.model import MoodModel
from moodify_core.moods import MOODS
from moodify_core.scoring import Calibration, song_votes
from moodify_core.training.extraction import TrainingSet
from moodify_core.training.learners import CANDIDATES, FittedPair, fit_pair

OUTER_FOLDS = 5
INNER_FOLDS = 3
WINDOW_SHARE = 0.5
WINDOW_CONTRAST = 1.5
UNSURE_BELOW = 0.35

_Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers for clips whose artists the answering model never heard.

    Attributes
    ----------
    probabilities : float array, shape (clips, 5)
    chosen : dict of str to int
        How often each candidate was chosen, over the outer folds.
    """

    probabilities: FloatArray
    chosen: dict[str, int]


def fit_model(
    examples: TrainingSet, seed: int, tell: _Tell = lambda _: None
) -> tuple[MoodModel, str, FittedPair]:
    """Choose the best candidate by inner folds, calibrate it there, and fit it to all.

    Parameters
    ----------
    examples : TrainingSet
    seed : int
    tell : callable
        Told what goes on, in a line.

    Returns
    -------
    model : MoodModel
        With scikit-learn's classifiers in place of ONNX.
    candidate : str
        The name of the winner.
    pair : FittedPair
        The model's two classifiers.
    """
    votes = {name: _unheard_votes(name, examples, seed) for name in CANDIDATES}
    scores = {name: _macro_f1(examples.labels, rows.argmax(axis=1)) for name, rows in votes.items()}
    winner = max(scores, key=lambda name: scores[name])
    tell(", ".join(f"{name} {score:.3f}" for name, score in scores.items()) + f": {winner}")
    pair = fit_pair(winner, examples, seed)
    model = MoodModel(
        window=pair.window,
        context=pair.context,
        calibration=calibrate(votes[winner], examples.labels),
        version="unnamed",
        unsure_below=UNSURE_BELOW,
    )
    return model, winner, pair


def grouped_predictions(
    examples: TrainingSet, seed: int, tell: _Tell = lambda _: None
) -> Predictions:
    """Answer every clip by a model that never heard its artist (nested cross-validation)."""
    probabilities = np.zeros((len(examples), len(MOODS)))
    chosen: Counter[str] = Counter()
    folds = artist_folds(examples, OUTER_FOLDS, seed)
    for number, (train, test) in enumerate(folds, start=1):
        tell(f"fold {number} of {len(folds)}")
        model, winner, _ = fit_model(examples.take(train), seed, tell)
        chosen[winner] += 1
        probabilities[test] = [model.score(examples.windows[index]).song for index in test]
    return Predictions(probabilities, dict(chosen))


def transfer_predictions(
    examples: TrainingSet, corpus: str, seed: int, tell: _Tell = lambda _: None
) -> tuple[IntArray, FloatArray]:
    """Answer one corpus by a model that only heard the others.

    Returns
    -------
    indices : int array, shape (n,)
        The clips of the corpus.
    probabilities : float array, shape (n, 5)
    """
    test = np.flatnonzero(examples.corpora == corpus)
    artists = set(examples.artists[test])
    others = [
        index
        for index in np.flatnonzero(examples.corpora != corpus)
        if examples.artists[index] not in artists
    ]
    tell(f"learning without {corpus}")
    model, _, _ = fit_model(examples.take(np.array(others)), seed, tell)
    return test, np.array([model.score(examples.windows[index]).song for index in test])


def leaky_accuracy(examples: TrainingSet, seed: int) -> float:
    """Measure the wrong way: windows split at random, so that both sides share recordings.

    Returns
    -------
    float
        Accuracy over windows, 0..1; reported once, to show what such figures are worth.
    """
    lengths = [len(rows) for rows in examples.windows]
    rows, labels = np.vstack(examples.windows), np.repeat(examples.labels, lengths)
    folds = StratifiedKFold(OUTER_FOLDS, shuffle=True, random_state=seed)
    train, test = next(iter(folds.split(rows, labels)))
    forest = CANDIDATES["random forest"](1, seed).fit(rows[train], labels[train])
    return float((forest.predict(rows[test]) == labels[test]).mean())


def artist_folds(examples: TrainingSet, folds: int, seed: int) -> list[tuple[IntArray, IntArray]]:
    """Split clips so that no artist stands on both sides and moods are spread evenly."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return list(splitter.split(examples.labels, examples.labels, examples.artists))


def calibrate(votes: FloatArray, labels: IntArray) -> Calibration:
    """Fit one sharpness and a bias for each mood (vector scaling, Guo et al., ICML 2017).

    Parameters
    ----------
    votes : float array, shape (clips, 5)
        Log-votes of a model that never heard the clips' artists.
    labels : int array, shape (clips,)

    Returns
    -------
    Calibration
    """
    moods = len(MOODS)

    def loss(parameters: FloatArray) -> float:
        logits = parameters[0] * votes + parameters[1:]
        surprise = scipy.special.logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
        # Biases are held towards 0: they stand for what moods a collection happens to hold.
        return float(surprise.mean() + 0.02 * (parameters[1:] ** 2).sum())

    fitted = scipy.optimize.minimize(loss, np.eye(1, 1 + moods)[0], method="L-BFGS-B").x
    return Calibration(
        sharpness=round(float(fitted[0]), 6),
        bias=tuple(round(float(bias), 6) for bias in fitted[1:]),
        window_share=WINDOW_SHARE,
        window_contrast=WINDOW_CONTRAST,
    )


def _unheard_votes(candidate: str, examples: TrainingSet, seed: int) -> FloatArray:
    votes = np.zeros((len(examples), len(MOODS)))
    for train, test in artist_folds(examples, INNER_FOLDS, seed):
        pair = fit_pair(candidate, examples.take(train), seed)
        answers = pair.votes(examples.take(test))
        votes[test] = [song_votes(*answer, WINDOW_SHARE) for answer in answers]
    return votes


def _macro_f1(labels: IntArray, answers: IntArray) -> float:
    return float(f1_score(labels, answers, average="macro"))
