"""Films of songs that were answered: who may have one, how it is made, how it is shown."""

from bot.film.desk import FilmDesk
from bot.film.making import FilmLimits, Films
from bot.film.sources import Songs, SongSource

__all__ = ["FilmDesk", "FilmLimits", "Films", "SongSource", "Songs"]
