"""Tell Discord our commands, but only when they changed: it allows 200 creations a day."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import structlog
from discord import app_commands

if TYPE_CHECKING:
    from bot.client import MoodifyBot

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def commands_digest(tree: app_commands.CommandTree[MoodifyBot], application_id: int) -> str:
    """Return a digest of all commands as Discord would be told them.

    Parameters
    ----------
    tree : CommandTree
    application_id : int
        The digest of one application says nothing of what another one has.
    """
    translator = tree.translator
    payload = sorted(
        [
            json.dumps(
                await command.get_translated_payload(tree, translator)
                if translator is not None
                else command.to_dict(tree),
                sort_keys=True,
            )
            for command in tree.get_commands()
        ]
    )
    return hashlib.sha256(json.dumps([application_id, payload]).encode()).hexdigest()


async def sync_if_changed(
    tree: app_commands.CommandTree[MoodifyBot], application_id: int, memory: Path
) -> bool:
    """Tell Discord our commands unless it was told the same last time.

    Parameters
    ----------
    tree : CommandTree
    application_id : int
    memory : Path
        File that holds what Discord was told last.

    Returns
    -------
    bool
        Whether Discord was told. When it does not listen, the bot goes on with the commands
        that it has, and tries again at its next start.
    """
    digest = await commands_digest(tree, application_id)
    if _remembered(memory) == digest:
        log.info("commands unchanged")
        return False
    try:
        synced = await tree.sync()
    except (discord.HTTPException, app_commands.CommandSyncFailure) as error:
        log.error("commands not synced", error=str(error))  # noqa: TRY400 - the text says it all
        return False
    _remember(memory, digest)
    log.info("commands synced", commands=[command.name for command in synced])
    return True


def _remembered(memory: Path) -> str | None:
    return memory.read_text(encoding="ascii") if memory.exists() else None


def _remember(memory: Path, digest: str) -> None:
    memory.write_text(digest, encoding="ascii")
