"""The HTTP API: every request is judged first, and answered only if Discord would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.web_request import FileField

from .backend import Backend, Call
from .faults import Fault, Faults, RateLimits, rate_limited_body
from .limits import COMMAND, Upload
from .openapi import Operation
from .refusal import Refusal
from .routes import ROUTES, Handler
from .validator import Context, Request, Validator, Violation, decode_json
from .world import Json, Message

PREFIX = "/api/v10"
_OPEN_ROUTES = frozenset({"/gateway"})


class Api:
    """Serves the routes of one backend.

    Attributes
    ----------
    violations : list[Violation]
        Every rule that the bot has broken, oldest first.
    own_errors : list[str]
        Answers of the stand-in that are not like Discord's: its own mistakes.
    requests : list[tuple[str, str, int]]
        Method, path and answered status of every request, oldest first.
    """

    def __init__(
        self, backend: Backend, validator: Validator, *, token: str, rate_limit: int
    ) -> None:
        self.backend = backend
        self.validator = validator
        self.faults = Faults()
        self.violations: list[Violation] = []
        self.own_errors: list[str] = []
        self.requests: list[tuple[str, str, int]] = []
        self._authorization = f"Bot {token}"
        self._rate_limits = RateLimits(rate_limit)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register every route, and a last one for all that is not a route."""
        for method, path, handler in ROUTES:
            router.add_route(method, PREFIX + path, partial(self._serve, handler))
        router.add_route("*", PREFIX + "/{rest:.*}", partial(self._serve, None))

    async def _serve(self, handler: Handler | None, raw: web.Request) -> web.Response:
        request = await read(raw)
        try:
            response = await self._answer(handler, request, raw)
        except Refusal as refusal:
            if refusal.violation is not None:
                self._record(request, refusal.violation)
            response = _json(
                {"message": refusal.message, "code": refusal.code}, status=refusal.status
            )
        self.requests.append((request.method, request.path, response.status))
        self.backend.changes.notify()
        return response

    async def _answer(
        self, handler: Handler | None, request: Request, raw: web.Request
    ) -> web.Response:
        violations = self.validator.check(request, self._context(raw))
        self.violations.extend(violations)
        fault = self.faults.take(request.method, request.path)
        if fault is not None and not fault.after:
            await asyncio.sleep(fault.delay)
            if fault.reset or fault.status != 200:
                return _struck(fault, raw)
        headers, wait = self._rate_limits.take(_bucket(raw))
        if wait is not None:
            body = rate_limited_body(wait, is_global=False)
            return _json(body, status=429, headers=headers)
        if _needs_authorization(request.path) and (
            request.headers.get("authorization") != self._authorization
        ):
            raise Refusal(401, 0, "401: Unauthorized")
        if violations:
            reasons = [violation.reason for violation in violations]
            body = {"message": "Invalid Form Body", "code": 50035, "errors": {"_": reasons}}
            return _json(body, status=400, headers=headers)
        if handler is None:
            raise Refusal(
                501, 0, "501: Not Implemented", violation="the stand-in does not have this route"
            )
        result = await handler(self.backend, Call(request, raw.match_info, raw.query))
        if fault is not None and fault.after:
            exchange = self.backend.interactions.find(raw.match_info.get("token", ""))
            if exchange is not None:
                exchange.reply_lost = True
            return _struck(fault, raw)
        if result is None:
            return web.Response(status=204, headers=headers)
        self._check_own(request, result)
        return _json(result, headers=headers)

    def _context(self, raw: web.Request) -> Context:
        world = self.backend.world
        exchange = self.backend.interactions.find(raw.match_info.get("token", ""))
        message_id = raw.match_info.get("message")
        message: Message | None = None
        channel = world.channels.get(raw.match_info.get("channel", ""))
        if exchange is not None:
            channel = exchange.channel
            message = exchange.response or exchange.source
        if message_id is not None:
            message = world.messages.get(message_id)
        return Context(
            interaction_type=exchange.kind if exchange else COMMAND,
            kept={a.id: a.filename for a in message.attachments} if message else {},
            **({"file_size": world.file_size(channel)} if channel else {}),
        )

    def _record(self, request: Request, reason: str) -> None:
        self.violations.append(Violation(str(self._operation(request) or request.path), reason))

    def _operation(self, request: Request) -> Operation | None:
        openapi = self.validator.openapi
        return openapi.match(request.method, request.path) if openapi else None

    def _check_own(self, request: Request, result: Any) -> None:
        operation = self._operation(request)
        if self.validator.openapi is not None and operation is not None:
            problems = self.validator.openapi.response_problems(operation, 200, result)
            self.own_errors.extend(f"{operation}: {problem}" for problem in problems)


async def read(raw: web.Request) -> Request:
    """Take a request apart."""
    path = raw.rel_url.raw_path.removeprefix(PREFIX)
    headers = {name.lower(): value for name, value in raw.headers.items()}
    make = partial(Request, raw.method, path, headers)
    if raw.content_type == "multipart/form-data":
        return await _read_multipart(raw, make)
    text = await raw.read()
    if not text:
        return make()
    body, malformed = decode_json(text)
    return make(body=body, malformed=malformed)


async def _read_multipart(raw: web.Request, make: Callable[..., Request]) -> Request:
    form = await raw.post()
    uploads = []
    body, malformed = None, ""
    for name, value in form.items():
        if isinstance(value, FileField):
            data = value.file.read()
            value.file.close()
            filename = unquote(value.filename)
            uploads.append(Upload(name, filename, data, value.content_type))
        elif name == "payload_json":
            body, malformed = decode_json(bytes(value) if isinstance(value, bytearray) else value)
        else:
            malformed = f"part {name!r} is neither payload_json nor a file"
    return make(body=body, uploads=tuple(uploads), malformed=malformed)


def _needs_authorization(path: str) -> bool:
    first, *rest = path.strip("/").split("/")
    has_token = (first == "webhooks" and len(rest) > 1) or first == "interactions"
    return not has_token and path not in _OPEN_ROUTES


def _bucket(raw: web.Request) -> str:
    resource = raw.match_info.route.resource
    major = [raw.match_info.get(key, "") for key in ("channel", "guild", "token")]
    return f"{raw.method} {resource.canonical if resource else raw.path} {major}"


def _struck(fault: Fault, raw: web.Request) -> web.Response:
    if fault.reset and raw.transport is not None:
        raw.transport.abort()
    return _json(fault.body(), status=fault.status, headers=fault.headers())


def _json(
    body: Json | list[Json], *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    # Discord sends the bare media type, and discord.py does not decode JSON under any other.
    return web.Response(
        body=json.dumps(body).encode(),
        status=status,
        headers={**(headers or {}), "Content-Type": "application/json"},
    )
