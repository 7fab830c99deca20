"""Ask Discord again when it stumbles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import aiohttp
import discord
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential

T = TypeVar("T")

DISCORD_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What is raised where Discord does not do what it is asked, or cannot be reached."""
ATTEMPTS = 3
FIRST_PAUSE = 1.0
"""Seconds before the second attempt; doubled before the third."""


async def insist(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask Discord for something, and again where that may help: discord.py itself does not always.

    Parameters
    ----------
    ask : callable
        May be called several times, even after it got through.

    Returns
    -------
    object
        What `ask` returns.

    Raises
    ------
    one of `DISCORD_ERRORS`
        If Discord does not do it.
    """
    async for attempt in AsyncRetrying(
        retry=retry_if_exception(may_pass),
        wait=wait_exponential(FIRST_PAUSE),
        stop=stop_after_attempt(ATTEMPTS),
        reraise=True,
    ):
        with attempt:
            return await ask()
    raise AssertionError  # the last attempt has raised its error


def may_pass(error: BaseException) -> bool:
    """Tell whether what failed may succeed a moment later."""
    if isinstance(error, discord.HTTPException):
        return (
            error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or error.status == HTTPStatus.TOO_MANY_REQUESTS
        )
    return isinstance(error, (aiohttp.ClientError, OSError))
