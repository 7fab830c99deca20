"""A local stand-in for Discord that a real bot connects to: gateway, HTTP API and CDN.

Data flows down this list, never up::

    openapi, limits       what Discord documents
    validator             a request, judged
    world                 users, servers, channels, messages
    gateway, interactions events to the bot, and the rules of its answers
    posts, payloads       from the bot's requests to messages, from actions to events
    backend, routes, api  the HTTP API
    cdn, faults           downloads, and what goes wrong on purpose
    double                all of it, for a test to use
"""

from __future__ import annotations

from .cdn import CdnFault
from .double import DiscordDouble
from .faults import Fault
from .gateway import GUILD_MEMBERS, MESSAGE_CONTENT
from .interactions import Exchange
from .validator import Violation
from .world import Attachment, Channel, File, Guild, Message, Role, User

__all__ = [
    "GUILD_MEMBERS",
    "MESSAGE_CONTENT",
    "Attachment",
    "CdnFault",
    "Channel",
    "DiscordDouble",
    "Exchange",
    "Fault",
    "File",
    "Guild",
    "Message",
    "Role",
    "User",
    "Violation",
]
