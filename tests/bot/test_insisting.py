"""What is asked of Discord again, and what is not."""

from __future__ import annotations

import aiohttp
import pytest

from bot import insisting
from bot.insisting import insist


class Asked:
    """Fails some times, then says how often it was asked."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.times = 0

    async def ask(self, _what: str) -> int:
        self.times += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.times


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insisting, "FIRST_PAUSE", 0.01)


async def test_what_gets_through_is_returned() -> None:
    asked = Asked()
    # As callers write it: not itself a coroutine function.
    assert await insist(lambda: asked.ask("a")) == 1


async def test_what_stumbles_is_asked_again() -> None:
    asked = Asked(aiohttp.ClientConnectionError())
    assert await insist(lambda: asked.ask("a")) == 2


async def test_what_stumbles_for_good_is_given_up_with_its_error() -> None:
    asked = Asked(*[aiohttp.ClientConnectionError()] * 20)
    with pytest.raises(aiohttp.ClientConnectionError):
        await insist(lambda: asked.ask("a"))
    assert asked.times == insisting.ATTEMPTS


async def test_what_cannot_help_is_not_repeated() -> None:
    asked = Asked(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await insist(lambda: asked.ask("a"))
    assert asked.times == 1
