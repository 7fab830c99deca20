"""From notes to a stereo recording: playing, amplifier, room and mastering."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, oaconvolve, sosfilt

from examples.tunes.parts import Note, Part
from examples.tunes.style import RATE, Style
from examples.tunes.synth import DRUMS, INSTRUMENTS, Audio, Tone

PEAK: Final = 0.89
"""Highest sample of a finished tune: 1 dB of room for what lossy codecs overshoot."""

FADE_SECONDS: Final = 1.2


def mix(parts: tuple[Part, ...], style: Style, seconds: float) -> Audio:
    """Play, balance and master a tune.

    Parameters
    ----------
    parts
        What is played.
    style
        Brightness, softness, distortion, reverb and loudness.
    seconds
        Length of the tune; what rings longer is faded out.

    Returns
    -------
    ndarray of float32, shape (samples, 2)
        Peaks at :data:`PEAK` or below.
    """
    count = round(seconds * RATE)
    tone = Tone(style.brightness, style.softness)
    stereo = np.zeros((2, count), dtype=np.float32)
    room = np.zeros(count, dtype=np.float32)
    for part in parts:
        played = _play(part, tone, count)
        if part.amplified:
            played = _amplify(played, style.distortion)
        played *= np.float32(part.level)
        angle = np.pi / 4 * (1 + part.pan)
        stereo[0] += np.float32(np.cos(angle)) * played
        stereo[1] += np.float32(np.sin(angle)) * played
        # Low drums and basses blur a room.
        room += played * np.float32(0.15 if part.instrument in ("bass", "kick") else 1.0)
    if style.reverb > 0:
        stereo += _reverb(room, style.reverb)
    return _master(stereo, style.loudness)


def _play(part: Part, tone: Tone, count: int) -> Audio:
    track = np.zeros(count, dtype=np.float32)
    sounds: dict[tuple[int, int], Audio] = {}
    for note in part.notes:
        begin = round(note.start * RATE)
        if begin >= count:
            continue
        sound = _drum(part, sounds) if part.drum else _pitched(part, note, tone, sounds)
        end = min(count, begin + sound.size)
        track[begin:end] += np.float32(note.velocity) * sound[: end - begin]
    return track


def _drum(part: Part, sounds: dict[tuple[int, int], Audio]) -> Audio:
    if not sounds:
        sounds[0, 0] = DRUMS[part.instrument]()
    return sounds[0, 0]


def _pitched(part: Part, note: Note, tone: Tone, sounds: dict[tuple[int, int], Audio]) -> Audio:
    instrument = INSTRUMENTS[part.instrument]
    length = max(0.05, note.seconds) + instrument.release
    # A struck note is made once and cut; a held one is made anew for every length in use.
    made = instrument.rings or length
    key = (note.pitch, round(made * 50))
    if key not in sounds:
        sounds[key] = instrument.sound(440.0 * 2 ** ((note.pitch - 69) / 12), made, tone)
    sound = sounds[key][: round(length * RATE)].copy()
    fade = min(sound.size, round(instrument.release * RATE))
    sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return sound


def _amplify(track: Audio, distortion: float) -> Audio:
    """Soft clipping between the filters of an amplifier and its loudspeaker cabinet."""
    if distortion <= 0:
        return track
    tight = sosfilt(butter(2, (90.0, 4500.0), "bandpass", fs=RATE, output="sos"), track)
    driven = np.tanh(tight * (1 + 14 * distortion))
    cabinet = butter(4, (80.0, 5200.0), "bandpass", fs=RATE, output="sos")
    heard: Audio = (0.8 * sosfilt(cabinet, driven)).astype(np.float32)
    return heard


def _reverb(dry: Audio, amount: float) -> NDArray[np.float32]:
    """Exponentially decaying noise, another for each ear, after 20 ms of pre-delay."""
    decay = 0.5 + 2.3 * amount
    time = np.arange(round(decay * RATE), dtype=np.float32) / RATE
    noise = np.random.default_rng(0).standard_normal((2, time.size), dtype=np.float32)
    tail = noise * np.exp(np.log(1e-3) / decay * time)
    # Air and walls swallow the highs, and a room does not boom.
    tail = sosfilt(butter(1, (180.0, 4500.0), "bandpass", fs=RATE, output="sos"), tail)
    tail /= np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
    wet = oaconvolve(dry[None, :], tail.astype(np.float32), axes=1)[:, : dry.size]
    delay = round(0.02 * RATE)
    delayed = np.zeros((2, dry.size), dtype=np.float32)
    delayed[:, delay:] = wet[:, : dry.size - delay]
    return np.float32(0.75 * amount) * delayed


def _master(stereo: NDArray[np.float32], loudness: float) -> Audio:
    # Below the lowest note there is only offset, which would eat headroom.
    stereo = sosfilt(butter(2, 28.0, "highpass", fs=RATE, output="sos"), stereo)
    rms = float(np.sqrt(np.mean(stereo**2)))
    level = stereo * (10 ** (loudness / 20) / max(rms, 1e-9))
    # Peaks bend instead of breaking; quiet music stays below the bend.
    limited = PEAK * np.tanh(level / PEAK)
    count = limited.shape[1]
    fade = min(count, round(FADE_SECONDS * RATE))
    limited[:, count - fade :] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
    return np.ascontiguousarray(limited.T, dtype=np.float32)
