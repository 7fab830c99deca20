"""The sound of one note: pitched instruments and drums, all additive or band-limited.

Every function returns mono float32 at :data:`~examples.tunes.style.RATE`, and always the same
samples for the same arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from examples.tunes.style import RATE

Audio = NDArray[np.float32]

HIGHEST_PARTIAL: Final = 14_000.0
TABLE: Final = 4096
BLOCK: Final = 512
SILENCE: Final = np.log(1e-3)


@dataclass(frozen=True, slots=True)
class Tone:
    """How notes are played.

    Parameters
    ----------
    brightness
        Strength of the upper partials, 0 to 1.
    softness
        How gently notes begin, 0 to 1.
    """

    brightness: float
    softness: float


@dataclass(frozen=True, slots=True)
class Instrument:
    """A pitched instrument.

    Parameters
    ----------
    sound
        ``sound(frequency in Hz, seconds, tone)`` gives one note.
    rings
        Seconds that a struck note may ring; 0 for one that sounds as long as it is held.
    release
        Seconds in which a note dies when it is let go.
    """

    sound: Callable[[float, float, Tone], Audio]
    rings: float
    release: float


def _time(seconds: float) -> Audio:
    return np.arange(max(1, round(seconds * RATE)), dtype=np.float32) / np.float32(RATE)


def _normalised(samples: Audio, peak: float = 1.0) -> Audio:
    return (samples * (peak / max(1e-9, float(np.abs(samples).max())))).astype(np.float32)


def _growth(time: Audio, constant: float) -> Audio:
    """Exponential approach to 1, which is 1 to the last bit after 18 time constants."""
    growth = np.ones_like(time)
    early = time[: int(18 * constant * RATE)]
    growth[: early.size] = -np.expm1(-early / np.float32(constant))
    return growth


def _struck(
    frequencies: NDArray[Any],
    levels: NDArray[Any],
    decays: NDArray[Any],
    seconds: float,
    attack: float,
) -> Audio:
    """Sum of decaying sines; ``decays`` are seconds to fall by 60 dB, after which each is left out.

    A decaying sine is a power of a complex number, so sample ``BLOCK * i + j`` of all of them is
    an entry of one matrix product: a twentieth of the time that the sines would take one by one.
    """
    time = _time(seconds)
    audible = frequencies <= HIGHEST_PARTIAL
    decays = decays[audible]
    ends = np.maximum(1, np.round(np.minimum(decays, seconds) * RATE)).astype(int)
    logarithm = SILENCE / decays + 2j * np.pi * frequencies[audible]  # of the change in a second
    starts = np.arange(0, time.size, BLOCK)[:, np.newaxis]
    begun = np.where(starts < ends, levels[audible] * np.exp(logarithm * starts / RATE), 0)
    within = np.exp(logarithm[:, np.newaxis] * np.arange(BLOCK) / RATE)
    sines = np.hstack((begun.imag, begun.real)).astype(np.float32) @ np.vstack(
        (within.real, within.imag)
    ).astype(np.float32)
    # What is left out begins within a block.
    last, end = np.divmod(ends - 1, BLOCK)
    beyond = np.arange(BLOCK) > end[:, np.newaxis]
    ended = (begun[last, np.arange(last.size)][:, np.newaxis] * within).imag
    for block, rest in zip(last, np.where(beyond, ended, 0).astype(np.float32), strict=True):
        sines[block] -= rest
    total: Audio = sines.ravel()[: time.size]
    total *= _growth(time, attack)
    return _normalised(total)


def pluck(frequency: float, seconds: float, tone: Tone) -> Audio:
    """Plucked nylon string: every second partial weakened by where it is plucked."""
    k = np.arange(1, 25)
    levels = np.abs(np.sin(np.pi * k * 0.22)) / k ** (2.0 - 1.1 * tone.brightness)
    decays = 2.2 * (220.0 / frequency) ** 0.4 / (1 + 0.12 * (k - 1))
    return _struck(frequency * k, levels, decays, seconds, 0.001 + 0.06 * tone.softness)


def piano(frequency: float, seconds: float, tone: Tone) -> Audio:
    """Piano-like string: stretched partials, each falling fast at first and slowly after."""
    k = np.arange(1, 15)
    stretched = frequency * k * np.sqrt(1 + 4e-4 * (frequency / 440.0) * k**2)
    levels = k ** -(2.3 - 1.3 * tone.brightness)
    slow = 6.0 * (220.0 / frequency) ** 0.5 / (1 + 0.2 * (k - 1))
    return _struck(
        np.concatenate([stretched, stretched * 1.0007]),
        np.concatenate([levels * 0.7, levels * 0.3]),
        np.concatenate([slow * 0.35, slow]),
        seconds,
        0.0015 + 0.06 * tone.softness,
    )


def bell(frequency: float, seconds: float, tone: Tone) -> Audio:
    """Glockenspiel-like bar, with the partials of a free bar above a rounded fundamental."""
    return _struck(
        frequency * np.array([1.0, 2.0, 2.76, 5.4]),
        np.array([1.0, 0.35, 0.3 * tone.brightness, 0.18 * tone.brightness]),
        np.array([1.6, 1.0, 0.6, 0.25]) * (523.0 / frequency) ** 0.3,
        seconds,
        0.001 + 0.06 * tone.softness,
    )


def bass(frequency: float, seconds: float, tone: Tone) -> Audio:
    """Plucked bass, round rather than bright."""
    k = np.arange(1, 11)
    levels = k ** -(2.2 - 0.8 * tone.brightness)
    decays = 2.5 / (1 + 0.35 * (k - 1))
    return _struck(frequency * k, levels, decays, seconds, 0.003 + 0.05 * tone.softness)


def guitar(frequency: float, seconds: float, tone: Tone) -> Audio:
    """Electric guitar string as it enters the amplifier: rich, and slow to die."""
    k = np.arange(1, 17)
    levels = np.abs(np.sin(np.pi * k * 0.13)) / k ** (1.5 - 0.6 * tone.brightness)
    decays = 4.0 / (1 + 0.1 * (k - 1))
    return _struck(frequency * k, levels, decays, seconds, 0.001 + 0.05 * tone.softness)


def _table(frequency: float, slope: float, body: float) -> Audio:
    """One period of a saw-like wave whose partials fall as ``k ** -slope``.

    ``body`` is a frequency in Hz that the instrument's body strengthens.
    """
    count = int(min(48, max(1, HIGHEST_PARTIAL // frequency)))
    k = np.arange(1, count + 1)
    spectrum = np.zeros(TABLE // 2 + 1, dtype=np.complex128)
    resonance = 1 + np.exp(-(np.log2(frequency * k / body) ** 2))
    spectrum[1 : count + 1] = -1j * resonance * k**-slope
    return _normalised(np.fft.irfft(spectrum).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Players:
    """Who plays a held note together.

    Parameters
    ----------
    vibrato
        Its depth in cents.
    detune
        Each player's offset in cents.
    """

    vibrato: float
    detune: tuple[float, ...] = (0.0,)


def _held(
    frequency: float,
    seconds: float,
    tables: tuple[Audio, Audio],
    attack: float,
    players: Players,
) -> Audio:
    """Held note that grows from the first table (dull) to the second (bright)."""
    time = _time(seconds)
    growth = _growth(time, attack / 2)
    total = np.zeros_like(time)
    for player, cents in enumerate(players.detune):
        rate = 5.3 + 0.35 * player
        # Players find the vibrato after the note has begun.
        depth = players.vibrato * np.clip((time - 0.25) / 0.5, 0, 1)
        wobble = depth * np.sin(2 * np.pi * rate * time + 1.7 * player)
        speed = (frequency / RATE) * np.exp2((cents + wobble) / 1200.0, dtype=np.float64)
        index = ((np.cumsum(speed) + 0.37 * player) * TABLE).astype(np.int64)
        index &= TABLE - 1  # the rest of a division by the length, which is a power of two
        dull, bright = (table[index] for table in tables)
        total += dull + growth * (bright - dull)
    return _normalised(total * growth, 0.6)


def strings(frequency: float, seconds: float, tone: Tone) -> Audio:
    """Section of bowed strings: three players, vibrato, slow attack when soft."""
    slope = 1.9 - 0.9 * tone.brightness
    table = _table(frequency, slope, 900.0)
    attack = 0.04 + 0.35 * tone.softness
    return _held(frequency, seconds, (table, table), attack, Players(14, (-7, 0, 6)))


def cello(frequency: float, seconds: float, tone: Tone) -> Audio:
    """One low bowed string."""
    table = _table(frequency, 2.1 - 0.8 * tone.brightness, 350.0)
    return _held(frequency, seconds, (table, table), 0.1 + 0.4 * tone.softness, Players(10))


def brass(frequency: float, seconds: float, tone: Tone) -> Audio:
    """Horns, which brighten as they swell."""
    tables = (
        _table(frequency, 3.0, 600.0),
        _table(frequency, 1.7 - 0.9 * tone.brightness, 1100.0),
    )
    attack = 0.06 + 0.4 * tone.softness
    return _held(frequency, seconds, tables, attack, Players(6, (-5, 4)))


def pad(frequency: float, seconds: float, tone: Tone) -> Audio:
    """Soft synthetic choir."""
    table = _table(frequency, 2.8 - 1.2 * tone.brightness, 500.0)
    attack = 0.2 + 0.6 * tone.softness
    return _held(frequency, seconds, (table, table), attack, Players(4, (-9, 0, 8)))


INSTRUMENTS: Final[dict[str, Instrument]] = {
    "pluck": Instrument(pluck, rings=2.2, release=0.12),
    "piano": Instrument(piano, rings=4.5, release=0.25),
    "bell": Instrument(bell, rings=1.6, release=0.6),
    "bass": Instrument(bass, rings=2.5, release=0.08),
    "guitar": Instrument(guitar, rings=3.0, release=0.03),
    "strings": Instrument(strings, rings=0.0, release=0.18),
    "cello": Instrument(cello, rings=0.0, release=0.3),
    "brass": Instrument(brass, rings=0.0, release=0.15),
    "pad": Instrument(pad, rings=0.0, release=0.5),
}
"""Pitched instruments by name."""


def _noise(seconds: float, seed: int) -> Audio:
    count = max(1, round(seconds * RATE))
    return np.random.default_rng(seed).standard_normal(count, dtype=np.float32)


def _filtered(samples: Audio, cutoff: float | tuple[float, float], kind: str) -> Audio:
    sos = butter(2, cutoff, kind, fs=RATE, output="sos")
    filtered: Audio = sosfilt(sos, samples).astype(np.float32)
    return filtered


def _fall(seconds: float, decay: float) -> Audio:
    """Curve over ``seconds`` that falls by 60 dB within ``decay`` seconds."""
    curve: Audio = np.exp(np.float32(SILENCE / decay) * _time(seconds))
    return curve


def kick() -> Audio:
    """Bass drum: a sine that drops to 48 Hz, with a click."""
    time = _time(0.4)
    phase = 48 * time + 110 * 0.03 * -np.expm1(-time / 0.03)
    body = np.sin(2 * np.pi * phase) * _fall(0.4, 0.38)
    click = _filtered(_noise(0.4, 1), 3000.0, "highpass") * _fall(0.4, 0.02) * 0.2
    return _normalised(body + click)


def snare() -> Audio:
    """Snare drum: two drumhead modes under a band of noise."""
    time = _time(0.3)
    head = np.sin(2 * np.pi * 185 * time) + 0.6 * np.sin(2 * np.pi * 330 * time)
    wires = _filtered(_noise(0.3, 2), (900.0, 9000.0), "bandpass")
    return _normalised(head * _fall(0.3, 0.15) * 0.5 + wires * _fall(0.3, 0.28))


def hat() -> Audio:
    """Hi-hat, closed."""
    return _normalised(_filtered(_noise(0.09, 3), 7000.0, "highpass") * _fall(0.09, 0.08))


def open_hat() -> Audio:
    """Open hi-hat."""
    return _normalised(_filtered(_noise(0.4, 4), 6500.0, "highpass") * _fall(0.4, 0.4))


def crash() -> Audio:
    """Crash cymbal."""
    return _normalised(_filtered(_noise(2.2, 5), 3500.0, "highpass") * _fall(2.2, 2.0))


def brush() -> Audio:
    """Brush swept over a snare drum."""
    swell = np.sin(np.pi * np.clip(_time(0.25) / 0.25, 0, 1)) ** 2
    return _normalised(_filtered(_noise(0.25, 6), (2000.0, 8000.0), "bandpass") * swell)


def clap() -> Audio:
    """Hand clap: a few hands that just miss each other."""
    hands = sum(np.roll(_fall(0.25, 0.06 + 0.1 * (n == 2)), n * 450) for n in range(3))
    return _normalised(_filtered(_noise(0.25, 7), (800.0, 5000.0), "bandpass") * hands)


def tom(frequency: float) -> Audio:
    """Tom-tom tuned to ``frequency`` Hz."""
    time = _time(0.45)
    phase = frequency * (time + 0.02 * -np.expm1(-time / 0.04))
    skin = _filtered(_noise(0.45, 8), 1500.0, "lowpass") * _fall(0.45, 0.06)
    return _normalised(np.sin(2 * np.pi * phase) * _fall(0.45, 0.45) + 0.3 * skin)


def timpani() -> Audio:
    """Kettledrum with its preferred modes (1 : 1.5 : 1.98 : 2.44, Rossing 1982)."""
    modes = 73.4 * np.array([1.0, 1.5, 1.98, 2.44])
    decays = np.array([1.6, 1.3, 1.0, 0.7])
    tuned = _struck(modes, np.array([1.0, 0.7, 0.5, 0.3]), decays, 1.6, 0.002)
    mallet = _filtered(_noise(1.6, 9), 700.0, "lowpass") * _fall(1.6, 0.08)
    return _normalised(tuned + 0.6 * mallet)


DRUMS: Final[dict[str, Callable[[], Audio]]] = {
    "kick": kick,
    "snare": snare,
    "hat": hat,
    "open hat": open_hat,
    "crash": crash,
    "brush": brush,
    "clap": clap,
    "high tom": lambda: tom(170.0),
    "low tom": lambda: tom(95.0),
    "timpani": timpani,
}
"""Drums by name."""
