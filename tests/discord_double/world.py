"""What exists in the stand-in: users, servers, channels, messages; and how Discord writes them.

Everything is frozen: an edit puts a new message in the place of the old one.
"""

from __future__ import annotations

import mimetypes
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import PurePath
from typing import Any

from .limits import DEFAULT_FILE_SIZE, EPHEMERAL, MEBIBYTE

Json = dict[str, Any]

DISCORD_EPOCH_MS = 1_420_070_400_000
TEXT_CHANNEL, DM_CHANNEL, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 11, 12
REPLY, FORWARD = 0, 1

ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
SEND_MESSAGES_IN_THREADS = 1 << 38
ADMINISTRATOR = 1 << 3
USE_APPLICATION_COMMANDS = 1 << 31

BOT_PERMISSIONS = (
    ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | SEND_MESSAGES_IN_THREADS
    | USE_APPLICATION_COMMANDS
)
MEMBER_PERMISSIONS = BOT_PERMISSIONS
# Upload limit by boost tier.
FILE_SIZES = {0: DEFAULT_FILE_SIZE, 1: DEFAULT_FILE_SIZE, 2: 50 * MEBIBYTE, 3: 100 * MEBIBYTE}

_increments = count()


def new_id() -> str:
    """Make a snowflake of this moment."""
    milliseconds = time.time_ns() // 1_000_000 - DISCORD_EPOCH_MS
    return str(milliseconds << 22 | next(_increments) & 0x3FFFFF)


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class File:
    """A file that a user uploads."""

    name: str
    data: bytes = field(repr=False)
    description: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A user or a bot; `accepts_dms` is false for who has closed their direct messages.

    `locale` is the language of their client.
    """

    name: str
    id: str = field(default_factory=new_id)
    bot: bool = False
    accepts_dms: bool = True
    locale: str = "en-US"

    def payload(self) -> Json:
        """Write the user as the API does."""
        return {
            "id": self.id,
            "username": self.name if self.bot else self.name.lower(),
            "global_name": None if self.bot else self.name,
            "discriminator": "0000" if self.bot else "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }


@dataclass(frozen=True, slots=True)
class Channel:
    """A text channel of a server, a thread in one, or a direct conversation with the bot.

    Attributes
    ----------
    bot_permissions : int
        What the bot may do here.
    seen_by : tuple of str or None
        Ids of those who see the channel; None where everybody does.
    parent_id : str or None
        The channel that a thread is in.
    private : bool
        Whether a thread is for its members, of whom the bot is one, alone.
    owner_id : str or None
        Who started a thread.
    """

    name: str
    guild_id: str | None
    id: str = field(default_factory=new_id)
    recipient: User | None = None
    bot_permissions: int = BOT_PERMISSIONS
    seen_by: tuple[str, ...] | None = None
    parent_id: str | None = None
    private: bool = False
    owner_id: str | None = None

    @property
    def in_sight(self) -> bool:
        """Whether the bot hears what happens here."""
        return self.recipient is not None or bool(self.bot_permissions & VIEW_CHANNEL)

    def payload(self) -> Json:
        """Write the channel as the API does."""
        if self.recipient is not None:
            return {
                "id": self.id,
                "type": DM_CHANNEL,
                "flags": 0,
                "last_message_id": None,
                "recipients": [self.recipient.payload()],
            }
        if self.parent_id is not None:
            return self._thread_payload(self.parent_id)
        denied = BOT_PERMISSIONS & ~self.bot_permissions
        if self.seen_by is not None:
            denied |= VIEW_CHANNEL
        overwrites = [{"id": self.guild_id, "type": 0, "allow": "0", "deny": str(denied)}]
        overwrites += [
            {"id": each, "type": 1, "allow": str(VIEW_CHANNEL), "deny": "0"}
            for each in self.seen_by or ()
        ]
        return {
            "id": self.id,
            "type": TEXT_CHANNEL,
            "guild_id": self.guild_id,
            "name": self.name,
            "position": 0,
            "flags": 0,
            "permission_overwrites": overwrites if denied else [],
            "nsfw": False,
            "topic": None,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "last_message_id": None,
        }

    def _thread_payload(self, parent_id: str) -> Json:
        return {
            "id": self.id,
            "type": PRIVATE_THREAD if self.private else PUBLIC_THREAD,
            "guild_id": self.guild_id,
            "parent_id": parent_id,
            "owner_id": self.owner_id,
            "name": self.name,
            "flags": 0,
            "message_count": 0,
            "total_message_sent": 0,
            "member_count": 1,
            "rate_limit_per_user": 0,
            "last_message_id": None,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": now().isoformat(),
                "locked": False,
                "create_timestamp": now().isoformat(),
                **({"invitable": True} if self.private else {}),
            },
        }


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a server."""

    user: User
    nick: str | None = None
    permissions: int = MEMBER_PERMISSIONS
    roles: tuple[str, ...] = ()
    joined_at: datetime = field(default_factory=now)

    def payload(self) -> Json:
        """Write the member as the API does."""
        return {
            "user": self.user.payload(),
            "nick": self.nick,
            "avatar": None,
            "banner": None,
            "roles": list(self.roles),
            "joined_at": self.joined_at.isoformat(),
            "premium_since": None,
            "communication_disabled_until": None,
            "pending": False,
            "flags": 0,
            "mute": False,
            "deaf": False,
        }


@dataclass(frozen=True, slots=True)
class Role:
    """A role of a server, which permits nothing by itself; `bot_id` is set if it is a bot's own."""

    name: str
    id: str = field(default_factory=new_id)
    bot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Guild:
    """A server; `tier` is its boost tier, which sets the upload limit."""

    name: str
    owner_id: str
    id: str = field(default_factory=new_id)
    tier: int = 0
    locale: str = "en-US"
    system_channel_id: str | None = None
    roles: tuple[Role, ...] = ()

    @property
    def file_size(self) -> int:
        """Largest allowed file in bytes."""
        return FILE_SIZES[self.tier]

    def payload(self) -> Json:
        """Write the server as the API does."""
        return {
            "id": self.id,
            "name": self.name,
            "owner_id": self.owner_id,
            "features": [],
            "roles": [
                _role(Role("@everyone", self.id), MEMBER_PERMISSIONS),
                *(_role(each, 0) for each in self.roles),
            ],
            "emojis": [],
            "stickers": [],
            "region": "deprecated",
            "preferred_locale": self.locale,
            "premium_tier": self.tier,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw": False,
            "nsfw_level": 0,
            "afk_timeout": 300,
            "system_channel_flags": 0,
            "widget_enabled": False,
            "max_members": 500_000,
            "max_video_channel_users": 25,
            "max_stage_video_channel_users": 50,
            "system_channel_id": self.system_channel_id,
            **dict.fromkeys(_NULL_IN_A_GUILD),
        }


_NULL_IN_A_GUILD = (
    "icon",
    "description",
    "home_header",
    "splash",
    "discovery_splash",
    "banner",
    "application_id",
    "afk_channel_id",
    "widget_channel_id",
    "max_presences",
    "vanity_url_code",
    "rules_channel_id",
    "safety_alerts_channel_id",
    "public_updates_channel_id",
    "incidents_data",
)


def _role(role: Role, permissions: int) -> Json:
    return {
        "id": role.id,
        "name": role.name,
        "permissions": str(permissions),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.bot_id is not None,
        "mentionable": False,
        **({"tags": {"bot_id": role.bot_id}} if role.bot_id else {}),
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as Discord keeps it: its name made safe, its bytes, its alt text.

    Attributes
    ----------
    title : str or None
        The original name without its ending, where the safe name differs.
    """

    filename: str
    data: bytes = field(repr=False)
    url: str
    id: str
    content_type: str | None = None
    description: str | None = None
    title: str | None = None
    ephemeral: bool = False

    def payload(self) -> Json:
        """Write the attachment as the API does."""
        written: Json = {
            "id": self.id,
            "filename": self.filename,
            "size": len(self.data),
            "url": self.url,
            "proxy_url": self.url,
        }
        optional = {
            "content_type": self.content_type,
            "description": self.description,
            "title": self.title,
            "ephemeral": self.ephemeral or None,
        }
        return written | {key: value for key, value in optional.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands at one moment."""

    author: User
    channel: Channel
    id: str = field(default_factory=new_id)
    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0
    kind: int = 0
    reactions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    mentions: tuple[User, ...] = ()
    pings_everyone: bool = False
    reply_to: Message | None = None
    forwarded: Message | None = None
    interaction: Json | None = None
    webhook_id: str | None = None
    nonce: str | None = None
    timestamp: datetime = field(default_factory=now)
    edited: datetime | None = None

    @property
    def ephemeral(self) -> bool:
        """Whether only the user of the interaction sees it."""
        return bool(self.flags & EPHEMERAL)

    def attachment(self, filename: str) -> Attachment:
        """Find an attachment by its name; LookupError where there is none."""
        for attachment in self.attachments:
            if attachment.filename == filename:
                return attachment
        raise LookupError(f"no attachment {filename!r} among {self.attachments}")

    def component(self, key: str) -> Json:
        """Find a component by its custom_id or its label; LookupError where there is none."""
        pending = list(self.components)
        while pending:
            component = pending.pop(0)
            if key in (component.get("custom_id"), component.get("label")):
                return component
            pending += component.get("components", [])
            if isinstance(component.get("accessory"), dict):
                pending.append(component["accessory"])
        raise LookupError(f"no component {key!r} on the message")

    def payload(self, *, viewer_id: str, nested: bool = False) -> Json:
        """Write the message as the API does, for the user of `viewer_id`."""
        written: Json = {
            "id": self.id,
            "type": self.kind,
            "channel_id": self.channel.id,
            "author": self.author.payload(),
            "content": self.content,
            "embeds": [_written_embed(embed, self.attachments) for embed in self.embeds],
            "components": numbered(self.components),
            "attachments": [attachment.payload() for attachment in self.attachments],
            "mentions": [user.payload() for user in self.mentions],
            "mention_roles": [],
            "mention_everyone": self.pings_everyone,
            "pinned": False,
            "tts": False,
            "flags": self.flags,
            "timestamp": self.timestamp.isoformat(),
            "edited_timestamp": self.edited.isoformat() if self.edited else None,
        }
        if self.reactions:
            written["reactions"] = [
                _written_reaction(emoji, users, viewer_id)
                for emoji, users in self.reactions.items()
            ]
        if self.interaction is not None:
            written["interaction_metadata"] = self.interaction
        if self.webhook_id is not None:
            written |= {"webhook_id": self.webhook_id, "application_id": self.webhook_id}
        if self.nonce is not None:
            written["nonce"] = self.nonce
        if self.forwarded is not None:
            whole = self.forwarded.payload(viewer_id=viewer_id, nested=True)
            snapshot = {key: whole[key] for key in _KEPT_IN_A_SNAPSHOT}
            written["message_reference"] = _reference(FORWARD, self.forwarded)
            written["message_snapshots"] = [{"message": snapshot}]
        if self.reply_to is not None and not nested:
            written["message_reference"] = _reference(REPLY, self.reply_to)
            written["referenced_message"] = self.reply_to.payload(viewer_id=viewer_id, nested=True)
        return written


# Who wrote it, and where, a forwarded message does not tell.
_KEPT_IN_A_SNAPSHOT = (
    "type",
    "content",
    "embeds",
    "attachments",
    "timestamp",
    "edited_timestamp",
    "flags",
    "mentions",
    "mention_roles",
    "components",
)


def _reference(kind: int, message: Message) -> Json:
    guild_id = message.channel.guild_id
    return {
        "type": kind,
        "message_id": message.id,
        "channel_id": message.channel.id,
        **({"guild_id": guild_id} if guild_id else {}),
    }


def numbered(components: Iterable[Json]) -> list[Json]:
    """Give components the running ids that Discord adds to those that have none."""
    numbers = count(1)

    def visit(component: Json) -> Json:
        written = {key: value for key, value in component.items() if value is not None}
        written.setdefault("id", next(numbers))
        if "options" in written:
            written["options"] = [dict(option) for option in written["options"]]
        if component.get("type") in (3, 5, 6, 7, 8):
            written = {"min_values": 1, "max_values": 1} | written
        for holder in (written, *written.get("options", [])):
            if isinstance(holder.get("emoji"), dict):
                emoji = holder["emoji"]
                holder["emoji"] = {key: value for key, value in emoji.items() if value is not None}
        if "components" in component:
            written["components"] = [visit(child) for child in component["components"]]
        if isinstance(component.get("accessory"), dict):
            written["accessory"] = visit(component["accessory"])
        return written

    return [visit(component) for component in components]


def safe_filename(name: str) -> str:
    """Make a name safe as Discord does: ASCII letters, digits, dot, dash and underscore."""
    return re.sub(r"[^\w.-]", "_", PurePath(name).name, flags=re.ASCII) or "unknown"


def _written_reaction(emoji: str, users: frozenset[str], viewer_id: str) -> Json:
    return {
        "emoji": {"id": None, "name": emoji},
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [],
        "me": viewer_id in users,
        "me_burst": False,
    }


def _written_embed(embed: Json, attachments: Iterable[Attachment]) -> Json:
    urls = {f"attachment://{attachment.filename}": attachment.url for attachment in attachments}
    written = {"type": "rich"} | {key: value for key, value in embed.items() if value is not None}
    for place in ("image", "thumbnail"):
        if isinstance(written.get(place), dict):
            source = written[place].get("url")
            url = urls.get(source, source)
            written[place] = written[place] | {"url": url, "proxy_url": url}
    if "fields" in written:
        written["fields"] = [{"inline": False} | entry for entry in written["fields"]]
    return written


class World:
    """All that exists, by id.

    Parameters
    ----------
    bot_name : str
        Name of the bot and of its application.
    origin : str
        Where attachments are served, such as ``http://127.0.0.1:8000``.
    """

    def __init__(self, bot_name: str, origin: str) -> None:
        self.origin = origin
        self.bot = User(bot_name, bot=True)
        # An application made today shares its id with its bot user.
        self.application_id = self.bot.id
        self.owner = User("Operator")
        self.users: dict[str, User] = {user.id: user for user in (self.bot, self.owner)}
        self.guilds: dict[str, Guild] = {}
        self.members: dict[str, dict[str, Member]] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, Message] = {}
        self.history: dict[str, list[Message]] = {}
        self.attachments: dict[str, Attachment] = {}

    def add_user(self, user: User) -> User:
        """Let a user exist."""
        self.users[user.id] = user
        return user

    def add_guild(self, guild: Guild, members: Iterable[User] = ()) -> Guild:
        """Let a server exist, with its owner and further members."""
        self.guilds[guild.id] = guild
        owner = Member(self.users[guild.owner_id], permissions=ADMINISTRATOR | MEMBER_PERMISSIONS)
        self.members[guild.id] = {owner.user.id: owner}
        for user in members:
            self.add_member(guild, user)
        return guild

    def add_member(
        self,
        guild: Guild,
        user: User,
        permissions: int = MEMBER_PERMISSIONS,
        roles: Iterable[Role] = (),
    ) -> Member:
        """Let a user be in a server; who is there already stays as they are."""
        member = Member(user, permissions=permissions, roles=tuple(each.id for each in roles))
        return self.members[guild.id].setdefault(user.id, member)

    def guilds_of_bot(self) -> list[Guild]:
        """List the servers that the bot is in."""
        return [g for g in self.guilds.values() if self.bot.id in self.members[g.id]]

    def add_channel(self, channel: Channel) -> Channel:
        """Let a channel exist."""
        self.channels[channel.id] = channel
        return channel

    def direct_channel(self, user: User) -> Channel:
        """Find the direct conversation of the bot with a user, or open it."""
        for channel in self.channels.values():
            if channel.recipient == user:
                return channel
        return self.add_channel(Channel(user.name, None, recipient=user))

    def guild_of(self, channel: Channel) -> Guild | None:
        """Find the server that a channel belongs to; None for a direct conversation."""
        return self.guilds[channel.guild_id] if channel.guild_id else None

    def file_size(self, channel: Channel) -> int:
        """Largest file in bytes that the bot may upload to a channel."""
        guild = self.guild_of(channel)
        return guild.file_size if guild else DEFAULT_FILE_SIZE

    def store(self, file: File, channel: Channel, *, ephemeral: bool = False) -> Attachment:
        """Keep an uploaded file where the CDN finds it."""
        attachment_id = new_id()
        filename = safe_filename(file.name)
        folder = "ephemeral-attachments" if ephemeral else "attachments"
        issued = int(time.time())
        attachment = Attachment(
            filename=filename,
            data=file.data,
            id=attachment_id,
            url=(
                f"{self.origin}/{folder}/{channel.id}/{attachment_id}/{filename}"
                f"?ex={issued + 86_400:x}&is={issued:x}&hm={int(attachment_id):064x}&"
            ),
            content_type=mimetypes.guess_type(filename)[0],
            description=file.description,
            title=PurePath(file.name).stem if filename != file.name else None,
            ephemeral=ephemeral,
        )
        self.attachments[attachment_id] = attachment
        return attachment

    def save(self, message: Message) -> Message:
        """Put a message, new or edited, in its place; what stood there becomes history."""
        if message.id in self.messages:
            self.history[message.id].append(self.messages[message.id])
        else:
            self.history[message.id] = []
        self.messages[message.id] = message
        return message

    def delete(self, message: Message) -> None:
        """Take a message out of the world; its history stays."""
        self.history[message.id].append(self.messages.pop(message.id))

    def react(self, message: Message, emoji: str, user: User, *, present: bool) -> Message:
        """Add a user's reaction to a message, or take it away."""
        users = message.reactions.get(emoji, frozenset())
        users = users | {user.id} if present else users - {user.id}
        reactions = {**message.reactions, emoji: users}
        left = {name: who for name, who in reactions.items() if who}
        changed = replace(message, reactions=left)
        self.messages[message.id] = changed
        return changed

    def messages_in(self, channel: Channel) -> list[Message]:
        """List what everybody sees in a channel, oldest first."""
        return [
            message
            for message in self.messages.values()
            if message.channel.id == channel.id and not message.ephemeral
        ]

    def application(self, flags: int = 0) -> Json:
        """Write the bot's application as the API does."""
        return {
            "id": self.application_id,
            "name": self.bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "bot": self.bot.payload(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": flags,
            "flags_new": str(flags),
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": self.owner.payload(),
            "approximate_guild_count": len(self.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": ["bot", "applications.commands"],
        }
