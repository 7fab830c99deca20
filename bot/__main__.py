"""Run the bot: ``python -m bot``.

Exit codes: 0 stopped as told, 1 Discord cannot be reached, 2 the settings or the system cannot be
used.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from bot.config import Settings, SettingsError, forget_secrets, load_settings
from bot.logs import configure_logging


def main() -> int:
    """Read the settings and run the bot until a signal stops it.

    Returns
    -------
    int
        The exit code.
    """
    if sys.platform == "win32":
        sys.stderr.write("The bot does not run on Windows itself: start it in WSL or in Docker.\n")
        return 2
    try:
        settings = load_settings()
        forget_secrets()
        configure_logging(
            style=settings.log_format,
            level=settings.log_level,
            secrets=settings.secrets,
        )
        asyncio.run(_run_until_signalled(settings))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ConnectionError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run_until_signalled(settings: Settings) -> None:
    # Imported here as it needs what is not there on Windows.
    from bot.client import run_bot

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    await run_bot(settings, stop)


if __name__ == "__main__":
    sys.exit(main())
