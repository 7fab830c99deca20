from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from examples.make_tunes import FOLDER, TUNES, Tune, write
from examples.tunes import PRESETS, RATE, compose, join
from examples.tunes.form import plan
from examples.tunes.parts import Part, Score, arrange
from examples.tunes.synth import Audio

MOODS = list(PRESETS)
SEEDS = (11, 12, 13)


def parts(mood: str, seed: int, **overrides) -> tuple[Part, ...]:
    style = replace(PRESETS[mood], **overrides)
    return arrange(Score(style, plan(style, 40.0), seed, 40.0))


def levels(samples: Audio) -> np.ndarray:
    """RMS of every half second, in dB below full scale."""
    half = RATE // 2
    blocks = samples[: len(samples) // half * half].reshape(-1, half * 2)
    return 20 * np.log10(np.sqrt(np.mean(blocks**2, axis=1)) + 1e-9)


def centroid(samples: Audio) -> float:
    power = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float((frequencies * np.sqrt(power)).sum() / np.sqrt(power).sum())


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("seed", SEEDS)
def test_tunes_are_clean_recordings(mood: str, seed: int) -> None:
    samples, rate = compose(mood, seed=seed, seconds=25.0)
    assert rate == RATE
    assert samples.shape == (25 * RATE, 2)
    assert samples.dtype == np.float32
    assert np.abs(samples).max() <= 0.89
    assert np.abs(samples.mean(axis=0)).max() < 0.002
    heard = levels(samples)[:-6]
    assert heard.min() > -50, "a hole in the music"
    assert abs(levels(samples).max() - PRESETS[mood].loudness) < 8


@pytest.mark.parametrize("mood", MOODS)
def test_the_seed_makes_the_tune(mood: str) -> None:
    first, again, other = (compose(mood, seed=seed, seconds=8.0)[0] for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert abs(np.corrcoef(first[:, 0], other[:, 0])[0, 1]) < 0.5


@pytest.mark.parametrize("seconds", [0.3, 1.0, 1.5, 6.0, 61.7])
def test_tunes_have_the_length_asked_for(seconds: float) -> None:
    samples, _ = compose("sad", seed=1, seconds=seconds)
    assert len(samples) == round(seconds * RATE)
    assert samples.any()


def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        compose("sad", seed=1, seconds=0.0)
    with pytest.raises(KeyError):
        compose("hungry", seed=1, seconds=5.0)
    with pytest.raises(TypeError):
        compose("sad", seed=1, seconds=5.0, spiciness=1.0)


@pytest.mark.parametrize("mood", MOODS)
def test_every_pitched_note_is_in_the_scale(mood: str) -> None:
    scales = {
        "major": {0, 2, 4, 5, 7, 9, 11},
        "minor": {0, 2, 3, 5, 7, 8, 10, 11},  # The leading tone over the dominant.
        "phrygian": {0, 1, 3, 5, 7, 8, 10},
    }
    for mode, scale in scales.items():
        style = replace(PRESETS[mood], mode=mode)
        tonic = Score(style, plan(style, 40.0), 6, 40.0).tonic
        played = {
            (note.pitch - tonic) % 12
            for part in parts(mood, 6, mode=mode)
            for note in part.notes
            # A power chord has a perfect fifth even where the scale has none.
            if not part.drum and not part.amplified
        }
        assert played <= scale
        assert len(played) >= (1 if mood == "aggressive" else 5)


@pytest.mark.parametrize("mood", MOODS)
def test_tunes_end_on_the_tonic(mood: str) -> None:
    style = PRESETS[mood]
    bars = plan(style, 40.0)
    tonic = Score(style, bars, 6, 40.0).tonic
    begin = bars[-1].index * 240.0 / style.tempo
    for part in parts(mood, 6):
        last = [note.pitch for note in part.notes if note.start > begin - 0.1 and not part.drum]
        assert not last or (min(last) - tonic) % 12 in {0, 3, 4, 7}


def test_without_drums_the_band_plays_the_same_notes() -> None:
    for mood in ("happy", "aggressive", "dramatic"):
        whole, without = parts(mood, 3, drums=True), parts(mood, 3, drums=False)
        assert without == tuple(part for part in whole if not part.drum)
        assert len(without) < len(whole)


@pytest.mark.parametrize("mood", MOODS)
def test_a_sparser_tune_plays_fewer_notes_at_the_same_places(mood: str) -> None:
    def starts(density: float) -> set[int]:
        slot = 15.0 / PRESETS[mood].tempo
        played = parts(mood, 8, density=density, drums=False)
        return {round(note.start / slot) for part in played for note in part.notes}

    sparse, dense = starts(0.1), starts(0.9)
    assert len(sparse) < 0.75 * len(dense)
    assert len(sparse - dense) <= 0.05 * len(sparse)


def test_a_faster_tune_fits_more_bars() -> None:
    slow, fast = (
        len(plan(replace(PRESETS["happy"], tempo=tempo), 60.0)) for tempo in (70.0, 140.0)
    )
    assert fast == pytest.approx(2 * slow, abs=2)


def test_a_minor_tune_differs_by_its_scale_alone() -> None:
    major, minor = parts("happy", 9), parts("happy", 9, mode="minor")
    for one, other in zip(major[:1], minor[:1], strict=True):
        assert [note.start for note in one.notes] == [note.start for note in other.notes]
        steps = [b.pitch - a.pitch for a, b in zip(one.notes, other.notes, strict=True)]
        assert set(steps) <= {0, -1}
        assert -1 in steps


@pytest.mark.parametrize("mood", MOODS)
def test_brightness_is_heard(mood: str) -> None:
    dull, bright = (
        centroid(compose(mood, seed=2, seconds=12.0, brightness=value, drums=False)[0])
        for value in (0.1, 0.9)
    )
    assert bright > 1.1 * dull


@pytest.mark.parametrize("mood", ["happy", "sad"])
def test_softness_is_heard(mood: str) -> None:
    def steepest_rise(softness: float) -> float:
        samples, _ = compose(mood, seed=2, seconds=24.0, softness=softness, reverb=0.0, drums=False)
        envelope = np.sqrt(np.mean(samples.reshape(-1, RATE // 50 * 2) ** 2, axis=1))
        return float(np.diff(envelope).max() / envelope.mean())

    assert steepest_rise(0.9) < 0.7 * steepest_rise(0.0)


def test_dynamics_are_heard() -> None:
    flat, wide = (
        np.ptp(levels(compose("dramatic", seed=2, seconds=40.0, dynamics=value)[0])[:-6])
        for value in (0.0, 1.0)
    )
    assert wide > flat + 4


def test_loudness_is_heard_and_nothing_else_changes() -> None:
    loud, quiet = (
        compose("happy", seed=2, seconds=12.0, loudness=value)[0] for value in (-20.0, -40.0)
    )
    assert levels(loud).mean() - levels(quiet).mean() == pytest.approx(20.0, abs=0.3)
    assert np.corrcoef(loud[:, 0], quiet[:, 0])[0, 1] > 0.999


def test_melodies_go_where_the_contour_points() -> None:
    def lean(contour: float) -> float:
        slopes = []
        for seed in range(8):
            melody = parts("sad", seed, contour=contour, density=0.5)[0]
            bar = 240.0 / PRESETS["sad"].tempo
            times = [note.start % (2 * bar) for note in melody.notes]
            slopes.append(np.polyfit(times, [note.pitch for note in melody.notes], 1)[0])
        return float(np.mean(slopes))

    assert lean(-0.9) < 0 < lean(0.9)


def test_joined_tunes_follow_each_other() -> None:
    one, _ = compose("sad", seed=1, seconds=5.0)
    two, _ = compose("happy", seed=1, seconds=4.0)
    cut = join([one, two])
    assert np.array_equal(cut, np.concatenate([one, two]))
    faded = join([one, two], crossfade=1.0)
    assert len(faded) == 8 * RATE
    assert np.array_equal(faded[: 4 * RATE], one[: 4 * RATE])
    assert np.array_equal(faded[5 * RATE :], two[RATE:])


@pytest.mark.parametrize("tune", TUNES, ids=lambda tune: tune.file)
def test_the_files_are_what_the_script_makes(tune: Tune) -> None:
    file = FOLDER / tune.file
    assert file.stat().st_size < 1_000_000
    kept, rate = soundfile.read(file, dtype="float32")
    made = tune.play()
    assert rate == RATE
    assert kept.shape == made.shape
    assert np.corrcoef(kept[:, 0], made[:, 0])[0, 1] > 0.98
    assert np.abs(kept).max() < 1.0


def test_the_folder_holds_the_listed_tunes_and_little_more_than_three_megabytes() -> None:
    files = {file.name: file.stat().st_size for file in FOLDER.glob("*.mp3")}
    assert set(files) == {tune.file for tune in TUNES}
    assert sum(files.values()) < 4_000_000
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in listed for name in files)


def test_writing_a_tune_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    tune = Tune("short.mp3", "Short", (("happy", 1, 4.0), ("sad", 1, 4.0)))
    first = write(tune, tmp_path).read_bytes()
    assert write(tune, tmp_path).read_bytes() == first
    assert b"Short" in first
