"""Where analysis runs: in processes that can be killed without harm to anybody else.

The engines themselves are in `bot.engine.local` and `bot.engine.dask`: every worker imports this
package, and needs neither of them, nor what they log with.
"""

from bot.engine.base import (
    Engine,
    EngineError,
    EngineUnavailable,
    WorkerDied,
    WorkerOutOfMemory,
    WorkerTimeout,
)
from bot.engine.charting import draw_chart
from bot.engine.files import InputFile, OutputFile
from bot.engine.hearing import Comparison, Hearing, compare, draw, hear, model_in_use, prepare
from bot.engine.progress import HearingStage, ProgressNote, progress_note
from bot.engine.worker import WorkerRules, is_confined

__all__ = [
    "Comparison",
    "Engine",
    "EngineError",
    "EngineUnavailable",
    "Hearing",
    "HearingStage",
    "InputFile",
    "OutputFile",
    "ProgressNote",
    "WorkerDied",
    "WorkerOutOfMemory",
    "WorkerRules",
    "WorkerTimeout",
    "compare",
    "draw",
    "draw_chart",
    "hear",
    "is_confined",
    "model_in_use",
    "prepare",
    "progress_note",
]
