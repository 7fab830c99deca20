from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.attachments import audio_files


@dataclass(frozen=True)
class File:
    filename: str
    content_type: str | None = None


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ([File("a.mp3", "audio/mpeg")], 0),
        ([File("cover.png", "image/png"), File("a", "audio/ogg")], 1),
        ([File("a.FLAC"), File("b.mp3", "audio/mpeg")], 0),
        ([File("clip.mov", "video/quicktime")], 0),
        ([File("notes.txt", "text/plain"), File("song.opus", "application/octet-stream")], 1),
    ],
)
def test_the_first_file_that_may_be_audio_is_chosen(files: list[File], chosen: int) -> None:
    assert audio_files(files)[0] is files[chosen]


@pytest.mark.parametrize("files", [[], [File("a.png", "image/png"), File("mp3", None)]])
def test_without_audio_there_is_no_choice(files: list[File]) -> None:
    assert audio_files(files) == ()
