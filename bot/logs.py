"""Logging: one line per event, one id through all lines of a job, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType
from typing import Literal

import structlog
from structlog.typing import Processor

_TOKENS_IN_ADDRESSES = re.compile(r"((?:webhooks|interactions)/\d+/)[\w.~%-]{8,}")
"""Whoever has an interaction's token can answer in the bot's name; Discord puts it in paths."""

_TOKENS_IN_EVENTS = re.compile(r"(\\?['\"]token\\?['\"]: ?\\?['\"])[^'\"\\]+")
"""discord.py prints whole events at the level DEBUG, and an interaction's token is in them."""

_SIGNATURES = re.compile(r"(https?://[^\s'\"?\\]+)\?[^\s'\")>\\]+")
"""The query of an attachment's address is what grants access to the file. A backslash ends it: it
belongs to what JSON escapes, a quote or the end of a line."""

_HIDDEN = "[hidden]"


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record, then hides what nobody may read in a log.

    Works on the finished line, so that tracebacks and other libraries' lines are covered too.

    Parameters
    ----------
    secrets : tuple of str
        Strings that never appear in a line.
    processors : list of structlog processors
        What renders the line.
    shared : list of structlog processors
        What runs before, on lines of other libraries.
    """

    def __init__(
        self, secrets: tuple[str, ...], processors: list[Processor], shared: list[Processor]
    ) -> None:
        super().__init__(processors=processors, foreign_pre_chain=shared)
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`, without secrets."""
        return redact(super().format(record), self._secrets)


def redact(line: str, secrets: tuple[str, ...]) -> str:
    """Return `line` without `secrets`, interaction tokens and signed queries."""
    for secret in secrets:
        line = line.replace(secret, _HIDDEN)
    line = _TOKENS_IN_ADDRESSES.sub(rf"\1{_HIDDEN}", line)
    line = _TOKENS_IN_EVENTS.sub(rf"\1{_HIDDEN}", line)
    return _SIGNATURES.sub(rf"\1?{_HIDDEN}", line)


def configure_logging(
    *, style: Literal["console", "json"], level: str, secrets: tuple[str, ...]
) -> None:
    """Send everything that is logged, by us or by libraries, to standard error.

    Parameters
    ----------
    style : {"console", "json"}
        Lines for people or one JSON object per line.
    level : str
        Least level that is written.
    secrets : tuple of str
        Strings that never appear in a line.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # The usual renderers of tracebacks print local variables, and those hold tokens.
    render: list[Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if style == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        RedactingFormatter(
            secrets, [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render], shared
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    # It prints every statement with its values at the level DEBUG, and those can be tokens.
    logging.getLogger("aiosqlite").setLevel(max(logging.INFO, logging.getLogger().level))
    sys.excepthook = _log_uncaught


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    logging.getLogger("bot").critical("stopped by an error", exc_info=(kind, error, traceback))
