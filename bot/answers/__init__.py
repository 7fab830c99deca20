"""What the buttons under an answer do: details, comparisons, opinions, taking it back."""

from bot.answers.desk import AnswerDesk
from bot.answers.opinions import OpinionDesk

__all__ = ["AnswerDesk", "OpinionDesk"]
