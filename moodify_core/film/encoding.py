"""Frames and sound into files: MP4 for films, animated WebP for teasers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from PIL import Image

from moodify_core.arrays import FloatArray
from moodify_core.film.pictures import Bytes
from moodify_core.film.plan import BUFFER_SECONDS, Plan
from moodify_core.film.shapes import Measures

# On top of x264's fastest preset: what a picture that mostly stands still gains most from, at
# little cost. Spreading quality over time alone (mbtree) is worth 3 dB at the same size.
_X264 = "mbtree=1:rc-lookahead=20:cabac=1:8x8dct=1:aq-mode=1:deblock=1,0,0:weightp=1"
_QUALITY = 24
"""x264's rate factor: the picture looks as drawn; the plan's bit rate only caps it."""
_KEY_SECONDS = 10
_RESERVE_SECONDS = 2.0
"""Pictures that the encoder still holds back when the next one is handed in."""


class FilmWriter:
    """Writes an MP4 that plays everywhere, within the bytes that the plan has for it.

    Parameters
    ----------
    path : Path
    title : str
        For the file's tags.
    measures : Measures
    plan : Plan
    seconds : float
        Length of the film.
    sound : tuple of int, optional
        Sample rate in Hz, and 1 or 2 channels. Default: a silent film.
    """

    def __init__(
        self,
        path: Path,
        title: str,
        measures: Measures,
        plan: Plan,
        seconds: float,
        sound: tuple[int, int] | None,
    ) -> None:
        self._plan, self._seconds = plan, seconds
        # The index goes first, so that a film plays while it still loads.
        self._file = av.open(path, "w", format="mp4", options={"movflags": "+faststart"})
        self._file.metadata["title"] = title
        self._picture = self._add_picture(measures)
        self._sound = self._add_sound(*sound) if sound else None
        self._samples = 0
        self._written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._mux(self._picture.encode(None))
                if self._sound:
                    self._mux(self._sound.encode(None))
        finally:
            self._file.close()

    def show(self, index: int, frame: Bytes) -> None:
        """Add a picture.

        Where there are no bytes left for it, the one before is shown for longer instead.

        Parameters
        ----------
        index : int
            Which of the plan's frames it is.
        frame : ndarray of uint8, shape (height * 3 / 2, width)
            As `moodify_core.film.frames.Frames` draws it.
        """
        if index and not self._can_pay(index / self._plan.frame_rate):
            return
        picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
        picture.pts = index
        picture.time_base = Fraction(1, self._plan.frame_rate)
        self._mux(self._picture.encode(picture))

    def play(self, samples: FloatArray) -> None:
        """Add sound.

        Parameters
        ----------
        samples : ndarray of float32, shape (n, channels)
        """
        if self._sound is None or not len(samples):
            return
        planes = np.ascontiguousarray(np.clip(samples, -1, 1).T)
        layout = "mono" if len(planes) == 1 else "stereo"
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
        frame.sample_rate = self._sound.sample_rate
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = self._samples
        self._samples += len(samples)
        self._mux(self._sound.encode(frame))

    def _can_pay(self, time: float) -> bool:
        if self._plan.payload is None:
            return True
        coming = self._plan.sound_rate * max(self._seconds - time, 0)
        held = self._plan.picture_rate * _RESERVE_SECONDS
        return self._written + (coming + held) / 8 < self._plan.payload

    def _add_picture(self, measures: Measures) -> VideoStream:
        plan = self._plan
        options = {
            "preset": "ultrafast",
            "crf": str(_QUALITY),
            "maxrate": str(plan.picture_rate),
            "bufsize": str(round(plan.picture_rate * BUFFER_SECONDS)),
            "x264-params": _X264,
        }
        stream = self._file.add_stream("libx264", rate=plan.frame_rate, options=options)
        stream.width, stream.height, stream.pix_fmt = measures.width, measures.height, "yuv420p"
        stream.gop_size = _KEY_SECONDS * plan.frame_rate
        stream.thread_count = 1
        _say_colours(stream)
        return stream

    def _add_sound(self, sample_rate: int, channels: int) -> AudioStream:
        layout = "mono" if channels == 1 else "stereo"
        stream = self._file.add_stream("aac", rate=sample_rate, layout=layout)
        stream.bit_rate = self._plan.sound_rate
        return stream

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            self._written += packet.size
            self._file.mux(packet)


def write_webp(path: Path, frame_rate: int, frames: Iterator[Bytes]) -> None:
    """Write an animated WebP that plays for ever.

    Parameters
    ----------
    path : Path
    frame_rate : int
        Frames per second.
    frames : iterator of ndarray of uint8, shape (height * 3 / 2, width)
        At least one.
    """
    images = (_as_image(frame) for frame in frames)
    next(images).save(
        path,
        "WEBP",
        save_all=True,
        append_images=images,
        duration=round(1000 / frame_rate),
        loop=0,
        quality=70,
        method=2,
        # Whole pictures at least this often: between them, libwebp takes slow changes of colour
        # for none at all.
        kmin=2,
        kmax=4,
    )


def _as_image(frame: Bytes) -> Image.Image:
    picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
    picture.colorspace = Colorspace.ITU709
    picture.color_range = ColorRange.MPEG
    return Image.fromarray(picture.to_ndarray(format="rgb24"))


@contextmanager
def whole_or_nothing(target: Path) -> Iterator[Path]:
    """Give a place to write to, and put what was written at its target once it is whole.

    Whatever goes wrong on the way, there is never a part of a file at the target.
    """
    with TemporaryDirectory(prefix=".film-", dir=target.parent) as folder:
        draft = Path(folder, target.name)
        yield draft
        draft.replace(target)


def _say_colours(stream: VideoStream) -> None:
    """Name the colours, or players guess them by the size of the picture."""
    codec = stream.codec_context
    codec.color_range = ColorRange.MPEG
    codec.colorspace = Colorspace.ITU709
    codec.color_primaries = ColorPrimaries.BT709
    codec.color_trc = ColorTrc.BT709
