"""Bring an attachment to a private file: only from known hosts, never more than allowed.

Errors form one tree::

    DownloadError
    ├── ForeignHost          the address is not one that attachments come from
    ├── FileTooBig           more bytes than allowed
    ├── FileGone             Discord no longer has it, or does not hand it out
    └── SourceUnavailable    Discord's servers failed, stalled or broke off, several times
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiofiles
import aiohttp
import structlog
import yarl
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    RetryError,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from bot import metrics
from bot.config import LOOPBACK

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ATTEMPTS = 3
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; doubled before each further one."""
CHUNK = 256 * 1024
"""Bytes per write: each one is a hop to a thread."""


class DownloadError(Exception):
    """The attachment could not be brought here."""


class ForeignHost(DownloadError):
    """The address, or where it redirects to, is not one that attachments come from."""


class FileGone(DownloadError):
    """The attachment is no longer there, or is not handed out."""


class SourceUnavailable(DownloadError):
    """The server failed, stalled or broke off each time."""


class FileTooBig(DownloadError):
    """The attachment has more bytes than allowed.

    Attributes
    ----------
    limit : int
        Bytes that are allowed.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class DownloadRules:
    """What a download may do.

    Attributes
    ----------
    hosts : collection of str
        Hosts that may be asked, lower case, with a port where it is not the usual one.
    limit : int
        Most bytes that are taken.
    stall : float
        Seconds without a byte after which an attempt is given up.
    total : float
        Seconds for all attempts together.
    """

    hosts: Collection[str]
    limit: int
    stall: float
    total: float


@asynccontextmanager
async def downloaded(
    session: aiohttp.ClientSession, url: str, *, folder: Path, rules: DownloadRules
) -> AsyncIterator[Path]:
    """Hold an attachment in a file that only this user can read, and delete it afterwards.

    Parameters
    ----------
    session : aiohttp.ClientSession
    url : str
        Address of the attachment.
    folder : Path
        Where the private folder of the file is made.
    rules : DownloadRules

    Yields
    ------
    Path
        The file. Its name says nothing of what it holds.

    Raises
    ------
    DownloadError
        If the attachment could not be brought here.
    OSError
        If it could not be written, for want of room for instance.
    """
    address = _checked(url, rules.hosts)
    with tempfile.TemporaryDirectory(dir=folder, prefix="song-") as private:
        path = Path(private) / "audio"
        with metrics.stage("download"):
            await _fetch_with_patience(session, address, path, rules)
        yield path


async def _fetch_with_patience(
    session: aiohttp.ClientSession, address: yarl.URL, path: Path, rules: DownloadRules
) -> None:
    insistent = AsyncRetrying(
        retry=retry_if_exception_type((aiohttp.ClientError, TimeoutError, SourceUnavailable)),
        wait=wait_exponential(FIRST_PAUSE),
        stop=stop_after_attempt(ATTEMPTS),
        before_sleep=_log_failure,
    )
    try:
        async with asyncio.timeout(rules.total):
            await insistent(_fetch, session, address, path, rules)
    except (RetryError, TimeoutError) as error:
        raise SourceUnavailable from error


def _log_failure(state: RetryCallState) -> None:
    assert state.outcome is not None
    # Only the kind: the text of some of these errors quotes what the server sent.
    kind = type(state.outcome.exception()).__name__
    log.warning("download failed", attempt=state.attempt_number, error=kind)


async def _fetch(
    session: aiohttp.ClientSession, address: yarl.URL, path: Path, rules: DownloadRules
) -> None:
    timeout = aiohttp.ClientTimeout(sock_connect=rules.stall, sock_read=rules.stall)
    async with session.get(
        address,
        timeout=timeout,
        allow_redirects=False,
        # Asked for as it is: a compressed answer could unpack to any size.
        headers={"Accept-Encoding": "identity"},
    ) as response:
        _check_status(response)
        if (response.content_length or 0) > rules.limit:
            raise FileTooBig(rules.limit)
        received = await _write(response, path, rules.limit)
        # aiohttp notices a body that is cut short, except in what HTTP/1.0 servers send.
        if response.content_length not in (None, received):
            raise SourceUnavailable


async def _write(response: aiohttp.ClientResponse, path: Path, limit: int) -> int:
    received = 0
    async with aiofiles.open(path, "wb", opener=_private) as file:
        async for chunk in response.content.iter_chunked(CHUNK):
            received += len(chunk)
            if received > limit:
                raise FileTooBig(limit)
            await file.write(chunk)
    return received


def _check_status(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status == HTTPStatus.OK:
        return
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        # Discord's own servers hand files out themselves.
        raise ForeignHost
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT) or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR
    ):
        raise SourceUnavailable(status)
    raise FileGone


def _checked(url: str, hosts: Collection[str]) -> yarl.URL:
    try:
        address = yarl.URL(url)
    except ValueError:
        raise ForeignHost from None
    secure = address.scheme == "https" or (address.scheme == "http" and address.host in LOOPBACK)
    host = (address.host_subcomponent or "").lower()
    names = {f"{host}:{address.port}"} | ({host} if address.is_default_port() else set())
    if not secure or names.isdisjoint(hosts):
        raise ForeignHost
    return address


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, mode=0o600)
