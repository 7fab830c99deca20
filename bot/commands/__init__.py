"""One package per feature: a thin Discord layer over plain functions."""

EXTENSIONS = ("bot.commands.mood",)
"""Extensions that the bot loads."""
