"""Messages and reactions in channels."""

from __future__ import annotations

from dataclasses import replace

from ..backend import Backend, Call
from ..posts import amend, compose
from ..refusal import Refusal, unknown
from ..world import (
    ADD_REACTIONS,
    ATTACH_FILES,
    EMBED_LINKS,
    MANAGE_MESSAGES,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
    Channel,
    Json,
    Message,
)


def _message(backend: Backend, call: Call) -> Message:
    return backend.message(call.params["channel"], call.params["message"])


def _readable(backend: Backend, call: Call) -> Channel:
    channel = backend.channel(call.params["channel"])
    if not channel.bot_permissions & READ_MESSAGE_HISTORY:
        raise Refusal(403, 50001, "Missing Access")
    return channel


def _permitted(message: Message) -> Message:
    """Leave out embeds where the bot may not show them, as Discord does without a word."""
    if message.channel.bot_permissions & EMBED_LINKS or not message.embeds:
        return message
    if not (message.content or message.attachments):
        raise Refusal(403, 50013, "Missing Permissions")
    return replace(message, embeds=())


def _own(backend: Backend, message: Message) -> Message:
    if message.author.id != backend.world.bot.id:
        raise Refusal(403, 50005, "Cannot edit a message authored by another user")
    return message


async def _list(backend: Backend, call: Call) -> list[Json]:
    messages = backend.world.messages_in(_readable(backend, call))
    before = int(call.query.get("before", 1 << 64))
    after = int(call.query.get("after", 0))
    found = [m for m in messages if after < int(m.id) < before]
    limit = int(call.query.get("limit", 50))
    chosen = found[:limit] if "after" in call.query else found[-limit:]
    return [backend.written(message) for message in reversed(chosen)]


async def _get(backend: Backend, call: Call) -> Json:
    _readable(backend, call)
    return backend.written(_message(backend, call))


def _to_speak_in(backend: Backend, call: Call, further: int = 0) -> Channel:
    """Find the channel of a call, in which the bot may speak and what is asked further."""
    channel = backend.channel(call.params["channel"])
    speak = SEND_MESSAGES if channel.parent_id is None else SEND_MESSAGES_IN_THREADS
    return backend.channel(channel.id, speak | further)


async def _create(backend: Backend, call: Call) -> Json:
    channel = _to_speak_in(backend, call, ATTACH_FILES if call.request.uploads else 0)
    if channel.recipient is not None and not channel.recipient.accepts_dms:
        raise Refusal(403, 50007, "Cannot send messages to this user")
    body = call.request.body or {}
    reference = body.get("message_reference") or {}
    reply_to = backend.world.messages.get(str(reference.get("message_id")))
    if reference and reply_to is None and reference.get("fail_if_not_exists", True):
        raise Refusal(400, 50035, "Invalid Form Body")
    if reference and not channel.bot_permissions & READ_MESSAGE_HISTORY:
        raise Refusal(403, 160002, "Cannot reply without permission to read message history")
    nonce = body.get("nonce")
    if nonce is not None and body.get("enforce_nonce"):
        for earlier in backend.world.messages_in(channel):
            if earlier.nonce == str(nonce):
                return backend.written(earlier)
    message = compose(
        backend.world, call.request, channel, kind=19 if reply_to else 0, reply_to=reply_to
    )
    return backend.written(await backend.post(_permitted(message)))


async def _edit(backend: Backend, call: Call) -> Json:
    message = _own(backend, _message(backend, call))
    backend.channel(message.channel.id, ATTACH_FILES if call.request.uploads else 0)
    amended = _permitted(amend(backend.world, call.request, message))
    return backend.written(await backend.edit(amended))


async def _delete(backend: Backend, call: Call) -> None:
    message = _message(backend, call)
    if message.author.id != backend.world.bot.id:
        backend.channel(message.channel.id, MANAGE_MESSAGES)
    await backend.delete(message)


async def _bulk_delete(backend: Backend, call: Call) -> None:
    channel = backend.channel(call.params["channel"], MANAGE_MESSAGES)
    for message_id in call.request.body["messages"]:
        await backend.delete(backend.message(channel.id, str(message_id)))


async def _typing(backend: Backend, call: Call) -> None:
    _to_speak_in(backend, call)


async def _add_reaction(backend: Backend, call: Call) -> None:
    message = _message(backend, call)
    # Anybody may join a reaction that is there.
    is_new = call.params["emoji"] not in message.reactions
    backend.channel(message.channel.id, READ_MESSAGE_HISTORY | (ADD_REACTIONS if is_new else 0))
    await backend.react(message, call.params["emoji"], backend.world.bot.id, present=True)


async def _remove_own_reaction(backend: Backend, call: Call) -> None:
    message = _message(backend, call)
    await backend.react(message, call.params["emoji"], backend.world.bot.id, present=False)


async def _remove_reaction(backend: Backend, call: Call) -> None:
    message = _message(backend, call)
    if call.params["user"] not in backend.world.users:
        raise unknown("User", 10013)
    backend.channel(message.channel.id, MANAGE_MESSAGES)
    await backend.react(message, call.params["emoji"], call.params["user"], present=False)


async def _reactions(backend: Backend, call: Call) -> list[Json]:
    users = _message(backend, call).reactions.get(call.params["emoji"], frozenset())
    return [backend.world.users[user_id].payload() for user_id in sorted(users, key=int)]


_MESSAGES = "/channels/{channel}/messages"
_REACTION = _MESSAGES + "/{message}/reactions/{emoji}"
ROUTES = (
    ("GET", _MESSAGES, _list),
    ("POST", _MESSAGES, _create),
    ("POST", _MESSAGES + "/bulk-delete", _bulk_delete),
    ("GET", _MESSAGES + "/{message}", _get),
    ("PATCH", _MESSAGES + "/{message}", _edit),
    ("DELETE", _MESSAGES + "/{message}", _delete),
    ("POST", "/channels/{channel}/typing", _typing),
    ("GET", _REACTION, _reactions),
    ("PUT", _REACTION + "/@me", _add_reaction),
    ("DELETE", _REACTION + "/@me", _remove_own_reaction),
    ("DELETE", _REACTION + "/{user}", _remove_reaction),
)
