import io

import av
import numpy as np
import pytest
import soundfile

from tests.audio.formats import CASES, FORMATS, Audio, Case, encode, truncate, write_all
from tests.audio.signals import clicks, noise, silence, speech_like, tone

RATE = 44_100
SECONDS = 2.0


@pytest.fixture(scope="module")
def sound() -> Audio:
    """A tone with silence before it on the left, and a lower one on the right."""
    left = np.concatenate([silence(0.5, RATE), tone(SECONDS - 0.5, RATE, frequency=880.0)])
    right = tone(SECONDS, RATE, frequency=440.0, level=0.25)
    return np.stack([left, right], axis=1)


def decode(data: bytes, case: Case) -> tuple[Audio, int]:
    if FORMATS[case.format].by_soundfile:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
        return samples, rate
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler(format="fltp")
        frames = [
            out.to_ndarray()
            for frame in container.decode(audio=0)
            for out in resampler.resample(frame)
        ]
        return np.concatenate(frames, axis=1).T, container.streams.audio[0].rate


def peak_frequency(samples: Audio, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()])


def test_cases_cover_every_format_both_layouts_and_the_whole_range_of_rates() -> None:
    assert len(CASES) == 24
    assert {case.format for case in CASES.values()} == set(FORMATS)
    assert {case.layout for case in CASES.values()} == {"mono", "stereo"}
    assert min(case.rate for case in CASES.values()) == 8_000
    assert max(case.rate for case in CASES.values()) == 96_000


@pytest.mark.parametrize("name", CASES)
def test_every_case_decodes_to_what_went_in(name: str, sound: Audio) -> None:
    case = CASES[name]
    samples, rate = decode(encode(sound, RATE, case), case)
    assert rate == case.decoded_rate
    assert samples.shape[1] == case.channels
    assert len(samples) / rate == pytest.approx(SECONDS, abs=0.1)
    middle = slice(round(0.7 * rate), round(1.7 * rate))
    assert peak_frequency(samples[middle, 0], rate) == pytest.approx(880.0, abs=3)
    assert peak_frequency(samples[middle, -1], rate) == pytest.approx(
        880.0 if case.layout == "mono" else 440.0, abs=3
    )
    level = 0.5 if case.layout == "stereo" else np.hypot(0.5, 0.25) / 2
    assert np.std(samples[middle, 0]) == pytest.approx(level / np.sqrt(2), rel=0.05)


def test_files_are_what_their_suffix_says(tmp_path, sound: Audio) -> None:
    beginnings = {
        ".wav": b"RIFF",
        ".flac": b"fLaC",
        ".aiff": b"FORM",
        ".ogg": b"OggS",
        ".opus": b"OggS",
        ".webm": b"\x1aE\xdf\xa3",
        ".wma": b"0&\xb2u",
    }
    paths = write_all(tmp_path, sound, RATE)
    assert set(paths) == set(CASES)
    for path in paths.values():
        assert path.read_bytes().startswith(beginnings.get(path.suffix, b""))
        if path.suffix in (".m4a", ".mp4"):
            assert path.read_bytes()[4:8] == b"ftyp"


def test_the_film_has_pictures(sound: Audio) -> None:
    data = encode(sound, RATE, CASES["mp4video-mono-48000"])
    with av.open(io.BytesIO(data)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20


def test_a_truncated_file_is_the_beginning_of_the_whole(sound: Audio) -> None:
    case = CASES["mp3-stereo-48000"]
    data = encode(sound, RATE, case)
    cut = truncate(data, 0.5)
    assert data.startswith(cut)
    samples, rate = decode(cut, case)
    assert len(samples) / rate == pytest.approx(SECONDS / 2, abs=0.2)


def test_mono_samples_fill_both_sides_of_a_stereo_file() -> None:
    case = CASES["wavfloat-stereo-44100"]
    samples, _ = decode(encode(tone(1.0, RATE), RATE, case), case)
    assert np.array_equal(samples[:, 0], samples[:, 1])


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_signals_have_the_length_and_level_asked_for(rate: int) -> None:
    signals = {
        "silence": silence(3.0, rate),
        "tone": tone(3.0, rate),
        "noise": noise(3.0, rate),
        "clicks": clicks(3.0, rate),
        "speech": speech_like(3.0, rate),
    }
    for signal in signals.values():
        assert signal.shape == (3 * rate,)
        assert signal.dtype == np.float32
        assert np.abs(signal).max() <= 1.0
    assert not signals["silence"].any()
    assert peak_frequency(signals["tone"], rate) == pytest.approx(440.0, abs=0.5)
    assert np.std(signals["noise"]) == pytest.approx(0.1, rel=0.02)


def test_a_click_track_clicks_on_every_beat() -> None:
    track = clicks(4.0, RATE, bpm=90.0)
    loud = np.flatnonzero(np.abs(track) > 0.1)
    onsets = loud[np.diff(loud, prepend=-RATE) > RATE // 10] / RATE
    assert onsets == pytest.approx(np.arange(6) * 60 / 90, abs=0.002)


def test_speech_like_sound_has_syllables_and_pauses() -> None:
    voice = speech_like(10.0, RATE)
    level = np.sqrt(np.mean(voice.reshape(-1, RATE // 100) ** 2, axis=1))
    envelope = np.abs(np.fft.rfft(level - level.mean()))
    rates = np.fft.rfftfreq(len(level), 0.01)
    assert 2 <= rates[1:][envelope[1:].argmax()] <= 8
    assert np.mean(level < 0.01 * level.max()) > 0.05
