"""Judge a request as Discord would: its route, its headers, its schema, its limits.

Written from Discord's OpenAPI description and its documentation, never from what a bot sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import limits
from .limits import Upload
from .openapi import OpenApi, Operation

# Documented with a comma between address and version; discord.py leaves it out and is taken.
_USER_AGENT = re.compile(r"DiscordBot \([^\s,)]+,? \S+\)")
# Routes whose secret is a token in the path, and the one public route.
_WITHOUT_AUTHORIZATION = re.compile(r"/(interactions/\d+/[^/]+|webhooks/\d+/[^/]+|gateway$)")
_MAX_AUDIT_REASON = 512

_COMMANDS = r"/applications/\d+(?:/guilds/\d+)?/commands"
_NEW_MESSAGE_FLAGS = (
    limits.SUPPRESS_EMBEDS
    | limits.SUPPRESS_NOTIFICATIONS
    | limits.VOICE_MESSAGE
    | limits.COMPONENTS_V2
)
_EDIT_FLAGS = limits.SUPPRESS_EMBEDS | limits.COMPONENTS_V2
# Method, path and the message flags that may be set there.
_MESSAGES = (
    ("POST", r"/channels/\d+/messages", _NEW_MESSAGE_FLAGS),
    ("POST", r"/webhooks/\d+/[^/]+", _NEW_MESSAGE_FLAGS | limits.EPHEMERAL),
    ("PATCH", r"/channels/\d+/messages/\d+", _EDIT_FLAGS),
    ("PATCH", r"/webhooks/\d+/[^/]+/messages/(?:@original|\d+)", _EDIT_FLAGS),
)


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule of Discord's: the route it was broken on, and which rule it was."""

    route: str
    reason: str

    def __str__(self) -> str:
        return f"{self.route}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the HTTP API, taken apart.

    Attributes
    ----------
    method : str
        In capitals.
    path : str
        Below ``/api/v10``, still percent-encoded, without a query.
    headers : Mapping[str, str]
        Names in lower case.
    body : Any
        Decoded JSON of the body or of its ``payload_json`` part; None without one.
    uploads : tuple[Upload, ...]
        Files of a multipart body.
    malformed : str
        Why the body could not be decoded; empty if it could.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    uploads: tuple[Upload, ...] = ()
    malformed: str = ""

    @property
    def content_type(self) -> str:
        """The body's media type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Context:
    """What Discord knows when it judges a request, beyond the request.

    Attributes
    ----------
    interaction_type : int
        For a callback: the type of the interaction that it answers.
    kept : Mapping[str, str]
        For an edit: attachments of the message as it stands, id to file name.
    file_size : int
        Largest allowed file in bytes; boosted servers allow more.
    """

    interaction_type: int = limits.COMMAND
    kept: Mapping[str, str] = field(default_factory=dict)
    file_size: int = limits.DEFAULT_FILE_SIZE


class Validator:
    """Checks requests one by one; it keeps no state.

    Parameters
    ----------
    openapi : OpenApi, optional
        Discord's description. Without it only the documented limits are checked.
    """

    def __init__(self, openapi: OpenApi | None) -> None:
        self.openapi = openapi

    def check(self, request: Request, context: Context | None = None) -> tuple[Violation, ...]:
        """Find everything in a request that Discord documents as not allowed."""
        operation = self.openapi.match(request.method, request.path) if self.openapi else None
        route = str(operation) if operation else f"{request.method} {request.path}"
        reasons = [
            *self._schema_problems(request, operation),
            *_header_problems(request),
            *_limit_problems(request, context or Context()),
        ]
        return tuple(Violation(route, reason) for reason in reasons)

    def _schema_problems(self, request: Request, operation: Operation | None) -> Iterator[str]:
        if request.malformed:
            yield request.malformed
            return
        if self.openapi is None:
            return
        if operation is None:
            yield "no such route"
            return
        types = self.openapi.body_types(operation)
        if request.body is None and not request.uploads:
            if self.openapi.body_required(operation):
                yield "a body is needed"
        elif types and request.content_type not in types:
            yield f"content type {request.content_type!r} is not taken here"
        elif types and request.body is not None:
            yield from self.openapi.body_problems(operation, request.body)


def decode_json(text: str | bytes) -> tuple[Any, str]:
    """Decode JSON; the second value says why it could not be decoded, if it could not."""
    try:
        return json.loads(text, parse_constant=_reject_constant), ""
    except ValueError as error:
        return None, f"body is not JSON: {error}"


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _header_problems(request: Request) -> Iterator[str]:
    agent = request.headers.get("user-agent", "")
    if not agent:
        yield "User-Agent is missing"
    if not _WITHOUT_AUTHORIZATION.match(request.path):
        if not re.fullmatch(r"(Bot|Bearer) \S+", request.headers.get("authorization", "")):
            yield "Authorization is missing or is not 'Bot <token>'"
        if agent and not _USER_AGENT.match(agent):
            yield f"User-Agent {agent!r} is not 'DiscordBot (url, version)'"
    if request.body is not None and request.content_type not in (
        "application/json",
        "multipart/form-data",
    ):
        yield f"content type {request.content_type!r} does not carry JSON"
    if len(request.headers.get("x-audit-log-reason", "")) > _MAX_AUDIT_REASON:
        yield f"X-Audit-Log-Reason is longer than {_MAX_AUDIT_REASON} characters"


def _limit_problems(request: Request, context: Context) -> Iterator[str]:
    if request.malformed:
        return
    if _is_route(request, "PUT", _COMMANDS):
        yield from limits.command_list_problems(request.body)
    elif _is_route(request, "POST", _COMMANDS):
        yield from limits.command_problems(request.body)
    elif _is_route(request, "PATCH", _COMMANDS + r"/\d+"):
        yield from limits.command_problems(request.body, partial=True)
    elif _is_route(request, "POST", r"/interactions/\d+/[^/]+/callback"):
        yield from limits.callback_problems(
            request.body,
            interaction_type=context.interaction_type,
            uploads=request.uploads,
            kept=context.kept,
            file_size=context.file_size,
        )
    for method, pattern, flags in _MESSAGES:
        if _is_route(request, method, pattern):
            yield from limits.message_problems(
                {} if request.body is None else request.body,
                uploads=request.uploads,
                kept=context.kept,
                flags_allowed=flags,
                file_size=context.file_size,
                new=method == "POST",
            )


def _is_route(request: Request, method: str, pattern: str) -> bool:
    return request.method == method and re.fullmatch(pattern, request.path) is not None
