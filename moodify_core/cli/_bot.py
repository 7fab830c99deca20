"""The commands of the Discord bot, which is started without being imported."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import click


@click.command("bot")
def bot_command() -> None:
    """Run the Discord bot; its settings are read from the environment and .env."""
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


@click.command("health")
def health_command() -> None:
    """Ask the running Discord bot how it is; where it serves that, is a setting."""
    runpy.run_module("bot.health", run_name="__main__", alter_sys=True)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print only JSON.")
def doctor_command(as_json: bool) -> None:
    """Tell whether the Discord bot can run here, and what to do where it cannot."""
    sys.argv[1:] = ["--json"] if as_json else []
    runpy.run_module("bot.doctor", run_name="__main__", alter_sys=True)


@click.command("worker")
@click.option("--scheduler", metavar="ADDRESS", help="Such as tcp://10.0.0.5:8786.")
def worker_command(scheduler: str | None) -> None:
    """Analyse songs for a Discord bot on another machine; see docs/scaling.md."""
    sys.argv[1:] = ["worker", *(["--scheduler", scheduler] if scheduler else [])]
    runpy.run_module("bot.cluster", run_name="__main__", alter_sys=True)


@click.command("scheduler")
@click.option("--listen", metavar="ADDRESS", help="Such as tcp://10.0.0.5:8786.")
def scheduler_command(listen: str | None) -> None:
    """Hand songs out to workers on other machines; see docs/scaling.md."""
    sys.argv[1:] = ["scheduler", *(["--listen", listen] if listen else [])]
    runpy.run_module("bot.cluster", run_name="__main__", alter_sys=True)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup_command(file: Path) -> None:
    """Write all that the Discord bot remembers to FILE; the bot may run meanwhile."""
    sys.argv[1:] = ["backup", "--", str(file)]
    runpy.run_module("bot.backup", run_name="__main__", alter_sys=True)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def restore_command(file: Path) -> None:
    """Bring all that is in FILE, from `moodify backup`, into an empty database."""
    sys.argv[1:] = ["restore", "--", str(file)]
    runpy.run_module("bot.backup", run_name="__main__", alter_sys=True)


BOT_COMMANDS = (
    bot_command,
    health_command,
    doctor_command,
    worker_command,
    scheduler_command,
    backup_command,
    restore_command,
)
