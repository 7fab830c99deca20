"""Examine the bot: ``moodify doctor``, or ``python -m bot.doctor``.

Exit codes: 0 the bot can run, 1 it cannot.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator

import click

from bot.config import Settings, SettingsError, forget_secrets, load_settings
from bot.doctor.findings import Finding, Level, as_json, broken, fine, is_well, line
from bot.doctor.machine import (
    cluster,
    data_folder,
    database,
    file_hosts,
    model,
    shards,
    system,
    workers,
)
from bot.logs import configure_logging


@click.command()
@click.option("--json", "json_only", is_flag=True, help="Print only JSON.")
def main(json_only: bool) -> None:
    """Tell whether the bot can run here, and what to do where it cannot."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Server names have letters that not every terminal has.
        sys.stdout.reconfigure(errors="replace")
    findings = asyncio.run(_examine(tell=not json_only))
    if json_only:
        click.echo(as_json(findings))
    sys.exit(0 if is_well(findings) else 1)


async def _examine(*, tell: bool) -> list[Finding]:
    """Make all checks, and tell each finding as soon as it is there."""
    settings: Settings | None = None
    try:
        settings = load_settings()
    except SettingsError as error:
        about_settings = broken("Settings", str(error), "")
    else:
        about_settings = fine("Settings", "They make sense.")
        # Libraries would otherwise print what they think of it, with all that they know.
        configure_logging(style="console", level="CRITICAL", secrets=settings.secrets)
    forget_secrets()
    findings = []
    async for finding in _checks(settings, about_settings):
        findings.append(finding)
        if tell:
            click.echo(line(finding))
    return findings


async def _checks(settings: Settings | None, about_settings: Finding) -> AsyncIterator[Finding]:
    running_on = system()
    yield running_on
    yield about_settings
    if running_on.level is Level.BROKEN:
        return
    yield await model()
    if settings is None:
        return
    folder = data_folder(settings.data_dir)
    yield folder
    if folder.level is not Level.BROKEN or not settings.database.startswith("sqlite"):
        yield await database(settings)
    yield await (cluster(settings) if settings.dask_scheduler else workers(settings))
    if settings.shard_count:
        yield shards(settings)
    from bot.doctor.discord_side import discord_side

    async for finding in discord_side(settings):
        yield finding
    for finding in await file_hosts(settings.cdn_hosts):
        yield finding


if __name__ == "__main__":
    main()
