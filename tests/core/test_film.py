"""Films of songs, decoded back and looked at."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from moodify_core.errors import FilmTooLong, UnsupportedFormat
from moodify_core.film import Shape, make_film, make_teaser
from moodify_core.moods import MOODS, Mood, shares
from moodify_core.result import MoodAnalysis, Segment, Window
from tests.audio.signals import noise, silence, tone

pytestmark = pytest.mark.long

RATE = 44_100
SIZES = {Shape.WIDE: (854, 480), Shape.SQUARE: (640, 640), Shape.TALL: (480, 854)}
MIDDLE_OF_RING = {Shape.WIDE: (214, 226), Shape.SQUARE: (320, 254), Shape.TALL: (240, 300)}
TUNE = Path("examples/happy_morning_run.mp3").resolve()
TITLE = "Morning Run"
STEP = 0.05
"""Seconds that the film may be off."""


def song(duration: float, moods: Sequence[Mood] = (Mood.HAPPY,)) -> MoodAnalysis:
    """Make the analysis of a song of equally long passages."""
    edges = [float(edge) for edge in np.linspace(0, duration, len(moods) + 1)]
    breakdown = shares(moods.count(mood) / len(moods) for mood in MOODS)
    dominant = max(MOODS, key=lambda mood: breakdown[mood])
    passages = zip(edges, edges[1:], moods, strict=False)
    return MoodAnalysis(
        duration=duration,
        windows=(Window(0.0, duration, breakdown),),
        segments=tuple(Segment(start, end, mood, breakdown) for start, end, mood in passages),
        breakdown=breakdown,
        probabilities=breakdown,
        dominant=dominant,
        confidence=breakdown[dominant],
        unsure=False,
        reasons=(),
        warnings=(),
        waveform=tuple(float(peak) for peak in np.linspace(0.1, 1, 200)),
        fingerprint="",
        model_version="none",
    )


def sound_file(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, format="WAV", subtype="PCM_16")
    return path


def clicks_at(times: Iterable[float], seconds: float) -> np.ndarray:
    """Make silence with bursts of 10 ms of noise."""
    track = silence(seconds, RATE)
    burst = noise(0.01, RATE, level=0.4)
    for start in (round(moment * RATE) for moment in times):
        track[start : start + len(burst)] = burst
    return track


def pictures(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Decode a film's luma: times of shape (n,), pictures of shape (n, height, width)."""
    with av.open(path) as film:
        frames = [(frame.time, frame.to_ndarray()) for frame in film.decode(video=0)]
        height = film.streams.video[0].height
    return np.array([at for at, _ in frames]), np.stack([luma[:height] for _, luma in frames])


def sound(path: Path) -> np.ndarray:
    """Decode a film's sound as one channel at `RATE`, put where its time stamps say."""
    with av.open(path) as film:
        end = film.duration / av.time_base
        heard = np.zeros(round((end + 0.2) * RATE), np.float32)
        for frame in film.decode(audio=0):
            assert frame.sample_rate == RATE
            start = round(frame.time * RATE)
            samples = frame.to_ndarray().mean(axis=0)[max(-start, 0) :]
            heard[max(start, 0) :][: len(samples)] = samples[: len(heard) - max(start, 0)]
    return heard


def seconds_of(path: Path) -> float:
    with av.open(path) as film:
        return max(float(stream.duration * stream.time_base) for stream in film.streams)


def boxes(path: Path) -> list[bytes]:
    """List the kinds of an MP4's outermost boxes, in their order."""
    data, at, kinds = path.read_bytes(), 0, []
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    return kinds


@pytest.mark.parametrize("shape", Shape)
def test_a_film_plays_everywhere(shape: Shape, tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    heard = sound_file(tmp_path / "song.wav", tone(3.0, RATE))
    make_film(heard, song(3.0), TITLE, target, shape=shape)
    kinds = boxes(target)
    assert kinds[0] == b"ftyp"
    assert kinds.index(b"moov") < kinds.index(b"mdat")
    with av.open(target) as film:
        picture, audio = film.streams.video[0], film.streams.audio[0]
        assert (picture.width, picture.height) == SIZES[shape]
        assert picture.codec_context.name == "h264"
        assert picture.codec_context.pix_fmt == "yuv420p"
        assert picture.profile == "High"
        # avcC: version, profile, compatibility, level in tenths. All phones since 2010 take 3.1.
        assert picture.codec_context.extradata[3] <= 31
        assert audio.codec_context.name == "aac"
        assert audio.profile == "LC"
        assert film.metadata["title"] == TITLE


def test_a_mono_film_of_a_mono_song_keeps_its_rate(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    heard = sound_file(tmp_path / "song.wav", tone(2.0, 16_000), 16_000)
    make_film(heard, song(2.0), TITLE, target)
    with av.open(target) as film:
        audio = film.streams.audio[0].codec_context
        assert (audio.sample_rate, audio.channels) == (16_000, 1)


def test_left_stays_left(tmp_path: Path) -> None:
    left = np.stack([tone(2.0, RATE), silence(2.0, RATE)], axis=1)
    target = tmp_path / "film.mp4"
    make_film(sound_file(tmp_path / "song.wav", left), song(2.0), TITLE, target)
    with av.open(target) as film:
        heard = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
    levels = np.sqrt((heard**2).mean(axis=1))
    assert levels[0] > 0.3
    assert levels[1] < 0.01


@pytest.mark.parametrize("seconds", [1.0, 2.02, 7.777, 33.3])
@pytest.mark.parametrize("with_sound", [True, False], ids=["sound", "silent"])
def test_a_film_is_as_long_as_its_song(seconds: float, with_sound: bool, tmp_path: Path) -> None:
    heard = sound_file(tmp_path / "song.wav", noise(seconds, RATE))
    target = tmp_path / "film.mp4"
    make_film(heard, song(seconds), TITLE, target, sound=with_sound)
    assert seconds_of(target) == pytest.approx(seconds, abs=STEP)
    with av.open(target) as film:
        assert len(film.streams.audio) == with_sound


@pytest.mark.parametrize("max_bytes", [10 * 2**20, 520_000], ids=["24 a second", "12 a second"])
def test_the_picture_moves_with_the_sound(max_bytes: int, tmp_path: Path) -> None:
    seconds, moments = 42.0, [0.51, 1.83, 20.22, 21.4, 39.95, 41.37]
    heard = sound_file(tmp_path / "song.wav", clicks_at(moments, seconds))
    target = tmp_path / "film.mp4"
    make_film(heard, song(seconds), TITLE, target, max_bytes=max_bytes)
    times, luma = pictures(target)
    x, y = MIDDLE_OF_RING[Shape.WIDE]
    ring = luma[:, y - 145 : y + 145, x - 145 : x + 145].mean(axis=(1, 2))
    loudness = np.abs(sound(target))
    for moment in moments:
        near = np.flatnonzero(np.abs(times[1:] - moment) < 0.3)
        seen = times[1:][near[np.argmax(np.diff(ring)[near])]]
        window = slice(round((moment - 0.3) * RATE), round((moment + 0.3) * RATE))
        first = np.flatnonzero(loudness[window] > 0.5 * loudness[window].max())[0]
        played = moment - 0.3 + first / RATE
        assert played == pytest.approx(moment, abs=STEP)
        assert seen == pytest.approx(played, abs=STEP)


@pytest.mark.parametrize("max_bytes", [350_000, 700_000, 2_000_000])
def test_the_worst_song_fits(max_bytes: int, tmp_path: Path) -> None:
    seconds = 30.0
    both = np.stack([noise(seconds, RATE, level=0.3, seed=seed) for seed in (1, 2)], axis=1)
    both *= (np.arange(len(both)) // (RATE // 10) % 2)[:, np.newaxis]
    target = tmp_path / "film.mp4"
    moods = MOODS * 3
    make_film(
        sound_file(tmp_path / "song.wav", both), song(seconds, moods), TITLE, target,
        max_bytes=max_bytes,
    )  # fmt: skip
    assert target.stat().st_size <= max_bytes
    assert seconds_of(target) == pytest.approx(seconds, abs=STEP)
    assert len(pictures(target)[0]) > 11 * seconds


def test_twelve_minutes_fit_ten_mebibytes(tmp_path: Path) -> None:
    seconds = 720.0
    path = tmp_path / "song.flac"
    tune, rate = soundfile.read(TUNE, dtype="float32")
    with soundfile.SoundFile(path, "w", rate, 2, format="FLAC") as file:
        for _ in range(21):
            file.write(tune)
    target = tmp_path / "film.mp4"
    make_film(path, song(seconds, (Mood.HAPPY, Mood.SAD)), TITLE, target)
    assert 6 * 2**20 < target.stat().st_size <= 10 * 2**20
    assert seconds_of(target) == pytest.approx(seconds, abs=STEP)


def test_what_can_never_fit_is_said_before_any_work(tmp_path: Path) -> None:
    asked: list[float] = []
    with pytest.raises(FilmTooLong, match="holds 20 min") as caught:
        make_film(TUNE, song(1800.0), TITLE, tmp_path / "film.mp4", progress=asked.append)
    assert 1200 < caught.value.longest < 1800
    assert not asked
    assert not list(tmp_path.iterdir())
    silent = tmp_path / "silent.mp4"
    make_film(TUNE, song(35.4), TITLE, silent, max_bytes=120_000, sound=False)
    assert silent.stat().st_size <= 120_000


def test_progress_comes_often_and_ends_with_all(tmp_path: Path) -> None:
    told: list[float] = []
    heard = sound_file(tmp_path / "song.wav", noise(8.0, RATE))
    make_film(heard, song(8.0), TITLE, tmp_path / "film.mp4", progress=told.append)
    assert told == sorted(told)
    assert len(told) >= 8
    assert told[-1] == 1.0


class Stopped(Exception):
    pass


def test_a_cancelled_film_leaves_nothing_behind(tmp_path: Path) -> None:
    heard = sound_file(tmp_path / "song.wav", noise(8.0, RATE))
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "film.mp4"
    target.write_bytes(b"an older film")

    def stop(share: float) -> None:
        if share > 0.4:
            raise Stopped

    with pytest.raises(Stopped):
        make_film(heard, song(8.0), TITLE, target, progress=stop)
    assert [*folder.iterdir()] == [target]
    assert target.read_bytes() == b"an older film"


MAKE = """
    import resource, sys
    from pathlib import Path
    from moodify_core.film import make_film
    from tests.core.test_film import song
    print("ready", flush=True)
    limit = int(sys.argv[3])
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        make_film(sys.argv[1], song(35.4), "x", Path(sys.argv[2]), progress=print)
    except OSError as error:
        sys.exit(f"OSError: {error}")
"""


def start_making(target: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-u", "-c", textwrap.dedent(MAKE), TUNE, target, limit]
    return subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_killed_film_is_no_film(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    with start_making(target) as process:
        assert process.stdout
        while float(process.stdout.readline().replace("ready", "0")) < 0.3:
            pass
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    assert not list(tmp_path.glob("*.mp4"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("limit", [1_000, 300_000])
def test_a_full_disk_is_an_error_and_leaves_nothing_behind(limit: int, tmp_path: Path) -> None:
    with start_making(tmp_path / "film.mp4", limit) as process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert errors.startswith("OSError: ")
    assert not list(tmp_path.iterdir())


def test_what_is_no_song_gives_no_film(tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"no music")
    with pytest.raises(UnsupportedFormat):
        make_film(bad, song(3.0), TITLE, tmp_path / "film.mp4")
    assert [*tmp_path.iterdir()] == [bad]


def flashes(luma: np.ndarray, frame_rate: float) -> int:
    """Count the most flashes in any second, in any quarter of the picture (WCAG 2.3.1).

    A flash is a pair of opposing changes of relative luminance by a tenth or more.
    """
    linear = (np.clip((luma.astype(np.float32) - 16) / 219, 0, 1)) ** 2.2
    height, width = linear.shape[1] // 4, linear.shape[2] // 4
    cells = linear[:, : height * 4, : width * 4].reshape(-1, 4, height, 4, width).mean(axis=(2, 4))
    quarters = [
        cells[:, top : top + 2, left : left + 2].mean(axis=(1, 2))
        for top in range(3)
        for left in range(3)
    ]
    return max(_most_in_a_second(quarter, frame_rate) for quarter in quarters)


def _most_in_a_second(light: np.ndarray, frame_rate: float) -> int:
    turns, extreme, rising = [], light[0], None
    for index, value in enumerate(light):
        if rising is not False and value <= extreme - 0.1:
            turns.append(index)
            rising, extreme = False, value
        elif rising is not True and value >= extreme + 0.1:
            turns.append(index)
            rising, extreme = True, value
        elif rising is None:
            continue
        else:
            extreme = max(extreme, value) if rising else min(extreme, value)
    within = [sum(start <= turn < start + frame_rate for turn in turns) for start in turns]
    return max(within, default=0) // 2


def test_flashes_would_be_found() -> None:
    dark, light = np.full((6, 40, 40), 30), np.full((6, 40, 40), 140)
    assert flashes(np.concatenate([dark, light] * 6), 48) == 4


@pytest.mark.parametrize("shape", Shape)
def test_nothing_flashes(shape: Shape, tmp_path: Path) -> None:
    seconds = 12.0
    bursts = noise(seconds, RATE, level=0.3)
    bursts *= np.arange(len(bursts)) // (RATE // 12) % 2
    target = tmp_path / "film.mp4"
    heard = sound_file(tmp_path / "song.wav", bursts)
    make_film(heard, song(seconds, MOODS * 8), TITLE, target, shape=shape)
    _, luma = pictures(target)
    assert flashes(luma, 24) == 0


def test_colours_turn_smoothly_from_mood_to_mood(tmp_path: Path) -> None:
    seconds = 12.0
    target = tmp_path / "film.mp4"
    heard = sound_file(tmp_path / "song.wav", noise(seconds, RATE))
    make_film(heard, song(seconds, (Mood.HAPPY, Mood.SAD)), TITLE, target)
    with av.open(target) as film:
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    ground = np.array([picture[80:110, 20:60].mean(axis=(0, 1)) for picture in shown])
    before, after = ground[len(ground) // 4], ground[len(ground) * 3 // 4]
    assert before[0] > before[2] + 10
    assert after[2] > after[0] + 10
    assert np.abs(np.diff(ground, axis=0)).max() < 0.25 * np.abs(after - before).max()


def test_each_mood_is_named_in_the_ring(tmp_path: Path) -> None:
    seconds = 20.0
    target = tmp_path / "film.mp4"
    heard = sound_file(tmp_path / "song.wav", tone(seconds, RATE))
    make_film(heard, song(seconds, MOODS), TITLE, target)
    _, luma = pictures(target)
    x, y = MIDDLE_OF_RING[Shape.WIDE]
    names = luma[48 :: 4 * 24, y - 24 : y + 4, x - 70 : x + 70]
    assert len(names) == len(MOODS)
    for name in names:
        assert np.ptp(name.astype(int)) > 60
    for one, other in pairwise(names):
        assert np.abs(one.astype(int) - other).max() > 60


def test_the_playhead_runs_over_the_whole_song(tmp_path: Path) -> None:
    seconds = 10.0
    target = tmp_path / "film.mp4"
    make_film(sound_file(tmp_path / "song.wav", tone(seconds, RATE)), song(seconds), TITLE, target)
    times, luma = pictures(target)
    knob = np.clip(luma[:, 370:376].mean(axis=1) - 100, 0, None)
    heads = (knob * (np.arange(knob.shape[1]) + 0.5)).sum(axis=1) / knob.sum(axis=1)
    expected = 40 + times / seconds * (854 - 80)
    np.testing.assert_allclose(heads, expected, atol=2)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "\x00\u202e",
        "ש" * 900,
        "أغنية طويلة",
        "🎵" * 30,
        "夜に駆ける",
        "$x^2$ \\frac",
        "x" * 5000,
    ],
)
def test_any_title_is_taken(title: str, tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    heard = sound_file(tmp_path / "song.wav", tone(1.0, RATE))
    make_film(heard, song(1.0), title, target, shape=Shape.TALL)
    _, luma = pictures(target)
    assert luma[0, 60:95, 36:440].max() > 150
    assert luma[0, 60:95, 446:].max() < 100


@pytest.mark.parametrize(("duration", "start"), [(35.4, 14.7), (2.5, 0.0)])
def test_a_teaser_shows_where_the_mood_changes(
    duration: float, start: float, tmp_path: Path
) -> None:
    target = tmp_path / "teaser.webp"
    make_teaser(TUNE, song(duration, (Mood.SAD, Mood.HAPPY)), TITLE, target)
    assert target.stat().st_size < 2_000_000
    shown = []
    with Image.open(target) as teaser:
        assert teaser.format == "WEBP"
        assert teaser.size == (854, 480)
        assert teaser.info["loop"] == 0
        length = 0
        for index in range(teaser.n_frames):
            teaser.seek(index)
            shown.append(np.asarray(teaser.convert("RGB")))
            length += teaser.info["duration"]
    assert length / 1000 == pytest.approx(min(6.0, duration), abs=0.1)
    head = shown[0][370:376].mean(axis=(0, 2)).argmax()
    assert head == pytest.approx(40 + start / duration * 774, abs=8)
    first, last = (picture[80:110, 20:60].mean(axis=(0, 1)) for picture in (shown[0], shown[-1]))
    assert first[2] > first[0]
    assert last[0] > last[2]


@pytest.mark.skipif(sys.platform != "linux", reason="reads the most memory used from /proc")
def test_memory_stays_flat(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from moodify_core.film import make_film
        from tests.core.test_film import song
        make_film(sys.argv[1], song(float(sys.argv[2])), "x", Path(sys.argv[3]), sound=True)
        status = Path("/proc/self/status").read_text()
        print(next(line.split()[1] for line in status.splitlines() if "VmHWM" in line))
    """
    heard = sound_file(tmp_path / "song.wav", noise(60.0, RATE))
    used = []
    for seconds in (10.0, 60.0):
        command = [sys.executable, "-c", textwrap.dedent(script)]
        arguments = [str(heard), str(seconds), str(tmp_path / "film.mp4")]
        done = subprocess.run(
            command + arguments, capture_output=True, text=True, check=True, timeout=300
        )
        used.append(int(done.stdout))
    # Keeping 50 s of frames would take 700 MB, of sound 18 MB.
    assert used[1] - used[0] < 15 * 1024
