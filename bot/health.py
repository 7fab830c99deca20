"""Ask a running bot how it is: ``moodify health``, or ``python -m bot.health``.

Exit codes: 0 all is well, 1 something is not, or nobody answers.

Only what Python itself brings is imported: a container asks every half minute.
"""

from __future__ import annotations

import io
import json
import os
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

PATIENCE = 5.0
"""Seconds to wait for an answer."""
PORT, HOST = "MOODIFY_METRICS_PORT", "MOODIFY_METRICS_HOST"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - this asks, and listens nowhere
"""Where to ask a bot that listens at all addresses."""


def main() -> int:
    """Print how each part of the bot is.

    Returns
    -------
    int
        The exit code.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    well, lines = _asked()
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0 if well else 1


def _asked() -> tuple[bool, list[str]]:
    settings = {**_from_file(Path(".env")), **os.environ}
    port, host = settings.get(PORT, ""), settings.get(HOST) or "127.0.0.1"
    if not port.isdecimal() or port == "0":
        return False, [f"The bot tells nobody how it is: set {PORT}."]
    connection = HTTPConnection(EVERYWHERE.get(host, host), int(port), timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz")
        state = json.loads(connection.getresponse().read())
        parts, ready = state["parts"].items(), bool(state["ready"])
    except (OSError, HTTPException, ValueError, KeyError) as error:
        return False, [f"No bot answers at {host}:{port} ({error})."]
    finally:
        connection.close()
    return ready, [f"{'✓' if part['well'] else '✗'} {name}: {part['says']}" for name, part in parts]


def _from_file(path: Path) -> dict[str, str]:
    """Read the two settings that are needed here, as the bot would."""
    if not path.exists():
        return {}
    # Imported here as a container has all in its environment.
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(path).items() if value}


if __name__ == "__main__":
    sys.exit(main())
