"""Which engine a bot has: workers of its own, or those of a Dask scheduler."""

from __future__ import annotations

from pathlib import Path

from bot.config import MIB, SettingsError, WorkerSettings
from bot.engine.base import Engine
from bot.engine.hearing import prepare
from bot.engine.local import LocalEngine
from bot.engine.worker import WorkerRules


def rules_for(
    settings: WorkerSettings, caches: Path, *, max_jobs: int | None = None
) -> WorkerRules:
    """Return what a worker may have and do.

    Parameters
    ----------
    settings : WorkerSettings
    caches : Path
        Folder for what libraries want to keep between runs.
    max_jobs : int, optional
        In place of what is set.
    """
    return WorkerRules(
        memory=settings.worker_memory_mib * MIB,
        max_jobs=max_jobs or settings.worker_max_jobs,
        caches=caches,
        prepare=prepare,
    )


def engine_for(settings: WorkerSettings, *, folder: Path, caches: Path) -> Engine:
    """Return the engine that the settings name.

    Parameters
    ----------
    settings : WorkerSettings
    folder : Path
        Where workers of this machine have their temporary folders.
    caches : Path
        Folder for what libraries want to keep between runs.

    Raises
    ------
    SettingsError
        If a package for it is missing.
    """
    if not settings.dask_scheduler:
        return LocalEngine(
            workers=settings.workers, rules=rules_for(settings, caches), folder=folder
        )
    try:
        # Not needed otherwise, and not small.
        from bot.engine.dask import DaskEngine
    except ModuleNotFoundError as error:
        raise SettingsError(
            "MOODIFY_DASK_SCHEDULER needs further packages: install moodify[dask], or leave it "
            "empty."
        ) from error
    return DaskEngine(scheduler=settings.dask_scheduler, jobs=settings.workers, prepare=prepare)
