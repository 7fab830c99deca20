"""What people decide about what is kept of them, and what goes when its time is over."""

from bot.privacy.desk import KeepingTimes, PrivacyDesk

__all__ = ["KeepingTimes", "PrivacyDesk"]
