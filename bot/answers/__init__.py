"""What the buttons under an answer do: details, comparisons, taking it back."""

from bot.answers.desk import AnswerDesk

__all__ = ["AnswerDesk"]
