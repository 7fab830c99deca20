from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.secret-part"
INTERACTION = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5"

SCRIPT = f"""
import json, logging, sys
import structlog
from bot.logs import configure_logging

configure_logging(style=sys.argv[1], level="DEBUG", secrets=({TOKEN!r},))
log = structlog.get_logger("bot.test")
with structlog.contextvars.bound_contextvars(job="42"):
    log.info("started", size=3)
    logging.getLogger("discord.webhook.async_").debug(
        "Webhook ID %s with %s %s has returned status code %s",
        1, "PATCH", "https://discord.com/api/v10/webhooks/12/{INTERACTION}/messages/@original", 200,
    )
    event = {{"t": "INTERACTION_CREATE", "d": {{"token": {INTERACTION!r}, "id": "1"}}}}
    logging.getLogger("discord.gateway").debug("WebSocket Event: %s", event)
    logging.getLogger("discord.gateway").debug("WebSocket Event: %s", json.dumps(event))
    log.info("address", url="https://cdn.discordapp.com/attachments/1/2/a.mp3?ex=1&hm=signature")
    log.info("quoted", text='got "https://cdn.discordapp.com/a.mp3?ex=1&hm=signature" twice')
    log.info("broken", text="https://cdn.discordapp.com/a.mp3?ex=1&hm=signature\\nnext line")
    logging.getLogger("x").info("token %s", {TOKEN!r})
    try:
        local = {TOKEN!r}
        raise ValueError("bad " + local)
    except ValueError:
        log.exception("failed")
log.info("outside")
local = "{INTERACTION}"
raise RuntimeError("uncaught with " + {TOKEN!r})
"""


@pytest.fixture(params=["console", "json"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, request.param],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    if request.param == "json":
        for line in done.stderr.splitlines():
            assert "event" in json.loads(line)
    return done.stderr


def test_no_secret_is_ever_written(output: str) -> None:
    assert "returned status code" in output
    assert "failed" in output
    assert "uncaught with" in output
    for secret in (TOKEN, "secret-part", INTERACTION, "hm=signature"):
        assert secret not in output


def test_what_stands_beside_a_secret_stays(output: str) -> None:
    assert "?[hidden]" in output
    for text in ("twice", "next line"):
        assert text in output


def test_one_id_goes_through_all_lines_of_a_job(output: str) -> None:
    lines = [line for line in output.splitlines() if '"job": "42"' in line or "job=42" in line]
    for text in ("started", "returned status code", "address", "token"):
        assert any(text in line for line in lines)
    assert not any("outside" in line for line in lines)
