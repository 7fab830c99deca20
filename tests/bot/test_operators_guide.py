"""The guide for operators quotes what the bot really says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
QUOTES = re.findall(r"(?<![*\w])\*([^*]+?)\*(?![*\w])", GUIDE)
LEFT_OUT = "…"
FILLED_IN = re.compile(r"\{\w+\}")


def _sentences() -> list[str]:
    """Return all that stands between quotes in the bot's code, with what it fills in left out."""
    found = []
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [v.value if isinstance(v, ast.Constant) else LEFT_OUT for v in node.values]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(FILLED_IN.sub(LEFT_OUT, node.value))
    return found


# Some sentences name the variable through a constant.
SENTENCES = [sentence.replace("DISCORD_TOKEN", LEFT_OUT) for sentence in _sentences()]


def test_the_guide_quotes_what_people_read() -> None:
    assert len(QUOTES) > 15


@pytest.mark.parametrize("quote", QUOTES)
def test_what_the_guide_quotes_is_said_by_the_bot(quote: str) -> None:
    plain = " ".join(quote.split()).replace("DISCORD_TOKEN", LEFT_OUT)
    assert any(plain in sentence for sentence in SENTENCES)
