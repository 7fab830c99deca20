"""The CDN: attachments by their signed address, and the ways in which a download goes wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiohttp import web

from .world import World

_BLOCK = 64 * 1024


@dataclass(slots=True)
class CdnFault:
    """A download that goes wrong.

    Attributes
    ----------
    pattern : str
        File name; ``*`` stands for any text.
    times : int
        How often it strikes.
    status : int
        Answered with this status and no file, if it is not 200.
    stall_after : int or None
        Bytes after which nothing more comes, while the connection stays open.
    truncate_after : int or None
        Bytes after which the connection is cut.
    bytes_per_second : float or None
        Speed of the download.
    declare_length : bool
        Whether Content-Length is sent.
    """

    pattern: str = "*"
    times: int = 1
    status: int = 200
    stall_after: int | None = None
    truncate_after: int | None = None
    bytes_per_second: float | None = None
    declare_length: bool = True


class Cdn:
    """Serves what is attached to messages and interactions."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.downloads: list[str] = []
        self._faults: list[CdnFault] = []

    def add_fault(self, fault: CdnFault) -> CdnFault:
        """Let a fault wait for its downloads."""
        self._faults.append(fault)
        return fault

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one file, or what a fault makes of it."""
        attachment = self.world.attachments.get(request.match_info["attachment"])
        # Discord answers 404 to an address whose signature was cut off.
        if attachment is None or f"hm={request.query.get('hm')}" not in attachment.url:
            return web.Response(status=404, text="This content is no longer available.")
        self.downloads.append(attachment.filename)
        fault = self._take(attachment.filename) or CdnFault()
        if fault.status != 200:
            return web.Response(status=fault.status, text="injected fault")
        response = web.StreamResponse()
        response.content_type = attachment.content_type or "application/octet-stream"
        if fault.declare_length:
            response.content_length = len(attachment.data)
        await response.prepare(request)
        await self._send(request, response, attachment.data, fault)
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, data: bytes, fault: CdnFault
    ) -> None:
        ends = [end for end in (fault.stall_after, fault.truncate_after) if end is not None]
        end = min([len(data), *ends])
        block = _BLOCK
        if fault.bytes_per_second is not None:
            block = max(1, int(fault.bytes_per_second / 10))
        for start in range(0, end, block):
            await response.write(data[start : min(start + block, end)])
            if fault.bytes_per_second is not None:
                await asyncio.sleep(block / fault.bytes_per_second)
        if fault.stall_after is not None:
            # Until the client goes away, or the server shuts down: both cancel this handler.
            await asyncio.Event().wait()
        if fault.truncate_after is not None and request.transport is not None:
            request.transport.close()

    def _take(self, filename: str) -> CdnFault | None:
        for fault in self._faults:
            if fault.times > 0 and fnmatchcase(filename, fault.pattern):
                fault.times -= 1
                return fault
        return None
