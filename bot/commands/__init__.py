"""One package per feature: a thin Discord layer over plain functions."""

EXTENSIONS = (
    "bot.commands.mood",
    "bot.commands.listening",
    "bot.commands.boards",
    "bot.commands.settings",
    "bot.commands.privacy",
    "bot.commands.about",
    "bot.commands.help",
)
"""Extensions that the bot loads."""
