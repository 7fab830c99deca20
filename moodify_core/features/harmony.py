"""Harmony of a stretch of music: key, mode, chords, intervals, bass and roughness.

Harmony carries mood over recordings better than anything else does: of all groups of features it
costs most to leave out, above all on a collection that was not learned from (docs/accuracy.md).
"""

from __future__ import annotations

import cmath
from collections.abc import Mapping

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.features.peaks import PEAK_FRAME_RATE, PEAKS, PeakFinder, Peaks

STRETCH_SECONDS = 30.0
"""A key is not told from 5 s."""
STRETCH_HOP_SECONDS = 15.0
_STRETCH, _STRETCH_HOP = (
    round(seconds * PEAK_FRAME_RATE) for seconds in (STRETCH_SECONDS, STRETCH_HOP_SECONDS)
)
_ROUGHNESS_STEP = 2
"""Every second frame (0.19 s) tells the roughness as well, at half the cost."""
_TINY = 1e-9
_BASS_BELOW, _TREBLE_FROM = 220.0, 150.0

# Key profiles, major and minor: Temperley, "The cognition of basic musical structures", 2001;
# Albrecht and Shanahan, Music Perception 31, 2013; Krumhansl and Kessler, Psychological
# Review 89, 1982.
_PROFILES = {
    "temperley": (
        (5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4),
        (5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4),
    ),
    "albrecht": (
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    ),
    "krumhansl": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
}
_TRIADS = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "augmented": (0, 4, 8),
    "suspended": (0, 5, 7),
}
_ROOTS = {"I": 0, "IV": 5, "V": 7, "vi": 9, "VII": 10, "VI": 8}
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 11))


class HarmonyAnalyser:
    """Describes each stretch of 30 s, every 15 s, while the song plays.

    Examples
    --------
    >>> analyser = HarmonyAnalyser()
    >>> for block in blocks:
    ...     analyser.push(block)
    >>> stretches = analyser.finish()
    """

    def __init__(self) -> None:
        self._finder = PeakFinder()
        self._heard = self._finder.push(np.empty(0, np.float32))
        self._rows: list[FloatArray] = []

    def push(self, samples: FloatArray) -> None:
        """Take a block of samples at 22 050 Hz, shape (n,)."""
        self._take(self._finder.push(samples))

    def finish(self) -> FloatArray:
        """Return the stretches: float32 array, shape (n, len(HARMONY_NAMES)), n at least 1.

        Row ``i`` describes the 30 s from ``15 * i`` on; the last may be shorter.
        """
        self._take(self._finder.finish())
        told_before = _STRETCH_HOP if self._rows else 0
        if not self._rows or len(self._heard) - told_before > _STRETCH_HOP // 2:
            self._rows.append(describe(self._heard))
        return np.stack(self._rows)

    def _take(self, peaks: Peaks) -> None:
        self._heard = Peaks.joined((self._heard, peaks))
        while len(self._heard) >= _STRETCH:
            self._rows.append(describe(self._heard[:_STRETCH]))
            self._heard = self._heard[_STRETCH_HOP:]


def describe(peaks: Peaks) -> FloatArray:
    """Describe the harmony of a stretch.

    Parameters
    ----------
    peaks : Peaks

    Returns
    -------
    float32 array, shape (len(HARMONY_NAMES),)
    """
    numbers = _describe(peaks)
    row: FloatArray = np.nan_to_num(np.array(list(numbers.values()))).astype(np.float32)
    return row


def _describe(peaks: Peaks) -> dict[str, float]:
    weight = np.sqrt(peaks.magnitude)
    semitones = 12 * np.log2(peaks.hertz / 440)
    angle = np.float32(2 * np.pi) * semitones
    tuning = complex((weight * np.cos(angle)).sum(), (weight * np.sin(angle)).sum())
    semitones = semitones - cmath.phase(tuning) / (2 * np.pi)
    bass, treble = _chroma(
        semitones,
        np.where(peaks.hertz < _BASS_BELOW, weight, 0),
        np.where(peaks.hertz >= _TREBLE_FROM, weight, 0),
    )
    loudness = np.sqrt(np.maximum(peaks.power, 0))
    loudness = np.minimum(loudness / max(float(loudness.mean()), 1e-12), 2)[:, None]
    shares = treble / np.maximum(treble.sum(axis=1, keepdims=True), _TINY)
    both = np.maximum((treble + bass).sum(axis=1, keepdims=True), _TINY)
    mean = (shares * loudness).mean(axis=0) + 0.5 * (bass / both * loudness).mean(axis=0)
    mean = mean / max(float(mean.sum()), _TINY)
    fits: dict[str, FloatArray] = {name: profile @ _unit(mean) for name, profile in _KEYS.items()}
    tonic = int(np.sum(list(fits.values()), axis=0).max(axis=1).argmax())
    numbers = {
        **_key(mean, shares, fits, tonic),
        **_intervals(mean, shares),
        **_chords(shares * loudness, tonic),
        **_bass(bass, treble, tonic),
        **_roughness(peaks, semitones, weight, loudness),
    }
    numbers["tuning_strength"] = abs(tuning) / max(float(weight.sum()), _TINY)
    return numbers


def _chroma(semitones: FloatArray, *weights: FloatArray) -> list[FloatArray]:
    """Pitch classes, C first, for each kind of weight. Shape (frames, 12) each.

    A peak between two classes is shared between them.
    """
    frames = len(semitones)
    lower = np.floor(semitones)
    near = np.cos((semitones - lower) * np.pi / 2) ** 2
    classes = lower.astype(int) + 9
    row = 12 * np.arange(frames)[:, None]
    here, above = ((row + (classes + step) % 12).ravel() for step in (0, 1))
    chroma: list[FloatArray] = []
    for weight in weights:
        lower_part = np.bincount(here, (weight * near).ravel(), 12 * frames)
        upper_part = np.bincount(above, (weight * (1 - near)).ravel(), 12 * frames)
        chroma.append(np.asarray(lower_part + upper_part, np.float64).reshape(frames, 12))
    return chroma


def _entropy(shares: FloatArray) -> FloatArray:
    bits: FloatArray = -(shares * np.log2(shares + _TINY)).sum(axis=-1)
    return bits


def _unit(values: FloatArray) -> FloatArray:
    centred = values - values.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    unit: FloatArray = centred / np.maximum(length, _TINY)
    return unit


def _key(
    mean: FloatArray, shares: FloatArray, fits: Mapping[str, FloatArray], tonic: int
) -> dict[str, float]:
    numbers = {"entropy": float(_entropy(mean)), "frame_entropy": float(_entropy(shares).mean())}
    numbers["entropy_of_change"] = numbers["entropy"] - numbers["frame_entropy"]
    for name, fit in fits.items():
        ordered = np.sort(fit.ravel())
        numbers[f"key_clarity_{name}"] = ordered[-1]
        numbers[f"major_over_minor_{name}"] = fit[:, 0].max() - fit[:, 1].max()
        numbers[f"key_margin_{name}"] = ordered[-1] - ordered[-2]
    average = np.mean(list(fits.values()), axis=0)
    numbers["mode_of_tonic"] = average[tonic, 0] - average[tonic, 1]
    degrees = 12 * np.roll(mean, -tonic)
    numbers |= {f"degree{step}": degrees[step] for step in range(12)}
    numbers["third"] = degrees[4] - degrees[3]
    numbers["sixth"] = degrees[9] - degrees[8]
    numbers["seventh"] = degrees[11] - degrees[10]
    numbers["outside_key"] = 1 - max(degrees[list(scale)].sum() for scale in _SCALES) / 12
    return numbers


def _intervals(mean: FloatArray, shares: FloatArray) -> dict[str, float]:
    """How much of each interval class there is: over the stretch, and sounding together."""
    whole = mean / max(float(np.linalg.norm(mean)), _TINY)
    frames = shares / np.maximum(np.linalg.norm(shares, axis=1, keepdims=True), _TINY)
    together = frames.T @ frames / len(frames)
    classes = np.arange(12)
    numbers = {}
    for step in range(1, 7):
        other = classes - step
        numbers[f"interval{step}"] = float((whole * whole[other]).sum())
        numbers[f"chord_interval{step}"] = float(together[classes, other].sum())
    return numbers


def _chords(chroma: FloatArray, tonic: int) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for span, frames in (("short", 3), ("long", 6)):
        sound = _unit(_averaged(chroma, frames))
        scores = (sound @ _CHORDS).reshape(len(sound), len(_TRIADS), 12)
        by_kind = scores.max(axis=2)
        numbers |= {f"{kind}_{span}": by_kind[:, i].mean() for i, kind in enumerate(_TRIADS)}
        numbers[f"major_chords_{span}"] = (by_kind[:, 0] - by_kind[:, 1]).mean()
        numbers[f"chord_clarity_{span}"] = by_kind.max(axis=1).mean()
        chord = scores[:, :3].reshape(len(sound), 36).argmax(axis=1)
        root, kind = (chord % 12 - tonic) % 12, chord // 12
        for i, name in enumerate(list(_TRIADS)[:3]):
            numbers[f"share_{name}_{span}"] = (kind == i).mean()
        for name, step in _ROOTS.items():
            numbers[f"root_{name}_{span}"] = (root == step).mean()
        numbers[f"chord_changes_{span}"] = (np.diff(chord) != 0).mean() if len(chord) > 1 else 0.0
        share = np.bincount(chord, minlength=36) / len(chord)
        numbers[f"chord_entropy_{span}"] = float(_entropy(share))
        numbers |= _change(sound, span)
    slow = _unit(_averaged(chroma, 22))
    numbers |= _change(slow, "slow")
    fits = np.mean(list(_KEYS.values()), axis=0) @ slow.T
    best = fits.max(axis=(0, 1))
    numbers["local_major"] = (fits[:, 0].max(axis=0) - fits[:, 1].max(axis=0)).mean()
    numbers["local_key_clarity"] = best.mean()
    numbers["away_from_key"] = (best - fits[tonic].max(axis=0)).mean()
    return numbers


def _averaged(chroma: FloatArray, frames: int) -> FloatArray:
    groups = len(chroma) // frames
    if not groups:
        frames, groups = len(chroma), 1
    average: FloatArray = chroma[: groups * frames].reshape(groups, frames, 12).mean(axis=1)
    return average


def _change(sound: FloatArray, span: str) -> dict[str, float]:
    alike = (sound[1:] * sound[:-1]).sum(axis=1) if len(sound) > 1 else np.ones(1)
    return {f"change_{span}": 1 - alike.mean(), f"change_std_{span}": alike.std()}


def _bass(bass: FloatArray, treble: FloatArray, tonic: int) -> dict[str, float]:
    share = bass.sum(axis=0) / max(float(bass.sum()), _TINY)
    degrees = np.roll(share, -tonic)
    unit = _unit(bass)
    return {
        "bass_entropy": float(_entropy(share)),
        "bass_tonic": degrees[0],
        "bass_fourth": degrees[5],
        "bass_fifth": degrees[7],
        "bass_over_treble": float(np.log10((bass.sum() + 1e-3) / (treble.sum() + 1e-3))),
        "bass_change": 1 - (unit[1:] * unit[:-1]).sum(1).mean() if len(bass) > 1 else 0.0,
    }


def _roughness(
    peaks: Peaks, semitones: FloatArray, weight: FloatArray, loudness: FloatArray
) -> dict[str, float]:
    """Beating of close peaks, distance from equal temperament, number and share of peaks.

    The dissonance curve is Sethares, "Local consonance and the relationship between timbre and
    scale", JASA 94, 1993, after Plomp and Levelt 1965, over the strength of the peaks.
    """
    every = peaks[::_ROUGHNESS_STEP]
    # A row for each peak: pairs are then rows, which are taken ten times faster than columns.
    hertz, magnitude = np.ascontiguousarray(every.hertz.T), np.ascontiguousarray(every.magnitude.T)
    low, high = _PAIRS
    scaled = (hertz[high] - hertz[low]) * (0.24 / (0.0207 * hertz + 18.96))[low]
    weaker = np.minimum(magnitude[low], magnitude[high])
    beating = weaker * (np.exp(-3.51 * scaled) - np.exp(-5.75 * scaled))
    rough = beating.sum(axis=0) / np.maximum(magnitude.sum(axis=0), _TINY)
    mistuned = np.abs(semitones - np.round(semitones))
    detuned = (weight * mistuned).sum(axis=1) / np.maximum(weight.sum(axis=1), _TINY)
    numbers: dict[str, float] = {}
    for name, values in (
        ("roughness", rough),
        ("detuned", detuned),
        ("peaks", peaks.count),
        ("peak_share", peaks.share),
    ):
        numbers[name], numbers[f"{name}_std"] = values.mean(), values.std()
    numbers["roughness_of_loud"] = (rough * loudness[::_ROUGHNESS_STEP, 0]).mean()
    return numbers


def _all_keys(profiles: tuple[tuple[float, ...], ...]) -> FloatArray:
    """Shape (12 tonics, major and minor, 12), each row a unit vector."""
    return np.stack(
        [[np.roll(_unit(np.array(mode)), tonic) for mode in profiles] for tonic in range(12)]
    )


def _all_chords() -> FloatArray:
    """Shape (12, 60): each kind of triad on each root, as unit vectors."""
    chords = np.zeros((len(_TRIADS), 12, 12))
    for kind, steps in enumerate(_TRIADS.values()):
        for root in range(12):
            chords[kind, root, [(root + step) % 12 for step in steps]] = 1
    return _unit(chords).reshape(-1, 12).T


_KEYS = {name: _all_keys(profile) for name, profile in _PROFILES.items()}
_CHORDS = _all_chords()
_PAIRS = np.triu_indices(PEAKS, 1)


def _names() -> tuple[str, ...]:
    ones = np.ones((8, PEAKS), np.float32)
    return tuple(_describe(Peaks(440 * ones, ones, ones[:, 0], ones[:, 0], ones[:, 0])))


HARMONY_NAMES: tuple[str, ...] = _names()
"""Name of each number that `describe` returns, in order."""
