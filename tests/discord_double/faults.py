"""Things that go wrong on purpose: failing routes and rate limits."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .world import Json


@dataclass(slots=True)
class Fault:
    """A failure that waits for requests to strike.

    Attributes
    ----------
    method : str
        In capitals.
    pattern : str
        Path below ``/api/v10``; ``*`` stands for any text.
    status : int
        What is answered instead of the truth.
    times : int
        How often it strikes.
    retry_after : float
        With status 429: seconds to wait.
    is_global : bool
        With status 429: whether it holds for all routes.
    delay : float
        Seconds before the answer is sent.
    reset : bool
        Whether the connection breaks off instead of an answer.
    after : bool
        Whether the request is carried out all the same, and only its answer is lost.
    """

    method: str
    pattern: str
    status: int
    times: int = 1
    retry_after: float = 1.0
    is_global: bool = False
    delay: float = 0.0
    reset: bool = False
    after: bool = False

    def body(self) -> Json:
        """Return the JSON of the answer."""
        if self.status == 429:
            return rate_limited_body(self.retry_after, is_global=self.is_global)
        return {"message": f"{self.status}: injected fault", "code": 0}

    def headers(self) -> dict[str, str]:
        """Return the headers of the answer."""
        if self.status == 429:
            return rate_limited_headers(self.retry_after, is_global=self.is_global)
        return {}


class Faults:
    """Failures that are still to strike, in the order of their making."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Let a failure wait for its requests."""
        self._waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """Find the failure that strikes this request, and use it up by one."""
        for fault in self._waiting:
            if fault.times > 0 and fault.method == method and fnmatchcase(path, fault.pattern):
                fault.times -= 1
                return fault
        return None


class RateLimits:
    """Counts requests per bucket in windows of one second.

    Parameters
    ----------
    limit : int
        Requests per bucket and second. Discord's own limits differ by route and are not
        documented; clients are to read them from the headers.
    """

    window = 1.0

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buckets: dict[str, tuple[float, int]] = {}

    def take(self, bucket: str) -> tuple[dict[str, str], float | None]:
        """Count one request.

        Returns
        -------
        tuple[dict[str, str], float | None]
            The headers of the answer, and the seconds to wait if the request is one too many.
        """
        moment = time.monotonic()
        start, used = self._buckets.get(bucket, (moment, 0))
        if moment - start >= self.window:
            start, used = moment, 0
        left = start + self.window - moment
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - used - 1, 0)),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": f"{hash(bucket) & 0xFFFFFFFF:08x}",
        }
        if used >= self.limit:
            return headers | rate_limited_headers(left, is_global=False), left
        self._buckets[bucket] = (start, used + 1)
        return headers, None


def rate_limited_body(retry_after: float, *, is_global: bool) -> Json:
    """Write the body of a 429."""
    return {
        "message": "You are being rate limited.",
        "retry_after": round(retry_after, 3),
        "global": is_global,
    }


def rate_limited_headers(retry_after: float, *, is_global: bool) -> dict[str, str]:
    """Write the headers of a 429; `Via` tells clients that it comes from Discord itself."""
    headers = {
        "Retry-After": str(max(1, round(retry_after))),
        "X-RateLimit-Scope": "global" if is_global else "user",
        "Via": "1.1 google",
    }
    return headers | ({"X-RateLimit-Global": "true"} if is_global else {})
