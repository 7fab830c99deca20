"""The gateway: one websocket per shard, sessions that can be resumed, events in order."""

from __future__ import annotations

import asyncio
import importlib
import json
import secrets
import time
import zlib
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import WSMsgType, web

from .changes import Changes
from .world import Json, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME = 0, 1, 2, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11
_IGNORED = frozenset({3, 4})  # presence and voice state: nothing in the stand-in shows them

GUILDS, GUILD_MEMBERS, PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, GUILD_REACTIONS = 1 << 9, 1 << 10
DIRECT_MESSAGES, DIRECT_REACTIONS = 1 << 12, 1 << 13
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = GUILD_MEMBERS | PRESENCES | MESSAGE_CONTENT

# Events that a bot receives only with an intent: in a server, in a direct conversation.
_INTENTS = {
    "MESSAGE_CREATE": (GUILD_MESSAGES, DIRECT_MESSAGES),
    "MESSAGE_UPDATE": (GUILD_MESSAGES, DIRECT_MESSAGES),
    "MESSAGE_DELETE": (GUILD_MESSAGES, DIRECT_MESSAGES),
    "MESSAGE_DELETE_BULK": (GUILD_MESSAGES, DIRECT_MESSAGES),
    "MESSAGE_REACTION_ADD": (GUILD_REACTIONS, DIRECT_REACTIONS),
    "MESSAGE_REACTION_REMOVE": (GUILD_REACTIONS, DIRECT_REACTIONS),
    "GUILD_CREATE": (GUILDS, GUILDS),
    "GUILD_DELETE": (GUILDS, GUILDS),
    "CHANNEL_CREATE": (GUILDS, GUILDS),
    "CHANNEL_UPDATE": (GUILDS, GUILDS),
    "CHANNEL_DELETE": (GUILDS, GUILDS),
    "GUILD_MEMBER_ADD": (GUILD_MEMBERS, GUILD_MEMBERS),
    "GUILD_MEMBER_REMOVE": (GUILD_MEMBERS, GUILD_MEMBERS),
}


IDENTIFY_PAUSE = 5.0
"""Seconds between two shards that share a place for identifying."""


class Encoder(Protocol):
    """Turns the text of one gateway message into what goes over the wire."""

    def __call__(self, text: str) -> str | bytes: ...


def encoder_for(compression: str | None) -> Encoder | None:
    """Make the encoder that a client asks for, or None where it is not known here."""
    if compression is None:
        return lambda text: text
    if compression == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda text: deflate.compress(text.encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)
    if compression == "zstd-stream":
        return _zstd_encoder()
    return None


def _zstd_encoder() -> Encoder | None:
    # discord.py asks for zstd where one of these is installed, in this order.
    try:
        compressor = importlib.import_module("zstandard").ZstdCompressor().compressobj()
        flush_block = importlib.import_module("zstandard").COMPRESSOBJ_FLUSH_BLOCK
    except ImportError:
        pass
    else:
        return lambda text: compressor.compress(text.encode()) + compressor.flush(flush_block)
    try:
        stream = importlib.import_module("compression.zstd").ZstdCompressor()
    except ImportError:
        return None
    return lambda text: bytes(stream.compress(text.encode(), mode=stream.FLUSH_BLOCK))


@dataclass(slots=True)
class Session:
    """One shard's session; it outlives its socket, so that it can be resumed."""

    shard: tuple[int, int]
    intents: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sequence: int = 0
    events: list[Json] = field(default_factory=list)
    connection: Connection | None = None


@dataclass(slots=True, eq=False)
class Connection:
    """One open websocket."""

    socket: web.WebSocketResponse
    encode: Encoder
    # Compression keeps a dictionary over all messages: they must leave in one order.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, message: Json) -> None:
        """Send one message, unless the socket has gone."""
        async with self.lock:
            if self.socket.closed:
                return
            frame = self.encode(json.dumps(message, separators=(",", ":")))
            try:
                if isinstance(frame, bytes):
                    await self.socket.send_bytes(frame)
                else:
                    await self.socket.send_str(frame)
            except ConnectionError:
                # The session keeps the event: the client gets it when it resumes.
                return


class Gateway:
    """Accepts shards and sends them what happens.

    Parameters
    ----------
    world : World
        What READY and GUILD_CREATE tell of.
    changes : Changes
        Told when a shard comes or goes.
    token : str
        The only token that may identify.
    url : str
        Where the gateway is reached.
    shards : int
        How many shards are recommended to the bot.
    max_concurrency : int or None
        How many shards may identify within five seconds, each with another remainder of its
        number; None to let them all.
    privileged_intents : int
        Privileged intents that are switched on for the application.
    heartbeat_interval : float
        Seconds between heartbeats that are asked of the client.

    Attributes
    ----------
    tells_members : bool
        Whether questions for members are answered.
    """

    def __init__(
        self,
        world: World,
        changes: Changes,
        *,
        token: str,
        url: str,
        shards: int = 1,
        max_concurrency: int | None = None,
        privileged_intents: int = 0,
        heartbeat_interval: float = 41.25,
    ) -> None:
        self.world = world
        self._changes = changes
        self.url = url
        self.shards = shards
        self.max_concurrency = max_concurrency
        self.refused_identifies = 0
        self._identified: dict[int, float] = {}
        self.privileged_intents = privileged_intents
        self.identifies: list[Json] = []
        self.resumes = 0
        self.heartbeats = 0
        self.tells_members = True
        self.away = False
        self.out: set[str] = set()
        self._token = token
        self._heartbeat_interval = heartbeat_interval
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()

    @property
    def intents(self) -> int:
        """Intents of the newest session; 0 before the first."""
        return list(self._sessions.values())[-1].intents if self._sessions else 0

    def connected_shards(self) -> set[int]:
        """Numbers of the shards that are connected and identified at this moment."""
        return {s.shard[0] for s in self._sessions.values() if s.connection is not None}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket from its first message to its last."""
        if self.away:
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        encode = encoder_for(request.query.get("compress"))
        if encode is None or request.query.get("encoding", "json") != "json":
            await socket.close(code=4002, message=b"Unknown encoding or compression")
            return socket
        connection = Connection(socket, encode)
        self._connections.add(connection)
        try:
            interval = {"heartbeat_interval": int(self._heartbeat_interval * 1000)}
            await connection.send({"op": HELLO, "d": interval, "s": None, "t": None})
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._receive(connection, frame.json())
        finally:
            self._connections.discard(connection)
            for session in self._sessions.values():
                if session.connection is connection:
                    session.connection = None
            self._changes.notify()
        return socket

    async def dispatch(self, event: str, data: Json, *, guild_id: str | None) -> bool:
        """Send an event to the shard that it belongs to, if the bot's intents include it.

        A shard that is away gets it when it resumes.

        Returns
        -------
        bool
            Whether there is a session, connected or away, for that shard.
        """
        session = self._session_for(guild_id)
        if session is None:
            return False
        in_guild, in_dm = _INTENTS.get(event, (0, 0))
        needed = in_dm if guild_id is None else in_guild
        if session.intents & needed == needed:
            await self._send_event(session, event, data)
        return True

    def strip(self, message: Json, *, guild_id: str | None) -> Json:
        """Take out what a bot without the message content intent does not see."""
        session = self._session_for(guild_id)
        sees_content = session is not None and session.intents & MESSAGE_CONTENT
        return message if sees_content else without_content(message, self.world.bot.id, guild_id)

    async def drop(self, code: int = 4000, *, resumable: bool = True) -> None:
        """Close every socket; a session that is not resumable must identify anew."""
        if not resumable:
            for session in self._sessions.values():
                session.connection = None
            self._sessions.clear()
        for connection in list(self._connections):
            await connection.socket.close(code=code)

    async def request_reconnect(self) -> None:
        """Ask every client to reconnect and resume, as Discord does before maintenance."""
        for connection in list(self._connections):
            await connection.send({"op": RECONNECT, "d": None, "s": None, "t": None})

    def _session_for(self, guild_id: str | None) -> Session | None:
        for session in reversed(self._sessions.values()):
            number, total = session.shard
            wanted = 0 if guild_id is None else (int(guild_id) >> 22) % total
            if number == wanted:
                return session
        return None

    async def _receive(self, connection: Connection, message: Json) -> None:
        operation, data = message.get("op"), message.get("d")
        if operation == HEARTBEAT:
            self.heartbeats += 1
            await connection.send({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
        elif operation == IDENTIFY and isinstance(data, dict):
            await self._identify(connection, data)
        elif operation == RESUME and isinstance(data, dict):
            await self._resume(connection, data)
        elif operation == REQUEST_MEMBERS and isinstance(data, dict):
            await self._send_members(connection, data)
        elif operation not in _IGNORED:
            await connection.socket.close(code=4001, message=b"Unknown opcode")

    async def _identify(self, connection: Connection, data: Json) -> None:
        self.identifies.append(data)
        intents = data.get("intents")
        if data.get("token") != self._token:
            await connection.socket.close(code=4004, message=b"Authentication failed.")
        elif not isinstance(intents, int):
            await connection.socket.close(code=4013, message=b"Invalid intent(s).")
        elif intents & PRIVILEGED & ~self.privileged_intents:
            await connection.socket.close(code=4014, message=b"Disallowed intent(s).")
        elif not _is_shard(data.get("shard", [0, 1])):
            await connection.socket.close(code=4010, message=b"Invalid shard.")
        elif self._identifies_too_soon(data.get("shard", [0, 1])[0]):
            self.refused_identifies += 1
            await connection.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
        else:
            number, total = data.get("shard", (0, 1))
            session = Session((number, total), intents, connection=connection)
            self._sessions[session.id] = session
            await self._welcome(session)
            self._changes.notify()

    def _identifies_too_soon(self, number: int) -> bool:
        if self.max_concurrency is None:
            return False
        now, bucket = time.monotonic(), number % self.max_concurrency
        if now < self._identified.get(bucket, -IDENTIFY_PAUSE) + IDENTIFY_PAUSE:
            return True
        self._identified[bucket] = now
        return False

    async def _welcome(self, session: Session) -> None:
        number, total = session.shard
        guilds = [
            guild for guild in self.world.guilds_of_bot() if (int(guild.id) >> 22) % total == number
        ]
        ready = {
            "v": 10,
            "user": self.world.bot.payload() | {"verified": True, "mfa_enabled": False},
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [number, total],
            "application": {"id": self.world.application_id, "flags": 0},
        }
        await self._send_event(session, "READY", ready)
        if session.intents & GUILDS:
            for guild in guilds:
                if guild.id not in self.out:
                    await self._send_event(session, "GUILD_CREATE", self.guild_create(guild.id))

    def guild_create(self, guild_id: str) -> Json:
        """Write GUILD_CREATE of a server: the bot is its only member without that intent."""
        members = self.world.members[guild_id]
        channels = [c for c in self.world.channels.values() if c.guild_id == guild_id]
        return self.world.guilds[guild_id].payload() | {
            "joined_at": members[self.world.bot.id].joined_at.isoformat(),
            "large": False,
            "unavailable": False,
            "member_count": len(members),
            "members": [members[self.world.bot.id].payload()],
            "channels": [channel.payload() for channel in channels],
            "threads": [],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    async def _resume(self, connection: Connection, data: Json) -> None:
        session = self._sessions.get(data.get("session_id", ""))
        if data.get("token") != self._token:
            await connection.socket.close(code=4004, message=b"Authentication failed.")
        elif session is None:
            await connection.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
        else:
            self.resumes += 1
            session.connection = connection
            for event in [e for e in session.events if e["s"] > data.get("seq", 0)]:
                await connection.send(event)
            await self._send_event(session, "RESUMED", {})
            self._changes.notify()

    async def _send_event(self, session: Session, event: str, data: Json) -> None:
        session.sequence += 1
        message = {"op": DISPATCH, "t": event, "s": session.sequence, "d": data}
        session.events.append(message)
        if session.connection is not None:
            await session.connection.send(message)

    async def _send_members(self, connection: Connection, data: Json) -> None:
        session = next((s for s in self._sessions.values() if s.connection is connection), None)
        members = self.world.members.get(str(data.get("guild_id")))
        if session is None or members is None or not self.tells_members:
            return
        wanted = data.get("user_ids")
        ids = {str(i) for i in (wanted if isinstance(wanted, list) else [wanted])}
        query = str(data.get("query", "")).lower()
        found = [
            member
            for member in members.values()
            if (member.user.id in ids if wanted else member.user.name.lower().startswith(query))
        ]
        chunk = {
            "guild_id": str(data["guild_id"]),
            "members": [member.payload() for member in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": sorted(ids - set(members)) if wanted else [],
            **({"nonce": data["nonce"]} if data.get("nonce") else {}),
        }
        await self._send_event(session, "GUILD_MEMBERS_CHUNK", chunk)


def _is_shard(shard: object) -> bool:
    match shard:
        case [int(number), int(total)]:
            return 0 <= number < total
    return False


def without_content(message: Json, bot_id: str, guild_id: str | None) -> Json:
    """Empty what needs the message content intent.

    Content stays in direct messages, in the bot's own and in those that mention the bot; the
    message that was replied to is judged by itself.
    """
    stripped = dict(message)
    mentioned = any(user["id"] == bot_id for user in message["mentions"])
    if guild_id is not None and message["author"]["id"] != bot_id and not mentioned:
        hidden: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
        stripped |= hidden
        if "message_snapshots" in message:
            stripped["message_snapshots"] = [
                {"message": snapshot["message"] | hidden}
                for snapshot in message["message_snapshots"]
            ]
    if isinstance(message.get("referenced_message"), dict):
        stripped["referenced_message"] = without_content(
            message["referenced_message"], bot_id, guild_id
        )
    return stripped
