"""What was found, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from moodify_core.console import printable


class Level(StrEnum):
    """How much a finding matters."""

    FINE = "fine"
    NOTICE = "notice"
    """The bot runs, but not all of it works."""
    BROKEN = "broken"
    """The bot does not run, or hears no song."""


_SIGNS = {Level.FINE: "✓", Level.NOTICE: "!", Level.BROKEN: "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes
    ----------
    check : str
        What was looked at.
    level : Level
    says : str
        What was found.
    advice : str
        What to do; empty where nothing needs to be done.
    """

    check: str
    level: Level
    says: str
    advice: str = ""


def fine(check: str, says: str) -> Finding:
    """Return the finding that something is as it should be."""
    return Finding(check, Level.FINE, says)


def notice(check: str, says: str, advice: str) -> Finding:
    """Return the finding that something does not work, without which the bot runs."""
    return Finding(check, Level.NOTICE, says, advice)


def broken(check: str, says: str, advice: str) -> Finding:
    """Return the finding that something does not work, without which the bot is of no use."""
    return Finding(check, Level.BROKEN, says, advice)


def line(finding: Finding) -> str:
    """Return a finding as a line for people; names of servers and channels made harmless."""
    told = " ".join(filter(None, (finding.says, finding.advice)))
    return printable(f"{_SIGNS[finding.level]} {finding.check}: {told}")


def as_json(findings: Iterable[Finding]) -> str:
    """Return all findings as one JSON object."""
    listed = list(findings)
    return json.dumps(
        {"ok": is_well(listed), "checks": [asdict(finding) for finding in listed]},
        ensure_ascii=False,
        indent=2,
    )


def is_well(findings: Iterable[Finding]) -> bool:
    """Return whether the bot can do its work."""
    return all(finding.level is not Level.BROKEN for finding in findings)
