from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot import download
from bot.download import (
    DownloadError,
    DownloadRules,
    FileGone,
    FileTooBig,
    ForeignHost,
    SourceUnavailable,
    downloaded,
)

SONG = bytes(range(256)) * 4096
LIMIT = len(SONG)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Server = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Server]:
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_get("/{name}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}/song.mp3"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "FIRST_PAUSE", 0.01)


def rules(url: str, *, limit: int = LIMIT, stall: float = 5, total: float = 30) -> DownloadRules:
    host = url.split("/")[2]
    return DownloadRules(hosts={host}, limit=limit, stall=stall, total=total)


def _is_empty(folder: Path) -> bool:
    return not list(folder.iterdir())


async def _song(_: web.Request) -> web.Response:
    return web.Response(body=SONG)


async def test_a_song_lies_in_a_private_file_until_the_block_ends(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    url = await serve(_song)
    async with downloaded(session, url, folder=tmp_path, rules=rules(url)) as path:
        assert path.read_bytes() == SONG
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert _is_empty(tmp_path)


async def test_the_file_is_deleted_when_the_work_on_it_fails(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    url = await serve(_song)
    with pytest.raises(ZeroDivisionError):
        async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
            raise ZeroDivisionError
    assert _is_empty(tmp_path)


async def test_a_cancelled_download_leaves_nothing(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    asked = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        asked.set()
        await asyncio.sleep(60)
        return web.Response()

    url = await serve(hang)

    async def fetch() -> None:
        async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
            pass

    task = asyncio.create_task(fetch())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _is_empty(tmp_path)


async def test_a_file_that_declares_too_much_is_refused_before_its_body(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    url = await serve(_song)
    with pytest.raises(FileTooBig) as caught:
        async with downloaded(session, url, folder=tmp_path, rules=rules(url, limit=LIMIT - 1)):
            pass
    assert caught.value.limit == LIMIT - 1
    assert _is_empty(tmp_path)


async def test_a_file_without_a_length_is_cut_off_at_the_limit(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    url = await serve(endless)
    with pytest.raises(FileTooBig):
        async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
            pass
    assert _is_empty(tmp_path)


async def test_a_compressed_answer_does_not_unpack_beyond_the_limit(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async def bomb(request: web.Request) -> web.Response:
        response = web.Response(body=bytes(64 * 1024 * 1024))
        response.enable_compression(web.ContentCoding.gzip)
        return response

    url = await serve(bomb)
    async with downloaded(session, url, folder=tmp_path, rules=rules(url)) as path:
        assert path.stat().st_size < LIMIT


async def _raw_server(answer: bytes) -> tuple[asyncio.Server, str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return server, f"http://127.0.0.1:{port}/song.mp3"


async def test_a_body_shorter_than_declared_is_no_song(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    server, url = await _raw_server(head + b"x" * 10)
    async with server:
        with pytest.raises(SourceUnavailable):
            async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
                pass
    assert _is_empty(tmp_path)


async def test_a_body_longer_than_declared_is_no_song(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n"
    server, url = await _raw_server(head + b"x" * 1000)
    async with server:
        with pytest.raises(SourceUnavailable):
            async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
                pass
    assert _is_empty(tmp_path)


async def test_a_stalled_download_is_given_up(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async def stall(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x")
        await asyncio.sleep(60)
        return response

    url = await serve(stall)
    with pytest.raises(SourceUnavailable):
        async with downloaded(session, url, folder=tmp_path, rules=rules(url, stall=0.1)):
            pass
    assert _is_empty(tmp_path)


async def test_all_attempts_together_have_one_time_limit(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    asked = 0

    async def trickle(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        response = web.StreamResponse(headers={"Content-Length": "1000000"})
        await response.prepare(request)
        for _ in range(1200):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    url = await serve(trickle)
    with pytest.raises(SourceUnavailable):
        async with downloaded(session, url, folder=tmp_path, rules=rules(url, total=2)):
            pass
    assert asked == 1
    assert _is_empty(tmp_path)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_server_that_recovers_is_asked_again(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path, status: int
) -> None:
    answers = iter([web.Response(status=status), web.Response(status=status)])

    async def recover(_: web.Request) -> web.Response:
        return next(answers, web.Response(body=SONG))

    url = await serve(recover)
    async with downloaded(session, url, folder=tmp_path, rules=rules(url)) as path:
        assert path.read_bytes() == SONG


async def test_a_server_that_is_away_is_a_failure_in_words(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/song.mp3"
        with pytest.raises(SourceUnavailable):
            async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
                pass


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_file_that_is_gone_is_asked_for_once(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path, status: int
) -> None:
    asked = 0

    async def gone(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=status)

    url = await serve(gone)
    with pytest.raises(FileGone):
        async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
            pass
    assert asked == 1


async def test_a_redirect_is_not_followed(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    asked = False

    async def elsewhere(_: web.Request) -> web.Response:
        nonlocal asked
        asked = True
        return web.Response(body=SONG)

    target = await serve(elsewhere)

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPFound(target)

    url = await serve(redirect)
    with pytest.raises(ForeignHost):
        async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
            pass
    assert not asked


async def test_a_host_may_be_an_address_of_ipv6(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    url = "http://[::1]:9/song.mp3"
    # Nobody answers there, but it is asked.
    with pytest.raises(DownloadError) as raised:
        async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
            pass
    assert not isinstance(raised.value, ForeignHost)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/other.mp3", "http://127.0.0.1:1/x", "file:///etc/passwd", ""])
async def test_no_kind_of_redirect_is_followed_to_anywhere(
    serve: Server, session: aiohttp.ClientSession, tmp_path: Path, status: int, target: str
) -> None:
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": target}, body=SONG)

    url = await serve(redirect)
    with pytest.raises(ForeignHost):
        async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
            pass
    assert asked == ["/song.mp3"]
    assert _is_empty(tmp_path)


async def test_a_server_that_never_answers_is_given_up(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/song.mp3"
        with pytest.raises(SourceUnavailable):
            async with downloaded(session, url, folder=tmp_path, rules=rules(url, stall=0.1)):
                pass
    assert _is_empty(tmp_path)


async def test_endless_headers_are_no_song(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    server, url = await _raw_server(b"HTTP/1.1 200 OK\r\n" + b"X-More: more\r\n" * 1_000_000)
    async with server:
        with pytest.raises(SourceUnavailable):
            async with downloaded(session, url, folder=tmp_path, rules=rules(url)):
                pass
    assert _is_empty(tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.mp3",
        "http://cdn.discordapp.com/a.mp3",
        "https://cdn.discordapp.com:8443/a.mp3",
        "https://cdn.discordapp.com@example.org/a.mp3",
        "https://cdn.discordapp.com.example.org/a.mp3",
        "https://cdn.discordapp.com\\@example.org/a.mp3",
        "https://example.org#@cdn.discordapp.com/a.mp3",
        "https://cdn.discordapp.com\x00.example.org/a.mp3",
        "ftp://cdn.discordapp.com/a.mp3",
        "http://127.0.0.1:1/a.mp3",
        "file:///etc/passwd",
        "https:///a.mp3",
        "https://[broken",
        "",
    ],
)
async def test_other_addresses_are_never_asked(
    session: aiohttp.ClientSession, tmp_path: Path, url: str
) -> None:
    only_discord = DownloadRules(hosts={"cdn.discordapp.com"}, limit=1, stall=1, total=1)
    with pytest.raises(ForeignHost):
        async with downloaded(session, url, folder=tmp_path, rules=only_discord):
            pass
    assert _is_empty(tmp_path)
