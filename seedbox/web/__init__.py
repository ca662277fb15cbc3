"""Asking web servers: documents and byte ranges by HTTP, each bounded in time and size."""

from seedbox.web.client import Page, fetch, fetch_range
from seedbox.web.streams import State, Stream, look, stream
from seedbox.web.wire import CancelledError, never

__all__ = [
    "CancelledError",
    "Page",
    "State",
    "Stream",
    "fetch",
    "fetch_range",
    "look",
    "never",
    "stream",
]
