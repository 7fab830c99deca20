"""Messages and reactions in channels."""

from __future__ import annotations

from ..backend import Backend, Call
from ..posts import amend, compose
from ..refusal import Refusal, unknown
from ..world import (
    ADD_REACTIONS,
    ATTACH_FILES,
    MANAGE_MESSAGES,
    SEND_MESSAGES,
    Json,
    Message,
)


def _message(backend: Backend, call: Call) -> Message:
    return backend.message(call.params["channel"], call.params["message"])


def _own(backend: Backend, message: Message) -> Message:
    if message.author.id != backend.world.bot.id:
        raise Refusal(403, 50005, "Cannot edit a message authored by another user")
    return message


async def _list(backend: Backend, call: Call) -> list[Json]:
    messages = backend.world.messages_in(backend.channel(call.params["channel"]))
    before = int(call.query.get("before", 1 << 64))
    after = int(call.query.get("after", 0))
    found = [m for m in messages if after < int(m.id) < before]
    limit = int(call.query.get("limit", 50))
    chosen = found[:limit] if "after" in call.query else found[-limit:]
    return [backend.written(message) for message in reversed(chosen)]


async def _get(backend: Backend, call: Call) -> Json:
    return backend.written(_message(backend, call))


async def _create(backend: Backend, call: Call) -> Json:
    needed = SEND_MESSAGES | (ATTACH_FILES if call.request.uploads else 0)
    channel = backend.channel(call.params["channel"], needed)
    if channel.recipient is not None and not channel.recipient.accepts_dms:
        raise Refusal(403, 50007, "Cannot send messages to this user")
    body = call.request.body or {}
    reference = body.get("message_reference") or {}
    reply_to = backend.world.messages.get(str(reference.get("message_id")))
    if reference and reply_to is None and reference.get("fail_if_not_exists", True):
        raise Refusal(400, 50035, "Invalid Form Body")
    nonce = body.get("nonce")
    if nonce is not None and body.get("enforce_nonce"):
        for earlier in backend.world.messages_in(channel):
            if earlier.nonce == str(nonce):
                return backend.written(earlier)
    message = compose(
        backend.world, call.request, channel, kind=19 if reply_to else 0, reply_to=reply_to
    )
    return backend.written(await backend.post(message))


async def _edit(backend: Backend, call: Call) -> Json:
    message = _own(backend, _message(backend, call))
    return backend.written(await backend.edit(amend(backend.world, call.request, message)))


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
    backend.channel(call.params["channel"], SEND_MESSAGES)


async def _add_reaction(backend: Backend, call: Call) -> None:
    message = _message(backend, call)
    backend.channel(message.channel.id, ADD_REACTIONS)
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
