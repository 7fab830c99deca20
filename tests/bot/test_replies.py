from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import discord
import pytest

from bot import replies
from bot.outcomes import Answered, Filmed, NoAudio
from bot.presentation import texts
from bot.presentation.answers import Abilities, Content
from bot.replies import deliver
from tests.bot.songs import hearing

ANSWER = (Answered("Moonlit", hearing()),)


def refusal(status: int) -> discord.HTTPException:
    response = SimpleNamespace(status=status, reason="because")
    return discord.HTTPException(response, {"code": 0, "message": "no"})  # type: ignore[arg-type]


@dataclass
class Stubborn:
    """A place for an answer that refuses the first few."""

    errors: Iterable[Exception]
    shown: list[Content] = field(default_factory=list)
    tries: int = 0
    patience: float = 60.0
    """Seconds until it is too late for an answer."""
    abilities: Abilities = field(default_factory=Abilities)
    answer_id: int | None = None

    def __post_init__(self) -> None:
        self._left = iter(self.errors)
        self.until = time.monotonic() + self.patience

    async def tell(self, sentence: str) -> None: ...

    async def withdraw(self) -> None: ...

    async def show(self, content: Content) -> None:
        self.tries += 1
        for file in content["attachments"]:
            assert file.fp.read(), "a file must be fresh at each attempt"
            file.close()
        if error := next(self._left, None):
            raise error
        self.shown.append(content)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(replies, "LONGEST_PAUSE", 0.01)


async def test_the_whole_answer_is_shown() -> None:
    reply = Stubborn([])
    assert await deliver(reply, ANSWER)
    (content,) = reply.shown
    assert content["content"] is None
    assert content["embeds"][0].image.url == "attachment://mood.png"
    assert [file.filename for file in content["attachments"]] == ["mood.png"]


@pytest.mark.parametrize("status", [400, 403, 413])
async def test_without_the_right_to_attach_the_picture_is_left_out(status: int) -> None:
    reply = Stubborn([refusal(status)])
    assert await deliver(reply, ANSWER)
    (content,) = reply.shown
    assert content["content"] == texts.no_picture()
    assert content["embeds"][0].image.url is None
    assert content["attachments"] == []


async def test_without_the_right_to_embed_the_answer_is_a_text() -> None:
    reply = Stubborn([refusal(403), refusal(403)])
    assert await deliver(reply, ANSWER)
    (content,) = reply.shown
    assert content["content"] is not None
    assert "**romantic**" in content["content"]
    assert content["embeds"] == []


@pytest.mark.parametrize(
    "error",
    [aiohttp.ServerDisconnectedError(), ConnectionResetError(), TimeoutError()]
    + [refusal(status) for status in (429, 500, 503)],
    ids=repr,
)
async def test_an_outage_is_outlasted_with_the_whole_answer(error: Exception) -> None:
    reply = Stubborn([error] * 20)
    assert await deliver(reply, ANSWER)
    assert len(reply.shown[0]["attachments"]) == 1


async def test_what_keeps_failing_leaves_time_for_a_plainer_answer() -> None:
    class NoUploads(Stubborn):
        async def show(self, content: Content) -> None:
            if content["attachments"]:
                raise refusal(500)
            await super().show(content)

    reply = NoUploads([], patience=0.3)
    assert await deliver(reply, ANSWER)
    assert reply.shown[0]["content"] == texts.no_picture()


async def test_an_attempt_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class HangsOnce(Stubborn):
        async def show(self, content: Content) -> None:
            if not self.tries:
                self.tries += 1
                await asyncio.sleep(60)
            await super().show(content)

    monkeypatch.setattr(replies, "ATTEMPT_LIMIT", 0.05)
    reply = HangsOnce([])
    assert await deliver(reply, ANSWER)
    assert len(reply.shown[0]["attachments"]) == 1


@pytest.mark.parametrize("status", [401, 404])
async def test_an_interaction_that_is_over_is_left_alone(
    status: int, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = Stubborn([refusal(status)] * 9)
    assert not await deliver(reply, ANSWER)
    assert reply.tries == 1
    assert "answer lost" in caplog.text + capsys.readouterr().out


async def test_an_answer_that_nobody_takes_is_logged_and_raises_nothing(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for errors in ([refusal(403)] * 9, repeat(ConnectionResetError()), [ValueError()]):
        assert not await deliver(Stubborn(errors, patience=0.1), ANSWER)
        assert "answer lost" in caplog.text + capsys.readouterr().out


async def test_a_refusal_is_its_sentence() -> None:
    reply = Stubborn([])
    assert await deliver(reply, (NoAudio(),))
    assert reply.shown == [
        Content(content=texts.refusal(NoAudio()), embeds=[], attachments=[], view=None),
    ]


async def test_a_film_is_sent_with_its_words(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    reply = Stubborn([ConnectionResetError()])
    assert await deliver(reply, (Filmed("Moonlit", path, "Mostly romantic."),))
    (content,) = reply.shown
    (file,) = content["attachments"]
    assert (file.filename, file.description) == ("film.mp4", "Mostly romantic.")


async def test_a_film_that_is_not_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    reply = Stubborn([refusal(413)])
    assert await deliver(reply, (Filmed("Moonlit", path, "Mostly romantic."),))
    (content,) = reply.shown
    assert (content["content"], content["attachments"]) == (texts.film_not_taken(), [])
