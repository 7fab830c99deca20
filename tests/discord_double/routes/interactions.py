"""Answers to interactions: the first response, edits of it, and follow-ups."""

from __future__ import annotations

from ..backend import Backend, Call
from ..interactions import DEFER, DEFER_UPDATE, LOADING, REPLY, UPDATE, Exchange, check_followup
from ..limits import COMMAND, COMPONENT
from ..posts import amend, compose
from ..refusal import unknown
from ..world import Json, Message

REPLY_KIND, CHAT_INPUT_REPLY, CONTEXT_MENU_REPLY = 19, 20, 23


def _reply_kind(exchange: Exchange) -> int:
    if exchange.kind != COMMAND:
        return 0
    return CONTEXT_MENU_REPLY if exchange.context_menu else CHAT_INPUT_REPLY


def _metadata(exchange: Exchange) -> Json:
    written: Json = {
        "id": exchange.id,
        "type": exchange.kind,
        "user": exchange.user.payload(),
        "authorizing_integration_owners": exchange.owners,
    }
    if exchange.kind == COMPONENT and exchange.source is not None:
        written["interacted_message_id"] = exchange.source.id
    if exchange.trigger is not None:
        written["triggering_interaction_metadata"] = _metadata(exchange.trigger)
    return written


async def _respond(backend: Backend, call: Call) -> Json | None:
    exchange = backend.interactions.to_respond(call.params["interaction"], call.params["token"])
    callback: Json = call.request.body
    message = await _message_of(backend, call, exchange, callback)
    exchange.begin(callback, message)
    if call.query.get("with_response", "false").lower() not in ("1", "true"):
        return None
    written: Json = {"interaction": {"id": exchange.id, "type": exchange.kind}}
    if message is not None:
        written["interaction"] |= {
            "response_message_id": message.id,
            "response_message_loading": bool(message.flags & LOADING),
            "response_message_ephemeral": message.ephemeral,
        }
        if callback["type"] in (REPLY, UPDATE):
            written["resource"] = {"type": callback["type"], "message": backend.written(message)}
    return written


async def _message_of(
    backend: Backend, call: Call, exchange: Exchange, callback: Json
) -> Message | None:
    data = callback.get("data") or {}
    if callback["type"] == DEFER:
        data = {"flags": (data.get("flags") or 0) | LOADING}
    if callback["type"] in (REPLY, DEFER):
        message = compose(
            backend.world,
            call.request,
            exchange.channel,
            body=data,
            kind=_reply_kind(exchange),
            interaction=_metadata(exchange),
        )
        return await backend.post(message)
    if callback["type"] not in (DEFER_UPDATE, UPDATE) or exchange.source is None:
        return None
    source = backend.world.messages.get(exchange.source.id)
    if source is not None and callback["type"] == UPDATE:
        return await backend.edit(amend(backend.world, call.request, source, body=data))
    return source


async def _follow_up(backend: Backend, call: Call) -> Json:
    exchange = backend.interactions.to_follow(call.params["token"])
    flags = (call.request.body or {}).get("flags") or 0
    check_followup(exchange, flags)
    original = exchange.response
    if original is not None and exchange.thinking:
        # The first follow-up of a deferred response takes the place of "thinking…".
        return backend.written(await backend.edit(amend(backend.world, call.request, original)))
    message = compose(
        backend.world,
        call.request,
        exchange.channel,
        kind=REPLY_KIND if original else 0,
        reply_to=original,
        interaction=_metadata(exchange),
    )
    exchange.followup_ids.append(message.id)
    return backend.written(await backend.post(message))


def _own(backend: Backend, call: Call) -> Message:
    exchange = backend.interactions.to_follow(call.params["token"])
    message_id = call.params.get("message", exchange.response_id)
    known = (exchange.response_id, *exchange.followup_ids)
    if message_id is None or message_id not in known or message_id not in backend.world.messages:
        raise unknown("Message", 10008)
    return backend.world.messages[message_id]


async def _get(backend: Backend, call: Call) -> Json:
    return backend.written(_own(backend, call))


async def _edit(backend: Backend, call: Call) -> Json:
    amended = amend(backend.world, call.request, _own(backend, call))
    return backend.written(await backend.edit(amended))


async def _delete(backend: Backend, call: Call) -> None:
    await backend.delete(_own(backend, call))


_WEBHOOK = "/webhooks/{application}/{token}"
ROUTES = (
    ("POST", "/interactions/{interaction}/{token}/callback", _respond),
    ("POST", _WEBHOOK, _follow_up),
    *(
        (method, f"{_WEBHOOK}/messages/{message}", handler)
        for message in ("@original", "{message}")
        for method, handler in (("GET", _get), ("PATCH", _edit), ("DELETE", _delete))
    ),
)
