"""How the API says no."""

from __future__ import annotations


class Refusal(Exception):
    """An error answer of the API.

    Attributes
    ----------
    status : int
        HTTP status.
    code : int
        Discord's own error code.
    message : str
        Discord's wording.
    violation : str or None
        The rule that the bot broke, where the refusal is the bot's own fault.
    """

    def __init__(
        self, status: int, code: int, message: str, *, violation: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.violation = violation


def unknown(what: str, code: int) -> Refusal:
    """Refuse because there is no such thing."""
    return Refusal(404, code, f"Unknown {what}")
