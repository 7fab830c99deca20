"""The routes of the HTTP API, one module per subject.

Each module has a ``ROUTES`` tuple of method, path and handler. A handler returns what is written
as JSON, or None for 204 No Content, and refuses by raising Refusal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ..backend import Backend, Call
from . import commands, directory, interactions, messages

Handler = Callable[[Backend, Call], Awaitable[Any]]

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    *commands.ROUTES,
    *directory.ROUTES,
    *interactions.ROUTES,
    *messages.ROUTES,
)
