"""Honest measuring: artists are never on both sides, and every choice is made inside.

Outer folds by artist give the scores. Inside of each outer training side, inner folds by artist
choose among the candidates and fit the calibration; the outer test side is seen once, by the
finished model.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.optimize
import scipy.special
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

from moodify_core.arrays import FloatArray, IntArray
from moodify_core.model import MoodModel
from moodify_core.moods import MOODS
from moodify_core.scoring import MOST_UNLIKE, Calibration, Scores, stretches, votes
from moodify_core.training.datasets import DatasetError
from moodify_core.training.extraction import TrainingSet
from moodify_core.training.familiarity import fit_familiarity
from moodify_core.training.learners import CANDIDATES, Learner
from moodify_core.training.rows import training_rows

OUTER_FOLDS = 5
INNER_FOLDS = 3
UNSURE_BELOW = 0.35
"""An answer that is right less often than this is called unsure; a guess is right 20 % of times."""

_LOCKED_SHARE = 5

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model with how it came about.

    Attributes
    ----------
    model : MoodModel
    candidate : str
        Name of the classifier that was chosen.
    learner : Learner
        The classifier itself.
    """

    model: MoodModel
    candidate: str
    learner: Learner


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers to clips whose artists the answering model never heard.

    Attributes
    ----------
    indices : int array, shape (n,)
        The clips; all of them have a clear mood.
    probabilities : float array, shape (n, 5)
    chosen : dict of str to int
        How often each candidate was chosen.
    """

    indices: IntArray
    probabilities: FloatArray
    chosen: dict[str, int]


def fit_model(examples: TrainingSet, seed: int, tell: Tell = lambda _: None) -> Fitted:
    """Choose the best candidate by inner folds, calibrate it there, and fit it to all.

    Parameters
    ----------
    examples : TrainingSet
    seed : int
    tell : callable
        Told what goes on, in a line.

    Returns
    -------
    Fitted
    """
    labels = examples.labels[examples.clear]
    unheard = {name: _unheard_votes(name, examples, seed) for name in CANDIDATES}
    scores = {name: _macro_f1(labels, rows.argmax(axis=1)) for name, rows in unheard.items()}
    winner = max(scores, key=lambda name: scores[name])
    tell(", ".join(f"{name} {score:.3f}" for name, score in scores.items()) + f": {winner}")
    rows = training_rows(examples)
    learner = CANDIDATES[winner](seed).fit(rows)
    model = MoodModel(
        classifier=learner,
        calibration=calibrate(unheard[winner], labels),
        familiarity=fit_familiarity(rows),
        version="unnamed",
        unsure_below=UNSURE_BELOW,
    )
    return Fitted(model, winner, learner)


def grouped_predictions(
    examples: TrainingSet, seed: int, tell: Tell = lambda _: None
) -> Predictions:
    """Answer every clear clip by a model that never heard its artist (nested folds)."""
    clear = examples.clear
    probabilities = np.zeros((len(clear), len(MOODS)))
    chosen: Counter[str] = Counter()
    folds = artist_folds(examples, OUTER_FOLDS, seed)
    for number, (train, test) in enumerate(folds, start=1):
        tell(f"fold {number} of {len(folds)}")
        fitted = fit_model(examples.take(train), seed, tell)
        chosen[fitted.candidate] += 1
        probabilities[np.searchsorted(clear, test)] = answers(fitted.model, examples, test)
    return Predictions(clear, probabilities, dict(sorted(chosen.items())))


def predictions_without(
    examples: TrainingSet, apart: IntArray, seed: int, tell: Tell = lambda _: None
) -> Predictions:
    """Answer some clips by a model that heard nothing of their artists.

    Parameters
    ----------
    examples : TrainingSet
    apart : int array
        The clips to answer; those of them without a clear mood are passed over.
    seed : int
    tell : callable
    """
    strangers = set(examples.artists[apart].tolist())
    heard = [index for index, artist in enumerate(examples.artists) if artist not in strangers]
    fitted = fit_model(examples.take(np.array(heard)), seed, tell)
    test = np.intersect1d(apart, examples.clear)
    return Predictions(test, answers(fitted.model, examples, test), {fitted.candidate: 1})


def answers(model: MoodModel, examples: TrainingSet, indices: IntArray) -> FloatArray:
    """Return what a model says of some clips as a whole, shape (len(indices), 5)."""
    return np.array([_score(model, examples, i).song for i in indices]).reshape(-1, len(MOODS))


def rejected(examples: TrainingSet, seed: int) -> np.ndarray:
    """Tell which clips are called unlike music by a model that never heard their artist.

    Returns
    -------
    bool array, shape (clips,)
    """
    result = np.zeros(len(examples), bool)
    _, artists = np.unique(examples.artists, return_inverse=True)
    for train, test in GroupKFold(OUTER_FOLDS, shuffle=True, random_state=seed).split(
        artists, groups=artists
    ):
        music = fit_familiarity(training_rows(examples.take(train)))
        for index in test:
            rows = stretches(examples.windows[index], examples.harmony[index])
            unlike = music.unlike(rows, spoken=bool(examples.spoken[index]))
            result[index] = unlike.mean() >= MOST_UNLIKE
    return result


def locked(examples: TrainingSet) -> IntArray:
    """Return the clips of the fifth of the artists that is kept out of all comparisons.

    An artist belongs to it if the SHA-256 of the name, as a number, is a multiple of 5.
    """
    return np.array(
        [
            index
            for index, artist in enumerate(examples.artists.tolist())
            if int(hashlib.sha256(artist.encode()).hexdigest(), 16) % _LOCKED_SHARE == 0
        ],
        dtype=int,
    )


def leaky_accuracy(examples: TrainingSet, seed: int) -> float:
    """Measure the wrong way: windows split at random, so that both sides share recordings.

    Returns
    -------
    float
        Accuracy over windows, 0..1; reported once, to show what such figures are worth.
    """
    clear = examples.take(examples.clear)
    lengths = [len(rows) for rows in clear.windows]
    rows, labels = np.vstack(clear.windows), np.repeat(clear.labels, lengths)
    folds = StratifiedKFold(OUTER_FOLDS, shuffle=True, random_state=seed)
    train, test = next(iter(folds.split(rows, labels)))
    forest = RandomForestClassifier(200, n_jobs=-1, random_state=seed).fit(
        rows[train], labels[train]
    )
    return float((forest.predict(rows[test]) == labels[test]).mean())


def artist_folds(examples: TrainingSet, folds: int, seed: int) -> list[tuple[IntArray, IntArray]]:
    """Split clips so that no artist stands on both sides and moods are spread evenly.

    Returns
    -------
    list of (train, test)
        Indices. Test sides hold clear clips only; unclear ones are learned from, unless their
        artist is tested.

    Raises
    ------
    DatasetError
        If there are fewer artists than folds.
    """
    clear = examples.clear
    if len(set(examples.artists[clear].tolist())) < folds:
        raise DatasetError(
            f"There are too few artists to measure anything: {folds} folds need at least as many "
            "artists with clear moods, and sensible figures ten for each mood."
        )
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    split: list[tuple[IntArray, IntArray]] = []
    for _, inside in splitter.split(clear, examples.labels[clear], examples.artists[clear]):
        test = clear[inside]
        train = np.flatnonzero(~np.isin(examples.artists, examples.artists[test]))
        split.append((train, test))
    return split


def calibrate(unheard: FloatArray, labels: IntArray) -> Calibration:
    """Fit the sharpness that makes the true moods most likely.

    Parameters
    ----------
    unheard : float array, shape (clips, 5)
        Log-votes of classifiers that never heard the clips' artists.
    labels : int array, shape (clips,)

    Returns
    -------
    Calibration
    """

    def loss(sharpness: float) -> float:
        logits = sharpness * unheard
        surprise = scipy.special.logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
        return float(surprise.mean())

    found = scipy.optimize.minimize_scalar(loss, bounds=(0.05, 20.0), method="bounded")
    return Calibration(sharpness=round(float(found.x), 4))


def _score(model: MoodModel, examples: TrainingSet, index: int) -> Scores:
    return model.score(
        examples.windows[index], examples.harmony[index], spoken=bool(examples.spoken[index])
    )


def _unheard_votes(candidate: str, examples: TrainingSet, seed: int) -> FloatArray:
    """Log-votes for the clear clips, in their order, by classifiers that do not know them."""
    clear = examples.clear
    unheard = np.zeros((len(clear), len(MOODS)))
    for train, test in artist_folds(examples, INNER_FOLDS, seed):
        learner = CANDIDATES[candidate](seed).fit(training_rows(examples.take(train)))
        rows = [stretches(examples.windows[i], examples.harmony[i]) for i in test]
        # All at once: a forest takes as long for one row as for hundreds.
        said = learner.predict_proba(np.vstack(rows))
        ends = np.cumsum([len(some) for some in rows])[:-1]
        unheard[np.searchsorted(clear, test)] = [votes(some) for some in np.split(said, ends)]
    return unheard


def _macro_f1(labels: IntArray, said: IntArray) -> float:
    return float(f1_score(labels, said, average="macro"))
