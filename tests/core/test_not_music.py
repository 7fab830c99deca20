"""What is no music gets no mood: noise, tones, applause, talk; and music does."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfilt

from examples.tunes import compose
from moodify_core import MoodAnalysis, WarningCode, analyze
from moodify_core.console import summary
from moodify_core.moods import MOODS
from tests.audio.signals import noise, tone

RATE = 44_100
SECONDS = 20.0

VOICES = {
    "en": "Good morning everybody, and welcome to the programme. Today we shall talk about the "
    "weather, which has been rather unusual for this time of the year. In the north there was a "
    "good deal of rain, and people had to leave their houses for a while. Later on we will speak "
    "with a farmer about what this means for the harvest, and for the price of bread.",
    "en+f2": "The train to the coast leaves at a quarter past nine from the second platform. "
    "Passengers are asked to have their tickets ready. There is a carriage with food and drink in "
    "the middle of the train, and the journey takes about two hours and forty minutes.",
    "de": "Guten Morgen und herzlich willkommen zu unserer Sendung. Heute sprechen wir über das "
    "Wetter, das für diese Jahreszeit recht ungewöhnlich ist. Im Norden gab es viel Regen, und die "
    "Leute mussten ihre Häuser verlassen. Später reden wir mit einem Bauern darüber.",
    "fr+f3": "Bonjour à tous et bienvenue dans notre émission. Aujourd'hui nous parlerons du "
    "temps, qui est plutôt inhabituel pour cette saison. Dans le nord il y a eu beaucoup de pluie, "
    "et les gens ont dû quitter leurs maisons pour plusieurs jours.",
    "es+m3": "Buenos días a todos y bienvenidos al programa. Hoy hablaremos del tiempo, que ha "
    "sido bastante inusual para esta época del año. En el norte hubo mucha lluvia y la gente tuvo "
    "que dejar sus casas durante varios días.",
    "ru": "Доброе утро, дорогие слушатели. Сегодня мы поговорим о погоде, которая довольно "
    "необычна для этого времени года. На севере было много дождей, и людям пришлось покинуть свои "
    "дома. Позже мы поговорим с фермером о том, что это значит для урожая.",
    "pl+whisper": "Dzień dobry państwu i witamy w naszym programie. Dzisiaj porozmawiamy o "
    "pogodzie, która jest dość niezwykła jak na tę porę roku. Na północy spadło dużo deszczu i "
    "ludzie musieli opuścić swoje domy na kilka dni.",
}


def answer(samples: np.ndarray, rate: int = RATE) -> MoodAnalysis:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="FLAC")
    file.seek(0)
    return analyze(file)


def codes(analysis: MoodAnalysis) -> set[str]:
    return {note.code for note in analysis.warnings}


def refused(analysis: MoodAnalysis) -> bool:
    return not codes(analysis).isdisjoint({WarningCode.NOT_LIKE_MUSIC, WarningCode.SPEECH})


def coloured(power: float) -> np.ndarray:
    """Noise whose power falls with this power of the frequency: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(noise(SECONDS, RATE))
    frequency = np.fft.rfftfreq(round(SECONDS * RATE), 1 / RATE)
    frequency[0] = frequency[1]
    samples = np.fft.irfft(spectrum / frequency ** (power / 2))
    return 0.5 * samples / np.abs(samples).max()


def applause(claps: int) -> np.ndarray:
    """So many claps of two hands a second, each with a sound of its own."""
    rng = np.random.default_rng(claps)
    samples = np.zeros(round((SECONDS + 1) * RATE))
    for start in rng.integers(0, round(SECONDS * RATE), round(claps * SECONDS)):
        length = round(rng.uniform(0.01, 0.03) * RATE)
        decay = np.exp(-np.arange(length) / (RATE * rng.uniform(0.002, 0.006)))
        clap = rng.uniform(0.2, 1) * decay * rng.standard_normal(length)
        samples[start : start + length] += clap
    band = butter(2, (600, 6000), "bandpass", fs=RATE, output="sos")
    samples = sosfilt(band, samples)[: round(SECONDS * RATE)]
    return 0.5 * samples / np.abs(samples).max()


def beeps() -> np.ndarray:
    time = np.arange(round(SECONDS * RATE)) / RATE
    return tone(SECONDS, RATE, frequency=1000.0) * (time % 1 < 0.3)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(lambda: coloured(0), id="white noise"),
        pytest.param(lambda: coloured(1), id="pink noise"),
        pytest.param(lambda: coloured(2), id="brown noise"),
        pytest.param(lambda: tone(SECONDS, RATE, frequency=100.0), id="low tone"),
        pytest.param(lambda: tone(SECONDS, RATE, frequency=440.0), id="tone"),
        pytest.param(lambda: tone(SECONDS, RATE, frequency=3000.0), id="high tone"),
        pytest.param(beeps, id="beeps"),
        pytest.param(lambda: applause(40), id="little applause"),
        pytest.param(lambda: applause(400), id="applause"),
        pytest.param(lambda: applause(2000), id="roaring applause"),
    ],
)
def test_noise_tones_and_applause_are_not_like_music(samples) -> None:
    analysis = answer(samples())
    assert WarningCode.NOT_LIKE_MUSIC in codes(analysis)
    assert WarningCode.CLOSE_CALL not in codes(analysis)
    assert analysis.unsure
    assert analysis.confidence < 0.35
    assert analysis.reasons == ()
    assert "unlike any music" in summary("file", analysis)


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng")
@pytest.mark.parametrize("voice", VOICES)
def test_talk_is_told_from_music(voice: str, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-w", str(path), VOICES[voice]], check=True)
    analysis = analyze(path)
    assert refused(analysis)
    assert analysis.unsure
    assert analysis.confidence < 0.35
    assert analysis.reasons == ()


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng")
def test_talk_is_called_talk(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    subprocess.run(["espeak-ng", "-v", "en", "-w", str(path), VOICES["en"]], check=True)
    analysis = analyze(path)
    assert WarningCode.SPEECH in codes(analysis)
    assert "somebody talking" in summary("talk", analysis)


@pytest.mark.parametrize("mood", MOODS)
def test_made_music_is_music(mood: str) -> None:
    for seed in (100, 101):
        samples, rate = compose(mood, seed=seed, seconds=20.0)
        assert not refused(answer(samples, rate))


@pytest.mark.parametrize("song", sorted(Path("examples").glob("*.mp3")), ids=lambda song: song.stem)
def test_the_examples_are_music(song: Path) -> None:
    assert not refused(analyze(song))


def test_a_song_with_a_spoken_introduction_is_music() -> None:
    samples, rate = compose("happy", seed=102, seconds=30.0)
    introduction = np.repeat(noise(8.0, rate)[:, None], 2, axis=1)
    analysis = answer(np.concatenate((introduction, samples)), rate)
    assert not refused(analysis)
    strange = min(max(window.probabilities.values()) for window in analysis.windows)
    assert strange < 0.35
