"""Turn what a bot sends into messages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .interactions import LOADING
from .limits import EPHEMERAL, is_empty
from .refusal import Refusal
from .validator import Request
from .world import Attachment, Channel, File, Json, Message, User, World, now

_MENTION = re.compile(r"<@!?(\d+)>")


def compose(
    world: World,
    request: Request,
    channel: Channel,
    *,
    body: Json | None = None,
    kind: int = 0,
    reply_to: Message | None = None,
    interaction: Json | None = None,
) -> Message:
    """Make the bot's message of a request, without saving it.

    `body` is the message where it is only a part of the request's JSON.
    """
    content: Json = _body(request) if body is None else body
    text = content.get("content") or ""
    flags = content.get("flags") or 0
    return Message(
        author=world.bot,
        channel=channel,
        content=text,
        embeds=tuple(content.get("embeds") or ()),
        components=tuple(content.get("components") or ()),
        attachments=_uploaded(world, request, content, channel, ephemeral=bool(flags & EPHEMERAL)),
        flags=flags,
        kind=kind,
        **_pinged(world, content, reply_to),
        reply_to=reply_to,
        interaction=interaction,
        webhook_id=world.application_id if interaction is not None else None,
        nonce=str(content["nonce"]) if content.get("nonce") is not None else None,
    )


def amend(world: World, request: Request, message: Message, body: Json | None = None) -> Message:
    """Apply an edit to a message, without saving it.

    Raises
    ------
    Refusal
        If nothing would be left to show.
    """
    content: Json = _body(request) if body is None else body
    changes: dict[str, Any] = {
        key: tuple(content[key] or ()) for key in ("embeds", "components") if key in content
    }
    if "content" in content:
        changes["content"] = content["content"] or ""
    kept = message.attachments
    if "attachments" in content:
        described = {str(item["id"]): item for item in content["attachments"] or ()}
        kept = tuple(
            replace(a, description=described[a.id].get("description", a.description))
            for a in kept
            if a.id in described
        )
    added = _uploaded(world, request, content, message.channel, ephemeral=message.ephemeral)
    flags = (message.flags & ~LOADING) | (content.get("flags") or 0)
    amended = replace(message, attachments=(*kept, *added), flags=flags, edited=now(), **changes)
    if is_empty({"content": amended.content, **_shown(amended)}):
        raise Refusal(
            400,
            50006,
            "Cannot send an empty message",
            violation="an edit leaves an empty message",
        )
    return amended


def mentioned(world: World, content: str) -> tuple[User, ...]:
    """Find the users whom a text mentions."""
    ids = dict.fromkeys(_MENTION.findall(content))
    return tuple(world.users[user_id] for user_id in ids if user_id in world.users)


def _pinged(world: World, content: Json, reply_to: Message | None) -> dict[str, Any]:
    """Tell whom a message of the bot pings: those it names, as far as it lets them be."""
    text = content.get("content") or ""
    unlimited: Json = {"parse": ["users", "roles", "everyone"], "replied_user": True}
    allowed: Json = content.get("allowed_mentions") or unlimited
    kinds, ids = allowed.get("parse") or (), allowed.get("users") or ()
    pinged = [user for user in mentioned(world, text) if "users" in kinds or user.id in ids]
    if reply_to is not None and allowed.get("replied_user"):
        pinged.append(reply_to.author)
    calls_all = re.search("@everyone|@here", text) is not None
    return {
        "mentions": tuple(dict.fromkeys(pinged)),
        "pings_everyone": calls_all and "everyone" in kinds,
    }


def _body(request: Request) -> Json:
    return request.body if isinstance(request.body, dict) else {}


def _shown(message: Message) -> Json:
    return {
        "embeds": message.embeds,
        "components": message.components,
        "attachments": message.attachments,
    }


def _uploaded(
    world: World, request: Request, body: Json, channel: Channel, *, ephemeral: bool
) -> tuple[Attachment, ...]:
    described = {f"files[{item.get('id')}]": item for item in body.get("attachments") or ()}
    return tuple(
        world.store(
            File(
                upload.filename,
                upload.data,
                described.get(upload.part, {}).get("description"),
            ),
            channel,
            ephemeral=ephemeral,
        )
        for upload in request.uploads
    )
