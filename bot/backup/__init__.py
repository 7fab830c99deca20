"""Backups of the database, for its operator: ``moodify backup`` and ``moodify restore``."""
