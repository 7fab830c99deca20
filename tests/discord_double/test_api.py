"""The stand-in without any library: what goes over the wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from . import Channel, DiscordDouble, File, Guild, User
from .gateway import HEARTBEAT, HEARTBEAT_ACK, HELLO, IDENTIFY
from .openapi import OpenApi

needs_openapi = pytest.mark.skipif(
    OpenApi.load() is None, reason="Discord's description is not here"
)


@pytest.fixture
async def http(double: DiscordDouble) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {
        "Authorization": f"Bot {double.token}",
        "User-Agent": "DiscordBot (https://example.org, 1.0)",
    }
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


def identify(double: DiscordDouble) -> dict[str, Any]:
    return {"op": IDENTIFY, "d": {"token": double.token, "intents": 1, "properties": {}}}


async def test_gateway_speaks_plain_json(
    double: DiscordDouble, http: aiohttp.ClientSession, guild: Guild
) -> None:
    async with http.ws_connect(double.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == HELLO
        await socket.send_json({"op": HEARTBEAT, "d": None})
        assert (await socket.receive_json())["op"] == HEARTBEAT_ACK
        await socket.send_json(identify(double))
        ready, created = await socket.receive_json(), await socket.receive_json()
    assert (ready["t"], ready["s"]) == ("READY", 1)
    assert ready["d"]["guilds"] == [{"id": guild.id, "unavailable": True}]
    assert (created["t"], created["d"]["name"]) == ("GUILD_CREATE", "Music")


async def test_gateway_compresses_one_stream_over_all_messages(
    double: DiscordDouble, http: aiohttp.ClientSession
) -> None:
    inflate = zlib.decompressobj()
    async with http.ws_connect(double.gateway_url + "?compress=zlib-stream") as socket:
        hello = json.loads(inflate.decompress(await socket.receive_bytes()))
        await socket.send_json(identify(double))
        ready = json.loads(inflate.decompress(await socket.receive_bytes()))
    assert (hello["op"], ready["t"]) == (HELLO, "READY")


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("?compress=lzma", {}, 4002),
        ("?encoding=etf", {}, 4002),
        ("", {"op": 99}, 4001),
        ("", {"op": IDENTIFY, "d": {"token": "wrong", "intents": 0}}, 4004),
        ("", {"op": IDENTIFY, "d": {"token": "MTA.local.stand-in"}}, 4013),
        ("", {"op": IDENTIFY, "d": {"token": "MTA.local.stand-in", "intents": 1 << 1}}, 4014),
    ],
    ids=["compression", "encoding", "opcode", "token", "no intents", "intents"],
)
async def test_gateway_closes_with_discords_codes(
    double: DiscordDouble,
    http: aiohttp.ClientSession,
    query: str,
    message: dict[str, Any],
    code: int,
) -> None:
    async with http.ws_connect(double.gateway_url + query) as socket:
        if message:
            await socket.receive_json()
            await socket.send_json(message)
        await socket.receive()
        assert socket.close_code == code


async def test_each_shard_is_told_of_its_own_servers(http: aiohttp.ClientSession) -> None:
    async with DiscordDouble(shards=2) as double, contextlib.AsyncExitStack() as stack:
        guild = double.add_guild("Music", owner=double.add_user("Ann"))
        told = []
        for number in (0, 1):
            socket = await stack.enter_async_context(http.ws_connect(double.gateway_url))
            await socket.receive_json()
            message = identify(double)
            message["d"]["shard"] = [number, 2]
            await socket.send_json(message)
            told.append(len((await socket.receive_json())["d"]["guilds"]))
        await double.wait_connected()
        shard = (int(guild.id) >> 22) % 2
        assert told == ([1, 0] if shard == 0 else [0, 1])


async def test_nobody_acts_before_a_bot_has_connected(
    double: DiscordDouble, ann: User, channel: Channel
) -> None:
    with pytest.raises(RuntimeError, match="no bot has connected"):
        await double.post_message(ann, channel, "hello")
    with pytest.raises(TimeoutError, match="every shard connected"):
        await double.wait_connected(within=0.05)


async def test_wrong_token_is_unauthorised(
    double: DiscordDouble, http: aiohttp.ClientSession
) -> None:
    async with http.get(
        double.api_url + "/users/@me", headers={"Authorization": "Bot wrong"}
    ) as response:
        assert response.status == 401


@needs_openapi
async def test_unknown_route_is_a_violation(
    double: DiscordDouble, http: aiohttp.ClientSession
) -> None:
    async with http.get(double.api_url + "/songs") as response:
        assert response.status == 400
    assert [str(violation) for violation in double.violations] == ["GET /songs: no such route"]


async def test_route_that_the_stand_in_lacks_is_told_as_such(
    double: DiscordDouble, http: aiohttp.ClientSession
) -> None:
    async with http.get(double.api_url + "/voice/regions") as response:
        assert response.status == 501
    assert double.violations[0].reason == "the stand-in does not have this route"


async def test_refused_body_is_told_and_changes_nothing(
    double: DiscordDouble, http: aiohttp.ClientSession, channel: Channel
) -> None:
    url = f"{double.api_url}/channels/{channel.id}/messages"
    async with http.post(url, json={"content": "c" * 2001}) as response:
        assert response.status == 400
        answer = await response.json()
    assert answer["code"] == 50035
    assert double.world.messages_in(channel) == []


async def test_nonce_makes_one_message_of_two_requests(
    double: DiscordDouble, http: aiohttp.ClientSession, channel: Channel
) -> None:
    url = f"{double.api_url}/channels/{channel.id}/messages"
    body = {"content": "once", "nonce": "7", "enforce_nonce": True}
    ids = set()
    for _ in range(2):
        async with http.post(url, json=body) as response:
            ids.add((await response.json())["id"])
    assert len(ids) == 1


async def test_reply_to_a_deleted_message_is_refused_unless_it_may_fail(
    double: DiscordDouble, http: aiohttp.ClientSession, channel: Channel
) -> None:
    url = f"{double.api_url}/channels/{channel.id}/messages"
    reference: dict[str, Any] = {"message_id": "1"}
    statuses = []
    for fails in (True, False):
        reference["fail_if_not_exists"] = fails
        async with http.post(url, json={"content": "c", "message_reference": reference}) as got:
            statuses.append(got.status)
    assert statuses == [400, 200]


async def test_global_rate_limit_says_so(
    double: DiscordDouble, http: aiohttp.ClientSession
) -> None:
    double.fail("GET", "/users/@me", status=429, retry_after=0.5, is_global=True)
    async with http.get(double.api_url + "/users/@me") as response:
        assert (response.status, response.headers["X-RateLimit-Global"]) == (429, "true")
        assert await response.json() == {
            "message": "You are being rate limited.",
            "retry_after": 0.5,
            "global": True,
        }
    async with http.get(double.api_url + "/users/@me") as response:
        assert response.status == 200


async def test_bucket_is_used_up_and_fills_again(http: aiohttp.ClientSession) -> None:
    async with DiscordDouble(rate_limit=2) as double:
        headers = {"Authorization": f"Bot {double.token}"}
        answers = []
        for _ in range(3):
            async with http.get(double.api_url + "/users/@me", headers=headers) as response:
                answers.append((response.status, response.headers["X-RateLimit-Remaining"]))
                wait = float(response.headers["X-RateLimit-Reset-After"])
        assert answers == [(200, "1"), (200, "0"), (429, "0")]
        await asyncio.sleep(wait + 0.05)
        async with http.get(double.api_url + "/users/@me", headers=headers) as response:
            assert response.status == 200


async def test_command_keeps_its_id_and_changes_its_version(
    double: DiscordDouble, http: aiohttp.ClientSession
) -> None:
    url = f"{double.api_url}/applications/{double.world.application_id}/commands"
    written = []
    for description in ("one", "two"):
        async with http.put(url, json=[{"name": "mood", "description": description}]) as response:
            written += await response.json()
    first, second = written
    assert first["id"] == second["id"]
    assert first["version"] != second["version"]
    async with http.delete(f"{url}/{first['id']}") as response:
        assert response.status == 204
    assert double.commands == []


async def test_download_declares_its_length_and_needs_its_signature(
    double: DiscordDouble, http: aiohttp.ClientSession, channel: Channel
) -> None:
    stored = double.world.store(File("a song.mp3", b"ID3" + bytes(99)), channel)
    async with http.get(stored.url) as response:
        assert response.content_length == 102
        assert response.content_type == "audio/mpeg"
        assert await response.read() == stored.data
    async with http.get(stored.url.partition("?")[0]) as response:
        assert response.status == 404


async def test_download_may_be_slow_and_without_a_length(
    double: DiscordDouble, http: aiohttp.ClientSession, channel: Channel
) -> None:
    stored = double.world.store(File("a.mp3", bytes(3000)), channel)
    double.fail_download("*.mp3", bytes_per_second=10_000, declare_length=False)
    async with http.get(stored.url) as response:
        assert response.content_length is None
        assert len(await response.content.readany()) < 3000
        await response.read()


async def test_answers_of_the_stand_in_are_held_against_the_description(
    double: DiscordDouble, http: aiohttp.ClientSession, ann: User, guild: Guild, channel: Channel
) -> None:
    paths = [
        "/gateway/bot",
        "/users/@me",
        "/users/@me/guilds",
        f"/users/{ann.id}",
        "/applications/@me",
        "/oauth2/applications/@me",
        f"/applications/{double.world.application_id}/emojis",
        f"/guilds/{guild.id}",
        f"/guilds/{guild.id}/roles",
        f"/guilds/{guild.id}/channels",
        f"/guilds/{guild.id}/members/{ann.id}",
        f"/guilds/{guild.id}/members?limit=10",
        f"/channels/{channel.id}",
        f"/channels/{double.direct_channel(ann).id}",
    ]
    for path in paths:
        async with http.get(double.api_url + path) as response:
            assert response.status == 200, path
    assert double.violations == []
    assert double.own_errors == []
