"""Why a mood: the named reasons follow the music, and come from the model's own decision."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from examples.make_lessons import composed, turns
from examples.tunes import PRESETS
from moodify_core import Mood, MoodAnalysis, ReasonCode, analyze
from moodify_core.audio import AudioReader
from moodify_core.console import summary, why
from moodify_core.cues import CUES, GROUPS, UNNAMED, matching
from moodify_core.features import SongFeatures, extract
from moodify_core.features.extraction import FEATURE_NAMES
from moodify_core.model import load_model
from moodify_core.moods import MOODS
from moodify_core.reasons import MOST_REASONS, deviation, find_reasons, weights
from moodify_core.result import Note
from moodify_core.scoring import softmax, stretches, votes

pytestmark = pytest.mark.long

SEEDS = range(300, 304)  # with five moods: 20 tunes, none of which was heard in development
BAR = 0.8
ENERGETIC = (Mood.AGGRESSIVE, Mood.HAPPY)


@dataclass(frozen=True)
class Turn:
    """A cue turned from one end to the other, and what is expected of it."""

    before: dict[str, object]
    after: dict[str, object]
    expected: ReasonCode
    opposite: ReasonCode


EXPECTED = {
    "faster": (ReasonCode.FAST_PULSE, ReasonCode.SLOW_PULSE),
    "sparser": (ReasonCode.FEW_NOTES, ReasonCode.MANY_NOTES),
    "brighter": (ReasonCode.BRIGHT_SOUND, ReasonCode.DARK_SOUND),
    "minor": (ReasonCode.MINOR_COLOUR, ReasonCode.MAJOR_COLOUR),
}


def turn(name: str, mood: str) -> Turn:
    return Turn(*turns(mood)[name], *EXPECTED[name])


@cache
def heard(mood: str, seed: int, cues: tuple[tuple[str, object], ...]) -> SongFeatures:
    with AudioReader(composed(mood, seed, dict(cues))) as reader:
        return extract(reader)


@dataclass(frozen=True)
class Case:
    """One tune before and after a cue was turned."""

    song: tuple[np.ndarray, np.ndarray]
    reasons: tuple[tuple[Note, ...], tuple[Note, ...]]
    deviation: tuple[float, float]


@cache
def cases(name: str) -> list[Case]:
    model = load_model()
    found = []
    for seed in SEEDS:
        for mood in PRESETS:
            wanted = turn(name, mood)
            (group,) = [g for g in GROUPS if wanted.expected in (g.cue.more, g.cue.less)]
            parts = []
            for cues in (wanted.before, wanted.after):
                features = heard(mood, seed, tuple(cues.items()))
                song = model.score(features.windows, features.harmony).song
                said = MOODS[int(song.argmax())]
                rows = stretches(features.windows, features.harmony)
                reasons = find_reasons(rows, model, said)
                parts.append((song, reasons, deviation(rows, model, group)))
            found.append(Case(*zip(*parts, strict=True)))
    return found


def signed(reasons: tuple[Note, ...], wanted: Turn) -> float:
    """How much the named reasons speak of a cue, in the expected direction."""
    sign = {wanted.expected: 1, wanted.opposite: -1}
    return sum(sign.get(ReasonCode(n.code), 0) * float(n.parameters["weight"]) for n in reasons)


def named(case: Case, wanted: Turn) -> bool:
    codes = {note.code for reasons in case.reasons for note in reasons}
    return not codes.isdisjoint({wanted.expected, wanted.opposite})


def shifted(case: Case, wanted: Turn) -> bool:
    before, after = (signed(reasons, wanted) for reasons in case.reasons)
    return after > before


def moved(name: str, case: Case) -> bool:
    change = dict(zip(MOODS, case.song[1] - case.song[0], strict=True))
    energy = sum(change[mood] for mood in ENERGETIC)
    return {
        "faster": energy > 0,
        "sparser": energy < 0,
        "brighter": energy > 0 or change[Mood.SAD] + change[Mood.ROMANTIC] < 0,
        "minor": change[Mood.HAPPY] < 0 and change[Mood.SAD] + change[Mood.DRAMATIC] > 0,
    }[name]


TURNS = ("faster", "sparser", "brighter", "minor")


def share(of: list[bool]) -> float:
    return float(np.mean(of))


@pytest.mark.parametrize("name", TURNS)
def test_what_a_cue_is_called_follows_the_music(name: str) -> None:
    wanted = turn(name, "happy")
    rising = any(wanted.expected is cue.more for cue in CUES)
    right = [(case.deviation[1] > case.deviation[0]) == rising for case in cases(name)]
    assert len(right) >= 20
    assert share(right) >= BAR


@pytest.mark.parametrize("name", TURNS)
def test_a_named_reason_shifts_the_expected_way(name: str) -> None:
    wanted = turn(name, "happy")
    telling = [shifted(case, wanted) for case in cases(name) if named(case, wanted)]
    assert sum(telling) >= BAR * len(telling)


@pytest.mark.parametrize("name", TURNS)
def test_moods_move_the_expected_way(name: str) -> None:
    assert share([moved(name, case) for case in cases(name)]) >= BAR


def test_most_tunes_have_the_moods_that_they_were_composed_for() -> None:
    model = load_model()
    right = []
    for seed in SEEDS:
        for mood in PRESETS:
            features = heard(mood, seed, ())
            song = model.score(features.windows, features.harmony).song
            right.append(MOODS[int(song.argmax())] == mood)
    # One in five by guessing, and as many by a model of the collections, which hears love in all.
    assert share(right) >= 0.6


def short(name: str) -> object:
    """Mark a goal that the shipped model misses; docs/accuracy.md has the figures and the cause."""
    reason = "the features of the cue hardly move, so other reasons weigh more"
    return pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=reason))


@pytest.mark.parametrize("name", [short("faster"), short("sparser"), "brighter", short("minor")])
def test_reasons_shift_the_expected_way_in_most_tunes(name: str) -> None:
    wanted = turn(name, "happy")
    assert share([shifted(case, wanted) for case in cases(name)]) >= BAR


def test_every_feature_belongs_to_one_cue_or_is_left_unnamed() -> None:
    owners = Counter(column for group in GROUPS for column in group.columns.tolist())
    owners.update(matching(UNNAMED))
    assert {FEATURE_NAMES[column]: owners[column] for column in range(len(FEATURE_NAMES))} == (
        dict.fromkeys(FEATURE_NAMES, 1)
    )


def test_every_pattern_finds_a_feature_and_every_code_a_cue() -> None:
    for cue in CUES:
        for pattern in (*cue.rising, *cue.falling, *cue.along):
            assert matching([pattern]), pattern
    for pattern in UNNAMED:
        assert matching([pattern]), pattern
    named_codes = [code for cue in CUES for code in (cue.more, cue.less)]
    assert sorted(named_codes) == sorted(ReasonCode)


def test_a_reason_is_what_the_model_itself_would_lose() -> None:
    model = load_model()
    features = heard("sad", 110, ())
    rows = stretches(features.windows, features.harmony)
    for mood in (Mood.SAD, Mood.HAPPY):
        lost = weights(rows, model, mood)
        for group, weight in zip(GROUPS, lost, strict=True):
            without = rows.copy()
            without[:, group.columns] = model.familiarity.mean[group.columns]
            said = [
                softmax(
                    model.calibration.sharpness * votes(model.classifier.predict_proba(version))
                )[MOODS.index(mood)]
                for version in (rows, without)
            ]
            assert weight == pytest.approx(said[0] - said[1], abs=1e-5)


def test_an_answer_carries_its_reasons() -> None:
    analysis = analyze(composed("sad", 110, {}))
    assert 0 < len(analysis.reasons) <= MOST_REASONS
    weights_of = [float(note.parameters["weight"]) for note in analysis.reasons]
    assert weights_of == sorted(weights_of, reverse=True)
    assert min(weights_of) > 0
    plain = analysis.to_dict()["reasons"]
    assert plain == [
        {"code": str(note.code), "weight": note.parameters["weight"]} for note in analysis.reasons
    ]
    assert why(analysis) in summary("song", analysis)
    assert len(why(analysis).split(", ")) == len(analysis.reasons)


def test_every_reason_has_its_words() -> None:
    analysis = analyze(composed("sad", 110, {}))
    for code in ReasonCode:
        words = why(replace(analysis, reasons=(Note(code, {"weight": 0.1}),)))
        assert words == code.value.replace("_", " ")


LOUD_DB = 12.0


@pytest.mark.parametrize("seed", range(120, 124))
def test_drums_and_loudness_do_not_make_a_happy_tune_aggressive(seed: int) -> None:
    answers: dict[tuple[bool, float], MoodAnalysis] = {}
    for drums in (False, True):
        for loudness in (-24.0, -24.0 + LOUD_DB):
            answers[drums, loudness] = analyze(
                composed("happy", seed, {"drums": drums, "loudness": loudness})
            )
    aggressive = [a.probabilities[Mood.AGGRESSIVE] for a in answers.values()]
    assert max(aggressive) - min(aggressive) < 0.15
    assert all(a.dominant is not Mood.AGGRESSIVE for a in answers.values())
