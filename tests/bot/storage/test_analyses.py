from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.storage.analyses import pack, unpack
from moodify_core import MOODS, Mood, MoodAnalysis, Note, Segment, Window
from moodify_core.moods import shares

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SHARES = st.lists(NUMBERS, min_size=len(MOODS), max_size=len(MOODS)).map(shares)
NOTES = st.lists(
    st.builds(Note, st.text(), st.dictionaries(st.text(), NUMBERS | st.text())), max_size=3
).map(tuple)
ANALYSES = st.builds(
    MoodAnalysis,
    duration=NUMBERS,
    windows=st.lists(st.builds(Window, NUMBERS, NUMBERS, SHARES), max_size=4).map(tuple),
    segments=st.lists(
        st.builds(Segment, NUMBERS, NUMBERS, st.sampled_from(Mood), SHARES), max_size=4
    ).map(tuple),
    breakdown=SHARES,
    probabilities=SHARES,
    dominant=st.sampled_from(Mood),
    confidence=NUMBERS,
    unsure=st.booleans(),
    reasons=NOTES,
    warnings=NOTES,
    waveform=st.lists(NUMBERS, max_size=20).map(tuple),
    fingerprint=st.text(),
    model_version=st.text(),
)


@given(ANALYSES)
def test_an_analysis_comes_back_to_the_last_bit(analysis: MoodAnalysis) -> None:
    assert unpack(pack(analysis)) == analysis
