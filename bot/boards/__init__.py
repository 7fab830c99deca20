"""The boards of a server: what is looked up, for whose eyes, and the weekly message."""

from bot.boards.desk import BoardDesk
from bot.boards.digests import Digests

__all__ = ["BoardDesk", "Digests"]
