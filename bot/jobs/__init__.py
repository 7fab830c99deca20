"""Requests, from the moment they are accepted until they are answered."""

from bot.jobs.service import Jobs
from bot.jobs.song import Listener, SongLimits, download_refusal

__all__ = ["Jobs", "Listener", "SongLimits", "download_refusal"]
